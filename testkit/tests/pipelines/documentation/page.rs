//! A page of the documentation, cut into what tests look at.

use std::fs;

use crate::bench::root;

/// A part of a page, in the page's order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A heading: how deep, and its words.
    Heading(usize, String),
    /// A fenced block: its language, and its text.
    Block(String, String),
    /// A row of a table, its cells trimmed. The line below the head is left out.
    Row(Vec<String>),
    /// A comment, which nobody sees on the page.
    Comment(String),
    /// A line of prose.
    Line(String),
}

/// The text of a page, by its path below the repository's root.
pub(super) fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The parts of a page.
pub(super) fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut block: Option<(String, String)> = None;
    for line in text.lines() {
        match &mut block {
            Some((language, text)) if line == "```" => {
                parts.push(Part::Block(std::mem::take(language), std::mem::take(text)));
                block = None;
            }
            Some((_, text)) => {
                text.push_str(line);
                text.push('\n');
            }
            None => match line.strip_prefix("```") {
                Some(language) => block = Some((language.to_owned(), String::new())),
                None => parts.extend(outside(line)),
            },
        }
    }
    assert!(block.is_none(), "a block is not closed:\n{text}");
    parts
}

/// The shell blocks of a page, in its order.
pub(crate) fn blocks(text: &str) -> Vec<String> {
    let shell = |part| match part {
        Part::Block(language, block) if language == "sh" => Some(block),
        _ => None,
    };
    parts(text).into_iter().filter_map(shell).collect()
}

fn outside(line: &str) -> Option<Part> {
    let depth = line.bytes().take_while(|byte| *byte == b'#').count();
    if depth > 0 {
        return Some(Part::Heading(depth, line[depth..].trim().to_owned()));
    }
    if let Some(comment) = line.strip_prefix("<!--") {
        return Some(Part::Comment(comment.trim_end_matches("-->").trim().to_owned()));
    }
    if line.starts_with('|') {
        let is_rule = line.chars().all(|character| "|-: ".contains(character));
        return (!is_rule).then(|| Part::Row(cells(line)));
    }
    (!line.trim().is_empty()).then(|| Part::Line(line.to_owned()))
}

/// The cells of a row; `\|` is a bar within one.
fn cells(line: &str) -> Vec<String> {
    let inner = line.trim().trim_start_matches('|').replace("\\|", "\u{0}");
    let inner = inner.strip_suffix('|').unwrap_or(&inner).to_owned();
    inner.split('|').map(|cell| cell.trim().replace('\u{0}', "|")).collect()
}

/// The parts below a heading, up to the next one that is not deeper.
pub(super) fn below<'a>(parts: &'a [Part], heading: &str) -> &'a [Part] {
    let is_it = |part: &Part| matches!(part, Part::Heading(_, words) if words == heading);
    let start = parts.iter().position(is_it).unwrap_or_else(|| panic!("there is no heading `{heading}`"));
    let Part::Heading(depth, _) = &parts[start] else { return &[] };
    let rest = &parts[start + 1..];
    let end = rest.iter().position(|part| matches!(part, Part::Heading(other, _) if other <= depth));
    &rest[..end.unwrap_or(rest.len())]
}

/// The tables: each its rows, without its head.
pub(super) fn tables(parts: &[Part]) -> Vec<Vec<&[String]>> {
    let mut tables: Vec<Vec<&[String]>> = Vec::new();
    let mut is_open = false;
    for part in parts {
        match part {
            Part::Row(cells) if is_open => tables.last_mut().unwrap().push(cells),
            Part::Row(_) => tables.push(Vec::new()),
            _ => {}
        }
        is_open = matches!(part, Part::Row(_));
    }
    tables
}

/// What stands between backticks.
pub(super) fn code_spans(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).filter(|span| !span.is_empty()).map(str::to_owned).collect()
}

#[test]
fn a_page_is_cut_at_its_headings_blocks_and_tables() {
    let page = "# A\n\nwords `b` and `c d`\n<!-- hidden -->\n## B\n| x | y |\n|---|---|\n| `1 \\| 2` | 3 |\n\n```sh\n# no heading\n```\n## C\n";
    let parts = parts(page);
    let expected = [
        Part::Row(vec!["x".to_owned(), "y".to_owned()]),
        Part::Row(vec!["`1 | 2`".to_owned(), "3".to_owned()]),
        Part::Block("sh".to_owned(), "# no heading\n".to_owned()),
    ];
    assert_eq!(below(&parts, "B"), expected);
    assert_eq!(tables(&parts), [[["`1 | 2`", "3"]]]);
    assert_eq!(parts[2], Part::Comment("hidden".to_owned()));
    assert_eq!(code_spans("words `b` and `c d`"), ["b", "c d"]);
}
