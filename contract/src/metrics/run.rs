//! What every run has to say, whatever the tool.

use jiff::Timestamp;

use crate::Digest;
use crate::document::Document;
use crate::exit::Exit;
use crate::requirement;

use super::exposition::{END, Family, Sample};

static BUILD: Family = Family { name: "deploy_aws_ecs_build_info", help: "The version that ran." };
static OUTCOME: Family =
    Family { name: "deploy_aws_ecs_run_outcome", help: "How the last run ended: 1 for the one it was." };
static DURATION: Family = Family { name: "deploy_aws_ecs_run_duration_seconds", help: "How long the last run took." };
static ENDED: Family = Family { name: "deploy_aws_ecs_run_timestamp_seconds", help: "When the last run ended." };
static SUCCESS: Family =
    Family { name: "deploy_aws_ecs_run_success_timestamp_seconds", help: "When the last run that said yes ended." };
static SECTION_ENDED: Family = Family {
    name: "deploy_aws_ecs_section_timestamp_seconds",
    help: "When the run ended that the numbers of the section are of.",
};
static SECTION: Family = Family {
    name: "deploy_aws_ecs_document_section_ok",
    help: "Whether the document that came in shows a section as passed, about this image.",
};

/// The outcomes of a run, as the exit codes tell them apart.
const OUTCOMES: [&str; 6] = ["yes", "no", "usage", "world", "unknown", "signal"];

/// A run that is over.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) tool: &'static str,
    pub(crate) version: &'static str,
    pub(crate) exit: Exit,
    /// Seconds.
    pub(crate) duration: f64,
    pub(crate) ended_at: Timestamp,
    /// Sections and whether they are shown as passed.
    pub(crate) sections: &'a [(&'static str, bool)],
}

impl Run<'_> {
    /// Its samples. `last_success` is when the last run before it ended that said yes.
    pub(super) fn samples(&self, last_success: Option<f64>) -> Vec<Sample> {
        let of_tool = |sample: Sample| sample.with("tool", self.tool);
        let success = match outcome(self.exit) {
            "yes" => Some(SUCCESS.at(self.ended_at)),
            _ => last_success.map(|ended_at| SUCCESS.is(ended_at)),
        };
        let mut samples = vec![of_tool(BUILD.is(1.0)).with("version", self.version)];
        samples.extend(OUTCOME.state("outcome", OUTCOMES, outcome(self.exit)).map(of_tool));
        samples.push(of_tool(DURATION.is(self.duration)));
        samples.push(of_tool(ENDED.at(self.ended_at)));
        samples.extend(success.map(of_tool));
        samples
    }

    /// What stands in front of the section's own samples: when they were made, and what the document had shown by then.
    pub(super) fn of_section(&self) -> Vec<Sample> {
        let of_tool = |sample: Sample| sample.with("tool", self.tool);
        let shown = self.sections.iter().map(|(section, is_shown)| SECTION.says(*is_shown).with("section", *section));
        std::iter::once(SECTION_ENDED.at(self.ended_at)).chain(shown).map(of_tool).collect()
    }
}

/// Where an earlier file of the tool says when its last success was.
pub(super) fn success_of(tool: &'static str) -> Sample {
    SUCCESS.is(0.0).with("tool", tool)
}

/// What every file of the tool has.
pub(super) fn end_of(tool: &'static str) -> Sample {
    ENDED.is(0.0).with("tool", tool)
}

/// Of the text of an earlier run, what is about its section: a run that finds nothing out does not make it untrue.
pub(super) fn section_of(text: &str) -> &str {
    let begin = text.find(&format!("# HELP {} ", SECTION_ENDED.name)).unwrap_or(text.len());
    text[begin..].strip_suffix(END).unwrap_or_default()
}

fn outcome(exit: Exit) -> &'static str {
    match exit {
        Exit::Yes | Exit::Child(0) => "yes",
        Exit::Child(code) if code > 128 => "signal",
        Exit::No | Exit::Child(_) => "no",
        Exit::Usage => "usage",
        Exit::World => "world",
        Exit::Unknown => "unknown",
        Exit::Signal(_) => "signal",
    }
}

/// The sections of other tools, and whether the document shows them as passed, about the image that the run was about.
pub(crate) fn sections_shown(carried: &Document, image: Option<&crate::Image>, own: &str) -> Vec<(&'static str, bool)> {
    let subjects: Vec<Digest> = image.into_iter().flat_map(crate::Image::names).cloned().collect();
    let others = requirement::sections().filter(|section| *section != own);
    let is_shown = |section: &str| requirement::check(Some(carried), &[section.to_owned()], &subjects).is_ok();
    others.map(|section| (section, is_shown(section))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::exposition::{find, render};
    use super::*;

    fn run(exit: Exit) -> Run<'static> {
        Run {
            tool: "t",
            version: "1",
            exit,
            duration: 1.5,
            ended_at: Timestamp::constant(1000, 0),
            sections: &[("scan", true), ("lock", false)],
        }
    }

    #[test]
    fn every_exit_is_one_of_the_outcomes() {
        let exits = [
            Exit::Yes,
            Exit::No,
            Exit::Usage,
            Exit::World,
            Exit::Unknown,
            Exit::Signal(15),
            Exit::Child(0),
            Exit::Child(7),
            Exit::Child(143),
        ];
        let told = ["yes", "no", "usage", "world", "unknown", "signal", "yes", "no", "signal"];
        assert_eq!(exits.map(outcome), told);
        assert!(told.iter().all(|outcome| OUTCOMES.contains(outcome)));
    }

    #[test]
    fn a_run_that_says_yes_is_the_last_success_and_another_keeps_the_one_before() {
        for (exit, before, after) in
            [(Exit::Yes, Some(5.0), Some(1000.0)), (Exit::No, Some(5.0), Some(5.0)), (Exit::Signal(2), None, None)]
        {
            let text = render(&run(exit).samples(before), &super::super::Labels::default());
            assert_eq!(find(&text, &success_of("t"), &super::super::Labels::default()), after, "{text}");
        }
    }

    #[test]
    fn only_a_section_about_this_image_is_shown() {
        let digest = |digit: &str| format!("sha256:{}", digit.repeat(64));
        let text = format!(
            r#"{{"schema":"deploy-aws-ecs/release/v1","ok":true,"image":{{"registry":"r","repository":"web","tags":[],"digest":"{0}","uri":"r/web@{0}","platforms":[]}},
            "scan":{{"ok":true,"digests":["{0}"]}},"push":{{"ok":true,"digest":"{1}"}},"network":{{"ok":false}},"deployment":{{"ok":true,"digest":"{0}"}}}}"#,
            digest("a"),
            digest("b")
        );
        let document = Document::parse(text.as_bytes()).unwrap();
        let image = document.image().unwrap();
        let shown = sections_shown(&document, image.as_ref(), "deployment");
        assert_eq!(shown, [("scan", true), ("push", false), ("network", false), ("lock", false)]);
        assert!(sections_shown(&document, None, "lock").iter().all(|(_, is_shown)| !is_shown));
    }
}
