//! Conditional requests: what `If-Match` and `If-None-Match` decide.
//!
//! Source: S3 user guide, `conditional-writes.html`, `conditional-deletes.html`, `conditional-reads.html`. The condition looks at the
//! current version only; a delete marker on top counts as no object.

use http::HeaderMap;

use super::bucket::Bucket;
use super::error;
use crate::wire::ServiceError;

/// What a conditional read comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freshness {
    /// The client has not got these bytes.
    Modified,
    /// The client has them: 304.
    NotModified,
}

/// Whether a PUT or a copy may be written over what lies under its key.
pub(super) fn check_write(headers: &HeaderMap, bucket: &Bucket, key: &str) -> Result<(), ServiceError> {
    let (quirks, current) = (bucket.quirks, bucket.current_etag(key));
    let ignores_if_match = quirks.ignores_if_match_on_put || quirks.ignores_if_match_on_absent && current.is_none();
    let if_match = text(headers, "if-match").filter(|_| !ignores_if_match);
    let if_none_match = text(headers, "if-none-match").filter(|_| !quirks.ignores_if_none_match);
    if if_none_match.is_some() && quirks.refuses_over_delete_marker && bucket.newest(key).is_some() {
        return Err(error::precondition_failed());
    }
    decide_write(if_match, if_none_match, current)
}

/// What both conditions of a write say to `current`, the `ETag` of what is there.
fn decide_write(
    if_match: Option<&str>,
    if_none_match: Option<&str>,
    current: Option<&str>,
) -> Result<(), ServiceError> {
    match (if_match, if_none_match) {
        (None, None) => Ok(()),
        (None, Some("*")) if current.is_none() => Ok(()),
        (None, Some("*")) => Err(error::precondition_failed()),
        (Some(wanted), None) => check_match(wanted, current),
        (_, Some(_)) => {
            Err(error::not_implemented("A header you provided implies functionality that is not implemented"))
        }
    }
}

/// Whether what is there has the `ETag` that a write or a delete asks for.
pub(super) fn check_match(wanted: &str, current: Option<&str>) -> Result<(), ServiceError> {
    let current = current.ok_or_else(error::no_such_key)?;
    if !names(wanted, current) {
        return Err(error::precondition_failed());
    }
    Ok(())
}

/// Whether a GET or HEAD is to be answered with the bytes.
pub(super) fn check_read(headers: &HeaderMap, current: &str) -> Result<Freshness, ServiceError> {
    if text(headers, "if-match").is_some_and(|wanted| !names(wanted, current)) {
        return Err(error::precondition_failed());
    }
    if text(headers, "if-none-match").is_some_and(|known| names(known, current)) {
        return Ok(Freshness::NotModified);
    }
    Ok(Freshness::Modified)
}

/// Whether a list of `ETag`s, quoted or not, or `*` names `etag`.
pub(super) fn names(list: &str, etag: &str) -> bool {
    let etag = etag.trim_matches('"');
    list.split(',').map(str::trim).any(|known| known == "*" || known.trim_matches('"') == etag)
}

pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    fn code(outcome: Result<(), ServiceError>) -> String {
        outcome.map_or_else(|error| error.code, |()| "ok".to_owned())
    }

    #[test]
    fn a_write_is_decided_by_its_condition_and_what_is_there() {
        let here = Some("\"e\"");
        let cases = [
            (None, None, here, "ok"),
            (None, Some("*"), None, "ok"),
            (None, Some("*"), here, "PreconditionFailed"),
            (None, Some("\"e\""), here, "NotImplemented"),
            (Some("\"e\""), None, here, "ok"),
            (Some("e"), None, here, "ok"),
            (Some("\"f\""), None, here, "PreconditionFailed"),
            (Some("\"e\""), None, None, "NoSuchKey"),
            (Some("\"e\""), Some("*"), here, "NotImplemented"),
        ];
        for (if_match, if_none_match, current, expected) in cases {
            let decided = code(decide_write(if_match, if_none_match, current));
            assert_eq!(decided, expected, "{if_match:?} {if_none_match:?} {current:?}");
        }
    }

    #[test]
    fn a_star_matches_whatever_is_there() {
        assert_eq!(code(check_match("*", Some("\"e\""))), "ok");
        assert_eq!(code(check_match("*", None)), "NoSuchKey");
    }

    #[test]
    fn a_read_of_known_bytes_is_not_modified() {
        let etag = "\"e\"";
        let known = headers(&[("if-none-match", "\"d\", \"e\"")]);
        assert_eq!(check_read(&known, etag), Ok(Freshness::NotModified));
        let stale = headers(&[("if-none-match", "\"d\"")]);
        assert_eq!(check_read(&stale, etag), Ok(Freshness::Modified));
        let other = headers(&[("if-match", "\"d\"")]);
        assert_eq!(check_read(&other, etag), Err(error::precondition_failed()));
    }
}
