//! `--metrics-labels`: what tells the runs of one tool apart.

use std::collections::BTreeMap;
use std::str::FromStr;

/// Labels that every run sets itself, and those that histograms and summaries keep to themselves.
const TAKEN: [&str; 6] = ["tool", "version", "outcome", "section", "le", "quantile"];

/// Labels for every sample, for example `environment=stage,service=web`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(BTreeMap<String, String>);

impl Labels {
    /// Names and values, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl FromStr for Labels {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut labels = BTreeMap::new();
        for label in text.split(',') {
            let (name, value) = label.split_once('=').ok_or_else(|| format!("`{label}` is not NAME=VALUE"))?;
            if !is_name(name) {
                return Err(format!("`{name}` is no name of a label: letters, digits and _, no digit in front"));
            }
            if TAKEN.contains(&name) || name.starts_with("__") {
                return Err(format!("the label `{name}` is not free"));
            }
            if value.trim().is_empty() {
                return Err(format!("the label `{name}` is empty"));
            }
            if labels.insert(name.to_owned(), value.to_owned()).is_some() {
                return Err(format!("the label `{name}` is there twice"));
            }
        }
        Ok(Self(labels))
    }
}

/// What Prometheus takes for a label's name.
fn is_name(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.bytes().next().is_some_and(|first| is_inner(first) && !first.is_ascii_digit()) && text.bytes().all(is_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_names_and_values() {
        let labels: Labels = "service=web,environment=stage=1".parse().unwrap();
        assert_eq!(labels.iter().collect::<Vec<_>>(), [("environment", "stage=1"), ("service", "web")]);
    }

    #[test]
    fn what_prometheus_would_not_take_is_refused() {
        let wrong = [
            "",
            "web",
            "=web",
            "1a=b",
            "a-b=c",
            "a b=c",
            "a=",
            "a= ",
            "a=b,a=c",
            "tool=x",
            "__name__=x",
            "a=b,",
            "le=1",
        ];
        for text in wrong {
            assert!(text.parse::<Labels>().is_err(), "{text}");
        }
    }
}
