//! The same script of requests against the local registry and against independent ones.

use std::collections::BTreeMap;

use serde_json::json;
use testkit::LocalAws;
use testkit::ecr::Quirks;
use testkit::peer;

use crate::http::{Answer, Client};
use crate::registry::{self, INDEX, MANIFEST, push_blob, put_manifest, with_digest};
use crate::registry_differences::{CNCF, Difference, MINISTACK};

/// The repositories that the script pushes to; the local registry wants them created.
const REPOSITORIES: [&str; 2] = ["team/web", "team/other"];
const MISSING: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// Keeps what can be compared of an answer: status, error code and the headers of the protocol, addresses cut to what
/// is the same everywhere.
#[derive(Debug)]
struct Script<'a> {
    client: &'a Client,
    seen: BTreeMap<&'static str, String>,
    order: Vec<&'static str>,
}

impl Script<'_> {
    fn note(&mut self, step: &'static str, answer: Answer) -> Answer {
        let mut seen = vec![answer.status.to_string(), answer.code()];
        for name in ["docker-content-digest", "range", "content-range", "oci-subject"] {
            if !answer.header(name).is_empty() {
                seen.push(format!("{name}={}", answer.header(name)));
            }
        }
        if answer.status == 200 && answer.body.starts_with(b"{\"name\"") {
            // Sorted: CNCF distribution 2.8 lists them in the order of its folders.
            let mut tags: Vec<String> = serde_json::from_value(answer.json()["tags"].clone()).unwrap();
            tags.sort();
            seen.push(format!("tags={tags:?} link={}", self.cut(answer.header("link"))));
        }
        if !answer.header("location").is_empty() {
            seen.push(format!("location={}", self.cut(answer.header("location"))));
        }
        let seen = seen.join(" ");
        assert!(self.seen.insert(step, seen.trim().to_owned()).is_none(), "{step} is there twice");
        self.order.push(step);
        answer
    }

    fn cut(&self, location: &str) -> String {
        let path = location.strip_prefix(&self.client.endpoint).unwrap_or(location);
        match path.split_once("/blobs/uploads/") {
            Some((repository, _)) => format!("{repository}/blobs/uploads/…"),
            None => path.to_owned(),
        }
    }

    fn call(&mut self, step: &'static str, method: &str, target: &str) -> Answer {
        let answer = self.client.call(method, target);
        self.note(step, answer)
    }

    fn send(
        &mut self,
        step: &'static str,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let answer = self.client.send(method, target, headers, body);
        self.note(step, answer)
    }
}

/// Everything a client may ask of a registry, with what goes wrong on the way.
fn run(client: &Client) -> (Vec<&'static str>, BTreeMap<&'static str, String>) {
    let mut script = Script { client, seen: BTreeMap::new(), order: Vec::new() };
    script.call("ping", "GET", "/v2/");
    upload(&mut script);
    refused_uploads(&mut script);
    download(&mut script);
    mount(&mut script);
    manifests(&mut script);
    indexes(&mut script);
    listing(&mut script);
    deletion(&mut script);
    refused_manifests(&mut script);
    (script.order, script.seen)
}

fn blob() -> (String, Vec<u8>) {
    let (digest, bytes) = registry::image("blob").blobs().swap_remove(1);
    (digest, bytes.to_vec())
}

fn upload(script: &mut Script<'_>) {
    let (digest, bytes) = blob();
    let path = format!("/v2/team/web/blobs/{digest}");
    script.call("a blob is missing", "HEAD", &path);
    script.call("a missing blob is not read", "GET", &path);
    let started = script.call("an upload is started", "POST", "/v2/team/web/blobs/uploads/");
    script.call("a fresh upload has nothing", "GET", started.header("location"));
    let first = script.send("the first chunk", "PATCH", started.header("location"), &chunk("0-9"), &bytes[..10]);
    script.call("a chunk is counted", "GET", first.header("location"));
    let second = script.send("the second chunk", "PATCH", first.header("location"), &chunk("10-19"), &bytes[10..20]);
    script.send("a chunk in the past", "PATCH", second.header("location"), &chunk("0-9"), &bytes[..10]);
    let now = script.client.call("GET", second.header("location"));
    // A registry that took the chunk is led back to the right bytes, by an upload of its own.
    if now.header("range") == "0-19" {
        let last = with_digest(now.header("location"), &digest);
        let answer = script.client.send("PUT", &last, &[], &bytes[20..]);
        script.note("the last chunk comes with the end", answer);
    } else {
        let answer = push_blob(script.client, "team/web", &digest, &bytes);
        script.note("the last chunk comes with the end", answer);
    }
    script.call("a blob is there", "HEAD", &path);
}

