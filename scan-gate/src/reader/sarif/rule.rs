//! The rules of a tool, and which of them a result is about.

use std::collections::HashMap;

use serde::Deserialize;

use super::properties::Properties;
use crate::finding::{Pool, Text};
use crate::severity::{Rating, Severity};

/// A rule, as far as its results need it.
#[derive(Debug)]
pub(super) struct Rule {
    /// Its id; empty if it has none.
    pub(super) id: Text,
    /// Its name: Trivy says here what kind of finding it is.
    pub(super) name: Text,
    /// What it is about.
    pub(super) title: Text,
    /// By its `security-severity`.
    pub(super) security: Option<Rating>,
    /// By its level.
    pub(super) level: Option<Rating>,
    /// By Docker Scout's own word.
    pub(super) scout: Option<Rating>,
    /// CVSS scores, each with its version.
    pub(super) scores: Box<[(u8, f32)]>,
}

/// An element of `rules`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    id: Option<String>,
    name: Option<String>,
    short_description: Option<Description>,
    default_configuration: Option<Configuration>,
    properties: Option<Properties>,
}

#[derive(Deserialize)]
struct Description {
    text: Option<String>,
}

/// How a rule is set, by default or in one invocation.
#[derive(Deserialize)]
pub(super) struct Configuration {
    level: Option<String>,
}

impl Configuration {
    /// The rating by its level, if it has one.
    pub(super) fn rating(&self) -> Option<Rating> {
        self.level.as_deref().map(of_level)
    }
}

/// What a level is worth. One that is none of the standard's says nothing.
pub(super) fn of_level(word: &str) -> Rating {
    let levels =
        [("error", Severity::High), ("warning", Severity::Medium), ("note", Severity::Low), ("none", Severity::Info)];
    let known = levels.into_iter().find(|(level, _)| level.eq_ignore_ascii_case(word.trim()));
    known.map_or(Rating::Unknown, |(_, severity)| Rating::Known(severity))
}

/// What a level is where neither a result nor its rule gives one.
pub(super) const DEFAULT_LEVEL: Rating = Rating::Known(Severity::Medium);

impl Descriptor {
    /// The rule of a tool.
    pub(super) fn rule(self, pool: &mut Pool) -> Rule {
        let properties = self.properties.unwrap_or_default();
        let scout = properties.scout_severity.text();
        let description = self.short_description.and_then(|description| description.text).unwrap_or_default();
        Rule {
            id: pool.text(&self.id.unwrap_or_default()),
            name: pool.text(&self.name.unwrap_or_default()),
            title: pool.text(description.lines().next().unwrap_or_default()),
            security: properties.rating(),
            level: self.default_configuration.and_then(|configuration| configuration.rating()),
            scout: Some(Rating::of_word(Some(&scout))).filter(|_| !scout.is_empty()),
            scores: properties.scores(),
        }
    }
}

/// How a result, or the setting of an invocation, names its rule.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reference {
    pub(super) id: Option<String>,
    pub(super) index: Option<i64>,
    tool_component: Option<Component>,
}

#[derive(Debug, Deserialize)]
struct Component {
    index: Option<i64>,
    name: Option<String>,
    guid: Option<String>,
}

/// Where a rule stands by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// Which list: 0 is the driver's, 1 the first extension's.
    pub(super) list: usize,
    /// Its place there.
    pub(super) index: usize,
}

impl Reference {
    /// With this index, unless it has one itself: -1 says that there is none.
    pub(super) fn with_index(mut self, index: Option<i64>) -> Self {
        self.index = self.index.filter(|index| *index >= 0).or(index);
        self
    }

    /// Where the rule stands, if that is told.
    pub(super) fn address(&self) -> Option<Address> {
        let list = match &self.tool_component {
            Some(Component { index: Some(index), .. }) if *index >= 0 => {
                usize::try_from(*index).ok()?.checked_add(1)?
            }
            None | Some(Component { name: None, guid: None, .. }) => 0,
            Some(_) => return None,
        };
        Some(Address { list, index: usize::try_from(self.index?).ok()? })
    }
}

/// The rules of a run: those of the driver, then those of each extension.
#[derive(Debug, Default)]
pub(super) struct Rules {
    lists: Vec<Vec<Rule>>,
    by_id: HashMap<Text, Address>,
}

impl Rules {
    /// Those of the driver first.
    pub(super) fn of(lists: Vec<Vec<Rule>>) -> Self {
        let mut by_id = HashMap::new();
        for (list, rules) in lists.iter().enumerate() {
            for (index, rule) in rules.iter().enumerate() {
                by_id.entry(rule.id.clone()).or_insert(Address { list, index });
            }
        }
        Self { lists, by_id }
    }

    /// The rule of that address if the id fits to it, else that of the id. An id `CA1000/1` is about a part of the rule `CA1000`.
    pub(super) fn find(&self, id: &str, address: Option<Address>) -> Option<&Rule> {
        let fits = |rule: &&Rule| {
            let rest = id.strip_prefix(&*rule.id);
            id.is_empty() || rule.id.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let addressed = address.and_then(|address| self.at(address)).filter(fits);
        addressed.or_else(|| {
            let mut wholes = std::iter::successors(Some(id), |id| id.rsplit_once('/').map(|(whole, _)| whole));
            self.at(*wholes.find_map(|id| self.by_id.get(id))?)
        })
    }

    fn at(&self, address: Address) -> Option<&Rule> {
        self.lists.get(address.list)?.get(address.index)
    }

    /// Sets the level of a rule for the run: the worst, if several invocations set it.
    pub(super) fn set_level(&mut self, reference: &Reference, rating: Rating) {
        let id = reference.id.as_deref().unwrap_or_default();
        let address = reference.address().or_else(|| self.by_id.get(id).copied());
        let rule = address.and_then(|address| self.lists.get_mut(address.list)?.get_mut(address.index));
        if let Some(rule) = rule {
            rule.level = rule.level.into_iter().chain([rating]).max_by_key(|rating| rating.badness());
        }
    }
}
