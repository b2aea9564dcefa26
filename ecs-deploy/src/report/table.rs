//! The section for people.

use contract::table;

use super::{Action, Deployment, Outcome, ServiceReport};
use crate::finding::Verdict;
use crate::judge::is_failing;

impl Deployment {
    /// One line for people.
    #[must_use]
    pub fn summary(&self) -> String {
        match self.services.as_slice() {
            [only] => format!("{}/{}: {}", self.cluster, only.service, words(only, self.action)),
            [] => format!("{}: nothing was looked at", self.cluster),
            services => {
                let count = |outcome| services.iter().filter(|service| service.outcome == outcome).count();
                let mut outcomes: Vec<Outcome> = services.iter().map(|service| service.outcome).collect();
                outcomes.sort_unstable();
                outcomes.dedup();
                let counted = outcomes.into_iter().map(|outcome| format!("{} {}", count(outcome), name(outcome)));
                format!("{}: {}", self.cluster, counted.collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// The section for people.
    #[must_use]
    pub fn table(&self) -> String {
        let rows = self.services.iter().map(|service| {
            let strategy = service.strategy.clone().unwrap_or_else(|| "-".to_owned());
            vec![self.cluster.clone(), service.service.clone(), strategy, name(service.outcome), images(service)]
        });
        let mut parts = vec![table::render(&["cluster", "service", "strategy", "outcome", "image"], rows)];
        parts.extend(self.causes());
        parts.extend(self.changes());
        parts.extend(self.calls());
        parts.extend(self.preflight());
        parts.extend(self.checks());
        parts.join("\n")
    }

    fn causes(&self) -> Option<String> {
        let all = self.services.iter().flat_map(|service| service.causes.iter().map(move |cause| (service, cause)));
        let rows: Vec<Vec<String>> = all
            .map(|(service, cause)| {
                let code = cause.exit_code.map_or_else(|| "-".to_owned(), |code| code.to_string());
                let last = cause.log.last().or(cause.targets.first()).cloned().unwrap_or_else(|| "-".to_owned());
                let (stop_code, reason) = (cause.stop_code.clone(), cause.reason.clone());
                let fix = cause.fix.unwrap_or("-").to_owned();
                vec![service.service.clone(), cause.count.to_string(), stop_code, code, reason, last, fix]
            })
            .collect();
        let head = ["service", "tasks", "stop code", "exit code", "reason", "last word", "fix"];
        (!rows.is_empty()).then(|| table::render(&head, rows))
    }

    fn changes(&self) -> Option<String> {
        let all = self.services.iter().filter(|service| service.outcome == Outcome::Planned);
        let rows: Vec<Vec<String>> = all
            .flat_map(|service| service.changes.iter().map(move |change| (service, change)))
            .map(|(service, change)| {
                let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
                vec![service.service.clone(), change.path.clone(), text(&change.before), text(&change.after)]
            })
            .collect();
        (!rows.is_empty()).then(|| table::render(&["service", "change", "before", "after"], rows))
    }

    fn calls(&self) -> Option<String> {
        let all = self.services.iter().flat_map(|service| service.calls.iter().map(move |call| (service, call)));
        let rows: Vec<Vec<String>> = all.map(|(service, call)| vec![service.service.clone(), call.clone()]).collect();
        (!rows.is_empty()).then(|| table::render(&["service", "call that is left out"], rows))
    }

    fn preflight(&self) -> Option<String> {
        let rows: Vec<Vec<String>> = self
            .preflight
            .iter()
            .filter(|finding| finding.verdict != Verdict::Passed)
            .map(|finding| {
                let verdict = if finding.verdict == Verdict::Failed { "failed" } else { "unknown" };
                let (subject, message) = (finding.subject.clone(), finding.message.clone());
                vec![
                    verdict.to_owned(),
                    finding.topic.to_string(),
                    subject,
                    message,
                    finding.fix.clone().unwrap_or_else(|| "-".to_owned()),
                ]
            })
            .collect();
        (!rows.is_empty()).then(|| table::render(&["before", "what", "which", "found", "fix"], rows))
    }

    fn checks(&self) -> Option<String> {
        let rows: Vec<Vec<String>> = self
            .checks
            .iter()
            .map(|check| {
                let verdict = if check.ok { "passed" } else { "failed" };
                let last = check.last_words().unwrap_or_else(|| "-".to_owned());
                vec![check.command.clone(), verdict.to_owned(), check.runs.to_string(), last]
            })
            .collect();
        (!rows.is_empty()).then(|| table::render(&["check", "outcome", "runs", "last line"], rows))
    }
}

fn name(outcome: Outcome) -> String {
    outcome.word().replace('_', " ")
}

fn images(service: &ServiceReport) -> String {
    let images: Vec<String> = service.images.iter().map(|image| image.image.clone()).collect();
    if images.is_empty() {
        service.task_definition.clone().unwrap_or_else(|| "-".to_owned())
    } else {
        images.join(", ")
    }
}

fn words(service: &ServiceReport, action: Action) -> String {
    let what = images(service);
    let previous =
        service.images.iter().filter_map(|image| image.previous_image.clone()).collect::<Vec<_>>().join(", ");
    match service.outcome {
        Outcome::Deployed => format!("deployed {what}"),
        Outcome::Unchanged if !service.changes.is_empty() => {
            "its settings were changed, nothing was deployed".to_owned()
        }
        Outcome::Unchanged if service.images.is_empty() => "nothing to do, it has all that was asked for".to_owned(),
        Outcome::Unchanged => format!("nothing to do, {what} runs already"),
        Outcome::Planned if action == Action::Rollback => format!("would go back to {what}"),
        Outcome::Planned if service.images.is_empty() && service.changes.len() == 1 => {
            format!("would change {}", service.changes[0].path)
        }
        Outcome::Planned if service.images.is_empty() => format!("would change {} things", service.changes.len()),
        Outcome::Planned => format!("would replace {previous} by {what}"),
        Outcome::InProgress if service.status.as_deref().is_some_and(is_failing) => {
            format!("{what} is being taken back")
        }
        Outcome::InProgress => format!("{what} is being deployed"),
        Outcome::Paused => format!("{what} waits at {}", service.stage.as_deref().unwrap_or("a pause")),
        Outcome::RolledBack if matches!(action, Action::Rollback | Action::Stop) => format!("went back to {what}"),
        Outcome::Refused
        | Outcome::Superseded
        | Outcome::Stopped
        | Outcome::RolledBack
        | Outcome::Failed
        | Outcome::RollbackFailed => format!("{what} was not deployed"),
    }
}
