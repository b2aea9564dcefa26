//! The difference in one line: first what became public or exposed, by name, then what is found, then the rest by number.

use super::{Change, Difference, Direction, ExposureChange, FindingChange, HopChange, OpenTraffic, SubnetChange};
use crate::classify::class::{Class, Group};

/// So many are named; the rest is counted.
const NAMED: usize = 2;
/// Between the parts, which may have commas of their own.
const SEPARATOR: &str = "; ";

impl Difference {
    /// One line for people.
    #[must_use]
    pub fn summary(&self) -> String {
        if self.is_apart {
            // All of it came and went, which says nothing of either.
            return self.notes.join(SEPARATOR);
        }
        let mut parts: Vec<String> = Vec::new();
        parts.extend(self.newly_public());
        parts.extend(self.exposed(Change::NewlyExposed, "newly exposed", " on"));
        parts.extend(self.exposed(Change::Wider, "open wider", ", now on"));
        parts.extend(self.exposed(Change::Changed, "open to others", ", now on"));
        parts.extend(self.hops("can now be reached", &[Direction::Worse, Direction::Came]));
        parts.extend(self.new_findings());
        parts.extend(self.known_now());
        let findings = |suits: &dyn Fn(&&FindingChange) -> bool| self.findings.iter().filter(suits).count();
        let worse =
            findings(&|finding| finding.before.is_some() && finding.direction == Direction::Worse && !finding.waived);
        let milder = findings(&|finding| finding.after.is_some() && finding.direction == Direction::Better);
        let gone = findings(&|finding| finding.after.is_none() && finding.direction == Direction::Better);
        let untold = findings(&|finding| finding.direction == Direction::Unknown);
        let unseen = names(self.exposures.iter().filter(|change| change.change == Change::Unknown).map(title));
        let unclassified = self.subnets(|change| change.direction == Direction::Unknown);
        parts.extend(counted(worse, "finding is worse", "findings are worse"));
        parts.extend(counted(untold, "finding cannot be told any more", "findings cannot be told any more"));
        parts.extend((!unseen.is_empty()).then(|| format!("whether {} can be reached is not known", listed(&unseen))));
        parts.extend(counted(unclassified.len(), "subnet cannot be classified", "subnets cannot be classified"));
        parts.extend(counted(milder, "finding is milder", "findings are milder"));
        parts.extend(counted(gone, "finding is gone", "findings are gone"));
        parts.extend(self.exposed(Change::Narrower, "open less", ", now on"));
        parts.extend(self.exposed(Change::NoLongerExposed, "no longer exposed", ""));
        parts.extend(self.hops("can no longer be reached", &[Direction::Better, Direction::Went]));
        parts.extend(self.other_subnets());
        match (parts.is_empty(), self.gaps.is_empty()) {
            (true, true) => "nothing changed".to_owned(),
            (true, false) => "nothing that is known changed".to_owned(),
            _ => parts.join(SEPARATOR),
        }
    }

    /// The subnets that suit, each once though it may have both families.
    fn subnets(&self, suits: impl Fn(&SubnetChange) -> bool) -> Vec<String> {
        let mut seen: Vec<&SubnetChange> = self.subnets.iter().filter(|change| suits(change)).collect();
        seen.dedup_by_key(|change| &change.subnet.id);
        seen.into_iter().map(|change| change.subnet.name.clone().unwrap_or_else(|| change.subnet.id.clone())).collect()
    }

    fn newly_public(&self) -> Option<String> {
        let subnets = self.subnets(SubnetChange::is_newly_public);
        let are = match subnets.len() {
            0 => return None,
            1 => ("subnet", "is"),
            _ => ("subnets", "are"),
        };
        Some(format!("{} {} {} newly public", are.0, listed(&subnets), are.1))
    }

    /// Things of which this became, with what is open now: `instance bastion is newly exposed on tcp 22`.
    fn exposed(&self, change: Change, words: &str, on: &str) -> Option<String> {
        let changes = || self.exposures.iter().filter(|exposure| exposure.change == change);
        let titles = names(changes().map(title));
        let open = changes().next().map(|exposure| open_on(&exposure.after, on)).unwrap_or_default();
        match titles.len() {
            0 => None,
            1 => Some(format!("{} is {words}{open}", listed(&titles))),
            _ => Some(format!("{} are {words}", listed(&titles))),
        }
    }

