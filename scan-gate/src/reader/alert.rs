//! What the alerts of Prometheus and of Alertmanager have in common: labels, and the severity that a label says.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::finding::{Finding, Kind, Pool};
use crate::severity::{Rating, Severity};

/// Labels or annotations. A name that stands there twice is refused: one of the two would be lost.
#[derive(Debug, Default)]
pub(super) struct Labels(BTreeMap<String, String>);

impl Labels {
    /// What a label says; nothing if it is empty, which is the same as absent.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The labels that say where: all but those that say what.
    fn place(&self) -> String {
        const WHAT: [&str; 4] = ["__name__", "alertname", "alertstate", "severity"];
        const FIRST: [&str; 2] = ["instance", "job"];
        let first = FIRST.iter().filter_map(|name| self.0.get_key_value(*name));
        let others =
            self.0.iter().filter(|(name, _)| !WHAT.contains(&name.as_str()) && !FIRST.contains(&name.as_str()));
        first.chain(others).map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
    }

    /// An alert with these labels.
    pub(super) fn alert(&self, id: &str, pool: &mut Pool) -> Finding {
        Finding { place: pool.text(&self.place()), ..Finding::new(Kind::Alert, id, rating(self.get("severity"))) }
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Once)
    }
}

struct Once;

impl<'de> Visitor<'de> for Once {
    type Value = Labels;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("labels")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Labels, A::Error> {
        let mut labels = BTreeMap::new();
        while let Some((name, value)) = members.next_entry::<String, String>()? {
            if labels.contains_key(&name) {
                return Err(A::Error::custom(format_args!("label `{name}` stands there twice")));
            }
            labels.insert(name, value);
        }
        Ok(Labels(labels))
    }
}

/// The severity that a label says. Neither server prescribes the words; these are the usual ones.
pub(super) fn rating(word: Option<&str>) -> Rating {
    match word.unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "critical" | "page" | "emergency" | "fatal" => Rating::Known(Severity::Critical),
        "error" | "high" | "major" => Rating::Known(Severity::High),
        "warning" | "warn" | "medium" => Rating::Known(Severity::Medium),
        "low" | "minor" => Rating::Known(Severity::Low),
        "info" | "none" => Rating::Known(Severity::Info),
        _ => Rating::Unknown,
    }
}

/// What an alert is, for people.
pub(super) fn title(annotations: &Labels) -> &str {
    annotations.get("summary").or_else(|| annotations.get("description")).unwrap_or_default()
}

/// The first line of what a server says.
pub(super) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_words_are_severities_and_others_are_none() {
        for (words, expected) in [
            ("critical page emergency fatal CRITICAL", "critical"),
            ("error high major", "high"),
            ("warning warn medium Warning", "medium"),
            ("low minor", "low"),
            ("info none", "info"),
            ("sev1 informational unknown 1", "unknown"),
        ] {
            for word in words.split(' ') {
                assert_eq!(rating(Some(word)).word(), expected, "{word}");
            }
        }
        assert_eq!(rating(None), Rating::Unknown);
    }

    #[test]
    fn the_place_is_all_labels_that_do_not_say_what() {
        let labels: Labels = serde_json::from_str(
            r#"{"zone":"z","job":"web","alertname":"A","severity":"page","instance":"a:1","__name__":"up","b":""}"#,
        )
        .unwrap();
        assert_eq!(labels.place(), "instance=a:1 job=web b= zone=z");
        assert_eq!((labels.get("b"), labels.get("zone")), (None, Some("z")));
    }

    #[test]
    fn a_label_that_stands_there_twice_is_refused() {
        assert!(serde_json::from_str::<Labels>(r#"{"severity":"info","severity":"page"}"#).is_err());
    }
}
