//! Names that are close to what was typed.

/// So many are offered.
const OFFERED: usize = 3;

/// The names nearest to a text, the nearest first; none that differ in more than a third of it.
pub(super) fn near(text: &str, names: impl Iterator<Item = String>) -> Vec<String> {
    let text = text.to_lowercase();
    let most = (text.chars().count() / 3).max(1);
    let mut found: Vec<(usize, String)> = Vec::new();
    for name in names {
        let distance = distance(&text, &name.to_lowercase());
        if distance <= most {
            found.push((distance, name));
        }
    }
    found.sort();
    found.dedup();
    found.truncate(OFFERED);
    found.into_iter().map(|(_, name)| name).collect()
}

/// How many letters must be put in, left out or changed to make one text of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut left = at + 1;
        let mut next = vec![left];
        for (above, candidate) in row.windows(2).zip(&other) {
            let [diagonal, up] = above else { continue };
            left = (diagonal + usize::from(letter != *candidate)).min(up + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_counts_letters() {
        for (one, other, expected) in
            [("", "", 0), ("a", "", 1), ("", "ab", 2), ("orders", "ordres", 2), ("web", "wet", 1)]
        {
            assert_eq!(distance(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn the_nearest_come_first_and_the_far_ones_not_at_all() {
        let names = ["orders-b", "Orders", "customers", "borders"].map(str::to_owned);
        assert_eq!(near("orders", names.into_iter()), ["Orders", "borders", "orders-b"]);
    }
}
