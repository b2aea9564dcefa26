//! What a page shows as output, beside what came out.

/// Checks that every line of `shown` came out, in this order. `…` stands for what differs from run to run, or is left out.
pub(super) fn assert_shown(place: &str, shown: &str, came_out: &str) {
    let mut lines = came_out.lines();
    for wanted in shown.lines().map(str::trim_end).filter(|line| !line.is_empty() && *line != "…") {
        let found = lines.any(|line| fits(wanted, line.trim_end()));
        assert!(found, "{place} shows a line that did not come out, or not there:\n{wanted}\ncame out:\n{came_out}");
    }
}

/// Whether a line is what a pattern says, in which `…` stands for anything.
fn fits(pattern: &str, line: &str) -> bool {
    let mut pieces = pattern.split('…');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}

#[test]
fn an_ellipsis_stands_for_anything_and_the_rest_is_exact() {
    for (pattern, line) in [
        ("a b", "a b"),
        ("a … c", "a b c"),
        ("…c", "abc"),
        ("a…", "a"),
        ("a…b…c", "a1b2c"),
        ("push: … --x", "push: … --x"),
    ] {
        assert!(fits(pattern, line), "{pattern} {line}");
    }
    for (pattern, line) in [("a", "a b"), ("b", "a b"), ("a…c", "a b"), ("a…b…c", "acb")] {
        assert!(!fits(pattern, line), "{pattern} {line}");
    }
}

#[test]
#[should_panic(expected = "did not come out")]
fn lines_in_another_order_are_no_output() {
    assert_shown("here", "b\na\n", "a\nb\n");
}
