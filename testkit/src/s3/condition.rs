//! Conditional requests: what `If-Match` and `If-None-Match` decide.
//!
//! Source: S3 user guide, `conditional-writes.html`, `conditional-deletes.html`, `conditional-reads.html`. The condition looks at the
//! current version only; a delete marker on top counts as no object.

use http::HeaderMap;

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

/// Whether a PUT or the target of a copy may be written over `current`, the `ETag` of what is there.
pub(super) fn check_write(headers: &HeaderMap, current: Option<&str>) -> Result<(), ServiceError> {
    let (if_match, if_none_match) = (text(headers, "if-match"), text(headers, "if-none-match"));
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
            (headers(&[]), here, "ok"),
            (headers(&[("if-none-match", "*")]), None, "ok"),
            (headers(&[("if-none-match", "*")]), here, "PreconditionFailed"),
            (headers(&[("if-none-match", "\"e\"")]), here, "NotImplemented"),
            (headers(&[("if-match", "\"e\"")]), here, "ok"),
            (headers(&[("if-match", "e")]), here, "ok"),
            (headers(&[("if-match", "\"f\"")]), here, "PreconditionFailed"),
            (headers(&[("if-match", "\"e\"")]), None, "NoSuchKey"),
            (headers(&[("if-match", "\"e\""), ("if-none-match", "*")]), here, "NotImplemented"),
        ];
        for (headers, current, expected) in cases {
            assert_eq!(code(check_write(&headers, current)), expected, "{headers:?} {current:?}");
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
