//! Why tasks failed: equal failures grouped, each with the known fix. Pure.

use std::collections::BTreeMap;

use crate::observation::{StoppedContainer, StoppedTask};

/// Tasks that failed in the same way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// How many.
    pub count: usize,
    /// ECS's code, for example `EssentialContainerExited`.
    pub stop_code: String,
    /// What happened, without ids that differ from task to task.
    pub reason: String,
    /// The container that ended badly.
    pub container: Option<String>,
    /// Its exit code.
    pub exit_code: Option<i32>,
    /// One of the tasks, by its id.
    pub task: String,
    /// The last lines that its container wrote.
    pub log: Vec<String>,
    /// Why the load balancer does not send traffic to the tasks.
    pub targets: Vec<String>,
    /// What to do about it, if that is known.
    pub fix: Option<&'static str>,
}

/// Stop code, reason, container and exit code.
type Key = (String, String, Option<String>, Option<i32>);

/// Groups tasks by their failure, the most frequent first. Tasks that were stopped in the normal course of things are no failures.
#[must_use]
pub fn group(tasks: &[StoppedTask]) -> Vec<Cause> {
    let mut groups: BTreeMap<Key, (usize, &str)> = BTreeMap::new();
    for task in tasks.iter().filter(|task| !is_scaling(task) && !ended_when_asked(task)) {
        let worst = worst_container(&task.containers);
        let key = (
            task.stop_code.clone().unwrap_or_else(|| "unknown".to_owned()),
            reason(task, worst),
            worst.map(|container| container.name.clone()),
            worst.and_then(|container| container.exit_code),
        );
        groups.entry(key).or_insert((0, &task.id)).0 += 1;
    }
    let mut causes: Vec<Cause> = groups
        .into_iter()
        .map(|((stop_code, reason, container, exit_code), (count, task))| {
            let fix = known_fix(&reason, exit_code);
            let (log, targets) = (Vec::new(), Vec::new());
            Cause { count, stop_code, reason, container, exit_code, task: task.to_owned(), log, targets, fix }
        })
        .collect();
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.count));
    causes
}

fn is_scaling(task: &StoppedTask) -> bool {
    let by_scheduler = task.stop_code.as_deref() == Some("ServiceSchedulerInitiated");
    let reason = task.stopped_reason.as_deref().unwrap_or_default();
    by_scheduler && reason.contains("Scaling activity initiated by")
}

/// Somebody stopped it, and all its containers ended as they should.
fn ended_when_asked(task: &StoppedTask) -> bool {
    let by_user = task.stop_code.as_deref() == Some("UserInitiated");
    by_user && !task.containers.is_empty() && task.containers.iter().all(|container| container.exit_code == Some(0))
}

fn worst_container(containers: &[StoppedContainer]) -> Option<&StoppedContainer> {
    let bad =
        |container: &&StoppedContainer| container.reason.is_some() || container.exit_code.is_some_and(|code| code != 0);
    containers.iter().find(bad).or_else(|| containers.iter().find(|container| container.exit_code.is_some()))
}

fn reason(task: &StoppedTask, container: Option<&StoppedContainer>) -> String {
    let of_container = container.and_then(|container| container.reason.as_deref());
    let of_task = task.stopped_reason.as_deref();
    let reason = match (of_task, of_container) {
        (Some(task), Some(container)) if task != container => format!("{task}: {container}"),
        (Some(reason), _) | (None, Some(reason)) => reason.to_owned(),
        (None, None) => "ECS gave no reason".to_owned(),
    };
    without_ids(&reason)
}

/// Ids of tasks and addresses differ from task to task, and say nothing about the cause.
fn without_ids(reason: &str) -> String {
    let is_id = |word: &str| word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_address =
        |word: &str| word.split('.').count() == 4 && word.split('.').all(|part| part.parse::<u8>().is_ok());
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '.';
    let mut told = String::new();
    let mut rest = reason;
    while !rest.is_empty() {
        let length = rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(length);
        told.push_str(if is_id(word) || is_address(word) { "…" } else { word });
        let between = behind.find(is_part).unwrap_or(behind.len());
        told.push_str(&behind[..between]);
        rest = &behind[between..];
    }
    told
}

/// Sentences of ECS and exit codes, with what mends them.
const FIXES: [(&str, &str); 9] = [
    ("CannotPullContainerError", "check that the image exists and that the execution role may pull it"),
    ("exec format error", "build the image for the platform of the service"),
    (
        "ResourceInitializationError",
        "check the execution role, the secrets and the way to the internet or the endpoints",
    ),
    ("OutOfMemory", "raise the memory of the container or the task"),
    ("health check", "check the health check's path, port and grace period"),
    ("unable to pull secrets", "check the secret's ARN, the execution role and the way to Secrets Manager"),
    ("RESOURCE:", "add capacity, or ask for less CPU and memory"),
    ("not found in secrets", "check the secret's ARN and the execution role"),
    ("no such file or directory", "check entry point and command of the image"),
];

