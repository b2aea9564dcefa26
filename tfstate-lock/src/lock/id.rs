//! The id of a lock.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Serialize;
use thiserror::Error;

/// The id of a lock: the secret between taking and releasing it. Opaque; Terraform's and ours look like a UUID.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct LockId(String);

/// An id that is no id: it is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a lock id cannot be empty")]
pub struct EmptyLockId;

impl LockId {
    /// Makes a new id from random bytes: in the shape of a UUID, but all bits random, as Terraform has it.
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        let digits = format!("{:032x}", u128::from_be_bytes(bytes));
        let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
        Self(parts.join("-"))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LockId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for LockId {
    type Err = EmptyLockId;

    fn from_str(text: &str) -> Result<Self, EmptyLockId> {
        if text.is_empty() {
            return Err(EmptyLockId);
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_id_looks_like_a_uuid() {
        let bytes = [0x01, 0x68, 0x2d, 0x0f, 0xae, 0xa8, 0x6c, 0xd4, 0xb9, 0x0b, 0x39, 0x9e, 0x37, 0xdf, 0x47, 0x94];
        assert_eq!(LockId::from_random(bytes).as_str(), "01682d0f-aea8-6cd4-b90b-399e37df4794");
        assert_eq!(LockId::from_random([0; 16]).as_str(), "00000000-0000-0000-0000-000000000000");
    }

    #[test]
    fn an_id_is_any_text_but_none() {
        assert_eq!("by hand".parse::<LockId>().unwrap().as_str(), "by hand");
        assert_eq!("".parse::<LockId>(), Err(EmptyLockId));
    }
}
