//! The difference for people: subnets, exposures, findings, each in a table of its own.

use contract::table::{printable, render};

use super::{Change, Difference, Direction, ExposureChange, FindingChange, HopChange, OpenTraffic, SubnetChange};
use crate::audit::finding::Severity;
use crate::classify::class::Class;
use crate::exposure::Coverage;

impl Difference {
    /// The difference for people: blocks with a blank line between them.
    #[must_use]
    pub fn table(&self) -> String {
        let mut lines = vec![self.summary()];
        // The summary has said it otherwise.
        lines.extend(self.notes.iter().filter(|_| !self.is_apart).map(|note| format!("note: {note}")));
        lines.extend(self.gaps.iter().map(|gap| format!("not known: {gap}")));
        let mut blocks = vec![lines.iter().map(|line| printable(line) + "\n").collect::<String>()];
        if !self.subnets.is_empty() {
            let head = ["subnet", "vpc", "family", "before", "after", ""];
            blocks.push(render(&head, self.subnets.iter().map(SubnetChange::row)));
        }
        if !self.exposures.is_empty() {
            let head = ["change", "what", "interface", "subnet", "family", "before", "after"];
            blocks.push(render(&head, self.exposures.iter().map(ExposureChange::row)));
        }
        if !self.hops.is_empty() {
            let head = ["", "what can be reached", "from", "traffic", "by"];
            blocks.push(render(&head, self.hops.iter().map(HopChange::row)));
        }
        if !self.findings.is_empty() {
            let head = ["rule", "before", "after", "resource", "title"];
            blocks.push(render(&head, self.findings.iter().map(FindingChange::row)));
        }
        blocks.join("\n")
    }
}

impl Direction {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Unknown => "unknown",
            Self::KnownNow => "known now",
            Self::Better => "better",
            Self::Came => "came",
            Self::Went => "went",
        }
    }
}

impl Change {
    /// The words for it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NewlyExposed => "newly exposed",
            Self::Wider => "wider",
            Self::Changed => "changed",
            Self::KnownNow => "known now",
            Self::Unknown => "unknown",
            Self::Narrower => "narrower",
            Self::NoLongerExposed => "no longer exposed",
        }
    }
}

impl SubnetChange {
    fn row(&self) -> Vec<String> {
        let word = |class: Option<Class>| class.map_or("-", Class::word).to_owned();
        vec![
            self.subnet.label(),
            self.vpc.clone(),
            self.family.to_string(),
            word(self.before),
            word(self.after),
            self.direction.word().to_owned(),
        ]
    }
}

impl ExposureChange {
    fn row(&self) -> Vec<String> {
        let after = match (self.after.as_slice(), self.stopped_by) {
            ([], Some(condition)) => format!("stopped by {condition}"),
            ([], None) => "-".to_owned(),
            (openings, _) => told(openings),
        };
        vec![
            self.change.words().to_owned(),
            self.title.clone(),
            self.interface.label(),
            self.subnet.clone(),
            self.family.to_string(),
            if self.change == Change::KnownNow { "unknown".to_owned() } else { told(&self.before) },
            after,
        ]
    }
}

impl HopChange {
    fn row(&self) -> Vec<String> {
        let word = match self.direction {
            Direction::Worse => Direction::Came.word(),
            Direction::Better => Direction::Went.word(),
            direction => direction.word(),
        };
        vec![word.to_owned(), self.to.clone(), self.from.clone(), self.traffic.clone(), self.by.label()]
    }
}

fn told(openings: &[OpenTraffic]) -> String {
    let text = |opening: &OpenTraffic| match opening.coverage {
        Coverage::Any => format!("{} from anywhere", opening.traffic),
        Coverage::Wide => format!("{} from much of the internet", opening.traffic),
        Coverage::Listed => format!("{} from listed addresses", opening.traffic),
    };
    if openings.is_empty() { "-".to_owned() } else { openings.iter().map(text).collect::<Vec<_>>().join(", ") }
}

impl FindingChange {
    fn row(&self) -> Vec<String> {
        let word = |severity: Option<Severity>| severity.map_or("-", Severity::word).to_owned();
        let after = if self.direction == Direction::Unknown { "unknown".to_owned() } else { word(self.after) };
        let after = if self.waived { format!("{after} (waived)") } else { after };
        let before = if self.direction == Direction::KnownNow { "unknown".to_owned() } else { word(self.before) };
        vec![self.rule.id().to_owned(), before, after, self.resource.label(), self.title.clone()]
    }
}
