//! What a scan of an image found: nothing of its own, only what a test says.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::ecr::images::ImageId;
use crate::ecr::repositories::with_name;
use crate::ecr::repository::Repository;
use crate::ecr::{Ecr, error};
use crate::wire::ServiceError;

impl Ecr {
    /// Says what `DescribeImageScanFindings` answers for an image from now on: one of `answers` a call, the last one
    /// for ever. Each is `{"imageScanStatus": {"status": "IN_PROGRESS"}, "imageScanFindings": {…}}`. Without any, the
    /// answer is `ScanNotFoundException`, as it is right after a push.
    ///
    /// # Errors
    /// There is no such repository, or no such image in it. `image` is a tag or a digest.
    pub fn set_scans(
        &mut self,
        repository: &str,
        image: &str,
        answers: impl IntoIterator<Item = Value>,
    ) -> Result<(), ServiceError> {
        let repository = self.repository_mut(repository)?;
        let digest = ImageId::named(image).find(repository)?.to_owned();
        repository.scans.insert(digest, answers.into_iter().collect());
        Ok(())
    }
}

pub(super) fn describe_findings(ecr: &mut Ecr, input: &Value) -> Result<Value, ServiceError> {
    let repository = ecr.repository_of_mut(input)?;
    let id = ImageId::read(&input["imageId"]);
    let digest = id.find(repository)?.to_owned();
    let Some(answer) = repository.scans.get_mut(&digest).and_then(next) else {
        let message =
            format!("Image scan does not exist for the image with '{id}' in {}", error::in_registry(&repository.name));
        return Err(ServiceError::bad_request("ScanNotFoundException", message));
    };
    let mut image_id = json!({ "imageDigest": digest });
    if let Some(tag) = input["imageId"]["imageTag"].as_str() {
        image_id["imageTag"] = json!(tag);
    }
    let mut answered = with_name(repository, json!({ "imageId": image_id }));
    if let (Some(answered), Value::Object(answer)) = (answered.as_object_mut(), answer) {
        answered.extend(answer);
    }
    Ok(answered)
}

/// The status that `DescribeImages` shows: that of the next answer.
pub(super) fn status(repository: &Repository, digest: &str) -> Option<Value> {
    let answer = repository.scans.get(digest)?.front()?;
    Some(answer["imageScanStatus"].clone()).filter(|status| !status.is_null())
}

fn next(answers: &mut VecDeque<Value>) -> Option<Value> {
    if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }
}
