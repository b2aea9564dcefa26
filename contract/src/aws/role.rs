//! A role that is taken on for a run.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::SdkConfig;
use jiff::Timestamp;

use super::models::STS;
use super::{CallError, CallErrorKind, Service};
use crate::session::Session;

const OPERATION: &str = "sts:AssumeRole";

/// The same configuration with the credentials of a role. They last an hour, and are not renewed: it is for runs that only read.
///
/// # Errors
/// The role cannot be assumed.
pub async fn assume_role(config: &SdkConfig, role: &str, session: &Session) -> Result<SdkConfig, CallError> {
    let parameters = [("RoleArn", role), ("RoleSessionName", session.tool)];
    let answer = Service::new(&STS, config, session).query(OPERATION, &parameters).await?;
    let credentials = read(&answer).ok_or_else(|| CallError {
        operation: OPERATION,
        code: None,
        message: "the answer is not understood".to_owned(),
        request_id: None,
        status: None,
        kind: CallErrorKind::Server,
    })?;
    Ok(config.to_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build())
}

/// Source: STS API reference, `AssumeRole`.
fn read(answer: &str) -> Option<Credentials> {
    let document = roxmltree::Document::parse(answer).ok()?;
    let of = |name: &str| {
        let node = document.descendants().find(|node| node.tag_name().name() == name);
        node.and_then(|node| node.text()).map(str::to_owned)
    };
    let expiry = of("Expiration").and_then(|text| text.parse::<Timestamp>().ok()).map(SystemTime::from);
    Some(Credentials::new(of("AccessKeyId")?, of("SecretAccessKey")?, of("SessionToken"), expiry, "AssumeRole"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_credentials_of_a_role_are_read() {
        let answer = "<AssumeRoleResponse xmlns=\"x\"><AssumeRoleResult><Credentials><AccessKeyId>ASIA1</AccessKeyId>\
            <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2026-01-01T00:00:00Z</Expiration>\
            </Credentials></AssumeRoleResult></AssumeRoleResponse>";
        let credentials = read(answer).unwrap();
        assert_eq!((credentials.access_key_id(), credentials.session_token()), ("ASIA1", Some("t")));
        assert!(credentials.expiry().is_some());
        assert!(read("<html/>").is_none() && read("no XML").is_none());
    }
}
