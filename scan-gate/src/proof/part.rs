//! Whether the pages of what came in pages are all there. Pure.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::inspection::{Inspection, Part};

/// Numbered pages of one list.
#[derive(Default)]
struct List {
    numbers: Vec<usize>,
    counted: usize,
    totals: Vec<usize>,
}

/// Pages that follow each other, in the order in which they came.
#[derive(Default)]
struct Chain {
    pages: usize,
    counted: usize,
    waits: bool,
    /// What stands on the pages since the last end.
    contents: Vec<u64>,
    faults: Vec<String>,
}

/// What is missing from lists that came in pages, one line a list.
#[must_use]
pub fn missing(inspections: &[&Inspection]) -> Vec<String> {
    let mut lists: BTreeMap<(&str, &str), List> = BTreeMap::new();
    let mut chains: BTreeMap<(&str, &str), Chain> = BTreeMap::new();
    for inspection in inspections {
        match &inspection.part {
            Part::Whole => {}
            Part::Page { list, number, count, total } => {
                let list = lists.entry((inspection.format, list)).or_default();
                list.numbers.push(*number);
                list.counted += count;
                list.totals.push(*total);
            }
            Part::Chain { list, more, count, total } => {
                // Without a total a page does not surely say what the list is of: the order alone puts them together.
                let name = if total.is_some() { list.as_str() } else { "a list in pages" };
                let chain = chains.entry((inspection.format, name)).or_default();
                chain.add(*more, *count, *total, content(inspection));
            }
        }
    }
    let lists = lists.into_iter().filter_map(|(name, list)| Some((name, list.fault()?)));
    let chains = chains.into_iter().filter_map(|(name, chain)| Some((name, chain.fault()?)));
    lists.chain(chains).map(|((format, name), fault)| format!("{format}: {name}: {fault}")).collect()
}

/// What stands on a page, as a number.
fn content(inspection: &Inspection) -> u64 {
    let mut hash = DefaultHasher::new();
    for finding in &inspection.findings {
        (&finding.id, &finding.package, &finding.version, &finding.place, finding.line).hash(&mut hash);
    }
    hash.finish()
}

impl Chain {
    fn add(&mut self, more: bool, count: usize, total: Option<usize>, content: u64) {
        self.pages += 1;
        self.counted += count;
        if count > 0 && self.contents.contains(&content) {
            self.faults.push(format!("page {} stands there twice", self.pages));
        }
        self.contents.push(content);
        self.waits = more;
        if more {
            return;
        }
        if let Some(total) = total.filter(|total| *total != self.counted) {
            self.faults.push(format!("its pages hold {} of {total}", self.counted));
        }
        self.counted = 0;
        self.contents.clear();
    }

    fn fault(self) -> Option<String> {
        let unfinished = self.waits.then(|| format!("page {} says that another follows, and none does", self.pages));
        self.faults.into_iter().next().or(unfinished)
    }
}

impl List {
    fn fault(&self) -> Option<String> {
        let counted = self.counted;
        if let Some(total) = self.totals.iter().find(|total| **total != self.totals[0]) {
            return Some(format!("one page says there are {} in all, another says {total}", self.totals[0]));
        }
        if (1..=self.numbers.len()).any(|number| !self.numbers.contains(&number)) {
            return Some(format!("the pages {:?} are not the pages from 1 on, each once", self.numbers));
        }
        let total = *self.totals.first()?;
        (counted != total).then(|| format!("its pages hold {counted} of {total}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Finding, Kind};
    use crate::severity::Rating;

    fn page(number: usize, count: usize, total: usize) -> Part {
        Part::Page { list: "issues".to_owned(), number, count, total }
    }

    fn chain(more: bool, count: usize, total: Option<usize>) -> Part {
        Part::Chain { list: "web".to_owned(), more, count, total }
    }

    fn check(parts: &[Part], expected: &[&str]) {
        let of = |part: &Part| Inspection { format: "f", part: part.clone(), ..Inspection::default() };
        let inspections: Vec<Inspection> = parts.iter().map(of).collect();
        assert_eq!(missing(&inspections.iter().collect::<Vec<_>>()), expected, "{parts:?}");
    }

    #[test]
    fn numbered_pages_are_complete_if_each_is_there_once_and_they_sum_up() {
        check(&[Part::Whole], &[]);
        check(&[page(1, 3, 3)], &[]);
        check(&[page(2, 1, 3), page(1, 2, 3)], &[]);
        check(&[page(1, 0, 0)], &[]);
        check(&[page(1, 2, 3)], &["f: issues: its pages hold 2 of 3"]);
        check(&[page(2, 1, 1)], &["f: issues: the pages [2] are not the pages from 1 on, each once"]);
        check(&[page(1, 2, 4), page(1, 2, 4)], &["f: issues: the pages [1, 1] are not the pages from 1 on, each once"]);
        check(&[page(1, 2, 3), page(2, 2, 4)], &["f: issues: one page says there are 3 in all, another says 4"]);
    }

    #[test]
    fn chained_pages_are_complete_if_the_last_one_ends_them() {
        check(&[chain(false, 0, None)], &[]);
        check(&[chain(true, 0, None), chain(false, 0, None)], &[]);
        check(&[chain(false, 0, None), chain(true, 0, None), chain(false, 0, None)], &[]);
        check(&[chain(true, 0, None)], &["f: a list in pages: page 1 says that another follows, and none does"]);
        check(&[chain(false, 2, Some(2)), chain(false, 2, Some(2))], &[]);
        check(&[chain(false, 1, Some(2))], &["f: web: its pages hold 1 of 2"]);
        check(&[chain(true, 2, None), chain(false, 2, None)], &["f: a list in pages: page 2 stands there twice"]);
    }

    #[test]
    fn pages_with_different_findings_add_up() {
        let page = |id: &str, more: bool| Inspection {
            format: "f",
            part: chain(more, 1, Some(2)),
            findings: vec![Finding::new(Kind::Vulnerability, id, Rating::Unknown)],
            ..Inspection::default()
        };
        let pages = [page("CVE-1", true), page("CVE-2", false)];
        assert_eq!(missing(&pages.iter().collect::<Vec<_>>()), [""; 0]);
        let twice = [page("CVE-1", true), page("CVE-1", false)];
        assert_eq!(missing(&twice.iter().collect::<Vec<_>>()), ["f: web: page 2 stands there twice"]);
    }
}
