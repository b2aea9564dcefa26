//! What a page says in passing of a command line: the tool, its commands and its flags are there.

use std::collections::{BTreeMap, BTreeSet};

use super::TOOLS;
use super::page::{Part, code_spans, parts, text};
use super::tool_pages::{help, subcommands};

const OTHER_PAGES: [&str; 4] = ["README.md", "docs/contract.md", "docs/architecture.md", "docs/troubleshooting.md"];

/// What can be typed behind the name of a tool.
#[derive(Default)]
struct Grammar {
    commands: Vec<String>,
    flags: BTreeSet<String>,
}

fn grammars() -> BTreeMap<&'static str, Grammar> {
    let grammar = |tool: &'static str| {
        let whole = help(&[tool]);
        let commands = subcommands(&whole);
        let inner = commands.iter().map(|command| help(&[tool, command]));
        let flags = inner.chain([whole.clone()]).flat_map(|help| flags(&help)).collect();
        (tool, Grammar { commands, flags })
    };
    TOOLS.into_iter().map(grammar).collect()
}

/// The flags that a help page explains.
fn flags(help: &str) -> Vec<String> {
    let heads = help.lines().map(str::trim).filter(|line| line.starts_with('-'));
    heads.flat_map(|line| line.split([' ', ',', '=']).filter(|word| word.starts_with('-')).map(str::to_owned)).collect()
}

/// The command lines in a text, each cut into words: what stands between pipes, quotes and the like, and begins with the name of a tool.
fn command_lines(text: &str) -> Vec<Vec<String>> {
    let joined = text.replace("\\\n", " ").replace("\\|", "|");
    let pieces = joined.split(['|', '\n', ';', '&', '(', ')', '\'']);
    let words = pieces.map(|piece| piece.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    words.filter(|words| words.first().is_some_and(|first| TOOLS.contains(&first.as_str()))).collect()
}

fn assert_known(place: &str, line: &[String], grammars: &BTreeMap<&'static str, Grammar>) {
    let Grammar { commands, flags } = &grammars[line[0].as_str()];
    // Behind it stands the command of `run`, with flags of its own.
    let own = line.iter().take_while(|word| *word != "--");
    for flag in own.filter(|word| word.starts_with('-') && *word != "-") {
        let name = flag.split('=').next().unwrap_or(flag).trim_end_matches([',', '.', ':', '\'']);
        assert!(flags.contains(name), "{place}: `{}` has no {name}", line.join(" "));
    }
    let second = line.get(1).filter(|word| word.bytes().all(|byte| byte.is_ascii_lowercase()));
    if let (false, Some(command)) = (commands.is_empty(), second) {
        assert!(commands.contains(command), "{place}: `{}`: there is no {command}", line.join(" "));
    }
}

#[test]
fn every_command_line_on_a_page_is_one_that_the_tool_knows() {
    let grammars = grammars();
    let pages = TOOLS.map(|tool| format!("docs/{tool}.md"));
    let mut seen = 0;
    for page in pages.iter().map(String::as_str).chain(OTHER_PAGES) {
        for part in parts(&text(page)) {
            let texts = match part {
                Part::Block(language, _) if language == "mermaid" => Vec::new(),
                Part::Block(_, block) => vec![block],
                Part::Line(line) => code_spans(&line),
                Part::Row(cells) => cells.iter().flat_map(|cell| code_spans(cell)).collect(),
                Part::Heading(..) | Part::Comment(_) => Vec::new(),
            };
            for line in texts.iter().flat_map(|text| command_lines(text)) {
                assert_known(page, &line, &grammars);
                seen += 1;
            }
        }
    }
    assert!(seen > 100, "only {seen} command lines were found");
}

/// Programs whose flags are not ours.
const FOREIGN: [&str; 4] = ["-lock=false", "-lock=true", "-chdir=FOLDER", "-"];

#[test]
fn every_flag_that_a_tools_page_names_is_one_of_the_tool() {
    let grammars = grammars();
    for tool in TOOLS {
        let page = text(&format!("docs/{tool}.md"));
        let prose = parts(&page).into_iter().flat_map(|part| match part {
            Part::Line(line) => code_spans(&line),
            Part::Row(cells) => cells.iter().flat_map(|cell| code_spans(cell)).collect(),
            _ => Vec::new(),
        });
        for span in prose.filter(|span| span.starts_with('-') && !FOREIGN.contains(&span.as_str())) {
            let name = span.split([' ', '=']).next().unwrap_or_default();
            assert!(grammars[tool].flags.contains(name), "docs/{tool}.md names `{span}`");
        }
    }
}

#[test]
fn every_command_line_in_a_hint_is_one_that_the_tool_knows() {
    let grammars = grammars();
    let mut seen = 0;
    for member in TOOLS.into_iter().chain(["contract"]) {
        for (path, source) in crate::architecture::sources(&format!("{member}/src")) {
            let source = crate::architecture::code(&source).replace("\\\"", "'");
            let literals = source.split('"').skip(1).step_by(2);
            let spoken = literals.filter(|literal| literal.contains(' ')).map(|literal| literal.replace(": ", "\n"));
            for line in spoken.flat_map(|literal| command_lines(&literal)) {
                assert_known(&path.display().to_string(), &line, &grammars);
                seen += 1;
            }
        }
    }
    assert!(seen > 10, "only {seen} command lines were found");
}

#[test]
fn what_cannot_run_without_an_account_is_understood_all_the_same() {
    let sandbox = testkit::sandbox::Sandbox::new();
    let pages = TOOLS.map(|tool| format!("docs/{tool}.md"));
    let mut seen = 0;
    for page in pages.iter().map(String::as_str).chain(["README.md"]) {
        let parts = parts(&text(page));
        let synopsis = |place: usize| {
            place
                .checked_sub(1)
                .is_some_and(|before| matches!(&parts[before], Part::Heading(_, words) if words == "Synopsis"))
        };
        for (_, part) in parts.iter().enumerate().filter(|(place, _)| !synopsis(*place)) {
            let Part::Block(language, block) = part else { continue };
            let shown = if language == "text" { command_lines(block) } else { Vec::new() };
            for words in shown {
                let typed = words.into_iter().take_while(|word| ![">", "<"].contains(&word.as_str()));
                let typed: Vec<String> = typed.filter(|word| word != "--iam-policy").collect();
                let (tool, arguments) = typed.split_first().unwrap();
                let asked = sandbox.tool(tool).args(arguments).args(["--iam-policy"]).run().code(0);
                let _ = asked.stdout_contains("\"Statement\"");
                seen += 1;
            }
        }
    }
    assert!(seen >= 10, "only {seen} command lines were found");
}
