//! Repositories: created, described, set up, deleted.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ecr::Ecr;
use crate::ecr::error;
use crate::ecr::mutability::Mutability;
use crate::ecr::page::{self, Page};
use crate::ecr::repository::Repository;
use crate::wire::ServiceError;
use crate::world::ACCOUNT;

type Answer = Result<Value, ServiceError>;

/// Source: ECR API reference, `TooManyTagsException`.
const MAXIMUM_TAGS: usize = 50;

pub(super) fn create(ecr: &mut Ecr, input: &Value, endpoint: &str, now: Timestamp) -> Answer {
    let name = repository_name(input)?;
    if ecr.repositories.contains_key(name) {
        return Err(ServiceError::bad_request(
            "RepositoryAlreadyExistsException",
            format!("The repository with name '{name}' already exists in the registry with id '{ACCOUNT}'"),
        ));
    }
    let mut repository = Repository::new(name, &ecr.region, now);
    repository.mutability = Mutability::read(input)?;
    repository.scan_on_push = input["imageScanningConfiguration"]["scanOnPush"].as_bool().unwrap_or(false);
    repository.encryption = encryption(&input["encryptionConfiguration"])?;
    add_tags(&mut repository.resource_tags, &input["tags"])?;
    let answer = json!({ "repository": describe_one(&repository, endpoint) });
    ecr.repositories.insert(name.to_owned(), repository);
    Ok(answer)
}

pub(super) fn describe(ecr: &Ecr, input: &Value, endpoint: &str) -> Answer {
    if let Some(names) = input["repositoryNames"].as_array() {
        let repositories =
            names.iter().filter_map(Value::as_str).map(|name| Ok(describe_one(ecr.repository(name)?, endpoint)));
        return Ok(json!({ "repositories": repositories.collect::<Result<Vec<_>, ServiceError>>()? }));
    }
    let all = ecr.repositories.values().map(|repository| describe_one(repository, endpoint));
    Ok(page::cut(all, &Page::read(input)?, "repositories"))
}

pub(super) fn delete(ecr: &mut Ecr, input: &Value, endpoint: &str) -> Answer {
    let repository = ecr.repository_of(input)?;
    if !repository.images.is_empty() && input["force"] != true {
        return Err(ServiceError::bad_request(
            "RepositoryNotEmptyException",
            format!(
                "The repository with name '{}' in registry with id '{ACCOUNT}' cannot be deleted because it \
                 still contains images",
                repository.name
            ),
        ));
    }
    let (name, described) = (repository.name.clone(), describe_one(repository, endpoint));
    ecr.repositories.remove(&name);
    ecr.uploads.retain(|_, upload| upload.repository != name);
    Ok(json!({ "repository": described }))
}

pub(super) fn put_lifecycle_policy(ecr: &mut Ecr, input: &Value) -> Answer {
    let text = input["lifecyclePolicyText"].as_str().unwrap_or_default();
    let policy: Option<Value> = serde_json::from_str(text).ok();
    if !policy.is_some_and(|policy| policy["rules"].is_array()) {
        return Err(error::invalid_parameter("LifecyclePolicyText", "a JSON object with `rules`"));
    }
    let repository = ecr.repository_of_mut(input)?;
    repository.lifecycle_policy = Some(text.to_owned());
    lifecycle_policy(repository)
}

pub(super) fn get_lifecycle_policy(ecr: &Ecr, input: &Value) -> Answer {
    lifecycle_policy(ecr.repository_of(input)?)
}

fn lifecycle_policy(repository: &Repository) -> Answer {
    let text = repository.lifecycle_policy.as_ref().ok_or_else(|| {
        ServiceError::bad_request(
            "LifecyclePolicyNotFoundException",
            format!("Lifecycle policy does not exist for {}", error::in_registry(&repository.name)),
        )
    })?;
    Ok(with_name(repository, json!({ "lifecyclePolicyText": text })))
}

pub(super) fn put_scanning_configuration(ecr: &mut Ecr, input: &Value) -> Answer {
    let repository = ecr.repository_of_mut(input)?;
    repository.scan_on_push = input["imageScanningConfiguration"]["scanOnPush"].as_bool().unwrap_or(false);
    let configuration = json!({ "imageScanningConfiguration": { "scanOnPush": repository.scan_on_push } });
    Ok(with_name(repository, configuration))
}

pub(super) fn put_mutability(ecr: &mut Ecr, input: &Value) -> Answer {
    let mutability = Mutability::read(input)?;
    let repository = ecr.repository_of_mut(input)?;
    let mut answer = with_name(repository, json!({}));
    mutability.describe(&mut answer);
    repository.mutability = mutability;
    Ok(answer)
}

pub(super) fn tag(ecr: &mut Ecr, input: &Value) -> Answer {
    let repository = by_arn(ecr, input)?;
    let repository = ecr.repository_mut(&repository)?;
    add_tags(&mut repository.resource_tags, &input["tags"])?;
    Ok(json!({}))
}

