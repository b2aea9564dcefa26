//! One issue for all findings that mean the same: the same vulnerability of the same package in the same version, whoever reports it. Pure.

use std::hash::{DefaultHasher, Hash, Hasher};

use sha2::{Digest as _, Sha256};

use crate::finding::{Finding, Kind};
use crate::judge::alias::Aliases;
use crate::judge::baseline::Fingerprint;

/// A finding and the report that it stands in.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// The report's place in the list of all.
    pub report: u32,
}

/// Findings that mean the same.
#[derive(Clone, Debug)]
pub struct Issue<'a> {
    /// The id that they have in common.
    pub id: &'a str,
    /// The findings: at least one, in the order of their reports.
    pub rows: Rows<'a>,
}

/// The findings of an issue. Most issues have one, which then needs no memory of its own.
#[derive(Clone, Debug)]
pub enum Rows<'a> {
    /// One finding.
    One(Row<'a>),
    /// Several.
    Several(Box<[Row<'a>]>),
}

impl<'a> std::ops::Deref for Rows<'a> {
    type Target = [Row<'a>];

    fn deref(&self) -> &[Row<'a>] {
        match self {
            Self::One(row) => std::slice::from_ref(row),
            Self::Several(rows) => rows,
        }
    }
}

/// A finding, and a number that is the same for all that mean the same.
#[derive(Clone, Copy, Debug)]
pub struct Keyed<'a> {
    hash: u64,
    row: Row<'a>,
}

impl<'a> Keyed<'a> {
    /// The finding with its number.
    #[must_use]
    pub fn new(row: Row<'a>, aliases: &'a Aliases) -> Self {
        Self { hash: Key::of(row.finding, aliases.canonical(row.finding)).hash(), row }
    }
}

/// What makes two findings mean the same.
#[derive(Clone, Copy)]
struct Key<'a> {
    kind: Kind,
    id: &'a str,
    package: &'a str,
    version: &'a str,
    place: &'a str,
    line: Option<u32>,
}

impl<'a> Key<'a> {
    fn of(finding: &'a Finding, id: &'a str) -> Self {
        let package = bare_package(&finding.package);
        // Without a package the place is all that tells two findings apart.
        let (place, line) = if package.is_empty() { (&*finding.place, finding.line) } else { ("", None) };
        Self { kind: finding.kind, id, package, version: bare_version(&finding.version), place, line }
    }

    fn is(self, other: Self) -> bool {
        self.kind == other.kind
            && self.id.eq_ignore_ascii_case(other.id)
            && self.package.eq_ignore_ascii_case(other.package)
            && self.version == other.version
            && self.place == other.place
            && self.line == other.line
    }

    fn hash(self) -> u64 {
        let mut hash = DefaultHasher::new();
        self.kind.hash(&mut hash);
        for part in [self.id, self.package] {
            part.bytes().for_each(|byte| hash.write_u8(byte.to_ascii_lowercase()));
            hash.write_u8(0);
        }
        (self.version, self.place, self.line).hash(&mut hash);
        hash.finish()
    }
}

/// The package's name without a group or scope: scanners disagree on those, and ids tell the rest apart.
fn bare_package(package: &str) -> &str {
    package.rsplit(['/', ':']).next().unwrap_or(package)
}

/// The version without an epoch or a leading `v`: scanners disagree on those.
fn bare_version(version: &str) -> &str {
    let behind_epoch = match version.split_once(':') {
        Some((epoch, rest)) if !epoch.is_empty() && epoch.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => version,
    };
    behind_epoch.strip_prefix('v').unwrap_or(behind_epoch)
}

/// Puts findings together and makes something of each issue. They come in no order that means anything.
pub fn issues<'a, T>(mut rows: Vec<Keyed<'a>>, aliases: &'a Aliases, make: impl FnMut(Issue<'a>) -> T) -> Vec<T> {
    let key = |keyed: &Keyed<'a>| Key::of(keyed.row.finding, aliases.canonical(keyed.row.finding));
    // A stable sort by one number: the findings of an issue stay in the order of their reports.
    rows.sort_by_key(|keyed| keyed.hash);
    let same = |a: &Keyed<'a>, b: &Keyed<'a>| a.hash == b.hash && key(a).is(key(b));
    let issue = |rows: &[Keyed<'a>]| Issue {
        id: aliases.canonical(rows[0].row.finding),
        rows: match rows {
            [one] => Rows::One(one.row),
            several => Rows::Several(several.iter().map(|keyed| keyed.row).collect()),
        },
    };
    rows.chunk_by(same).map(issue).map(make).collect()
}

