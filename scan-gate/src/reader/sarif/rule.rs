//! Rules: what a result refers to for its severity and its title.

use std::collections::HashMap;

use serde::Deserialize;

use crate::reader::plain::Plain;

/// A rule, as far as a result needs it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    /// Its id.
    #[serde(default)]
    pub id: String,
    /// What it is about.
    pub short_description: Option<Text>,
    /// What holds unless a result says otherwise.
    pub default_configuration: Option<Configuration>,
    /// What tools add.
    pub properties: Option<Properties>,
}

/// A text.
#[derive(Debug, Deserialize)]
pub(super) struct Text {
    /// It.
    pub text: Option<String>,
}

/// What holds unless a result says otherwise.
#[derive(Debug, Deserialize)]
pub(super) struct Configuration {
    /// The level.
    pub level: Option<String>,
}

/// What tools add to a rule or a result.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Properties {
    /// What GitHub sorts by: a number from 0 to 10, mostly written as a text.
    #[serde(rename = "security-severity")]
    pub security_severity: Option<Plain>,
    /// Docker Scout's severity.
    #[serde(rename = "cvssV3_severity")]
    pub scout_severity: Option<String>,
    /// Docker Scout's score.
    #[serde(rename = "cvssV3")]
    pub scout_score: Option<Plain>,
    /// Words; Trivy's first one is the kind of the finding.
    pub tags: Option<Vec<String>>,
}

/// The rules of a run.
#[derive(Debug, Default)]
pub(super) struct Rules {
    driver: Vec<Rule>,
    extensions: HashMap<usize, Vec<Rule>>,
}

/// How a result names its rule.
#[derive(Debug, Default)]
pub(super) struct RuleName {
    /// By its id; empty if it does not.
    pub id: String,
    /// By its place in the list.
    pub index: Option<usize>,
    /// By its place in the list of this extension.
    pub extension: Option<usize>,
}

impl Rules {
    /// Adds a rule of the driver, or of an extension.
    pub(super) fn add(&mut self, extension: Option<usize>, rule: Rule) {
        match extension {
            None => self.driver.push(rule),
            Some(extension) => self.extensions.entry(extension).or_default().push(rule),
        }
    }

    /// The rule that a result names: by place, else by id. A place whose rule has another id is not believed.
    pub(super) fn find(&self, name: &RuleName) -> Option<&Rule> {
        let list = name.extension.map_or(Some(&self.driver), |extension| self.extensions.get(&extension));
        let by_place = name.index.and_then(|index| list?.get(index)).filter(|rule| fits(&name.id, &rule.id));
        let mut all = self.driver.iter().chain(self.extensions.values().flatten());
        by_place.or_else(|| all.find(|rule| !name.id.is_empty() && rule.id == name.id))
    }
}

/// A result may name a part of its rule: `CA1000/1` is one of `CA1000`.
fn fits(of_result: &str, of_rule: &str) -> bool {
    let is_part = of_result.strip_prefix(of_rule).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    of_result.is_empty() || of_rule.is_empty() || is_part
}
