//! Tables for people.

use tabled::builder::Builder;
use tabled::settings::Style;

/// A table with a head row; columns are as wide as their widest cell. Control characters in cells are made visible.
#[must_use]
pub fn render(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut builder = Builder::default();
    builder.push_record(head.iter().copied());
    for row in rows {
        builder.push_record(row.iter().map(|cell| printable(cell)));
    }
    let mut table = builder.build();
    table.with(Style::blank());
    let lines: Vec<String> = table.to_string().lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n") + "\n"
}

/// Text without control characters: names and titles come from others, and must not steer a terminal.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { char::REPLACEMENT_CHARACTER } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_cannot_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\n"), "a\u{fffd}[31mb\u{fffd}");
    }

    #[test]
    fn columns_are_aligned_and_lines_have_no_trailing_space() {
        let text = render(
            &["id", "severity"],
            [vec!["CVE-1".to_owned(), "high".to_owned()], vec!["C".to_owned(), String::new()]],
        );
        assert_eq!(text, " id      severity\n CVE-1   high\n C\n");
    }
}
