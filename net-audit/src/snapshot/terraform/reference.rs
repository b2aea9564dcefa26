//! References as Terraform writes them: `module.net.aws_subnet.app["a"].id`.

use std::fmt;

use serde::Deserialize;

/// The key of an instance: of `count` or of `for_each`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(untagged)]
pub(super) enum Key {
    Index(u64),
    Name(String),
}

/// A part of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Name(String),
    Key(Key),
}

/// One level of a module's path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) key: Option<Key>,
}

/// What is referred to, and the attributes and keys behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    Resource {
        managed: bool,
        kind: String,
        name: String,
        key: Option<Key>,
        rest: Vec<Part>,
    },
    Output {
        call: String,
        key: Option<Key>,
        name: Option<String>,
        rest: Vec<Part>,
    },
    Variable {
        name: String,
        rest: Vec<Part>,
    },
    /// `each.value`.
    Each {
        rest: Vec<Part>,
    },
    /// `count.index` or `each.key`.
    Iteration,
    /// Terraform does not tell what a local value is made of.
    Local,
    /// What is always known, such as `path.module`.
    Constant,
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(formatter, "{index}"),
            Self::Name(name) => write!(formatter, "{name}"),
        }
    }
}

/// Takes a reference apart; what is not understood ends it.
fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('[') {
            let Some((key, behind)) = key(inside) else { break };
            parts.push(Part::Key(key));
            rest = behind;
            continue;
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        if name.is_empty() {
            break;
        }
        parts.push(Part::Name(name.to_owned()));
        rest = behind;
    }
    parts
}

/// A key behind its opening bracket, and what follows its closing one.
fn key(text: &str) -> Option<(Key, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (digits, behind) = text.split_once(']')?;
        return Some((Key::Index(digits.parse().ok()?), behind));
    };
    let mut name = String::new();
    let mut characters = quoted.char_indices();
    while let Some((place, character)) = characters.next() {
        match character {
            '\\' => name.push(characters.next()?.1),
            '"' => return quoted.get(place + 1..)?.strip_prefix(']').map(|behind| (Key::Name(name), behind)),
            other => name.push(other),
        }
    }
    None
}

/// The path of a module by its address, `module.net["a"].module.inner`; empty for the root.
pub(super) fn module_path(address: &str) -> Vec<Step> {
    let mut path: Vec<Step> = Vec::new();
    let mut parts = parts(address).into_iter();
    while let Some(part) = parts.next() {
        match (part, path.last_mut()) {
            (Part::Name(word), _) if word == "module" => {
                let Some(Part::Name(name)) = parts.next() else { break };
                path.push(Step { name, key: None });
            }
            (Part::Key(key), Some(step)) => step.key = Some(key),
            _ => break,
        }
    }
    path
}

fn name(parts: &mut std::iter::Peekable<std::vec::IntoIter<Part>>) -> Option<String> {
    match parts.next_if(|part| matches!(part, Part::Name(_)))? {
        Part::Name(name) => Some(name),
        Part::Key(_) => None,
    }
}

fn index(parts: &mut std::iter::Peekable<std::vec::IntoIter<Part>>) -> Option<Key> {
    match parts.next_if(|part| matches!(part, Part::Key(_)))? {
        Part::Key(key) => Some(key),
        Part::Name(_) => None,
    }
}

impl Reference {
    /// Reads one reference.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut parts = parts(text).into_iter().peekable();
        let first = name(&mut parts)?;
        Some(match first.as_str() {
            "local" => Self::Local,
            "path" | "terraform" | "self" => Self::Constant,
            "count" => Self::Iteration,
            "each" => match name(&mut parts)?.as_str() {
                "key" => Self::Iteration,
                _ => Self::Each { rest: parts.collect() },
            },
            "var" => Self::Variable { name: name(&mut parts)?, rest: parts.collect() },
            "module" => Self::Output {
                call: name(&mut parts)?,
                key: index(&mut parts),
                name: name(&mut parts),
                rest: parts.collect(),
            },
            "data" => Self::Resource {
                managed: false,
                kind: name(&mut parts)?,
                name: name(&mut parts)?,
                key: index(&mut parts),
                rest: parts.collect(),
            },
            _ => Self::Resource {
                managed: true,
                kind: first,
                name: name(&mut parts)?,
                key: index(&mut parts),
                rest: parts.collect(),
            },
        })
    }

    /// The references of one expression. Terraform writes each one followed by its own beginnings, which are left out here.
    pub(super) fn of_expression(texts: &[&str]) -> Vec<Self> {
        let mut references = Vec::new();
        let mut previous: Option<&str> = None;
        for text in texts {
            let is_beginning = previous
                .is_some_and(|longer| longer.strip_prefix(text).is_some_and(|behind| behind.starts_with(['.', '['])));
            if !is_beginning {
                // What cannot be read may be anything.
                references.push(Self::read(text).unwrap_or(Self::Local));
            }
            previous = Some(text);
        }
        references
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_told_apart() {
        let resource = |key: Option<Key>, rest: &[&str]| Reference::Resource {
            managed: true,
            kind: "aws_subnet".to_owned(),
            name: "a".to_owned(),
            key,
            rest: rest.iter().map(|name| Part::Name((*name).to_owned())).collect(),
        };
        let cases = [
            ("aws_subnet.a", resource(None, &[])),
            ("aws_subnet.a.id", resource(None, &["id"])),
            ("aws_subnet.a[3].id", resource(Some(Key::Index(3)), &["id"])),
            (r#"aws_subnet.a["x.y\"]"].id"#, resource(Some(Key::Name("x.y\"]".to_owned())), &["id"])),
            ("local.x", Reference::Local),
            ("each.key", Reference::Iteration),
            ("count.index", Reference::Iteration),
            ("each.value.zone", Reference::Each { rest: vec![Part::Name("zone".to_owned())] }),
            ("path.module", Reference::Constant),
            (
                "module.net[0].ids[1]",
                Reference::Output {
                    call: "net".to_owned(),
                    key: Some(Key::Index(0)),
                    name: Some("ids".to_owned()),
                    rest: vec![Part::Key(Key::Index(1))],
                },
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(Reference::read(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn beginnings_of_a_reference_are_no_references_of_their_own() {
        let texts = ["aws_subnet.a[0].id", "aws_subnet.a[0]", "aws_subnet.a", "aws_subnet.a", "count.index"];
        let expected: Vec<Reference> = ["aws_subnet.a[0].id", "aws_subnet.a", "count.index"]
            .iter()
            .map(|text| Reference::read(text).unwrap())
            .collect();
        assert_eq!(Reference::of_expression(&texts), expected);
    }

    #[test]
    fn the_path_of_a_module_keeps_its_keys() {
        let path = module_path(r#"module.net["a"].module.inner[2]"#);
        let step = |name: &str, key| Step { name: name.to_owned(), key: Some(key) };
        assert_eq!(path, [step("net", Key::Name("a".to_owned())), step("inner", Key::Index(2))]);
        assert_eq!(module_path(""), []);
    }
}
