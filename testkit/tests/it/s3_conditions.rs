//! Conditional requests: every row of the table in the S3 user guide, on the local AWS and on ministack.

#![expect(clippy::unwrap_used, reason = "what cannot be asked or read ends the test")]

use testkit::{LocalAws, peer};

use crate::s3_http::{Answer, send};

/// One request of the script and what AWS answers. In a header `{etag}` is the `ETag` that the last successful PUT answered.
struct Step {
    says: &'static str,
    request: (&'static str, &'static str),
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    status: u16,
    code: &'static str,
}

const fn step(
    says: &'static str,
    request: (&'static str, &'static str),
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    status: u16,
    code: &'static str,
) -> Step {
    Step { says, request, headers, body, status, code }
}

const IF_NONE: &[(&str, &str)] = &[("if-none-match", "*")];
const IF_SAME: &[(&str, &str)] = &[("if-match", "{etag}")];
const IF_OTHER: &[(&str, &str)] = &[("if-match", "\"00000000000000000000000000000000\"")];
const IF_ANY: &[(&str, &str)] = &[("if-match", "*")];
const KNOWN: &[(&str, &str)] = &[("if-none-match", "{etag}")];
const PUT: (&str, &str) = ("PUT", "/locks/env%3A/prod/app.tfstate.tflock");
const GET: (&str, &str) = ("GET", "/locks/env%3A/prod/app.tfstate.tflock");
const HEAD: (&str, &str) = ("HEAD", "/locks/env%3A/prod/app.tfstate.tflock");
const DELETE: (&str, &str) = ("DELETE", "/locks/env%3A/prod/app.tfstate.tflock");

/// Source: S3 user guide, `conditional-writes.html`, `conditional-deletes.html`, `conditional-reads.html`.
const SCRIPT: [Step; 24] = [
    step("nothing there: GET", GET, &[], "", 404, "NoSuchKey"),
    step("nothing there: HEAD", HEAD, &[], "", 404, ""),
    step("nothing there: PUT if match", PUT, IF_OTHER, "x", 404, "NoSuchKey"),
    step("nothing there: DELETE if match", DELETE, IF_OTHER, "", 404, "NoSuchKey"),
    step("nothing there: DELETE if any", DELETE, IF_ANY, "", 404, "NoSuchKey"),
    step("nothing there: DELETE", DELETE, &[], "", 204, ""),
    step("nothing there: PUT if none", PUT, IF_NONE, "first", 200, ""),
    step("there: PUT if none", PUT, IF_NONE, "second", 412, "PreconditionFailed"),
    step("there: the first stayed", GET, &[], "first", 200, ""),
    step("there: GET of known bytes", GET, KNOWN, "", 304, ""),
    step("there: HEAD of known bytes", HEAD, KNOWN, "", 304, ""),
    step("there: GET if other", GET, IF_OTHER, "", 412, "PreconditionFailed"),
    step("there: GET if same", GET, IF_SAME, "first", 200, ""),
    step("there: PUT if other", PUT, IF_OTHER, "second", 412, "PreconditionFailed"),
    step("there: PUT if same", PUT, IF_SAME, "second", 200, ""),
    step("there: DELETE if other", DELETE, IF_OTHER, "", 412, "PreconditionFailed"),
    step("there: the second stayed", GET, &[], "second", 200, ""),
    step("there: DELETE if same", DELETE, IF_SAME, "", 204, ""),
    step("gone again: GET", GET, &[], "", 404, "NoSuchKey"),
    step("gone again: DELETE if same", DELETE, IF_SAME, "", 404, "NoSuchKey"),
    step("gone again: PUT if same", PUT, IF_SAME, "third", 404, "NoSuchKey"),
    step("gone again: PUT if none", PUT, IF_NONE, "third", 200, ""),
    step("there: DELETE if any", DELETE, IF_ANY, "", 204, ""),
    step("gone again: HEAD", HEAD, &[], "", 404, ""),
];

/// What can be compared between two servers.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    says: &'static str,
    status: u16,
    code: String,
    etag: Option<String>,
    delete_marker: Option<String>,
    has_version: bool,
    body: Option<String>,
}

impl Seen {
    fn of(step: &Step, answer: &Answer) -> Self {
        let header = |name| answer.header(name).map(str::to_owned);
        Self {
            says: step.says,
            status: answer.status,
            code: answer.code().to_owned(),
            etag: header("etag"),
            delete_marker: header("x-amz-delete-marker"),
            has_version: answer.header("x-amz-version-id").is_some(),
            body: (answer.status == 200).then(|| answer.body.clone()),
        }
    }
}

