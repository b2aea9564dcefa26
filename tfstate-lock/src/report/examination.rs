//! What `doctor` writes.

use contract::policy::Statement;
use contract::table::{printable, render};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::examine::{Finding, Verdict};
use crate::request::Target;

/// What an examination of a store came to.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Examination {
    /// Always false: `--require lock` asks whether the lock is held, and an examination holds none. Whether all is well is the `ok` of the
    /// document.
    pub ok: bool,
    /// How far it came.
    pub state: Stage,
    /// The bucket.
    pub bucket: String,
    /// The lock object's key.
    pub key: String,
    /// The DynamoDB table in which the state is locked as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// What was found, in a fixed order.
    pub checks: Vec<Finding>,
    /// How often which verdict was reached.
    pub counts: Counts,
    /// What is left of the probe object; missing if nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_over: Option<LeftOver>,
    /// The least IAM policy that `acquire`, `release` and `run` need for this state.
    pub policy: Value,
}

/// How far an examination came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It was broken off: what it would have found is not known.
    Unfinished,
    /// To its end.
    Examined,
}

/// How often which verdict was reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// As it should be.
    pub pass: usize,
    /// Not as it should be.
    pub fail: usize,
    /// Nobody can say.
    pub unknown: usize,
}

/// What is left of the probe object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LeftOver {
    /// Its key.
    pub key: String,
    /// What is left, and why.
    pub detail: String,
    /// The command that removes it.
    pub hint: String,
}

impl Examination {
    /// What was found.
    #[must_use]
    pub fn new(target: &Target, checks: Vec<Finding>, left_over: Option<LeftOver>, policy: &[Statement]) -> Self {
        let counts = Counts::of(&checks);
        Self { state: Stage::Examined, checks, counts, left_over, ..Self::unfinished(target, policy) }
    }

    /// One that found nothing yet.
    #[must_use]
    pub fn unfinished(target: &Target, policy: &[Statement]) -> Self {
        Self {
            ok: false,
            state: Stage::Unfinished,
            bucket: target.state.bucket().to_owned(),
            key: target.state.lock_key(),
            table: target.table.clone(),
            checks: Vec::new(),
            counts: Counts::default(),
            left_over: None,
            // A policy is JSON.
            policy: serde_json::from_str(&contract::policy::document(policy)).unwrap_or_default(),
        }
    }

    /// The section for people: a line a check, and beneath what to do.
    #[must_use]
    pub fn table(&self) -> String {
        let row = |finding: &Finding| vec![finding.verdict.word().to_owned(), finding.title(), finding.detail.clone()];
        let mut text = render(&["verdict", "check", "detail"], self.checks.iter().map(row));
        let hints = self.checks.iter().filter_map(|finding| Some((finding.title(), finding.hint.as_deref()?)));
        let left_over = self.left_over.iter().map(|left| (left.detail.clone(), left.hint.as_str()));
        let lines: Vec<String> = hints
            .chain(left_over)
            .map(|(title, hint)| format!("{}: {}\n", printable(&title), printable(hint)))
            .collect();
        if !lines.is_empty() {
            text.push('\n');
            text.push_str(&lines.concat());
        }
        text
    }
}

impl Counts {
    fn of(checks: &[Finding]) -> Self {
        let count = |verdict| checks.iter().filter(|finding| finding.verdict == verdict).count();
        Self { pass: count(Verdict::Pass), fail: count(Verdict::Fail), unknown: count(Verdict::Unknown) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examine::Check;

    #[test]
    fn people_read_a_line_a_check_and_what_to_do() {
        let state = "s3://states/prod/app.tfstate".parse().unwrap();
        let target = Target { state, table: None, settings: crate::object_settings::ObjectSettings::default() };
        let finding = |check, verdict, hint: Option<&str>| Finding {
            check,
            subject: None,
            verdict,
            detail: "so it is".to_owned(),
            hint: hint.map(str::to_owned),
        };
        let checks = vec![
            finding(Check::Reachable, Verdict::Pass, None),
            finding(Check::Versioning, Verdict::Fail, Some("turn it\u{1b} on")),
            finding(Check::Locks, Verdict::Unknown, None),
        ];
        let examination = Examination::new(&target, checks, None, &[]);
        assert_eq!(examination.counts, Counts { pass: 1, fail: 1, unknown: 1 });
        let lines = [
            " verdict   check        detail",
            " pass      reachable    so it is",
            " FAIL      versioning   so it is",
            " unknown   locks        so it is",
            "",
            "versioning: turn it\u{fffd} on",
            "",
        ];
        assert_eq!(examination.table(), lines.join("\n"));
    }
}
