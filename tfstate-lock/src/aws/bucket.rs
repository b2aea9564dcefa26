//! The bucket itself: whether it answers, and what it is set to.
//!
//! Calls are named by the IAM action that allows them, which is not always the operation's own name. Source: IAM, "Actions, resources, and
//! condition keys for Amazon S3".

use aws_sdk_s3::types::MfaDeleteStatus;
use contract::aws::CallError;
use jiff::Timestamp;

use super::objects::Objects;
use super::server_date::ServerDate;
use crate::examine::{PublicAccess, Reach, Seen, Settings, Unseen, Versioning};

const REGION_HEADER: &str = "x-amz-bucket-region";

impl Objects {
    /// Asks the bucket for a first time.
    pub(crate) async fn reach(&self) -> Reach {
        let date = ServerDate::default();
        let head = self.reading.head_bucket().bucket(&self.bucket).customize().interceptor(date.clone()).send().await;
        let clocks = date.get().map(|servers| (Timestamp::now(), servers));
        let (head, region) = match head {
            Ok(answer) => (Ok(()), answer.bucket_region),
            Err(error) => {
                let header = error.raw_response().and_then(|response| response.headers().get(REGION_HEADER));
                let region = header.map(str::to_owned);
                (Err(CallError::new("s3:ListBucket", &error)), region)
            }
        };
        let is_mute = head.as_ref().is_err_and(|error| matches!(error.status, Some(400 | 403)));
        let location =
            if is_mute || (head.is_ok() && region.is_none()) { self.location().await } else { Err(Unseen::NotReached) };
        let head = match (head, &location) {
            // A HEAD has no body: only this one says that the keys are not valid, or that the clock is wrong.
            (Err(_), Err(Unseen::Failed(call))) if call.code.as_deref().is_some_and(|code| code != "AccessDenied") => {
                Err(call.as_ref().clone())
            }
            (head, _) => head,
        };
        let asked_in = self.reading.config().region().map(ToString::to_string).filter(|region| !region.is_empty());
        Reach { head, asked_in, lies_in: region.map_or(location, Ok), clocks }
    }

    /// The region, as the bucket's own setting names it: nothing stands for `us-east-1`, `EU` for `eu-west-1`. Source: S3 API reference,
    /// `GetBucketLocation`.
    async fn location(&self) -> Seen<String> {
        let answer = self.reading.get_bucket_location().bucket(&self.bucket).send().await;
        let answer = answer.map_err(|error| CallError::new("s3:GetBucketLocation", &error))?;
        let name = answer.location_constraint.map(|location| location.as_str().to_owned()).unwrap_or_default();
        Ok(match name.as_str() {
            "" => "us-east-1".to_owned(),
            "EU" => "eu-west-1".to_owned(),
            _ => name,
        })
    }

    /// What the bucket is set to.
    pub(crate) async fn settings(&self) -> Settings {
        let (versioning, encryption, public_access, policy) =
            tokio::join!(self.versioning(), self.default_encryption(), self.public_access(), self.policy());
        Settings { versioning, encryption, public_access, policy }
    }

    async fn versioning(&self) -> Seen<Versioning> {
        let answer = self.reading.get_bucket_versioning().bucket(&self.bucket).send().await;
        let answer = answer.map_err(|error| CallError::new("s3:GetBucketVersioning", &error))?;
        let mfa_delete = answer.mfa_delete == Some(MfaDeleteStatus::Enabled);
        Ok(Versioning { status: answer.status.map(|status| status.as_str().to_owned()), mfa_delete })
    }

    async fn default_encryption(&self) -> Seen<Option<String>> {
        let answer = self.reading.get_bucket_encryption().bucket(&self.bucket).send().await;
        let answer = answer.map_err(|error| CallError::new("s3:GetEncryptionConfiguration", &error));
        let Some(answer) = unless(answer, "ServerSideEncryptionConfigurationNotFoundError")? else {
            return Ok(None);
        };
        let rules = answer.server_side_encryption_configuration.map(|configuration| configuration.rules);
        let mut defaults = rules.into_iter().flatten().filter_map(|rule| rule.apply_server_side_encryption_by_default);
        Ok(defaults.next().map(|default| match default.kms_master_key_id {
            Some(key) => format!("{}, key {key}", default.sse_algorithm.as_str()),
            None => default.sse_algorithm.as_str().to_owned(),
        }))
    }

    async fn public_access(&self) -> Seen<Option<PublicAccess>> {
        let answer = self.reading.get_public_access_block().bucket(&self.bucket).send().await;
        let answer = answer.map_err(|error| CallError::new("s3:GetBucketPublicAccessBlock", &error));
        let answer = unless(answer, "NoSuchPublicAccessBlockConfiguration")?;
        let block = answer.and_then(|answer| answer.public_access_block_configuration);
        Ok(block.map(|block| {
            let settings = [
                ("BlockPublicAcls", block.block_public_acls),
                ("IgnorePublicAcls", block.ignore_public_acls),
                ("BlockPublicPolicy", block.block_public_policy),
                ("RestrictPublicBuckets", block.restrict_public_buckets),
            ];
            PublicAccess {
                off: settings.into_iter().filter(|(_, on)| *on != Some(true)).map(|(name, _)| name).collect(),
            }
        }))
    }

    async fn policy(&self) -> Seen<Option<String>> {
        let answer = self.reading.get_bucket_policy().bucket(&self.bucket).send().await;
        let answer = answer.map_err(|error| CallError::new("s3:GetBucketPolicy", &error));
        Ok(unless(answer, "NoSuchBucketPolicy")?.and_then(|answer| answer.policy))
    }
}

/// None if the error says that nothing was ever set.
fn unless<T>(answer: Result<T, CallError>, code: &str) -> Seen<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.code.as_deref() == Some(code) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
