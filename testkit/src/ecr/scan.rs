//! What a scan of an image found: nothing of its own, only what a test says.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::ecr::images::ImageId;
use crate::ecr::page::{self, Page};
use crate::ecr::repositories::with_name;
use crate::ecr::repository::Repository;
use crate::ecr::{Ecr, error};
use crate::wire::ServiceError;

impl Ecr {
    /// Says what `DescribeImageScanFindings` answers for an image from now on: one of `answers` a call, the last one
    /// for ever. Each is `{"imageScanStatus": {"status": "IN_PROGRESS"}, "imageScanFindings": {…}}` with all findings: it
    /// is cut into pages as a call asks for them, and all its pages are of the same answer. Without any, the answer is
    /// `ScanNotFoundException`, as it is right after a push.
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
    let page = Page::read(input)?;
    let Some(answer) = repository.scans.get_mut(&digest).and_then(|answers| next(answers, &page)) else {
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

/// The next answer is not begun before the last page of this one is fetched.
fn next(answers: &mut VecDeque<Value>, page: &Page) -> Option<Value> {
    let cut = cut(answers.front()?.clone(), page);
    if answers.len() > 1 && cut["nextToken"].is_null() {
        answers.pop_front();
    }
    Some(cut)
}

/// One page of an answer; the counts are those of all pages. Source: ECR API reference, `DescribeImageScanFindings`.
fn cut(mut answer: Value, page: &Page) -> Value {
    for list in ["findings", "enhancedFindings"] {
        let Some(Value::Array(all)) = answer["imageScanFindings"].get(list).cloned() else { continue };
        let mut cut = page::cut(all, page, list);
        answer["imageScanFindings"][list] = cut[list].take();
        if !cut["nextToken"].is_null() {
            answer["nextToken"] = cut["nextToken"].take();
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_of_an_answer_come_before_the_next_answer() {
        let found = |count: usize| {
            let findings: Vec<Value> = (0..count).map(|number| json!({ "name": number.to_string() })).collect();
            json!({ "imageScanFindings": { "findings": findings, "findingSeverityCounts": { "LOW": count } } })
        };
        let mut answers = VecDeque::from([json!({}), found(3), found(1)]);
        let mut token = Value::Null;
        let mut names = Vec::new();
        for _ in 0..4 {
            let mut input = json!({ "maxResults": 2 });
            if !token.is_null() {
                input["nextToken"] = token;
            }
            let mut answer = next(&mut answers, &Page::read(&input).unwrap()).unwrap();
            token = answer["nextToken"].take();
            names.push((answer["imageScanFindings"]["findings"].as_array().map_or(0, Vec::len), token.is_null()));
        }
        assert_eq!(names, [(0, true), (2, false), (1, true), (1, true)]);
    }
}
