//! What the bucket is set to.

use super::finding::{Check, Finding};
use super::seen::Seen;
use crate::error::quoted;

/// The bucket's settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether old versions are kept.
    pub versioning: Seen<Versioning>,
    /// How objects are encrypted if nothing else is asked, in S3's words; none if they are not.
    pub encryption: Seen<Option<String>>,
    /// What keeps the bucket from being public; none if nothing was ever set.
    pub public_access: Seen<Option<PublicAccess>>,
    /// The bucket policy, JSON; none if there is none.
    pub policy: Seen<Option<String>>,
}

/// Whether old versions are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioning {
    /// `Enabled` or `Suspended`; none if it never was enabled.
    pub status: Option<String>,
    /// Whether a version can be removed with a second factor only.
    pub mfa_delete: bool,
}

/// What keeps a bucket from being public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicAccess {
    /// The settings that are off, by S3's names; there are four.
    pub off: Vec<&'static str>,
}

/// `probe` is how S3 said that the probe object is encrypted: the state and its locks are written in the same way.
pub(super) fn examine(settings: &Settings, bucket: &str, probe: Option<&str>) -> Vec<Finding> {
    let mut findings = vec![versioning(&settings.versioning, bucket)];
    findings.extend(mfa_delete(&settings.versioning));
    findings.extend([encryption(&settings.encryption, bucket, probe), public_access(&settings.public_access, bucket)]);
    findings
}

fn versioning(versioning: &Seen<Versioning>, bucket: &str) -> Finding {
    let check = Check::Versioning;
    let versioning = match versioning {
        Ok(versioning) => versioning,
        Err(unseen) => return unseen.leaves_unknown(check),
    };
    let hint = format!(
        "aws s3api put-bucket-versioning --bucket {} --versioning-configuration Status=Enabled",
        quoted(bucket)
    );
    match versioning.status.as_deref() {
        Some("Enabled") => check.passes("old versions of the state are kept"),
        Some("Suspended") => check.fails("versioning is suspended: a state that is written over is lost", hint),
        Some(other) => check.is_unknown(format!("versioning is {other}"), None),
        None => check.fails("versioning is off: a state that is written over is lost", hint),
    }
}

/// It keeps the state safer, so it is no failure; whoever pays for the versions of locks has to know.
fn mfa_delete(versioning: &Seen<Versioning>) -> Option<Finding> {
    let is_on = versioning.as_ref().is_ok_and(|versioning| versioning.mfa_delete);
    let detail = "MFA delete is on: versions of locks and of the probe stay, nothing but root with its second factor removes them";
    is_on.then(|| Check::MfaDelete.passes(detail))
}

fn encryption(encryption: &Seen<Option<String>>, bucket: &str, probe: Option<&str>) -> Finding {
    let check = Check::Encryption;
    match (encryption, probe) {
        (Ok(Some(algorithm)), _) => check.passes(format!("the bucket encrypts what is written: {algorithm}")),
        (_, Some(algorithm)) => check.passes(format!("what is written here is encrypted: {algorithm}")),
        (Ok(None), None) => check.fails(
            "the bucket encrypts nothing by itself, and nobody asks for it here",
            format!(
                "aws s3api put-bucket-encryption --bucket {} --server-side-encryption-configuration \
                 '{{\"Rules\":[{{\"ApplyServerSideEncryptionByDefault\":{{\"SSEAlgorithm\":\"AES256\"}}}}]}}'",
                quoted(bucket)
            ),
        ),
        (Err(unseen), None) => unseen.leaves_unknown(check),
    }
}

fn public_access(public_access: &Seen<Option<PublicAccess>>, bucket: &str) -> Finding {
    let check = Check::PublicAccessBlock;
    let hint = || {
        format!(
            "aws s3api put-public-access-block --bucket {} --public-access-block-configuration \
             BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true",
            quoted(bucket)
        )
    };
    match public_access {
        Ok(Some(PublicAccess { off })) if off.is_empty() => check.passes("all four settings are on"),
        Ok(Some(PublicAccess { off })) => check.fails(format!("off: {}", off.join(", ")), hint()),
        Ok(None) => check.fails("the bucket has none; the account's own is not looked at", hint()),
        Err(unseen) => unseen.leaves_unknown(check),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict::{Fail, Pass, Unknown};
    use super::super::seen::Unseen;
    use super::*;

    fn set_to(status: Option<&str>, mfa_delete: bool) -> Versioning {
        Versioning { status: status.map(str::to_owned), mfa_delete }
    }

    #[test]
    fn old_versions_are_kept_if_versioning_is_enabled() {
        let cases = [
            (Ok(set_to(Some("Enabled"), false)), Pass),
            (Ok(set_to(Some("Suspended"), false)), Fail),
            (Ok(set_to(None, false)), Fail),
            (Ok(set_to(Some("Archived"), false)), Unknown),
            (Err(Unseen::NotReached), Unknown),
        ];
        for (seen, expected) in cases {
            assert_eq!(versioning(&seen, "states").verdict, expected, "{seen:?}");
        }
    }

    #[test]
    fn mfa_delete_is_told_if_it_is_on() {
        assert_eq!(mfa_delete(&Ok(set_to(Some("Enabled"), true))).map(|finding| finding.verdict), Some(Pass));
        assert_eq!(mfa_delete(&Ok(set_to(Some("Enabled"), false))), None);
        assert_eq!(mfa_delete(&Err(Unseen::NotReached)), None);
    }

    #[test]
    fn encryption_is_known_by_the_bucket_or_by_what_was_written() {
        let aes = || Ok(Some("AES256".to_owned()));
        let cases = [
            (aes(), None, Pass),
            (Ok(None), Some("aws:kms"), Pass),
            (Err(Unseen::NotReached), Some("AES256"), Pass),
            (Ok(None), None, Fail),
            (Err(Unseen::NotReached), None, Unknown),
        ];
        for (seen, probe, expected) in cases {
            assert_eq!(encryption(&seen, "states", probe).verdict, expected, "{seen:?} {probe:?}");
        }
    }

    #[test]
    fn all_four_settings_have_to_be_on() {
        let off = |off: &[&'static str]| Ok(Some(PublicAccess { off: off.to_vec() }));
        let three = off(&["IgnorePublicAcls"]);
        let cases = [(off(&[]), Pass), (three.clone(), Fail), (Ok(None), Fail), (Err(Unseen::DryRun), Unknown)];
        for (seen, expected) in cases {
            assert_eq!(public_access(&seen, "states").verdict, expected, "{seen:?}");
        }
        assert_eq!(public_access(&three, "states").detail, "off: IgnorePublicAcls");
    }
}
