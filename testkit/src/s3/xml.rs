//! As much XML as S3's small documents need.

use http::StatusCode;
use jiff::Timestamp;

use crate::wire::{Reply, xml_escaped};

/// `<name>text</name>`, escaped.
pub(super) fn element(name: &str, text: impl AsRef<str>) -> String {
    format!("<{name}>{}</{name}>", xml_escaped(text.as_ref()))
}

/// `<name>inner</name>`, where `inner` is XML already.
pub(super) fn nest(name: &str, inner: &str) -> String {
    format!("<{name}>{inner}</{name}>")
}

/// A time as S3's XML has it, with milliseconds.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

/// A whole document as an answer.
pub(super) fn document(root: &str, inner: &str) -> Reply {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{inner}</{root}>"
    );
    Reply::body(StatusCode::OK, "application/xml", body)
}

/// What stands between the tags of each element called `name`. The documents that clients send never nest an element in one of the
/// same name.
pub(super) fn all<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut rest = xml;
    while let Some((inner, after)) = next(rest, name) {
        found.push(inner);
        rest = after;
    }
    found
}

/// The text of the first element called `name`, without escapes.
pub(super) fn text(xml: &str, name: &str) -> Option<String> {
    let (inner, _) = next(xml, name)?;
    Some(unescaped(inner))
}

fn next<'a>(xml: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let opening = format!("<{name}");
    let mut rest = xml;
    loop {
        rest = &rest[rest.find(&opening)? + opening.len()..];
        if rest.starts_with(['>', '/', ' ', '\n', '\r', '\t']) {
            break;
        }
    }
    let (attributes, after) = rest.split_once('>')?;
    if attributes.ends_with('/') {
        return Some(("", after));
    }
    after.split_once(&format!("</{name}>"))
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#34;", "\"")
        .replace("&apos;", "'")
        .replace("&#39;", "'")
        .replace("&#xD;", "\r")
        .replace("&#xA;", "\n")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_by_their_whole_name() {
        let xml = "<Delete xmlns=\"x\"><Object><Key>a&amp;b</Key></Object><ObjectX/><Object><Key/></Object></Delete>";
        let objects = all(xml, "Object");
        assert_eq!(objects, ["<Key>a&amp;b</Key>", "<Key/>"]);
        assert_eq!(text(objects[0], "Key").as_deref(), Some("a&b"));
        assert_eq!(text(objects[1], "Key").as_deref(), Some(""));
        assert_eq!(text(objects[1], "VersionId"), None);
    }

    #[test]
    fn what_is_written_can_be_read() {
        let key = "a<b>&\"c\"";
        assert_eq!(text(&element("Key", key), "Key").as_deref(), Some(key));
    }
}