impl Issue<'_> {
    /// The first finding, which speaks for all.
    #[must_use]
    pub fn first(&self) -> &Finding {
        self.rows[0].finding
    }

    /// What the issue is known by from one run to the next. Versions and lines change while an issue stays, so they are no part of it; several issues
    /// may have the same one.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let key = Key::of(self.first(), self.id);
        let mut hash = Sha256::new();
        // With its group or scope: what is let through is one package, not all that are called alike.
        for part in [&*format!("{:?}", key.kind), key.id, &self.first().package, key.place] {
            hash.update(part.to_ascii_lowercase());
            hash.update([0]);
        }
        let digest = hash.finalize();
        Fingerprint(digest.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::severity::Rating;

    fn finding(id: &str, package: &str, version: &str) -> Finding {
        Finding {
            package: package.into(),
            version: version.into(),
            ..Finding::new(Kind::Vulnerability, id, Rating::Unknown)
        }
    }

    fn groups(findings: &[Finding]) -> Vec<usize> {
        let aliases = Aliases::of(findings.iter());
        let row = |(finding, report)| Keyed::new(Row { finding, report }, &aliases);
        let rows = findings.iter().zip(0..).map(row).collect();
        issues(rows, &aliases, |issue| issue.rows.len())
    }

    #[test]
    fn scanners_that_name_things_differently_mean_the_same() {
        let together = [
            [finding("CVE-2024-1", "openssl", "1:3.0"), finding("cve-2024-1", "OpenSSL", "3.0")],
            [finding("CVE-2024-1", "org.apache:log4j", "2.14"), finding("CVE-2024-1", "log4j", "2.14")],
            [finding("CVE-2024-1", "@scope/core", "v1"), finding("CVE-2024-1", "core", "1")],
        ];
        for pair in &together {
            assert_eq!(groups(pair), [2], "{pair:?}");
        }
        let with_alias = Finding { aliases: ["CVE-2024-1".into()].into(), ..finding("GHSA-1", "p", "1") };
        assert_eq!(groups(&[finding("CVE-2024-1", "p", "1"), with_alias, finding("GHSA-1", "p", "1")]), [3]);
    }

    #[test]
    fn what_differs_stays_apart() {
        let place = |place: &str| Finding { place: place.into(), ..finding("rule", "", "") };
        let apart = [
            [finding("CVE-2024-1", "p", "1"), finding("CVE-2024-2", "p", "1")],
            [finding("CVE-2024-1", "p", "1"), finding("CVE-2024-1", "q", "1")],
            [finding("CVE-2024-1", "p", "1"), finding("CVE-2024-1", "p", "2")],
            [place("a"), place("b")],
        ];
        for pair in &apart {
            assert_eq!(groups(pair), [1, 1], "{pair:?}");
        }
    }

    #[test]
    fn a_fingerprint_outlives_a_new_version_and_nothing_else() {
        let of = |finding: Finding| {
            let aliases = Aliases::default();
            issues(vec![Keyed::new(Row { finding: &finding, report: 0 }, &aliases)], &aliases, |issue| {
                issue.fingerprint()
            })[0]
        };
        let known = of(finding("CVE-2024-1", "p", "1"));
        assert_eq!(known, of(finding("cve-2024-1", "P", "2")));
        assert_ne!(known, of(finding("CVE-2024-1", "q", "1")));
        assert_ne!(known, of(finding("CVE-2024-2", "p", "1")));
        assert_eq!(known.0, 0x5f4c_a877_ec1c_0624, "it is written into verdicts: it must never change");
    }
}
