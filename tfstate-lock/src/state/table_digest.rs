//! What a lock table in DynamoDB says of a state's bytes.

use std::fmt;
use std::str::FromStr;

use md5::{Digest as _, Md5};
use schemars::JsonSchema;
use serde::Serialize;
use thiserror::Error;

/// The MD5 of a state: 32 lower-case hexadecimal digits.
///
/// Terraform keeps it as `Digest` of the item `BUCKET/KEY-md5` and refuses a state that does not match. Source: hashicorp/terraform and
/// opentofu/opentofu, S3 backend, `putMD5`, `getMD5`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct TableDigest(String);

/// How what a table says agrees with a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is the state's digest.
    InStep,
    /// It is another's: Terraform refuses the state.
    OutOfStep(TableDigest),
    /// It says nothing, or what is no digest: Terraform reads the state all the same.
    Silent,
}

/// A text that is no such digest. Terraform warns in its log and looks no further then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it is not 32 hexadecimal digits")]
pub struct NotATableDigest;

impl TableDigest {
    /// The digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let sum = Md5::digest(bytes);
        Self(sum.iter().fold(String::with_capacity(32), |digits, byte| digits + &format!("{byte:02x}")))
    }

    /// How what a table says agrees with the state that has this digest.
    #[must_use]
    pub fn against(&self, said: Option<&str>) -> Standing {
        match said.map(str::parse::<Self>) {
            Some(Ok(said)) if said == *self => Standing::InStep,
            Some(Ok(said)) => Standing::OutOfStep(said),
            Some(Err(_)) | None => Standing::Silent,
        }
    }

    /// The 32 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TableDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Reads what a table says; capitals mean the same to Terraform.
impl FromStr for TableDigest {
    type Err = NotATableDigest;

    fn from_str(text: &str) -> Result<Self, NotATableDigest> {
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotATableDigest);
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_md5_of_the_bytes() {
        // Source: RFC 1321, A.5.
        for (text, digits) in
            [("", "d41d8cd98f00b204e9800998ecf8427e"), ("message digest", "f96b697d7cb7938d525a2f31aaf161d0")]
        {
            assert_eq!(TableDigest::of(text.as_bytes()).to_string(), digits);
            assert_eq!(digits.to_uppercase().parse(), Ok(TableDigest::of(text.as_bytes())));
        }
    }

    #[test]
    fn only_another_digest_is_out_of_step() {
        let state = TableDigest::of(b"");
        let other = TableDigest::of(b"a");
        assert_eq!(state.against(Some("D41D8CD98F00B204E9800998ECF8427E")), Standing::InStep);
        assert_eq!(state.against(Some(other.as_str())), Standing::OutOfStep(other));
        assert_eq!((state.against(None), state.against(Some(""))), (Standing::Silent, Standing::Silent));
    }

    #[test]
    fn only_32_hexadecimal_digits_are_one() {
        for text in ["", "d41d8cd98f00b204e9800998ecf8427", "d41d8cd98f00b204e9800998ecf8427g", "ééééééééééééééé\u{e9}"]
        {
            assert_eq!(text.parse::<TableDigest>(), Err(NotATableDigest), "{text}");
        }
    }
}
