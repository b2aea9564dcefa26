//! Whether the pages of what came in pages are all there. Pure.

use std::collections::BTreeMap;

use crate::inspection::{Inspection, Part};

/// Pages of one list.
#[derive(Default)]
struct List {
    numbers: Vec<usize>,
    counted: usize,
    totals: Vec<usize>,
    open_ends: usize,
    chained: bool,
}

/// What is missing from lists that came in pages, one line a list.
#[must_use]
pub fn missing(inspections: &[&Inspection]) -> Vec<String> {
    let mut lists: BTreeMap<(&str, &str), List> = BTreeMap::new();
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
                let list = lists.entry((inspection.format, list)).or_default();
                list.chained = true;
                list.counted += count;
                list.totals.extend(total);
                list.open_ends += usize::from(*more);
                list.numbers.push(0);
            }
        }
    }
    lists
        .into_iter()
        .filter_map(|((format, name), list)| list.fault().map(|fault| format!("{format}: {name}: {fault}")))
        .collect()
}

impl List {
    fn fault(&self) -> Option<String> {
        let counted = self.counted;
        if let Some(total) = self.totals.iter().find(|total| **total != self.totals[0]) {
            return Some(format!("one page says there are {} in all, another says {total}", self.totals[0]));
        }
        let pages = self.numbers.len();
        // Where no page says that another follows, each is a whole answer.
        if self.chained && self.open_ends > 0 && self.open_ends + 1 != pages {
            return Some(format!(
                "of {pages} pages {} say that another follows: one is missing or there twice",
                self.open_ends
            ));
        }
        if !self.chained && (1..=pages).any(|number| !self.numbers.contains(&number)) {
            return Some(format!("the pages {:?} are not the pages from 1 on, each once", self.numbers));
        }
        let total = *self.totals.first()?;
        if self.chained && self.open_ends == 0 && self.counted == total * pages {
            return None;
        }
        (counted != total).then(|| format!("its pages hold {counted} of {total}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn chained_pages_are_complete_if_exactly_one_is_the_last() {
        check(&[chain(false, 2, None)], &[]);
        check(&[chain(true, 2, Some(3)), chain(false, 1, Some(3))], &[]);
        check(
            &[chain(true, 2, None)],
            &["f: web: of 1 pages 1 say that another follows: one is missing or there twice"],
        );
        check(&[chain(false, 2, None), chain(false, 2, None)], &[]);
        check(&[chain(false, 2, Some(2)), chain(false, 2, Some(2))], &[]);
        check(
            &[chain(true, 2, None), chain(false, 2, None), chain(false, 2, None)],
            &["f: web: of 3 pages 1 say that another follows: one is missing or there twice"],
        );
        check(&[chain(false, 1, Some(2))], &["f: web: its pages hold 1 of 2"]);
    }
}
