//! What a client of state locks does beside conditions, asked of the local AWS, of ministack and of moto: settings, copies, versions, tags.

#![expect(clippy::unwrap_used, reason = "what cannot be asked or read ends the test")]

use testkit::{LocalAws, peer};

use crate::s3_differences::{Difference, MINISTACK, MOTO};
use crate::s3_http::{Answer, send};

type Headers<'a> = &'a [(&'a str, &'a str)];

const KEY: [(&str, &str); 3] = [
    ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
    ("x-amz-server-side-encryption-customer-key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ("x-amz-server-side-encryption-customer-key-md5", "cLyPS3KoaSFGi/joRB3OUQ=="),
];
const SOURCE_KEY: [(&str, &str); 3] = [
    ("x-amz-copy-source-server-side-encryption-customer-algorithm", "AES256"),
    ("x-amz-copy-source-server-side-encryption-customer-key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ("x-amz-copy-source-server-side-encryption-customer-key-md5", "cLyPS3KoaSFGi/joRB3OUQ=="),
];
const ENABLED: &str = "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Status>Enabled</Status></VersioningConfiguration>";
const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::shelf/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}"#;
const MD5: &str = "\"0cc175b9c0f1b6a831c399e269772661\"";
const OTHER: &str = "\"00000000000000000000000000000000\"";

/// What is asked, and what can be compared of each answer.
struct Script<'a> {
    endpoint: &'a str,
    seen: Vec<(&'static str, String)>,
}

impl Script<'_> {
    /// Asks, and keeps the status, the code of an error, and of a success which of `look` there is in it.
    fn ask(
        &mut self,
        step: &'static str,
        request: (&str, &str),
        headers: Headers<'_>,
        body: &str,
        look: &[Look],
    ) -> Answer {
        let (method, target) = request;
        let answer = send(self.endpoint, method, target, headers, body.as_bytes());
        let mut seen = vec![answer.status.to_string(), answer.code().to_owned()];
        if answer.status < 400 {
            seen.extend(look.iter().map(|look| look.of(&answer)));
        }
        seen.retain(|part| !part.is_empty());
        assert!(self.seen.iter().all(|(known, _)| *known != step), "{step} is there twice");
        self.seen.push((step, seen.join(" ")));
        answer
    }
}

