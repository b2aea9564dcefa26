//! The explanation for people: the answer, then the steps by number.

use contract::table::{printable, render};

use super::{Alternative, EndReport, Explanation, HopStep};

const HEAD: [&str; 5] = ["#", "", "step", "resource", "because"];

impl Explanation {
    /// One line for people.
    #[must_use]
    pub fn summary(&self) -> String {
        let (from, to) = (self.from.label(), self.to.label());
        let verdict = match (self.reaches, self.openings.is_empty()) {
            (Some(true), false) if self.traffic == "any port" => format!("yes: {}", self.openings.join(", ")),
            (answer, _) => word(answer).to_owned(),
        };
        format!("{from} to {to}, {}: {verdict}", self.traffic)
    }

    /// The same with what stops it, for standard error.
    #[must_use]
    pub fn reason(&self) -> String {
        let stopped = self.stopped_by.as_ref();
        let because = stopped.map(|step| format!(", stopped by {}: {}", step.what.words(), step.because));
        format!("{}{}", self.summary(), because.unwrap_or_default())
    }

    /// The explanation for people.
    #[must_use]
    pub fn table(&self) -> String {
        let mut lines = vec![self.summary()];
        let stopped = self.stopped_by.as_ref();
        lines.extend(
            stopped.map(|step| format!("stopped at step {}, {}: {}", step.number, step.what.words(), step.because)),
        );
        lines.extend(self.gaps.iter().map(|gap| format!("not known: {gap}")));
        let mut text: String = lines.iter().map(|line| printable(line) + "\n").collect();
        text += &render(&HEAD, self.hops.iter().map(HopStep::row));
        for (at, alternative) in self.via.iter().enumerate() {
            text += &alternative.text(at == 0);
        }
        text
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
    /// Steps are shown of one alternative: all of them do not fit a screen.
    fn text(&self, with_steps: bool) -> String {
        let (host, openings) = (self.jump_host.label(), self.openings.join(", "));
        let line = format!("by way of {} ({host}), on {openings}: {}", self.title, word(self.reaches));
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
