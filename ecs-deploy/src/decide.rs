//! What to do about a deployment after a look at it. Pure.

use crate::cause::Cause;
use crate::judge::{End, is_failing, judge, judge_code_deploy};
use crate::observation::Observation;

/// Where a deployment is meant to go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Course {
    /// To the new revision.
    #[default]
    Forward,
    /// Back, and AWS could not be asked for it yet; and why.
    Turning(String),
    /// Back: AWS was asked to take it back; and why.
    Returning(String),
    /// Back by a deployment of its own, which is the one that is watched; and why.
    Back(String),
}

/// What is known beside the observation.
#[derive(Clone, Debug, Default)]
pub struct Circumstances<'a> {
    /// Where it is meant to go.
    pub course: Course,
    /// Why tasks failed so far, the most frequent cause first.
    pub causes: &'a [Cause],
    /// Roll back after so many failures for the same reason.
    pub fail_after: Option<u32>,
    /// What the checks say.
    pub checks: Checks,
    /// Whether the pause that the deployment waits at is one that this run asked for.
    pub pause_is_ours: bool,
    /// Why another deployment of this run failed, if all are to stand or fall together.
    pub other_failed: Option<String>,
    /// For a deployment of CodeDeploy: the status of the one that rolls it back.
    pub code_deploy: Option<CodeDeploy<'a>>,
}

/// What only CodeDeploy has.
#[derive(Clone, Copy, Debug)]
pub struct CodeDeploy<'a> {
    /// The status of the deployment that rolls back, if there is one.
    pub rollback: Option<&'a str>,
}

/// What the checks say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Checks {
    /// There are none.
    #[default]
    None,
    /// They have not passed yet since it matters.
    Pending,
    /// All have passed.
    Passed,
    /// One has failed: which, and how.
    Failed(String),
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Go on watching.
    Watch,
    /// Ask AWS to go back, for this reason.
    RollBack(String),
    /// Let it go on from the pause that this hook holds it at.
    Continue(String),
    /// It waits for somebody else.
    Held,
    /// It is over.
    Ended(End),
}

/// The next step.
#[must_use]
pub fn decide(observation: &Observation, circumstances: &Circumstances<'_>) -> Step {
    let end = match circumstances.code_deploy {
        Some(code_deploy) => judge_code_deploy(&observation.status, code_deploy.rollback),
        None => judge(&observation.status),
    };
    match end {
        Some(End::Deployed) => return when_through(circumstances),
        Some(end) => return Step::Ended(end),
        None => {}
    }
    match (&circumstances.course, is_failing(&observation.status)) {
        (Course::Turning(reason), false) => return Step::RollBack(reason.clone()),
        // What serves already needs nobody's approval.
        (Course::Back(_), false) => {
            return observation.pause.as_ref().map_or(Step::Watch, |hook| Step::Continue(hook.id.clone()));
        }
        (Course::Forward, false) => {}
        _ => return Step::Watch,
    }
    if let Some(reason) = reason_to_go_back(circumstances) {
        return Step::RollBack(reason);
    }
    let Some(hook) = &observation.pause else { return Step::Watch };
    match (circumstances.pause_is_ours, &circumstances.checks) {
        (true, Checks::Passed) => Step::Continue(hook.id.clone()),
        (true, Checks::Pending) => Step::Watch,
        _ => Step::Held,
    }
}

/// It went through, which is the end only if it was meant to, and nothing speaks against it.
fn when_through(circumstances: &Circumstances<'_>) -> Step {
    match (&circumstances.course, &circumstances.checks) {
        // It was through before it could be taken back.
        (Course::Turning(reason) | Course::Returning(reason), _) | (Course::Forward, Checks::Failed(reason)) => {
            Step::RollBack(reason.clone())
        }
        (Course::Forward, Checks::Pending) => Step::Watch,
        (Course::Back(_), _) | (Course::Forward, Checks::None | Checks::Passed) => Step::Ended(End::Deployed),
    }
}

