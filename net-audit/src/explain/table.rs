//! The explanation for people: the answer, then the steps by number.

use contract::table::{printable, render};

use super::{Alternative, EndReport, Explanation, HopStep, What};

const HEAD: [&str; 5] = ["#", "", "step", "resource", "because"];

/// So many of what gets through are named; the rest is counted.
const NAMED: usize = 4;

impl Explanation {
    /// One line for people.
    #[must_use]
    pub fn summary(&self) -> String {
        let (from, to) = (self.from.label(), self.to.label());
        format!("{from} to {to}, {}: {}", self.traffic, self.verdict())
    }

    fn verdict(&self) -> String {
        let direct = word(self.reaches);
        match (self.reaches, self.via.first()) {
            (Some(true), _) if self.traffic == "any port" && !self.openings.is_empty() => {
                format!("yes: {}", told(&self.openings))
            }
            (Some(true), _) | (_, None) => direct.to_owned(),
            (_, Some(way)) => {
                let through = format!("{}, then {}", told(&way.openings), told(&way.onward));
                format!("{direct} directly, {} {} ({through})", word(way.reaches), way.words())
            }
        }
    }

    /// The same with what stops it, for standard error.
    #[must_use]
    pub fn reason(&self) -> String {
        let because = self.stopped_by.as_ref().map(|step| {
            let stopped = format!("stopped by {}: {}", step.what.words(), step.because);
            if self.via.is_empty() { format!(", {stopped}") } else { format!("; directly it is {stopped}") }
        });
        format!("{}{}", self.summary(), because.unwrap_or_default())
    }

    /// The explanation for people: blocks with a blank line between them. Reasons stand in the steps alone.
    #[must_use]
    pub fn table(&self) -> String {
        let mut lines = vec![self.summary()];
        let directly = if self.via.is_empty() { "" } else { "directly " };
        let stopped = self.stopped_by.as_ref();
        lines.extend(stopped.map(|step| format!("{directly}stopped at step {}, {}", step.number, step.what.words())));
        let gaps = self.gaps.iter().map(ToString::to_string);
        let untold = gaps.filter(|gap| self.hops.iter().all(|step| step.because != *gap));
        lines.extend(untold.map(|gap| format!("not known: {gap}")));
        let head: String = lines.iter().map(|line| printable(line) + "\n").collect();
        let steps = (!self.hops.is_empty()).then(|| render(&HEAD, self.hops.iter().map(HopStep::row)));
        let ways = self.via.iter().enumerate().map(|(at, way)| way.text(at == 0));
        let blocks: Vec<String> = std::iter::once(head).chain(steps).chain(ways).collect();
        blocks.join("\n")
    }
}

impl EndReport {
    fn label(&self) -> String {
        match &self.interface {
            Some(interface) => format!("{} ({interface})", self.title),
            None => self.title.clone(),
        }
    }
}

impl Alternative {
    /// `by way of load balancer web`, `with instance bastion as jump host`.
    fn words(&self) -> String {
        if self.hops.iter().any(|hop| hop.what == What::JumpHost) {
            format!("with {} as jump host", self.title)
        } else {
            format!("by way of {}", self.title)
        }
    }

    /// Steps are shown of one alternative: all of them do not fit a screen.
    fn text(&self, with_steps: bool) -> String {
        let (host, openings) = (self.jump_host.label(), self.openings.join(", "));
        let line = format!("{} ({host}), on {openings}: {}", self.words(), word(self.reaches));
        let steps = if with_steps { render(&HEAD, self.hops.iter().map(HopStep::row)) } else { String::new() };
        format!("{}\n{steps}", printable(&line))
    }
}

impl HopStep {
    fn row(&self) -> Vec<String> {
        let resource = self.resource.as_ref().map(|resource| resource.name.as_ref().unwrap_or(&resource.id).clone());
        vec![
            self.number.to_string(),
            word(self.holds).to_owned(),
            self.what.words().to_owned(),
            resource.unwrap_or_else(|| "-".to_owned()),
            self.because.clone(),
        ]
    }
}

fn word(holds: Option<bool>) -> &'static str {
    match holds {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    }
}

fn told(openings: &[String]) -> String {
    let named = openings.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match openings.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
