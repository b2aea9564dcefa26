//! Identifiers that look like those of ECS and are the same in every run.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::world::{ACCOUNT, REGION};

/// Where new identifiers come from.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    given: u64,
}

impl Ids {
    fn next(&mut self) -> [u8; 32] {
        self.given += 1;
        Sha256::digest(self.given.to_be_bytes()).into()
    }

    /// 32 hexadecimal digits: a task, a container.
    pub(crate) fn hex(&mut self) -> String {
        let mut hex = crate::ecr::digest::sha256(&self.next()).split_off("sha256:".len());
        hex.truncate(32);
        hex
    }

    /// 19 decimal digits: a service revision, `ecs-svc/…`.
    pub(crate) fn digits(&mut self) -> String {
        let bytes = self.next();
        let rest: String = bytes[1..19].iter().map(|byte| char::from(b'0' + byte % 10)).collect();
        format!("{}{rest}", 1 + bytes[0] % 9)
    }

    /// 21 letters and digits: a service deployment, a pause.
    pub(crate) fn letters(&mut self) -> String {
        let mut text = URL_SAFE_NO_PAD.encode(&self.next()[..16]);
        text.truncate(21);
        text
    }

    /// A UUID: an event.
    pub(crate) fn uuid(&mut self) -> String {
        let hex = self.hex();
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

/// Up to 32 letters and digits that look random and are always the same for a seed.
pub(crate) fn alphanumeric(seed: &[u8], length: usize) -> String {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let digest = Sha256::digest(seed);
    digest.iter().take(length).map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()])).collect()
}

/// The ARN of something that ECS keeps: `resource` is `cluster/stage`, `task/stage/0123…`.
pub(crate) fn arn(resource: &str) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:{resource}")
}

/// The short name of something that may be given by ARN.
pub(crate) fn name_of(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_have_the_lengths_of_those_of_ecs_and_differ() {
        let mut ids = Ids::default();
        let lengths = [ids.hex().len(), ids.digits().len(), ids.letters().len(), ids.uuid().len()];
        assert_eq!(lengths, [32, 19, 21, 36]);
        assert_ne!(ids.hex(), ids.hex());
    }

    #[test]
    fn names_are_found_in_arns() {
        for text in ["web", "service/stage/web", "arn:aws:ecs:eu-central-1:123456789012:service/stage/web"] {
            assert_eq!(name_of(text), "web");
        }
    }
}
