//! Samples as text.
//!
//! Source of the two formats: <https://prometheus.io/docs/specs/om/open_metrics_spec/> and
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::Labels;

/// The units that names end with.
const UNITS: [&str; 3] = ["seconds", "bytes", "dollars"];

/// All samples of one name.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    /// The name. It ends with its unit, if it has one: `_seconds`, `_bytes`, `_dollars`.
    pub name: &'static str,
    /// What it is: one line.
    pub help: &'static str,
}

/// One number.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    family: &'static Family,
    labels: Vec<(&'static str, String)>,
    value: f64,
}

impl Family {
    /// A number.
    #[must_use]
    pub fn is(&'static self, value: f64) -> Sample {
        // The sum of nothing is -0.
        Sample { family: self, labels: Vec::new(), value: value + 0.0 }
    }

    /// How many there are.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers in the text are floating point, and nothing here counts beyond 2^53"
    )]
    pub fn counts(&'static self, number: usize) -> Sample {
        self.is(number as f64)
    }

    /// How much there is, in bytes or seconds.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "as above")]
    pub fn amounts(&'static self, amount: u64) -> Sample {
        self.is(amount as f64)
    }

    /// When it was, to the millisecond.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
    pub fn at(&'static self, time: Timestamp) -> Sample {
        self.is(time.as_millisecond() as f64 / 1000.0)
    }

    /// 1 for yes, 0 for no.
    #[must_use]
    pub fn says(&'static self, yes: bool) -> Sample {
        self.is(f64::from(u8::from(yes)))
    }

    /// One of several states: 1 for the one that it is in, and 0 for the others, so that no series ever goes missing.
    pub fn state<'a>(
        &'static self,
        label: &'static str,
        all: impl IntoIterator<Item = &'a str>,
        now: &str,
    ) -> impl Iterator<Item = Sample> {
        all.into_iter().map(move |state| self.says(state == now).with(label, state))
    }

    fn unit(&self) -> Option<&'static str> {
        let last = self.name.rsplit('_').next()?;
        UNITS.into_iter().find(|unit| *unit == last)
    }
}

impl Sample {
    /// The same with a label.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.labels.push((name, value.into()));
        self
    }

    /// Its labels as they are written, by name, those of the run included. A label of its own wins.
    fn label_set(&self, labels: &Labels) -> String {
        let mut by_name: BTreeMap<&str, &str> = labels.iter().collect();
        by_name.extend(self.labels.iter().map(|(name, value)| (*name, value.as_str())));
        let written: Vec<String> =
            by_name.into_iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        if written.is_empty() { String::new() } else { format!("{{{}}}", written.join(",")) }
    }
}

/// The end of every text.
pub(super) const END: &str = "# EOF\n";

/// The text of samples, without its end.
pub(super) fn render(samples: &[Sample], labels: &Labels) -> String {
    let mut text = String::new();
    for family in families(samples) {
        let Family { name, help } = family;
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
        if let Some(unit) = family.unit() {
            let _ = writeln!(text, "# UNIT {name} {unit}");
        }
        for (label_set, value) in values(samples, family, labels) {
            let _ = writeln!(text, "{name}{label_set} {value}");
        }
    }
    text
}

/// A sample's value in a text that [`render`] made.
pub(super) fn find(text: &str, sample: &Sample, labels: &Labels) -> Option<f64> {
    let written = format!("{}{} ", sample.family.name, sample.label_set(labels));
    text.lines().find_map(|line| line.strip_prefix(&written)?.parse().ok())
}

fn families(samples: &[Sample]) -> Vec<&'static Family> {
    let mut families: Vec<&'static Family> = Vec::new();
    for sample in samples {
        if families.iter().all(|family| family.name != sample.family.name) {
            families.push(sample.family);
        }
    }
    families
}

/// One value for each set of labels: a reader refuses a whole file for a sample that stands there twice.
fn values(samples: &[Sample], family: &Family, labels: &Labels) -> BTreeMap<String, f64> {
    let own = samples.iter().filter(|sample| sample.family.name == family.name);
    own.map(|sample| (sample.label_set(labels), sample.value)).collect()
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    static WEIGHT: Family = Family { name: "cat_weight_bytes", help: "What a cat weighs." };
    static MOOD: Family = Family { name: "cat_mood", help: "How it feels." };

    #[test]
    fn samples_are_written_family_by_family_with_help_type_and_unit() {
        let mut samples = vec![WEIGHT.counts(4200)];
        samples.extend(MOOD.state("mood", ["hungry", "asleep"], "asleep"));
        samples.push(WEIGHT.is(0.5).with("cat", "Tom \"the \\ paw\"\n"));
        let text = render(&samples, &"environment=stage".parse().unwrap());
        let expected = r#"# HELP cat_weight_bytes What a cat weighs.
# TYPE cat_weight_bytes gauge
# UNIT cat_weight_bytes bytes
cat_weight_bytes{cat="Tom \"the \\ paw\"\n",environment="stage"} 0.5
cat_weight_bytes{environment="stage"} 4200
# HELP cat_mood How it feels.
# TYPE cat_mood gauge
cat_mood{environment="stage",mood="asleep"} 1
cat_mood{environment="stage",mood="hungry"} 0
"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn a_label_of_the_sample_wins_and_nothing_stands_there_twice() {
        let samples = [WEIGHT.is(1.0).with("cat", "Tom"), WEIGHT.is(2.0).with("cat", "Tom")];
        let text = render(&samples, &"cat=none".parse().unwrap());
        assert_eq!(
            text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>(),
            ["cat_weight_bytes{cat=\"Tom\"} 2"]
        );
    }

    #[test]
    fn what_was_written_is_found_again() {
        let labels = "environment=stage".parse().unwrap();
        let text = render(&[WEIGHT.is(1_732_900_000.25)], &labels);
        assert_eq!(find(&text, &WEIGHT.is(0.0), &labels), Some(1_732_900_000.25));
        assert_eq!(find(&text, &WEIGHT.is(0.0), &Labels::default()), None);
        assert_eq!(find("", &WEIGHT.is(0.0), &labels), None);
    }
}