fn chunk(range: &str) -> [(&str, &str); 2] {
    [("content-type", "application/octet-stream"), ("content-range", range)]
}

fn refused_uploads(script: &mut Script<'_>) {
    let started = script.client.call("POST", "/v2/team/web/blobs/uploads/");
    let location = started.header("location");
    script.send("other bytes than the digest says", "PUT", &with_digest(location, MISSING), &[], b"bytes");
    script.call("a refused upload is gone", "GET", location);
    let started = script.client.call("POST", "/v2/team/web/blobs/uploads/");
    script.send("an end without a digest", "PUT", started.header("location"), &[], b"bytes");
    let started = script.client.call("POST", "/v2/team/web/blobs/uploads/");
    let malformed = with_digest(started.header("location"), "sha256:short");
    script.send("an end with a malformed digest", "PUT", &malformed, &[], b"bytes");
    let started = script.client.call("POST", "/v2/team/web/blobs/uploads/");
    script.call("an upload is given up", "DELETE", started.header("location"));
    script.call("an upload that was given up is gone", "GET", started.header("location"));
    script.call("it cannot be given up twice", "DELETE", started.header("location"));
    script.send("nor can it go on", "PATCH", started.header("location"), &[], b"bytes");
    let (digest, bytes) = blob();
    let single = format!("/v2/team/web/blobs/uploads/?digest={digest}");
    script.send("a whole blob in one POST", "POST", &single, &[], &bytes);
    let started = script.client.call("POST", "/v2/team/web/blobs/uploads/");
    let empty = with_digest(started.header("location"), EMPTY);
    script.send("an empty blob", "PUT", &empty, &[], b"");
}

const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn download(script: &mut Script<'_>) {
    let (digest, bytes) = blob();
    let path = format!("/v2/team/web/blobs/{digest}");
    assert_eq!(script.call("a blob is read", "GET", &path).body, bytes);
    let part = script.send("a part of a blob", "GET", &path, &[("range", "bytes=2-5")], b"");
    assert!(part.status != 206 || part.body == bytes[2..=5]);
    let end = script.send("the end of a blob", "GET", &path, &[("range", "bytes=-3")], b"");
    assert!(end.status != 206 || end.body == bytes[bytes.len() - 3..]);
    script.send("a part behind the end", "GET", &path, &[("range", "bytes=99999-")], b"");
    script.call("a malformed digest", "GET", "/v2/team/web/blobs/sha256:short");
}

fn mount(script: &mut Script<'_>) {
    let (digest, _) = blob();
    let uploads = "/v2/team/other/blobs/uploads/";
    script.call("a mount of what is there", "POST", &format!("{uploads}?mount={digest}&from=team/web"));
    script.call("the mounted blob is there", "HEAD", &format!("/v2/team/other/blobs/{digest}"));
    script.call("a mount of what is missing", "POST", &format!("{uploads}?mount={MISSING}&from=team/web"));
    script.call("a mount from nowhere", "POST", &format!("{uploads}?mount={digest}&from=no/where"));
}

fn manifests(script: &mut Script<'_>) {
    let image = registry::image("1.0.0");
    let put = |reference: &str, bytes: &[u8]| put_manifest(script.client, "team/web", reference, bytes, MANIFEST);
    let early = put("v1", &image.manifest);
    registry::push_blobs(script.client, "team/web", &image);
    let (by_tag, by_digest) = (put("v1", &image.manifest), put(&image.digest, &image.manifest));
    let by_other = put(MISSING, &image.manifest);
    script.note("a manifest before its blobs", early);
    script.note("a manifest by tag", by_tag);
    script.note("a manifest by digest", by_digest);
    script.note("a manifest by another digest", by_other);
    let accept = [("accept", MANIFEST)];
    let tagged = script.send("an image by tag", "GET", "/v2/team/web/manifests/v1", &accept, b"");
    assert_eq!((tagged.header("content-type"), &tagged.body[..]), (MANIFEST, &image.manifest[..]));
    let path = format!("/v2/team/web/manifests/{}", image.digest);
    let digested = script.send("an image by digest", "GET", &path, &accept, b"");
    assert_eq!(digested.body, image.manifest);
    let head = script.send("an image's head", "HEAD", "/v2/team/web/manifests/v1", &accept, b"");
    assert_eq!(head.header("content-length"), image.manifest.len().to_string());
    script.send("an image that is missing", "GET", "/v2/team/web/manifests/v9", &accept, b"");
    script.send("a digest that is missing", "HEAD", &format!("/v2/team/web/manifests/{MISSING}"), &accept, b"");
    script.send("a type that is not accepted", "GET", "/v2/team/web/manifests/v1", &[("accept", "text/plain")], b"");
}

