//! Where a registry is, and what opens it.

use super::authorization::Authorizer;
use super::origin::Origin;
use crate::aws::EcrHost;
use crate::credentials::{self, Places};
use crate::error::Error;
use crate::image_name::ImageName;
use crate::request::Request;

/// A registry that is not ECR's: its address, and what the user has to show there.
pub(super) async fn open_registry(host: &str, request: &Request, actions: &str) -> Result<(Origin, Authorizer), Error> {
    let is_plain = request.plain_http.iter().any(|plain| plain == host);
    let origin = Origin::of_host(host, is_plain).ok_or_else(|| Error::Endpoint(without_password(host)))?;
    let credentials = credentials::find(&Places::of_environment(), host, request.repository.as_str()).await?;
    let mut scopes = vec![format!("repository:{}:{actions}", request.repository)];
    let source = match &request.source {
        ImageName::Registry(image) if image.host == host => Some(&image.repository),
        _ => None,
    };
    let mounted = request.mount_from.iter().chain(source).filter(|from| **from != request.repository);
    scopes.extend(mounted.map(|from| format!("repository:{from}:pull")));
    Ok((origin, Authorizer::of_registry(credentials, scopes)))
}

/// What may be said of a host: not what stands before an `@`.
fn without_password(host: &str) -> String {
    host.rsplit('@').next().unwrap_or_default().to_owned()
}

/// The registry that is named, in AWS; elsewhere, as with a local AWS, the one that answers for it.
pub(super) fn origin_of_ecr(host: Option<&str>, endpoint: &str) -> Result<Origin, Error> {
    let given = Origin::of_endpoint(endpoint).ok_or_else(|| Error::Endpoint(endpoint.to_owned()))?;
    let is_aws = EcrHost::of(given.authority()).is_some();
    let named = host.filter(|_| is_aws).and_then(|host| Origin::of_host(host, false));
    Ok(named.unwrap_or(given))
}

/// The account that is named, if it is another one than that of the token.
pub(super) fn foreign_account(named: Option<EcrHost>, endpoint: &str) -> Option<String> {
    let own = Origin::of_endpoint(endpoint).and_then(|origin| EcrHost::of(origin.authority()));
    named.map(|host| host.account).filter(|named| own.is_none_or(|own| own.account != *named))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_foreign_if_the_token_is_not_its_own() {
        let named = || EcrHost::of("123456789012.dkr.ecr.eu-central-1.amazonaws.com");
        let own = "https://123456789012.dkr.ecr.us-east-1.amazonaws.com";
        assert_eq!(foreign_account(named(), own), None);
        assert_eq!(foreign_account(None, own), None);
        for endpoint in ["https://999999999999.dkr.ecr.us-east-1.amazonaws.com", "http://127.0.0.1:4566"] {
            assert_eq!(foreign_account(named(), endpoint).as_deref(), Some("123456789012"), "{endpoint}");
        }
    }
}
