//! The stable codes of the errors, and the exit codes that they lead to, as the sources have them.
//!
//! Read from the exhaustive maps themselves, the functions `exit` and `code` of each `impl Fault for`: a code that is added there is here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::TOOLS;
use crate::architecture::{code as shipped, sources};

/// Exit codes, as a page writes them: `1`, `128+n`.
pub(super) type Exits = BTreeSet<String>;

/// By who gives them (a tool, or `contract`): the codes, each with its exit codes.
pub(super) type Codes = BTreeMap<String, BTreeMap<String, Exits>>;

/// What the run itself gives, which no map says: `contract/src/invocation.rs`.
const OF_THE_RUN: [(&str, &str); 5] =
    [("usage", "2"), ("bug", "3"), ("system", "3"), ("interrupted", "128+n"), ("timeout", "4")];

/// Maps of what is wrong with an input, to which an `impl Fault for` refers: what they name is always exit code 2.
const OF_INPUTS: [(&str, &str); 2] = [("scan-gate/src/proof.rs", "code"), ("net-audit/src/error.rs", "snapshot_code")];

/// All codes.
pub(super) fn all() -> Codes {
    let mut codes = Codes::new();
    for member in TOOLS.into_iter().chain(["contract"]) {
        for (path, text) in sources(&format!("{member}/src")) {
            let text = shipped(&text);
            for (code, exits) in of_file(&path, &text) {
                // What a registry says is for the one tool that speaks with registries.
                let owner = if code.starts_with("registry.") { "ecr-push" } else { member };
                codes.entry(owner.to_owned()).or_default().entry(code).or_default().extend(exits);
            }
        }
    }
    codes
}

fn of_file(path: &Path, text: &str) -> Vec<(String, Exits)> {
    let mut found = Vec::new();
    for body in bodies(text, "impl Fault for ") {
        let exits = bodies(body, "fn exit(").first().map(|body| exits(body)).unwrap_or_default();
        let codes = bodies(body, "fn code(").first().map(|body| arms(body)).unwrap_or_default();
        for (variant, words) in codes {
            let words = words.into_iter().filter(|word| is_code(word) || word.contains('{'));
            let codes = words.flat_map(|word| expanded(&word, &variant, text));
            found.extend(codes.map(|(code, variant)| (code, exits_of(&variant, &exits))));
        }
    }
    for (file, function) in OF_INPUTS {
        if path.ends_with(file) {
            let words =
                bodies(text, &format!("fn {function}(")).into_iter().flat_map(literals).filter(|word| is_code(word));
            found.extend(words.map(|word| (word, Exits::from(["2".to_owned()]))));
        }
    }
    for (code, exit) in OF_THE_RUN {
        let given = [format!("code: \"{code}\""), format!("ended_early(\"{code}\"")];
        if given.iter().any(|given| text.contains(given)) {
            found.push((code.to_owned(), Exits::from([exit.to_owned()])));
        }
    }
    found
}

/// A code that is put together is all that it can be, each with its variant.
fn expanded(word: &str, variant: &Variant, text: &str) -> Vec<(String, Variant)> {
    match word {
        "{family}.{kind}" => {
            let kinds = bodies(text, "let kind = match self.kind ").into_iter().flat_map(arms);
            let families = |(kind, words): (Variant, Vec<String>)| {
                ["aws", "registry"].map(|family| (format!("{family}.{}", words.concat()), kind.clone()))
            };
            kinds.filter(|(_, words)| !words.is_empty()).flat_map(families).collect()
        }
        "preflight.{topic}" => {
            let finding = super::page::text("ecs-deploy/src/finding.rs");
            let topics = bodies(&finding, "impl fmt::Display for Topic ").into_iter().flat_map(literals);
            topics.map(|topic| (format!("preflight.{topic}"), variant.clone())).collect()
        }
        word => {
            assert!(is_code(word), "a code that this test cannot put together: {word}");
            vec![(word.to_owned(), variant.clone())]
        }
    }
}

fn is_code(word: &str) -> bool {
    let is_plain = word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.".contains(&byte));
    is_plain && (word.contains('.') || OF_THE_RUN.iter().any(|(code, _)| *code == word))
}

/// What stands in the braces behind each place where `head` stands.
fn bodies<'a>(text: &'a str, head: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(head) {
        let Some(open) = text[at..].find('{').map(|offset| at + offset) else { continue };
        let mut depth = 0;
        let mut is_string = false;
        let mut is_escaped = false;
        for (offset, byte) in text[open..].bytes().enumerate() {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => is_string = !is_string,
                b'{' if !is_string => depth += 1,
                b'}' if !is_string => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                found.push(&text[open + 1..open + offset]);
                break;
            }
        }
    }
    found
}