pub(super) fn untag(ecr: &mut Ecr, input: &Value) -> Answer {
    let repository = by_arn(ecr, input)?;
    let repository = ecr.repository_mut(&repository)?;
    for key in input["tagKeys"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        repository.resource_tags.remove(key);
    }
    Ok(json!({}))
}

pub(super) fn list_tags(ecr: &Ecr, input: &Value) -> Answer {
    let repository = ecr.repository(&by_arn(ecr, input)?)?;
    let tags = repository.resource_tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value }));
    Ok(json!({ "tags": tags.collect::<Vec<_>>() }))
}

fn by_arn(ecr: &Ecr, input: &Value) -> Result<String, ServiceError> {
    let arn = input["resourceArn"].as_str().unwrap_or_default();
    let found = ecr.repositories.values().find(|repository| repository.arn() == arn);
    match (found, arn.split_once(":repository/")) {
        (Some(repository), _) => Ok(repository.name.clone()),
        (None, Some((_, name))) => Err(error::repository_not_found(name)),
        (None, None) => Err(error::invalid_parameter("resourceArn", "the ARN of a repository")),
    }
}

fn add_tags(tags: &mut BTreeMap<String, String>, given: &Value) -> Result<(), ServiceError> {
    for tag in given.as_array().into_iter().flatten() {
        let (Some(key), Some(value)) = (tag["Key"].as_str(), tag["Value"].as_str()) else {
            return Err(ServiceError::bad_request("InvalidTagParameterException", "a tag needs both Key and Value"));
        };
        tags.insert(key.to_owned(), value.to_owned());
    }
    if tags.len() > MAXIMUM_TAGS {
        let message = format!("a repository takes at most {MAXIMUM_TAGS} tags");
        return Err(ServiceError::bad_request("TooManyTagsException", message));
    }
    Ok(())
}

fn encryption(given: &Value) -> Result<Value, ServiceError> {
    if given.is_null() {
        return Ok(json!({ "encryptionType": "AES256" }));
    }
    let encryption_type = given["encryptionType"].as_str().unwrap_or_default();
    if !["AES256", "KMS", "KMS_DSSE"].contains(&encryption_type) {
        return Err(error::invalid_parameter("encryptionConfiguration.encryptionType", "AES256, KMS or KMS_DSSE"));
    }
    if encryption_type == "AES256" && !given["kmsKey"].is_null() {
        return Err(error::invalid_parameter("encryptionConfiguration.kmsKey", "no key with AES256"));
    }
    Ok(given.clone())
}

fn describe_one(repository: &Repository, endpoint: &str) -> Value {
    // A repository's address is one that docker, skopeo and ECS of this local AWS can reach.
    let host = endpoint.trim_start_matches("http://");
    let mut described = with_name(
        repository,
        json!({
            "repositoryArn": repository.arn(),
            "repositoryUri": format!("{host}/{}", repository.name),
            "createdAt": repository.created_at.as_second(),
            "imageScanningConfiguration": { "scanOnPush": repository.scan_on_push },
            "encryptionConfiguration": repository.encryption,
        }),
    );
    repository.mutability.describe(&mut described);
    described
}

/// The two members that nearly every answer has, in front of its own.
pub(super) fn with_name(repository: &Repository, answer: Value) -> Value {
    let mut named = json!({ "registryId": ACCOUNT, "repositoryName": repository.name });
    if let (Some(named), Value::Object(answer)) = (named.as_object_mut(), answer) {
        named.extend(answer);
    }
    named
}

fn repository_name(input: &Value) -> Result<&str, ServiceError> {
    let name = input["repositoryName"].as_str().unwrap_or_default();
    if (2..=256).contains(&name.len()) && name.split('/').all(is_path_component) {
        return Ok(name);
    }
    let pattern = "must satisfy regular expression \
                   '(?:[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*/)*[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'";
    Err(error::invalid_parameter("repositoryName", pattern))
}

/// Words of lower-case letters and digits, joined by `.`, `_`, `__` or any number of `-`.
fn is_path_component(component: &str) -> bool {
    let is_word = |byte: char| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let whole = component.starts_with(is_word) && component.ends_with(is_word);
    let joints = component.split(is_word).filter(|joint| !joint.is_empty());
    whole && { joints }.all(|joint| matches!(joint, "." | "_" | "__") || joint.bytes().all(|byte| byte == b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_a_name_that_both_ecr_and_oci_take() {
        for (name, expected) in [
            ("web", true),
            ("team/web-app_v2", true),
            ("a__b/c--d", true),
            ("a", false),
            ("Web", false),
            ("web/", false),
            ("a..b", false),
            ("a_-b", false),
            ("-web", false),
            ("", false),
        ] {
            assert_eq!(repository_name(&json!({ "repositoryName": name })).is_ok(), expected, "{name}");
        }
    }
}