fn indexes(script: &mut Script<'_>) {
    let image = registry::image("1.0.0");
    let index = |digest: &str| {
        let platform = json!({ "architecture": "amd64", "os": "linux" });
        let child =
            json!({ "mediaType": MANIFEST, "digest": digest, "size": image.manifest.len(), "platform": platform });
        json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [child] }).to_string()
    };
    let put = |bytes: &str| put_manifest(script.client, "team/web", "many", bytes.as_bytes(), INDEX);
    let (early, whole) = (put(&index(MISSING)), put(&index(&image.digest)));
    script.note("an index before its images", early);
    script.note("an index", whole);
    let accept = [("accept", INDEX)];
    let read = script.send("an index is read", "GET", "/v2/team/web/manifests/many", &accept, b"");
    assert_eq!(read.body, index(&image.digest).into_bytes());
}

fn listing(script: &mut Script<'_>) {
    script.call("all tags", "GET", "/v2/team/web/tags/list");
    script.call("the first tag", "GET", "/v2/team/web/tags/list?n=1");
    script.call("the tags behind it", "GET", "/v2/team/web/tags/list?n=1&last=many");
    script.call("referrers", "GET", &format!("/v2/team/web/referrers/{MISSING}"));
}

fn deletion(script: &mut Script<'_>) {
    let image = registry::image("1.0.0");
    let path = format!("/v2/team/web/manifests/{}", image.digest);
    script.call("a tag is deleted", "DELETE", "/v2/team/web/manifests/many");
    script.call("an image is deleted", "DELETE", &path);
    let accept = [("accept", MANIFEST)];
    script.send("a deleted image is gone", "GET", "/v2/team/web/manifests/v1", &accept, b"");
    script.call("an image is deleted twice", "DELETE", &path);
}

/// Last, for a peer may take them.
fn refused_manifests(script: &mut Script<'_>) {
    let image = registry::image("1.0.0");
    let put = |reference: &str, bytes: &[u8]| put_manifest(script.client, "team/web", reference, bytes, MANIFEST);
    let (no_manifest, no_tag) = (put("v1", b"{"), put("-v1", &image.manifest));
    script.note("a manifest that is none", no_manifest);
    script.note("a tag that is none", no_tag);
}

fn compare(peer: &Client, differences: &[Difference]) {
    let cloud = LocalAws::start().unwrap();
    cloud.world().ecr.quirks = Quirks::oci();
    let client = registry::client(&cloud);
    create_repositories(&client);
    let (order, ours) = run(&client);
    let (_, theirs) = run(peer);
    let mut problems = Vec::new();
    for step in order {
        let known = differences.iter().find(|(known, ..)| *known == step);
        let (ours, theirs) = (&ours[step], &theirs[step]);
        match known {
            Some((_, we, they, _)) if ours.starts_with(we) && theirs.starts_with(they) && ours != theirs => {}
            None if ours == theirs => {}
            _ => problems.push(format!("{step}:\n  ours   {ours}\n  theirs {theirs}\n  noted  {known:?}")),
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn the_registry_answers_as_the_cncf_registry_does() {
    let Some(server) = peer::docker_registry() else { return };
    let client = Client { endpoint: server.endpoint().to_owned(), authorization: String::new() };
    compare(&client, &CNCF);
}

/// Through the wire, for servers that play ECR.
fn create_repositories(client: &Client) {
    for name in REPOSITORIES {
        let target = ("x-amz-target", "AmazonEC2ContainerRegistry_V20150921.CreateRepository");
        let headers = [target, ("content-type", "application/x-amz-json-1.1")];
        let input = json!({ "repositoryName": name }).to_string();
        assert_eq!(client.send("POST", "/", &headers, input.as_bytes()).status, 200);
    }
}

#[test]
fn the_registry_answers_as_ministack_does() {
    let Some(server) = peer::ministack() else { return };
    let client = Client {
        endpoint: server.endpoint().to_owned(),
        authorization:
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/ecr/aws4_request, SignedHeaders=host, Signature=0"
                .to_owned(),
    };
    create_repositories(&client);
    compare(&client, &MINISTACK);
}