fn play(endpoint: &str, versioned: bool) -> Vec<Seen> {
    send(endpoint, "PUT", "/locks", &[], b"");
    if versioned {
        let enabled = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
        send(endpoint, "PUT", "/locks?versioning", &[], enabled);
    }
    let mut etag = String::new();
    let mut seen = Vec::new();
    for step in &SCRIPT {
        let headers: Vec<(&str, &str)> = step
            .headers
            .iter()
            .map(|(name, value)| (*name, if *value == "{etag}" { etag.as_str() } else { *value }))
            .collect();
        let (method, target) = step.request;
        let body = if method == "PUT" { step.body } else { "" };
        let answer = send(endpoint, method, target, &headers, body.as_bytes());
        if method == "PUT" && answer.status == 200 {
            answer.header("etag").unwrap().clone_into(&mut etag);
        }
        seen.push(Seen::of(step, &answer));
    }
    seen
}

fn check_against_the_guide(seen: &[Seen]) {
    for (step, seen) in SCRIPT.iter().zip(seen) {
        assert_eq!((seen.status, seen.code.as_str()), (step.status, step.code), "{}", step.says);
        if step.request == GET && step.status == 200 {
            assert_eq!(seen.body.as_deref(), Some(step.body), "{}", step.says);
        }
    }
}

#[test]
fn conditions_hold_as_the_user_guide_says() {
    let cloud = LocalAws::start().unwrap();
    check_against_the_guide(&play(cloud.endpoint(), false));
}

#[test]
fn a_delete_marker_on_top_counts_as_no_object() {
    let cloud = LocalAws::start().unwrap();
    let seen = play(cloud.endpoint(), true);
    check_against_the_guide(&seen);
    let gone = seen.iter().find(|seen| seen.says == "gone again: GET").unwrap();
    assert_eq!(gone.delete_marker.as_deref(), Some("true"));
}

/// Where moto 5.2.5 differs: the step, whether only with versions, and what decides for ours.
const MOTO: [(&str, bool, &str); 4] = [
    ("nothing there: DELETE", true, MARKER),
    ("gone again: GET", true, MARKER),
    ("there: DELETE if any", false, ANY),
    ("gone again: HEAD", false, ANY),
];
const MARKER: &str =
    "S3 user guide, DeleteMarker.html: any DELETE makes a marker, and answers tell of it; so does ministack.";
const ANY: &str = "It knows no `*` in a DELETE. S3 user guide, conditional-deletes.html: what is there is deleted; so does ministack.";

/// Plays the script on a peer and on the local AWS, with versions and without. The steps that differ have to be those that are known.
fn check_against(start: fn() -> Option<peer::Server>, known: &[(&str, bool, &str)]) {
    for versioned in [false, true] {
        let Some(peer) = start() else { return };
        let cloud = LocalAws::start().unwrap();
        let ours = play(cloud.endpoint(), versioned);
        let theirs = play(peer.endpoint(), versioned);
        let known = known.iter().filter(|(_, only_versioned, _)| versioned || !only_versioned);
        let known: Vec<&str> = known.map(|(says, ..)| *says).collect();
        let differing: Vec<_> = ours.iter().zip(&theirs).filter(|(ours, theirs)| ours != theirs).collect();
        let names: Vec<&str> = differing.iter().map(|(ours, _)| ours.says).collect();
        assert_eq!(names, known, "versioned: {versioned}: {differing:#?}");
    }
}

#[test]
fn ministack_answers_the_same_script_alike() {
    check_against(peer::ministack, &[]);
}

#[test]
fn moto_answers_the_same_script_alike() {
    check_against(peer::moto, &MOTO);
}

#[test]
fn a_conflict_on_demand_writes_nothing() {
    let cloud = LocalAws::start().unwrap();
    send(cloud.endpoint(), "PUT", "/locks", &[], b"");
    cloud.arm("s3:PutObject#1=error:409:ConditionalRequestConflict".parse().unwrap());
    let conflict = send(cloud.endpoint(), "PUT", "/locks/k", IF_NONE, b"x");
    assert_eq!((conflict.status, conflict.code()), (409, "ConditionalRequestConflict"));
    assert_eq!(cloud.world().s3.body("locks", "k"), None);
    assert_eq!(send(cloud.endpoint(), "PUT", "/locks/k", IF_NONE, b"x").status, 200);
}

#[test]
fn a_lost_response_leaves_the_object_there() {
    let cloud = LocalAws::start().unwrap();
    send(cloud.endpoint(), "PUT", "/locks", &[], b"");
    cloud.arm("s3:PutObject#1=error-after:500".parse().unwrap());
    assert_eq!(send(cloud.endpoint(), "PUT", "/locks/k", IF_NONE, b"x").status, 500);
    assert_eq!(send(cloud.endpoint(), "PUT", "/locks/k", IF_NONE, b"x").status, 412);
}
