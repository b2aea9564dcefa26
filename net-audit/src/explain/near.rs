//! Names that are close to what was typed.

/// So many are offered.
const OFFERED: usize = 3;
/// What holds the text that was typed is meant by it, if the text is at least as long.
const SHORTEST_PART: usize = 3;

/// A name, and how the thing that has it is typed: `orders`, `database/orders`.
pub(super) type Name = (String, String);

/// What is called nearly like one of these texts, as it is typed, the nearest first; nothing that differs in more than a third of it. Of those that
/// are as near, the ones of the kind come first.
pub(super) fn near(texts: &[&str], kind: Option<&str>, names: impl Iterator<Item = Name>) -> Vec<String> {
    let texts: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
    let mut found: Vec<(usize, bool, String)> = Vec::new();
    for (name, typed) in names {
        let name = name.to_lowercase();
        let Some(nearness) = texts.iter().filter_map(|text| nearness(text, &name)).min() else { continue };
        let is_other = kind.is_some_and(|kind| typed.split('/').next() != Some(kind));
        found.push((nearness, is_other, typed));
    }
    found.sort();
    let mut offered: Vec<String> = Vec::new();
    for (_, _, typed) in found {
        if !offered.contains(&typed) {
            offered.push(typed);
        }
        if offered.len() == OFFERED {
            break;
        }
    }
    offered
}

fn nearness(text: &str, name: &str) -> Option<usize> {
    let length = text.chars().count();
    let most = (length / 3).max(1);
    // Long estates have many names, and most are of quite another length.
    if name.chars().count().abs_diff(length) <= most {
        let distance = distance(text, name);
        if distance <= most {
            return Some(distance);
        }
    }
    let is_id = ["i-", "eni-", "subnet-"].iter().any(|prefix| name.starts_with(prefix));
    (length >= SHORTEST_PART && !is_id && name.contains(text)).then_some(most + 1)
}

/// How many letters must be put in, left out, changed, or swapped with the next one to make one text of the other.
pub(super) fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    let mut earlier: Option<(char, Vec<usize>)> = None;
    for (at, letter) in one.chars().enumerate() {
        let mut next = vec![at + 1];
        for (place, candidate) in other.iter().enumerate() {
            let value = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX - 1);
            let changed = value(&row, place) + usize::from(letter != *candidate);
            let mut best = changed.min(value(&row, place + 1) + 1).min(value(&next, place) + 1);
            let before = place.checked_sub(1).and_then(|before| Some((before, other.get(before)?)));
            if let (Some((last, row)), Some((before, swapped))) = (&earlier, before)
                && *swapped == letter
                && *last == *candidate
            {
                best = best.min(value(row, before) + 1);
            }
            next.push(best);
        }
        earlier = Some((letter, std::mem::replace(&mut row, next)));
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_counts_letters() {
        for (one, other, expected) in [
            ("", "", 0),
            ("a", "", 1),
            ("", "ab", 2),
            ("orders", "ordres", 1),
            ("web", "wet", 1),
            ("wbe", "web", 1),
            ("ca", "abc", 3),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
        }
    }

    fn names(kind: &str, names: &[&str]) -> Vec<Name> {
        names.iter().map(|name| ((*name).to_owned(), format!("{kind}/{name}"))).collect()
    }

    #[test]
    fn the_nearest_come_first_and_the_far_ones_not_at_all() {
        let names = names("database", &["orders-b", "Orders", "customers", "borders", "all-orders-of-old"]);
        let near = near(&["orders"], None, names.into_iter());
        assert_eq!(near, ["database/Orders", "database/borders", "database/orders-b"]);
    }

    #[test]
    fn of_equally_near_ones_the_kind_comes_first() {
        let names = names("database", &["web"]).into_iter().chain(names("service", &["web"]));
        assert_eq!(near(&["wbe"], Some("service"), names), ["service/web", "database/web"]);
    }

    #[test]
    fn a_part_of_a_name_is_near_and_a_part_of_an_id_is_not() {
        let names = names("instance", &["prod-bastion-1", "i-0bastion"]);
        assert_eq!(near(&["bastion"], None, names.into_iter()), ["instance/prod-bastion-1"]);
    }
}
