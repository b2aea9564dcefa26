//! Server-side encryption: nothing is encrypted, but the headers are checked, kept and answered as S3 does.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use md5::{Digest, Md5};

use super::condition::text;
use super::error;
use crate::wire::{Reply, ServiceError};
use crate::world::{ACCOUNT, REGION};

const METHOD: &str = "x-amz-server-side-encryption";
const KMS_KEY: &str = "x-amz-server-side-encryption-aws-kms-key-id";
const BUCKET_KEY: &str = "x-amz-server-side-encryption-bucket-key-enabled";
const CUSTOMER_ALGORITHM: &str = "x-amz-server-side-encryption-customer-algorithm";
const CUSTOMER_KEY_MD5: &str = "x-amz-server-side-encryption-customer-key-md5";

/// How an object is encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Encryption {
    /// SSE-S3: every object that asks for nothing else, unless its bucket does. Source: S3 user guide, `default-encryption-faq.html`.
    #[default]
    Managed,
    /// SSE-KMS.
    Kms {
        /// As the client named it.
        key: String,
        /// Whether the bucket's own data key is used.
        bucket_key: bool,
    },
    /// SSE-C: the client brings the key with every request.
    Customer {
        /// Base64 of the MD5 of the key, all that is kept of it.
        key_md5: String,
    },
}

/// On which headers the customer's key comes: those of the request, or those of a copy's source.
#[derive(Clone, Copy, Debug)]
pub(super) enum KeyFor {
    Request,
    CopySource,
}

impl KeyFor {
    fn header<'a>(self, headers: &'a HeaderMap, last: &str) -> Option<&'a str> {
        let prefix = match self {
            Self::Request => "x-amz-",
            Self::CopySource => "x-amz-copy-source-",
        };
        text(headers, &format!("{prefix}server-side-encryption-customer-{last}"))
    }
}

impl Encryption {
    /// SSE-KMS with a key, or with the one that Amazon keeps for S3.
    pub(super) fn kms(key: Option<&str>, bucket_key: bool) -> Self {
        let own = || format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/aws-s3");
        Self::Kms { key: key.map_or_else(own, str::to_owned), bucket_key }
    }

    /// What a write asks for, or what the bucket gives to those that ask for nothing.
    pub(super) fn of_write(headers: &HeaderMap, of_bucket: &Self) -> Result<Self, ServiceError> {
        let customer = customer_key_md5(headers, KeyFor::Request)?;
        match (text(headers, METHOD), customer) {
            (None, None) => Ok(of_bucket.clone()),
            (Some("AES256"), None) => Ok(Self::Managed),
            (None, Some(key_md5)) => Ok(Self::Customer { key_md5 }),
            (Some("aws:kms" | "aws:kms:dsse"), None) => {
                Ok(Self::kms(text(headers, KMS_KEY), text(headers, BUCKET_KEY) == Some("true")))
            }
            (Some(_), None) => Err(error::invalid_argument("The encryption method specified is not supported")),
            (Some(_), Some(_)) => Err(error::invalid_argument(
                "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
            )),
        }
    }

    /// Whether a read brings the key that is needed, and none that is not.
    pub(super) fn check_read(&self, headers: &HeaderMap, key_for: KeyFor) -> Result<(), ServiceError> {
        if matches!(key_for, KeyFor::Request) && headers.contains_key(METHOD) {
            let message = "x-amz-server-side-encryption header is not supported for this operation.";
            return Err(error::invalid_argument(message));
        }
        match (self, customer_key_md5(headers, key_for)?) {
            (Self::Customer { key_md5 }, Some(given)) if *key_md5 == given => Ok(()),
            (Self::Customer { .. }, Some(_)) => Err(error::access_denied(
                "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.",
            )),
            (Self::Customer { .. }, None) => Err(error::invalid_request(
                "The object was stored using a form of Server Side Encryption. \
                 The correct parameters must be provided to retrieve the object.",
            )),
            (Self::Managed | Self::Kms { .. }, Some(_)) => {
                Err(error::invalid_request("The encryption parameters are not applicable to this object."))
            }
            (Self::Managed | Self::Kms { .. }, None) => Ok(()),
        }
    }

    /// Adds the headers that tell how the object is encrypted.
    pub(super) fn tell(&self, reply: Reply) -> Reply {
        match self {
            Self::Managed => reply.with(METHOD, "AES256"),
            Self::Kms { key, bucket_key } => {
                let reply = reply.with(METHOD, "aws:kms").with(KMS_KEY, key);
                if *bucket_key { reply.with(BUCKET_KEY, "true") } else { reply }
            }
            Self::Customer { key_md5 } => reply.with(CUSTOMER_ALGORITHM, "AES256").with(CUSTOMER_KEY_MD5, key_md5),
        }
    }
}

/// The MD5 of the key that the client brings, after the three headers were found to agree.
fn customer_key_md5(headers: &HeaderMap, key_for: KeyFor) -> Result<Option<String>, ServiceError> {
    let header = |last| key_for.header(headers, last);
    let (algorithm, key, key_md5) = match (header("algorithm"), header("key"), header("key-md5")) {
        (None, None, None) => return Ok(None),
        (Some(algorithm), Some(key), Some(key_md5)) => (algorithm, key, key_md5),
        _ => {
            return Err(error::invalid_argument(
                "Requests specifying Server Side Encryption with Customer provided keys must provide \
                 an algorithm, a secret key and the MD5 of the key.",
            ));
        }
    };
    if algorithm != "AES256" {
        return Err(error::invalid_argument("The encryption algorithm specified is not valid."));
    }
    let raw = STANDARD.decode(key).ok().filter(|key| key.len() == 32);
    let raw = raw.ok_or_else(|| error::invalid_argument("The secret key was invalid for the specified algorithm."))?;
    if STANDARD.encode(Md5::digest(&raw)) != key_md5 {
        return Err(error::invalid_argument(
            "The calculated MD5 hash of the key did not match the hash that was provided.",
        ));
    }
    Ok(Some(key_md5.to_owned()))
}
