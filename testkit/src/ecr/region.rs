//! Other regions and other accounts: what is asked for where it does not lie.
//!
//! A repository lies in one region of one account. Each region has a control plane of its own; the registry under `/v2/` is that of the
//! home region, for the local AWS has one address only.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::Value;

use crate::ecr::repository::Repository;
use crate::ecr::{Ecr, error};
use crate::wire::{Request, ServiceError};
use crate::world::{ACCOUNT, REGION};

/// Where a control plane stands: at home, unless something else is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Region(Cow<'static, str>);

impl Region {
    pub(crate) fn named(name: &str) -> Self {
        Self(name.to_owned().into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The region that a request is signed for; home if that is not said. Source: AWS general reference, Signature Version 4:
    /// `Credential=KEY/DATE/REGION/SERVICE/aws4_request`.
    pub(crate) fn of(request: &Request) -> Self {
        request.header("authorization").and_then(signed_for).map_or_else(Self::default, Self::named)
    }
}

impl Default for Region {
    fn default() -> Self {
        Self(REGION.into())
    }
}

fn signed_for(authorization: &str) -> Option<&str> {
    let (_, credential) = authorization.split_once("Credential=")?;
    let scope = credential.split([',', ' ']).next()?;
    // From the end: a key may have slashes.
    scope.strip_suffix("/aws4_request")?.rsplit('/').nth(1)
}

impl Ecr {
    /// Places an empty repository in another region, where it is found by who asks there and by nobody else.
    pub fn place_elsewhere(&mut self, region: &str, repository: &str) {
        let there = self.in_region(&Region::named(region));
        let placed = Repository::new(repository, &there.region, Timestamp::UNIX_EPOCH);
        there.repositories.insert(repository.to_owned(), placed);
    }

    /// Answers one operation of the control plane of a region. A token opens the registry wherever it was issued.
    pub(crate) fn answer_in(
        &mut self,
        region: &Region,
        operation: &str,
        input: &Value,
        endpoint: &str,
        now: Timestamp,
    ) -> Result<Value, ServiceError> {
        if operation == "GetAuthorizationToken" {
            return self.answer(operation, input, endpoint, now);
        }
        let quirks = self.quirks.clone();
        let there = self.in_region(region);
        there.quirks = quirks;
        there.answer(operation, input, endpoint, now)
    }

    fn in_region(&mut self, region: &Region) -> &mut Self {
        if *region == self.region {
            return self;
        }
        let there = self.elsewhere.entry(region.as_str().to_owned());
        there.or_insert_with(|| Self { region: region.clone(), ..Self::default() })
    }

    /// Refuses what is asked of another account: no policy of a repository there lets this account in.
    pub(crate) fn refuse_foreign_account(&self, operation: &str, input: &Value) -> Result<(), ServiceError> {
        let account = input["registryId"].as_str().filter(|account| *account != ACCOUNT);
        let Some(account) = account else { return Ok(()) };
        let name = input["repositoryName"].as_str().or_else(|| input["repositoryNames"][0].as_str());
        let arn = |name| format!("arn:aws:ecr:{}:{account}:repository/{name}", self.region.as_str());
        Err(error::no_policy_allows(operation, &name.map_or_else(|| "*".to_owned(), arn)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_stands_in_the_scope_of_the_signature() {
        let cases = [
            (
                "AWS4-HMAC-SHA256 Credential=AKID/20261128/us-east-1/ecr/aws4_request, SignedHeaders=host, Signature=0",
                Some("us-east-1"),
            ),
            (
                "AWS4-HMAC-SHA256 SignedHeaders=host,Credential=a/b/20261128/eu-west-1/ecr/aws4_request",
                Some("eu-west-1"),
            ),
            ("AWS4-HMAC-SHA256 Credential=AKID/20261128/us-east-1/ecr", None),
            ("AWS4-HMAC-SHA256 Credential=/aws4_request", None),
            ("seed", None),
            ("", None),
        ];
        for (authorization, expected) in cases {
            assert_eq!(signed_for(authorization), expected, "{authorization}");
        }
    }
}