/// Killed by signal 9, which outside of tests is the kernel running out of memory.
const KILLED: i32 = 137;

fn known_fix(reason: &str, exit_code: Option<i32>) -> Option<&'static str> {
    let by_words = FIXES.iter().find(|(words, _)| reason.contains(words)).map(|(_, fix)| *fix);
    by_words.or_else(|| (exit_code == Some(KILLED)).then_some("raise the memory of the container or the task"))
}

impl Cause {
    /// The same with what its container wrote: a log may name the cause where ECS does not.
    #[must_use]
    pub fn with_log(mut self, lines: Vec<String>) -> Self {
        self.fix = self.fix.or_else(|| lines.iter().find_map(|line| known_fix(line, None)));
        self.log = lines;
        self
    }

    /// Whether it is the same failure, however often it came.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        let key =
            |cause: &Self| (cause.stop_code.clone(), cause.reason.clone(), cause.container.clone(), cause.exit_code);
        key(self) == key(other)
    }

    /// Whether the load balancer can say more about it.
    #[must_use]
    pub fn is_about_targets(&self) -> bool {
        self.reason.contains("health check")
    }

    /// One line for people.
    #[must_use]
    pub fn line(&self) -> String {
        let container = match (&self.container, self.exit_code) {
            (Some(container), Some(code)) => format!(" (container {container}, exit code {code})"),
            _ => String::new(),
        };
        format!("{} × {}: {}{container}", self.count, self.stop_code, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(stop_code: &str, reason: &str, exit_code: Option<i32>) -> StoppedTask {
        let container = StoppedContainer { name: "web".to_owned(), exit_code, reason: None };
        StoppedTask {
            stop_code: Some(stop_code.to_owned()),
            stopped_reason: Some(reason.to_owned()),
            containers: vec![container],
            ..StoppedTask::default()
        }
    }

    #[test]
    fn equal_failures_are_one_cause_and_the_most_frequent_comes_first() {
        let tasks = [
            task("TaskFailedToStart", "CannotPullContainerError: not there", None),
            task("EssentialContainerExited", "Essential container in task exited", Some(137)),
            task("EssentialContainerExited", "Essential container in task exited", Some(137)),
        ];
        let causes = group(&tasks);
        assert_eq!(causes.iter().map(|cause| cause.count).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(
            causes[0].line(),
            "2 × EssentialContainerExited: Essential container in task exited (container web, exit code 137)"
        );
        assert_eq!(causes[0].fix, Some("raise the memory of the container or the task"));
        assert!(causes[1].fix.is_some_and(|fix| fix.contains("execution role may pull")));
    }

    #[test]
    fn tasks_that_were_scaled_in_are_no_failures() {
        let scaled = task("ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/1)", Some(0));
        let unhealthy = task("ServiceSchedulerInitiated", "Task failed ELB health checks", Some(0));
        assert_eq!(group(std::slice::from_ref(&scaled)), []);
        assert_eq!(group(&[scaled, unhealthy]).len(), 1);
    }

    #[test]
    fn tasks_that_were_stopped_and_ended_well_are_no_failures() {
        let stopped = |exit_code| task("UserInitiated", "Deployment completed", exit_code);
        assert_eq!(group(&[stopped(Some(0))]), []);
        assert_eq!(group(&[stopped(Some(1)), stopped(None)]).len(), 2);
        assert_eq!(group(&[task("EssentialContainerExited", "Essential container in task exited", Some(0))]).len(), 1);
    }

    #[test]
    fn what_differs_from_task_to_task_does_not_divide_a_cause() {
        let at =
            |address: &str| task("TaskFailedToStart", &format!("dial tcp {address}:443: i/o timeout (v1.2.3)"), None);
        let causes = group(&[at("10.0.1.5"), at("10.0.2.17")]);
        assert_eq!((causes.len(), causes[0].count), (1, 2));
        assert_eq!(causes[0].reason, "dial tcp …:443: i/o timeout (v1.2.3)");
        assert_eq!(without_ids("task 0123456789abcdef0123456789abcdef, ü"), "task …, ü");
    }

    #[test]
    fn a_log_line_names_the_fix_where_ecs_does_not() {
        let cause = Cause::default().with_log(vec!["start".to_owned(), "exec /app: exec format error".to_owned()]);
        assert_eq!(cause.fix, Some("build the image for the platform of the service"));
        assert_eq!(Cause::default().with_log(vec!["boom".to_owned()]).fix, None);
    }

    #[test]
    fn a_task_without_any_reason_is_still_named() {
        assert_eq!(group(&[StoppedTask::default()])[0].line(), "1 × unknown: ECS gave no reason");
    }
}