fn reason_to_go_back(circumstances: &Circumstances<'_>) -> Option<String> {
    if let Checks::Failed(reason) = &circumstances.checks {
        return Some(reason.clone());
    }
    if let Some(reason) = &circumstances.other_failed {
        return Some(format!("another service failed: {reason}"));
    }
    let limit = usize::try_from(circumstances.fail_after?).ok()?;
    let cause = circumstances.causes.iter().find(|cause| cause.count >= limit)?;
    Some(format!("tasks fail alike, and --fail-after is {limit}: {}", cause.line()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::Hook;

    fn observed(status: &str, pause: bool) -> Observation {
        let hook = Hook { id: "ecs-pause-1".to_owned(), ..Hook::default() };
        Observation { status: status.to_owned(), pause: pause.then_some(hook), ..Observation::default() }
    }

    fn failing(count: usize) -> Cause {
        Cause { count, reason: "it crashed".to_owned(), ..Cause::default() }
    }

    #[test]
    fn what_is_over_is_over_whatever_else_is_known() {
        let circumstances = Circumstances { checks: Checks::Failed("c".to_owned()), ..Circumstances::default() };
        assert_eq!(decide(&observed("ROLLBACK_SUCCESSFUL", true), &circumstances), Step::Ended(End::RolledBack));
        assert_eq!(decide(&observed("STOPPED", true), &circumstances), Step::Ended(End::Stopped));
    }

    #[test]
    fn what_went_through_is_over_only_if_it_was_to_go_through() {
        let why = || "why".to_owned();
        let cases = [
            (Course::Forward, Checks::None, Step::Ended(End::Deployed)),
            (Course::Forward, Checks::Passed, Step::Ended(End::Deployed)),
            (Course::Forward, Checks::Pending, Step::Watch),
            (Course::Forward, Checks::Failed(why()), Step::RollBack(why())),
            (Course::Turning(why()), Checks::Passed, Step::RollBack(why())),
            (Course::Returning(why()), Checks::None, Step::RollBack(why())),
            (Course::Back(why()), Checks::Failed(why()), Step::Ended(End::Deployed)),
        ];
        for (course, checks, step) in cases {
            let circumstances = Circumstances { course, checks, ..Circumstances::default() };
            assert_eq!(decide(&observed("SUCCESSFUL", false), &circumstances), step, "{circumstances:?}");
        }
    }

    #[test]
    fn a_failing_check_a_failing_neighbour_and_equal_failures_go_back() {
        let failures = [failing(3)];
        let cases = [
            (
                Circumstances { checks: Checks::Failed("check `x` failed".to_owned()), ..Circumstances::default() },
                "check `x` failed",
            ),
            (
                Circumstances { other_failed: Some("api".to_owned()), ..Circumstances::default() },
                "another service failed: api",
            ),
            (
                Circumstances { causes: &failures, fail_after: Some(3), ..Circumstances::default() },
                "tasks fail alike, and --fail-after is 3: 3 × ",
            ),
        ];
        for (circumstances, words) in cases {
            let step = decide(&observed("IN_PROGRESS", false), &circumstances);
            assert!(matches!(&step, Step::RollBack(reason) if reason.starts_with(words)), "{step:?}");
        }
        let too_few = Circumstances { causes: &failures, fail_after: Some(4), ..Circumstances::default() };
        assert_eq!(decide(&observed("IN_PROGRESS", false), &too_few), Step::Watch);
    }

    #[test]
    fn a_rollback_is_asked_for_until_it_is_taken_and_then_no_more() {
        let on = |course: Course, status: &str| {
            let checks = Checks::Failed("c".to_owned());
            decide(&observed(status, false), &Circumstances { course, checks, ..Circumstances::default() })
        };
        let why = || "why".to_owned();
        assert_eq!(on(Course::Turning(why()), "IN_PROGRESS"), Step::RollBack(why()));
        assert_eq!(on(Course::Turning(why()), "ROLLBACK_IN_PROGRESS"), Step::Watch);
        assert_eq!(on(Course::Returning(why()), "IN_PROGRESS"), Step::Watch);
        assert_eq!(on(Course::Back(why()), "IN_PROGRESS"), Step::Watch);
        assert_eq!(on(Course::Forward, "ROLLBACK_IN_PROGRESS"), Step::Watch);
    }

    #[test]
    fn a_way_back_is_not_held_at_a_pause() {
        let circumstances = Circumstances { course: Course::Back("why".to_owned()), ..Circumstances::default() };
        assert_eq!(decide(&observed("IN_PROGRESS", true), &circumstances), Step::Continue("ecs-pause-1".to_owned()));
    }

    #[test]
    fn a_pause_goes_on_only_if_it_is_ours_and_all_checks_passed() {
        let at = |ours: bool, checks: Checks| {
            decide(
                &observed("IN_PROGRESS", true),
                &Circumstances { pause_is_ours: ours, checks, ..Circumstances::default() },
            )
        };
        assert_eq!(at(true, Checks::Passed), Step::Continue("ecs-pause-1".to_owned()));
        assert_eq!(at(true, Checks::Pending), Step::Watch);
        assert_eq!(at(true, Checks::None), Step::Held, "somebody is to approve it");
        assert_eq!(at(false, Checks::Passed), Step::Held);
    }

    #[test]
    fn codedeploy_is_judged_by_its_own_words() {
        let of = |status: &str, rollback| {
            let code_deploy = Some(CodeDeploy { rollback });
            decide(&observed(status, false), &Circumstances { code_deploy, ..Circumstances::default() })
        };
        assert_eq!(of("Succeeded", None), Step::Ended(End::Deployed));
        assert_eq!(of("Failed", Some("InProgress")), Step::Watch);
        assert_eq!(of("Failed", Some("Succeeded")), Step::Ended(End::RolledBack));
        assert_eq!(of("SUCCESSFUL", None), Step::Watch);
    }
}
