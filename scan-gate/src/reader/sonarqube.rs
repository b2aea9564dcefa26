//! SonarQube's answers: the status of a quality gate, a search for issues, a search for hotspots. Each is a file below this one.
//!
//! What looks alike and is no answer about a finished analysis is refused by name: an error, the preview report of an old scanner, which has no
//! paging, and issues that are meant to be imported.
//!
//! Source: SonarSource/sonarqube, `server/sonar-webserver-webapi`, the examples of `api/qualitygates/project_status`, `api/issues/search` and
//! `api/hotspots/search`.

mod gate;
mod hotspot;
mod issue;
mod page;

use serde::Deserialize;

use super::{Format, ReadError};
use crate::inspection::Inspection;
use crate::json::{Json, Outline};

/// SonarQube's answers.
pub const FORMAT: Format = Format { name: "sonarqube", claims, read };

fn is_gate(outline: &Outline) -> bool {
    outline.has(&["projectStatus"])
}

fn is_issues(outline: &Outline) -> bool {
    outline.has_list("issues") && outline.has_any(&["paging", "total"])
}

fn is_hotspots(outline: &Outline) -> bool {
    outline.has_list("hotspots") && outline.has(&["paging"])
}

fn is_error(outline: &Outline) -> bool {
    outline.has_list_of("errors", &["msg"])
}

fn is_preview(outline: &Outline) -> bool {
    outline.has_list("issues") && outline.has(&["version", "components", "rules"])
}

fn is_import(outline: &Outline) -> bool {
    outline.has_list_of("issues", &["engineId", "ruleId"])
}

fn claims(outline: &Outline) -> bool {
    [is_gate, is_issues, is_hotspots, is_error, is_preview, is_import].iter().any(|is| is(outline))
}

fn read(json: &mut Json, outline: &Outline, inspection: &mut Inspection) -> Result<(), ReadError> {
    let no_proof = |cause: &str| Err(ReadError::NoProof(cause.to_owned()));
    match outline {
        outline if is_error(outline) => error(json),
        outline if is_gate(outline) => gate::read(json, inspection),
        outline if is_issues(outline) => issue::read(json, inspection),
        outline if is_hotspots(outline) => hotspot::read(json, inspection),
        outline if is_import(outline) => no_proof("these issues are meant to be imported into SonarQube"),
        outline if is_preview(outline) => {
            no_proof("it is the preview of an old scanner, which does not say how many issues there are")
        }
        _ => no_proof(
            "it is neither `api/qualitygates/project_status` nor `api/issues/search` nor `api/hotspots/search`",
        ),
    }
}

#[derive(Deserialize)]
struct Errors {
    errors: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    msg: Option<String>,
}

fn error(json: &mut Json) -> Result<(), ReadError> {
    let errors: Errors = json.value()?;
    let messages: Vec<String> = errors.errors.into_iter().filter_map(|error| error.msg).collect();
    Err(ReadError::NoProof(format!("SonarQube answers: {}", messages.join("; "))))
}

#[cfg(test)]
mod tests {
    use crate::reader::fixture;

    #[test]
    fn what_looks_alike_is_refused() {
        let cases = [
            (r#"{"errors":[{"msg":"Insufficient privileges"}]}"#, "NoProof"),
            (r#"{"version":"7.2","issues":[],"components":[],"rules":[]}"#, "NoProof"),
            (r#"{"issues":[{"engineId":"x","ruleId":"y"}]}"#, "NoProof"),
            (r#"{"projectName":"x","issues":[]}"#, "Alien"),
            (r#"{"id":1,"name":"Sonar way","conditions":[]}"#, "Alien"),
            (r#"[{"key":"a","rule":"b","severity":"MAJOR"}]"#, "Alien"),
            (r#"{"total":1}"#, "Alien"),
        ];
        for (text, expected) in cases {
            assert_eq!(fixture::refusal(text), expected, "{text}");
        }
    }
}
