//! How the objects of a state are encrypted in S3: what Terraform makes of `encrypt`, `kms_key_id` and `sse_customer_key`.
//!
//! The lock object gets the same headers as the state. Source: measured with Terraform 1.11.4; opentofu/opentofu,
//! `internal/backend/remote-state/s3/client.go`.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use thiserror::Error;

/// What a request to S3 says about encryption.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// Nothing: the bucket decides.
    #[default]
    BucketDefault,
    /// SSE-S3: keys that S3 keeps.
    S3Managed,
    /// SSE-KMS.
    Kms {
        /// The key's id, its alias or the ARN of either, as it was named.
        key_id: String,
    },
    /// SSE-C: the key comes with every request, those that read too.
    Customer {
        /// The key.
        key: CustomerKey,
    },
}

/// A key of SSE-C: 256 bits, a secret. It is read from base64 and shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomerKey([u8; 32]);

/// Why settings say nothing clear about encryption. The key itself is never part of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EncryptionError {
    /// The customer's key is none.
    #[error("the customer's key is not 32 bytes in base64")]
    CustomerKey,
    /// Two keys of different kinds.
    #[error("a KMS key and a customer's key exclude each other")]
    TwoKeys,
}

impl Encryption {
    /// What Terraform asks for: without `encrypt` a key of either kind is not used.
    ///
    /// # Errors
    /// There is a key of either kind, which Terraform refuses with and without `encrypt`.
    pub fn of(
        encrypt: bool,
        kms_key_id: Option<String>,
        customer_key: Option<CustomerKey>,
    ) -> Result<Self, EncryptionError> {
        match (kms_key_id, customer_key) {
            (Some(_), Some(_)) => Err(EncryptionError::TwoKeys),
            _ if !encrypt => Ok(Self::BucketDefault),
            (Some(key_id), None) => Ok(Self::Kms { key_id }),
            (None, Some(key)) => Ok(Self::Customer { key }),
            (None, None) => Ok(Self::S3Managed),
        }
    }

    /// The same, with the key that `AWS_SSE_CUSTOMER_KEY` holds: it is used where encryption is asked for and no key is named.
    ///
    /// # Errors
    /// A KMS key is named.
    pub fn or_customer_key(self, key: CustomerKey) -> Result<Self, EncryptionError> {
        match self {
            Self::S3Managed => Ok(Self::Customer { key }),
            Self::Kms { .. } => Err(EncryptionError::TwoKeys),
            Self::BucketDefault | Self::Customer { .. } => Ok(self),
        }
    }
}

impl CustomerKey {
    /// The key in base64, as `x-amz-server-side-encryption-customer-key` carries it. A secret.
    #[must_use]
    pub fn base64(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// The MD5 of the key in base64, as `x-amz-server-side-encryption-customer-key-md5` carries it.
    #[must_use]
    pub fn md5(&self) -> String {
        STANDARD.encode(Md5::digest(self.0))
    }
}

impl FromStr for CustomerKey {
    type Err = EncryptionError;

    fn from_str(text: &str) -> Result<Self, EncryptionError> {
        let bytes = STANDARD.decode(text).map_err(|_| EncryptionError::CustomerKey)?;
        bytes.try_into().map(Self).map_err(|_| EncryptionError::CustomerKey)
    }
}

impl fmt::Debug for CustomerKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CustomerKey").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The bytes 0 to 31.
    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[test]
    fn the_settings_mean_what_they_mean_to_terraform() {
        let kms = || Some("alias/states".to_owned());
        let customer = || Some(KEY.parse().unwrap());
        let cases = [
            (false, None, None, Ok(Encryption::BucketDefault)),
            (true, None, None, Ok(Encryption::S3Managed)),
            (false, kms(), None, Ok(Encryption::BucketDefault)),
            (true, kms(), None, Ok(Encryption::Kms { key_id: "alias/states".to_owned() })),
            (false, None, customer(), Ok(Encryption::BucketDefault)),
            (true, None, customer(), Ok(Encryption::Customer { key: KEY.parse().unwrap() })),
            (false, kms(), customer(), Err(EncryptionError::TwoKeys)),
            (true, kms(), customer(), Err(EncryptionError::TwoKeys)),
        ];
        for (encrypt, kms_key_id, customer_key, expected) in cases {
            let what = format!("{encrypt} {kms_key_id:?} {customer_key:?}");
            assert_eq!(Encryption::of(encrypt, kms_key_id, customer_key), expected, "{what}");
        }
    }

    #[test]
    fn the_key_of_the_environment_fills_a_gap_and_no_more() {
        let customer = |text: &str| Encryption::Customer { key: text.parse().unwrap() };
        let other = STANDARD.encode([7; 32]);
        let kms = Encryption::Kms { key_id: "alias/states".to_owned() };
        let cases = [
            (Encryption::BucketDefault, Ok(Encryption::BucketDefault)),
            (Encryption::S3Managed, Ok(customer(KEY))),
            (customer(&other), Ok(customer(&other))),
            (kms, Err(EncryptionError::TwoKeys)),
        ];
        for (encryption, expected) in cases {
            assert_eq!(encryption.clone().or_customer_key(KEY.parse().unwrap()), expected, "{encryption:?}");
        }
    }

    #[test]
    fn a_key_travels_with_the_digest_that_terraform_sends() {
        let key: CustomerKey = KEY.parse().unwrap();
        assert_eq!(key.base64(), KEY);
        assert_eq!(key.md5(), "tP/LI3N87DFaSk0aoqYgzg==");
    }

    #[test]
    fn what_is_not_32_bytes_in_base64_is_no_key() {
        let longer = STANDARD.encode([7; 33]);
        assert_eq!(longer.len(), KEY.len(), "Terraform counts characters only and lets it pass, S3 does not");
        for text in ["", "AAAA", "no base64", &KEY[..43], longer.as_str(), &format!("{KEY}\n")] {
            assert_eq!(text.parse::<CustomerKey>(), Err(EncryptionError::CustomerKey), "{text}");
        }
    }

    #[test]
    fn a_key_is_shown_to_nobody() {
        let shown = format!("{:?}", Encryption::Customer { key: KEY.parse().unwrap() });
        assert_eq!(shown, "Customer { key: CustomerKey { .. } }");
    }

    proptest! {
        #[test]
        fn every_key_is_read_as_it_is_written(bytes in any::<[u8; 32]>()) {
            let key = CustomerKey(bytes);
            prop_assert_eq!(key.base64().parse(), Ok(key));
        }

        #[test]
        fn no_text_breaks_the_reader(text in any::<String>()) {
            let _ = text.parse::<CustomerKey>();
        }
    }
}
