//! What the past says: where a rollback goes, and which revisions nobody needs any more. Pure.

use std::collections::{BTreeMap, BTreeSet};

/// A deployment that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Success {
    /// The service revision.
    pub revision: String,
    /// Its task definition, by ARN.
    pub task_definition: String,
}

/// Where rollbacks go, the first one first: the successes before the present one, `successes` being given from the oldest to the newest. To deploy
/// again what had succeeded before is to go back to it: what came in between does not count any more, so that two rollbacks go back two releases
/// and not to and fro.
#[must_use]
pub fn rollback_targets(successes: &[Success], present: &str) -> Vec<Success> {
    let mut line: Vec<&Success> = Vec::new();
    for success in successes {
        match line.iter().position(|earlier| earlier.task_definition == success.task_definition) {
            Some(place) => line.truncate(place + 1),
            None => line.push(success),
        }
    }
    // What never succeeded is not in the line: all of it came before.
    let place = line.iter().position(|success| success.task_definition == present).unwrap_or(line.len());
    line.into_iter().take(place).rev().cloned().collect()
}

/// The same successes, with every task definition under the name of the first one that has the same contents: what was deregistered and registered
/// again is the same release. `contents` are by ARN.
#[must_use]
pub fn by_contents(successes: &[Success], contents: &BTreeMap<String, String>) -> Vec<Success> {
    let first = |arn: &String| first_alike(successes, contents, arn);
    successes
        .iter()
        .map(|success| Success { task_definition: first(&success.task_definition), ..success.clone() })
        .collect()
}

/// The first task definition of these successes that has the same contents as this one; itself if there is none.
#[must_use]
pub fn first_alike(successes: &[Success], contents: &BTreeMap<String, String>, arn: &String) -> String {
    let wanted = contents.get(arn);
    let is_alike = |success: &&Success| wanted.is_some() && contents.get(&success.task_definition) == wanted;
    successes.iter().find(is_alike).map_or_else(|| arn.clone(), |success| success.task_definition.clone())
}

/// The revisions that can go: all of `revisions`, given from the newest to the oldest, but for the first `keep` and those that are needed.
#[must_use]
pub fn dispensable(revisions: &[String], needed: &BTreeSet<String>, keep: usize) -> Vec<String> {
    revisions.iter().skip(keep).filter(|revision| !needed.contains(*revision)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(successes: &[&str], present: &str) -> Option<String> {
        let successes: Vec<Success> = successes
            .iter()
            .map(|name| Success { revision: format!("r{name}"), task_definition: (*name).to_owned() })
            .collect();
        rollback_targets(&successes, present).into_iter().next().map(|success| success.task_definition)
    }

    #[test]
    fn what_was_registered_again_is_the_same_release() {
        let success = |name: &str| Success { revision: format!("r-{name}"), task_definition: name.to_owned() };
        let successes = [success("web:1"), success("web:2"), success("web:3")];
        let contents = [("web:1", "old"), ("web:2", "new"), ("web:3", "old")];
        let contents = contents.map(|(arn, content)| (arn.to_owned(), content.to_owned())).into();
        let alike = by_contents(&successes, &contents);
        assert_eq!(
            alike.iter().map(|one| one.task_definition.as_str()).collect::<Vec<_>>(),
            ["web:1", "web:2", "web:1"]
        );
        assert_eq!(first_alike(&successes, &contents, &"web:3".to_owned()), "web:1");
        assert_eq!(first_alike(&successes, &contents, &"web:9".to_owned()), "web:9", "nothing is known of it");
        assert_eq!(rollback_targets(&alike, "web:1"), [], "to go back twice is not to go forward again");
    }

    #[test]
    fn a_rollback_goes_to_the_last_success_before_the_present_one() {
        let cases: [(&[&str], &str, Option<&str>); 8] = [
            (&["1", "2", "3"], "3", Some("2")),
            // The present one never succeeded.
            (&["1", "2"], "3", Some("2")),
            // 2 was rolled back to: the next rollback goes on to 1.
            (&["1", "2", "3", "2"], "2", Some("1")),
            (&["1", "2", "3", "2", "1"], "1", None),
            // The same one twice is one release.
            (&["1", "2", "2"], "2", Some("1")),
            (&["1", "2", "1", "4"], "4", Some("1")),
            (&["1"], "1", None),
            (&[], "1", None),
        ];
        for (successes, present, expected) in cases {
            assert_eq!(target(successes, present).as_deref(), expected, "{successes:?} at {present}");
        }
    }

    #[test]
    fn rollbacks_in_a_row_go_further_and_further_back() {
        let success = |name: &str| Success { revision: name.to_owned(), task_definition: name.to_owned() };
        let successes = ["1", "2", "3", "4"].map(success);
        let targets = rollback_targets(&successes, "4").into_iter().map(|target| target.task_definition);
        assert_eq!(targets.collect::<Vec<_>>(), ["3", "2", "1"]);
    }

    #[test]
    fn what_is_needed_or_new_is_kept() {
        let revisions: Vec<String> = ["5", "4", "3", "2", "1"].map(str::to_owned).into();
        let needed = BTreeSet::from(["2".to_owned()]);
        assert_eq!(dispensable(&revisions, &needed, 2), ["3", "1"]);
        assert_eq!(dispensable(&revisions, &needed, 9), [""; 0]);
        assert_eq!(dispensable(&revisions, &needed, 0), ["5", "4", "3", "1"]);
    }
}
