//! What the audit found, and what it could not say.

use std::fmt;

use clap::ValueEnum;
use schemars::JsonSchema;
use serde::Serialize;

use crate::audit::rule::Rule;
use crate::inventory::gap::Gap;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Untidy, or costs a little.
    Low,
    /// One mistake away from harm, or costs.
    Medium,
    /// Harm is near.
    High,
    /// The door is open.
    Critical,
}

impl Severity {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// How sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// It rests on a name or on something that was not looked at.
    Low,
    /// It rests on what usually holds.
    Medium,
    /// It follows from what was described.
    High,
}

impl fmt::Display for Confidence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        })
    }
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// How bad it is here.
    pub severity: Severity,
    /// What is wrong, in one sentence.
    pub title: String,
    /// What it is about; the first one is what is to be changed.
    pub resources: Vec<Resource>,
    /// The VPC.
    pub vpc: Option<String>,
    /// The availability zones.
    pub availability_zones: Vec<String>,
    /// The routes, rules and addresses that prove it.
    pub proof: Vec<String>,
    /// What sits there and is hit by it.
    pub blast_radius: String,
    /// What it costs, if it costs anything that is known.
    pub money: Option<Money>,
    /// How sure it is.
    pub confidence: Confidence,
    /// What to do.
    pub remedy: Remedy,
}

/// A resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Resource {
    /// Its id, name or ARN.
    pub id: String,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Resource {
    /// A resource and what people call it.
    #[must_use]
    pub fn new(id: impl Into<String>, name: Option<&str>) -> Self {
        let id = id.into();
        Self { name: name.filter(|name| *name != id).map(str::to_owned), id }
    }

    /// The name if there is one, with the id behind it.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.name {
            Some(name) => format!("{name} ({})", self.id),
            None => self.id.clone(),
        }
    }
}

/// US dollars a month, and how they come about.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Money {
    /// What it costs now.
    pub monthly: f64,
    /// What of that is saved by the remedy; negative if the remedy costs.
    pub saving: f64,
    /// What may be saved at most, if it is not known how much of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saving_up_to: Option<f64>,
    /// What the sums were made of.
    pub inputs: Vec<MoneyInput>,
}

/// A number that a sum of money was made of.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct MoneyInput {
    /// What it is.
    pub name: String,
    /// The number.
    pub value: f64,
    /// What it counts: `hours`, `GB`, `USD/hour`.
    pub unit: String,
    /// Where it is from: a metric, an assumption, a price list and its date.
    pub source: String,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Remedy {
    /// In words.
    pub advice: String,
    /// The commands of the AWS CLI.
    pub cli: Vec<String>,
    /// What to write in Terraform.
    pub terraform: String,
}

/// What all rules together found in one region.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// What is wrong.
    pub found: Vec<Finding>,
    /// What could not be said.
    pub unknown: Vec<Unknown>,
}

/// A rule that could not be asked, wholly or about some resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unknown {
    /// The rule.
    pub rule: Rule,
    /// What it could not be asked about; `None` if about nothing.
    pub resource: Option<String>,
    /// What is missing.
    pub gap: Gap,
}

impl Findings {
    /// Adds a finding.
    pub fn add(&mut self, finding: Finding) {
        self.found.push(finding);
    }

    /// Adds what could not be said of all.
    pub fn unknown(&mut self, rule: Rule, gap: Gap) {
        self.unknown.push(Unknown { rule, resource: None, gap });
    }

    /// Adds what could not be said of one resource.
    pub fn unknown_of(&mut self, rule: Rule, resource: &str, gap: Gap) {
        self.unknown.push(Unknown { rule, resource: Some(resource.to_owned()), gap });
    }

    /// Adds what could not be said of one resource, or of all if a whole kind is missing.
    pub fn unknown_about(&mut self, rule: Rule, resource: &str, gap: Gap) {
        match gap {
            Gap::Kind(_) | Gap::Denied { .. } => self.unknown(rule, gap),
            Gap::Resource { .. } | Gap::MainRouteTable(_) | Gap::NotUnderstood(_) => {
                self.unknown_of(rule, resource, gap);
            }
        }
    }

    /// Takes a listing, or notes that these rules cannot be asked without it.
    pub fn require<T>(&mut self, rules: &[Rule], listing: Result<T, Gap>) -> Option<T> {
        match listing {
            Ok(items) => Some(items),
            Err(gap) => {
                for rule in rules {
                    self.unknown(*rule, gap.clone());
                }
                None
            }
        }
    }
}