/// What is looked at in an answer.
#[derive(Clone, Copy)]
enum Look {
    /// A header's value.
    Header(&'static str),
    /// Whether there is such a header.
    Has(&'static str),
    /// The texts of all elements of a name.
    Element(&'static str),
    /// Whether the `ETag` is the MD5 of the letter a.
    IsMd5,
    Body,
}

impl Look {
    fn of(self, answer: &Answer) -> String {
        match self {
            Self::Header(name) => answer.header(name).unwrap_or_default().to_owned(),
            Self::Has(name) => format!("{name}={}", answer.header(name).is_some()),
            Self::Element(name) => format!("{name}={:?}", texts(&answer.body, name)),
            Self::IsMd5 => format!("md5={}", answer.header("etag") == Some(MD5)),
            Self::Body => answer.body.clone(),
        }
    }
}

fn texts(xml: &str, name: &str) -> Vec<String> {
    let opening = format!("<{name}>");
    xml.split(&opening).skip(1).filter_map(|part| Some(part.split_once("</")?.0.replace("&quot;", "\""))).collect()
}

fn run(endpoint: &str) -> Vec<(&'static str, String)> {
    let mut script = Script { endpoint, seen: Vec::new() };
    policies(&mut script);
    encryption(&mut script);
    reads(&mut script);
    copies(&mut script);
    tags(&mut script);
    versions(&mut script);
    script.seen
}

fn policies(script: &mut Script<'_>) {
    let policy = |method| (method, "/shelf?policy");
    script.ask("no bucket: policy", policy("GET"), &[], "", &[]);
    script.ask("no bucket: look", ("HEAD", "/shelf"), &[], "", &[]);
    script.ask("a bucket is created", ("PUT", "/shelf"), &[], "", &[]);
    script.ask("a bucket says its region", ("HEAD", "/shelf"), &[], "", &[Look::Has("x-amz-bucket-region")]);
    script.ask("no policy", policy("GET"), &[], "", &[]);
    script.ask("a policy that is none", policy("PUT"), &[], "no policy", &[]);
    script.ask("a policy without a statement", policy("PUT"), &[], "{\"Version\":\"2012-10-17\"}", &[]);
    script.ask("a policy is put", policy("PUT"), &[], POLICY, &[]);
    script.ask("a policy is read", policy("GET"), &[], "", &[Look::Body]);
    script.ask("a policy is deleted", policy("DELETE"), &[], "", &[]);
    script.ask("no policy again", policy("GET"), &[], "", &[]);
    script.ask("no policy is deleted", policy("DELETE"), &[], "", &[]);
}

fn encryption(script: &mut Script<'_>) {
    let encryption = |method| (method, "/shelf?encryption");
    let rule = |inner: &str| {
        let applied = format!("<ApplyServerSideEncryptionByDefault>{inner}</ApplyServerSideEncryptionByDefault>");
        let rule = format!("<Rule>{applied}<BucketKeyEnabled>true</BucketKeyEnabled></Rule>");
        format!(
            "<ServerSideEncryptionConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{rule}</ServerSideEncryptionConfiguration>"
        )
    };
    let said = [Look::Element("SSEAlgorithm"), Look::Element("KMSMasterKeyID"), Look::Element("BucketKeyEnabled")];
    let method = Look::Header("x-amz-server-side-encryption");
    script.ask("encryption that nobody asked for", encryption("GET"), &[], "", &said);
    let kms = rule("<SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>alias/state</KMSMasterKeyID>");
    script.ask("encryption by KMS is put", encryption("PUT"), &[], &kms, &[]);
    script.ask("encryption by KMS is read", encryption("GET"), &[], "", &said);
    script.ask("an object that asks for nothing", ("PUT", "/shelf/kms"), &[], "a", &[method, Look::IsMd5]);
    script.ask("it says how it is encrypted", ("HEAD", "/shelf/kms"), &[], "", &[method, Look::IsMd5]);
    let own = [("x-amz-server-side-encryption", "AES256")];
    script.ask("an object that asks for its own", ("PUT", "/shelf/own"), &own, "a", &[method, Look::IsMd5]);
    script.ask(
        "encryption of an unknown kind",
        encryption("PUT"),
        &[],
        &rule("<SSEAlgorithm>rot13</SSEAlgorithm>"),
        &[],
    );
    script.ask("encryption that is none", encryption("PUT"), &[], "none", &[]);
    script.ask("encryption is deleted", encryption("DELETE"), &[], "", &[]);
    script.ask("encryption is as at first", encryption("GET"), &[], "", &[Look::Element("SSEAlgorithm")]);
    let kms =
        [("x-amz-server-side-encryption", "aws:kms"), ("x-amz-server-side-encryption-aws-kms-key-id", "alias/state")];
    let key = Look::Has("x-amz-server-side-encryption-aws-kms-key-id");
    script.ask("an object that asks for KMS", ("PUT", "/shelf/asked"), &kms, "a", &[method, key, Look::IsMd5]);
    script.ask("it is read as any other", ("GET", "/shelf/asked"), &[], "", &[method, key, Look::Body]);
    script.ask("a KMS header on a read", ("GET", "/shelf/asked"), &kms, "", &[]);
}

fn reads(script: &mut Script<'_>) {
    script.ask("an object to read", ("PUT", "/shelf/a"), &[], "a", &[Look::IsMd5]);
    let told = [Look::Has("etag"), Look::Has("last-modified")];
    for (method, step, any) in
        [("GET", "known bytes", "known bytes by star"), ("HEAD", "known head", "known head by star")]
    {
        script.ask(step, (method, "/shelf/a"), &[("if-none-match", MD5)], "", &told);
        script.ask(any, (method, "/shelf/a"), &[("if-none-match", "*")], "", &told);
    }
    script.ask("unknown bytes", ("GET", "/shelf/a"), &[("if-none-match", OTHER)], "", &[Look::Body]);
    script.ask("other bytes", ("GET", "/shelf/a"), &[("if-match", OTHER)], "", &[]);
    script.ask("other head", ("HEAD", "/shelf/a"), &[("if-match", OTHER)], "", &[]);
    script.ask("the same bytes", ("GET", "/shelf/a"), &[("if-match", MD5)], "", &[Look::Body]);
    script.ask("one of two", ("GET", "/shelf/a"), &[("if-match", &format!("{OTHER}, {MD5}"))], "", &[Look::Body]);
}

fn copies(script: &mut Script<'_>) {
    let copied = [Look::Element("ETag")];
    let from = |source: &'static str| ("x-amz-copy-source", source);
    let to = ("PUT", "/shelf/copy");
    script.ask("a copy", to, &[from("shelf/a")], "", &copied);
    let condition = |name, etag| [from("shelf/a"), (name, etag)];
    script.ask("a copy of the same", to, &condition("x-amz-copy-source-if-match", MD5), "", &copied);
    script.ask("a copy of another", to, &condition("x-amz-copy-source-if-match", OTHER), "", &[]);
    script.ask("a copy of what is known", to, &condition("x-amz-copy-source-if-none-match", MD5), "", &[]);
    script.ask("a copy of what is new", to, &condition("x-amz-copy-source-if-none-match", OTHER), "", &copied);
    script.ask("a copy over nothing", to, &condition("if-none-match", "*"), "", &[]);
    script.ask("a copy over another", to, &condition("if-match", OTHER), "", &[]);
    script.ask("a copy over the same", to, &condition("if-match", MD5), "", &copied);
    script.ask("an object under a key", ("PUT", "/shelf/secret"), &KEY, "a", &[]);
    script.ask("a copy without the key", to, &[from("shelf/secret")], "", &[]);
    let opened = [&[from("shelf/secret")][..], &SOURCE_KEY].concat();
    script.ask("a copy with the key", to, &opened, "", &[]);
    script.ask("it needs no key", ("GET", "/shelf/copy"), &[], "", &[Look::Body]);
    let kept = [&opened[..], &KEY].concat();
    script.ask("a copy under the key", to, &kept, "", &[]);
    script.ask("it needs the key", ("GET", "/shelf/copy"), &[], "", &[]);
    script.ask("it opens with the key", ("GET", "/shelf/copy"), &KEY, "", &[Look::Body]);
    script.ask("a copy of nothing", to, &[from("shelf/absent")], "", &[]);
}

fn tags(script: &mut Script<'_>) {
    let tags = ("GET", "/shelf/lock?tagging");
    let said = [Look::Element("Key"), Look::Element("Value")];
    let tagged = [("x-amz-tagging", "kind=lock&owner=platform%20one")];
    script.ask("an object with tags", ("PUT", "/shelf/lock"), &tagged, "a", &[]);
    script.ask("its tags", tags, &[], "", &said);
    script.ask("they are counted", ("HEAD", "/shelf/lock"), &[], "", &[Look::Header("x-amz-tagging-count")]);
    script.ask("a tag without a key", ("PUT", "/shelf/keyless"), &[("x-amz-tagging", "=lock")], "a", &[]);
    let copy = [("x-amz-copy-source", "shelf/lock")];
    script.ask("a copy of it", ("PUT", "/shelf/lock-2"), &copy, "", &[]);
    script.ask("tags go along", ("GET", "/shelf/lock-2?tagging"), &[], "", &said);
    let replaced = [copy[0], ("x-amz-tagging-directive", "REPLACE"), ("x-amz-tagging", "kind=backup")];
    script.ask("a copy with other tags", ("PUT", "/shelf/lock-3"), &replaced, "", &[]);
    script.ask("other tags are there", ("GET", "/shelf/lock-3?tagging"), &[], "", &said);
    script.ask("an object again, without tags", ("PUT", "/shelf/lock"), &[], "a", &[]);
    script.ask("no tags", tags, &[], "", &said);
}

fn versions(script: &mut Script<'_>) {
    script.ask("versions are switched on", ("PUT", "/shelf?versioning"), &[], ENABLED, &[]);
    let put = |script: &mut Script<'_>, step, body| {
        let answer = script.ask(step, ("PUT", "/shelf/v"), &[], body, &[Look::Has("x-amz-version-id")]);
        answer.header("x-amz-version-id").unwrap_or_default().to_owned()
    };
    let ids =
        [put(script, "the first version", "a"), put(script, "the second version", "b"), put(script, "the third", "c")];
    let at = |id: &str| format!("/shelf/v?versionId={id}");
    let said = [Look::Element("Key"), Look::Element("Size"), Look::Element("IsLatest"), Look::Element("ETag")];
    script.ask("versions are listed", ("GET", "/shelf?versions&prefix=v"), &[], "", &said);
    script.ask("an old version", ("GET", &at(&ids[0])), &[], "", &[Look::Body]);
    let stale = [("if-match", OTHER)];
    script.ask("an old version is not deleted if the newest is another", ("DELETE", &at(&ids[1])), &stale, "", &[]);
    script.ask("an old version is deleted", ("DELETE", &at(&ids[1])), &[], "", &[Look::Has("x-amz-delete-marker")]);
    script.ask("it is gone", ("GET", &at(&ids[1])), &[], "", &[]);
    script.ask("it is gone for a look too", ("HEAD", &at(&ids[1])), &[], "", &[]);
    script.ask("it is deleted twice", ("DELETE", &at(&ids[1])), &[], "", &[]);
    script.ask("the newest is deleted", ("DELETE", &at(&ids[2])), &[], "", &[]);
    script.ask("the one before is the newest", ("GET", "/shelf/v"), &[], "", &[Look::Body]);
    let marker = script.ask("a delete marker", ("DELETE", "/shelf/v"), &[], "", &[Look::Header("x-amz-delete-marker")]);
    let marker = marker.header("x-amz-version-id").unwrap_or_default().to_owned();
    script.ask("nothing is there", ("GET", "/shelf/v"), &[], "", &[]);
    script.ask("a marker cannot be read", ("GET", &at(&marker)), &[], "", &[]);
    let markers = [Look::Element("Key"), Look::Element("Size")];
    script.ask("a marker is listed", ("GET", "/shelf?versions&prefix=v"), &[], "", &markers);
    let gone = [Look::Header("x-amz-delete-marker")];
    script.ask("the marker is deleted", ("DELETE", &at(&marker)), &[], "", &gone);
    script.ask("the object is back", ("GET", "/shelf/v"), &[], "", &[Look::Body]);
    let source = format!("shelf/v?versionId={}", ids[0]);
    let copy = [("x-amz-copy-source", source.as_str())];
    let told = [Look::Has("x-amz-copy-source-version-id"), Look::Has("x-amz-version-id")];
    script.ask("a copy of a version", ("PUT", "/shelf/w"), &copy, "", &told);
}

/// The steps that differ although nothing is noted of them, or not as it is noted.
fn problems(peer: &str, known: &[Difference]) -> Vec<String> {
    let cloud = LocalAws::start().unwrap();
    let (ours, theirs) = (run(cloud.endpoint()), run(peer));
    let mut problems = Vec::new();
    for ((step, ours), (_, theirs)) in ours.iter().zip(&theirs) {
        let noted = known.iter().find(|(known, ..)| known == step);
        match noted {
            Some((_, we, they, _)) if ours.starts_with(we) && theirs.starts_with(they) && ours != theirs => {}
            None if ours == theirs => {}
            _ => problems.push(format!("{step}:\n  ours   {ours}\n  theirs {theirs}\n  noted  {noted:?}")),
        }
    }
    problems
}

#[test]
fn settings_copies_versions_and_tags_are_as_with_ministack() {
    let Some(server) = peer::ministack() else { return };
    let problems = problems(server.endpoint(), &MINISTACK);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn settings_copies_versions_and_tags_are_as_with_moto() {
    let Some(server) = peer::moto() else { return };
    let problems = problems(server.endpoint(), &MOTO);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