    fn new_findings(&self) -> Option<String> {
        let is_new = |finding: &&FindingChange| finding.before.is_none() && finding.direction == Direction::Worse;
        let new = || self.findings.iter().filter(is_new);
        let counting: Vec<&FindingChange> = new().filter(|finding| !finding.waived).collect();
        let waived = new().filter(|finding| finding.waived).count();
        let named = counting.iter().take(NAMED).map(|finding| format!("{} {}", finding.rule, finding.title));
        let named: Vec<String> = named.collect();
        let more = match counting.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let told = match counting.len() {
            0 => None,
            1 => Some(format!("1 new finding: {}", named.concat())),
            count => Some(format!("{count} new findings: {}{more}", named.join(", "))),
        };
        let waived = counted(waived, "new finding is waived", "new findings are waived");
        let parts: Vec<String> = told.into_iter().chain(waived).collect();
        (!parts.is_empty()).then(|| parts.join(SEPARATOR))
    }

    /// `database orders can now be reached from load balancer web on tcp 5432 by db (sg-0db)`, databases first.
    fn hops(&self, words: &str, directions: &[Direction]) -> Option<String> {
        let told = |hop: &HopChange| {
            let HopChange { to, from, traffic, by, .. } = hop;
            format!("{to} {words} from {from} on {traffic} by {}", by.label())
        };
        let hops = self.hops.iter().filter(|hop| directions.contains(&hop.direction));
        let hops: Vec<String> = hops.map(told).collect();
        (!hops.is_empty()).then(|| listed(&hops))
    }

    /// What may have been so before: it was not known.
    fn known_now(&self) -> Vec<String> {
        let titles = names(self.exposures.iter().filter(|change| change.change == Change::KnownNow).map(title));
        let are = if titles.len() == 1 { "is" } else { "are" };
        let exposed = (!titles.is_empty())
            .then(|| format!("{} {are} exposed, and whether it was so before is not known", listed(&titles)));
        let hops = self.hops.iter().filter(|hop| hop.direction == Direction::KnownNow).count();
        let findings = self.findings.iter().filter(|finding| finding.direction == Direction::KnownNow).count();
        let counts = [
            counted(
                hops,
                "hop behind what is exposed could not be told before",
                "hops behind what is exposed could not be told before",
            ),
            counted(findings, "finding could not be told before", "findings could not be told before"),
        ];
        exposed.into_iter().chain(counts.into_iter().flatten()).collect()
    }

    /// What is not public, and was not made so: nothing to be named.
    fn other_subnets(&self) -> Vec<String> {
        let is_public = |class: Option<Class>| class.is_some_and(|class| class.group() == Group::Public);
        let closed = self.subnets(|change| is_public(change.before) && change.direction == Direction::Better);
        let changed = self.subnets(|change| {
            let is_told = change.is_newly_public() || is_public(change.before) && change.direction == Direction::Better;
            !is_told && matches!(change.direction, Direction::Worse | Direction::Better)
        });
        let came = self.subnets(|change| change.direction == Direction::Came);
        let went = self.subnets(|change| change.direction == Direction::Went);
        let closed = (!closed.is_empty()).then(|| {
            let are = if closed.len() == 1 { ("subnet", "is") } else { ("subnets", "are") };
            format!("{} {} {} not public any more", are.0, listed(&closed), are.1)
        });
        let counts = [
            counted(changed.len(), "subnet changed its class", "subnets changed their class"),
            counted(came.len(), "subnet came", "subnets came"),
            counted(went.len(), "subnet went", "subnets went"),
        ];
        closed.into_iter().chain(counts.into_iter().flatten()).collect()
    }
}

fn title(change: &ExposureChange) -> &str {
    &change.title
}

/// Each name once, in order: the nodes of a load balancer are one thing.
fn names<'t>(titles: impl Iterator<Item = &'t str>) -> Vec<String> {
    let mut names: Vec<String> = titles.map(str::to_owned).collect();
    names.dedup();
    names
}

/// `a`, `a and b`, `a, b and 3 more`.
fn listed(all: &[String]) -> String {
    let first: Vec<&str> = all.iter().take(NAMED).map(String::as_str).collect();
    match all.len().saturating_sub(NAMED) {
        0 => first.join(" and "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// ` on tcp 22, tcp 443 and 3 more`, or nothing if nothing is open.
fn open_on(openings: &[OpenTraffic], on: &str) -> String {
    let traffic: Vec<String> = openings.iter().map(|opening| opening.traffic.clone()).collect();
    if traffic.is_empty() { String::new() } else { format!("{on} {}", listed(&traffic)) }
}

fn counted(count: usize, one: &str, many: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {many}")),
    }
}