/// The string literals.
fn literals(text: &str) -> Vec<String> {
    text.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// A pattern: the variant, and the one that it has to hold if that matters. Neither is there for `_`, and where there are no patterns.
type Variant = Option<(String, Option<String>)>;

/// The arms of a map: every pattern with the words of its value, literals or `Exit`s.
fn arms(body: &str) -> Vec<(Variant, Vec<String>)> {
    let mut arms: Vec<(Variant, Vec<String>)> = Vec::new();
    let mut open: Vec<Variant> = vec![None];
    let mut is_value = true;
    let mut words = Vec::new();
    let mut rest = body;
    while let Some(character) = rest.chars().next() {
        let mut length = character.len_utf8();
        if character == '"' {
            let literal = rest[1..].split('"').next().unwrap_or_default();
            length = literal.len() + 2;
            words.push(literal.to_owned());
        } else if let Some(exit) = rest.strip_prefix("Exit::") {
            let word: String =
                exit.chars().take_while(|next| next.is_alphanumeric() || "(*)".contains(*next)).collect();
            length = 6 + word.len();
            words.push(word);
        } else if rest.starts_with("=>") {
            (is_value, length) = (true, 2);
        } else if let Some(pattern) = pattern(rest) {
            if is_value {
                let words = std::mem::take(&mut words);
                arms.extend(open.drain(..).map(|variant| (variant, words.clone())));
                is_value = false;
            }
            length = if pattern.is_none() { 1 } else { 6 };
            open.push(pattern);
        }
        rest = &rest[length..];
    }
    arms.extend(open.into_iter().map(|variant| (variant, words.clone())));
    arms
}

/// The pattern that begins here, if one does.
fn pattern(text: &str) -> Option<Variant> {
    let ident = |text: &str| text.chars().take_while(char::is_ascii_alphanumeric).collect::<String>();
    if text.strip_prefix('_').is_some_and(|rest| rest.trim_start().starts_with("=>")) {
        return Some(None);
    }
    let rest = text.strip_prefix("Self::").or_else(|| text.strip_prefix("CallErrorKind::"))?;
    let variant = ident(rest);
    let inner = rest[variant.len()..].strip_prefix('(').and_then(|inner| inner.split_once("::"));
    let inner = inner.filter(|(path, _)| path.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    Some(Some((variant, inner.map(|(_, inner)| ident(inner)))))
}

/// The exit codes of each variant.
fn exits(body: &str) -> Vec<(Variant, Exits)> {
    let number = |word: &String| match word.trim_end_matches(')') {
        "Yes" => "0".to_owned(),
        "No" => "1".to_owned(),
        "Usage" => "2".to_owned(),
        "World" => "3".to_owned(),
        "Unknown" => "4".to_owned(),
        word if word.starts_with("Signal") => "128+n".to_owned(),
        word => word.trim_start_matches("Child(").to_owned(),
    };
    arms(body).into_iter().map(|(variant, words)| (variant, words.iter().map(number).collect())).collect()
}

fn exits_of(variant: &Variant, exits: &[(Variant, Exits)]) -> Exits {
    let whole = variant.as_ref().map(|(name, _)| (name.clone(), None));
    let of = |wanted: &Variant| -> Exits {
        exits.iter().filter(|(variant, _)| variant == wanted).flat_map(|(_, exits)| exits.clone()).collect()
    };
    let candidates = [of(variant), of(&whole), of(&None)];
    candidates.into_iter().find(|exits| !exits.is_empty()).unwrap_or_default()
}

#[test]
fn the_maps_are_read_with_their_exit_codes() {
    let codes = all();
    let exits = |owner: &str, code: &str| codes[owner][code].iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    for (owner, code, expected) in [
        ("scan-gate", "gate.shut", "1"),
        ("scan-gate", "report.stale", "2"),
        ("ecr-push", "source.unreadable", "2"),
        ("ecr-push", "disk.full", "3"),
        ("ecr-push", "registry.timeout", "4"),
        ("ecs-deploy", "container.ambiguous", "2"),
        ("ecs-deploy", "task_definition.shape", "3"),
        ("ecs-deploy", "preflight.platform", "1"),
        ("ecs-deploy", "interrupted", "128+n"),
        ("net-audit", "snapshot.empty", "2"),
        ("tfstate-lock", "command.not_found", "127"),
        ("tfstate-lock", "state.digest_not_set", "1, 3, 4"),
        ("contract", "upstream.refused", "1"),
        ("contract", "input.empty", "2"),
        ("contract", "aws.access_denied", "3"),
        ("contract", "aws.timeout", "4"),
        ("contract", "bug", "3"),
    ] {
        assert_eq!(exits(owner, code), expected, "{owner} {code}");
    }
    for (owner, codes) in &codes {
        for (code, exits) in codes {
            assert!(!exits.is_empty(), "{owner}: nothing says the exit code of {code}");
        }
    }
}
