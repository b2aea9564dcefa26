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

/// Text without control characters: names and titles come from others, and must not steer a terminal or turn the reading direction.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|character| if steers(character) { char::REPLACEMENT_CHARACTER } else { character }).collect()
}

/// Control characters, and those of Unicode that turn the reading direction or cannot be seen.
fn steers(character: char) -> bool {
    let is_direction =
        matches!(character, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_invisible = matches!(character, '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{feff}');
    character.is_control() || is_direction || is_invisible
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_cannot_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\n"), "a\u{fffd}[31mb\u{fffd}");
        assert_eq!(printable("CVE\u{202e}1-\u{200b}"), "CVE\u{fffd}1-\u{fffd}");
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
