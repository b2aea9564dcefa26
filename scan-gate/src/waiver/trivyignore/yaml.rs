//! As much of YAML as a list of waivers needs, with the line of everything: no anchors, no tags, no second document, nothing deep, no name twice.

use yaml_rust2::parser::{Event, Parser};
use yaml_rust2::scanner::TScalarStyle;

use crate::waiver::file::WaiverError;

const DEEPEST: usize = 8;

/// A value.
#[derive(Debug)]
pub(super) enum Node {
    Null,
    Text(String),
    List(Vec<(usize, Self)>),
    Map(Vec<(String, usize, Self)>),
}

impl Node {
    pub(super) fn text(&self) -> Result<String, String> {
        match self {
            Self::Null => Err("it is empty".to_owned()),
            Self::Text(text) if text.trim().is_empty() => Err("it is empty".to_owned()),
            Self::Text(text) => Ok(text.trim().to_owned()),
            _ => Err("a text must stand here".to_owned()),
        }
    }

    /// A list that is empty would stand for no list at all, which is about more.
    pub(super) fn texts(&self) -> Result<Vec<String>, String> {
        match self {
            Self::Null => Err("it is empty: leave it out".to_owned()),
            Self::List(nodes) if nodes.is_empty() => Err("it is empty: leave it out".to_owned()),
            Self::List(nodes) => nodes.iter().map(|(_, node)| node.text()).collect(),
            _ => Err("a list must stand here".to_owned()),
        }
    }
}

/// The document and its first line; none if nothing is there.
pub(super) fn read(text: &str) -> Result<Option<(usize, Node)>, WaiverError> {
    let mut events = Events(Parser::new_from_str(text));
    loop {
        match events.next()? {
            (_, Event::StreamEnd) => return Ok(None),
            (_, Event::DocumentStart) => break,
            _ => {}
        }
    }
    let (line, event) = events.next()?;
    let node = events.node(line, event, 0)?;
    loop {
        match events.next()? {
            (_, Event::StreamEnd) => break,
            (line, Event::DocumentStart) => return Err(wrong(line, "a second document begins here")),
            _ => {}
        }
    }
    Ok(if matches!(node, Node::Null) { None } else { Some((line, node)) })
}

fn wrong(line: usize, cause: &str) -> WaiverError {
    WaiverError::wrong(format!("line {line}"), cause)
}

struct Events<'a>(Parser<std::str::Chars<'a>>);

impl Events<'_> {
    fn next(&mut self) -> Result<(usize, Event), WaiverError> {
        let (event, marker) = self.0.next_token().map_err(|error| wrong(error.marker().line(), error.info()))?;
        Ok((marker.line(), event))
    }

    fn node(&mut self, line: usize, event: Event, depth: usize) -> Result<Node, WaiverError> {
        if depth > DEEPEST {
            return Err(wrong(line, "it is too deep"));
        }
        match event {
            Event::Scalar(_, _, _, Some(_)) | Event::SequenceStart(_, Some(_)) | Event::MappingStart(_, Some(_)) => {
                Err(wrong(line, "a tag stands here, which is not followed"))
            }
            Event::Scalar(_, _, 1.., None) | Event::SequenceStart(1.., None) | Event::MappingStart(1.., None) => {
                Err(wrong(line, "an anchor stands here, which is not followed"))
            }
            Event::Scalar(text, TScalarStyle::Plain, ..) if ["", "~", "null", "Null", "NULL"].contains(&&*text) => {
                Ok(Node::Null)
            }
            Event::Scalar(text, ..) => Ok(Node::Text(text)),
            Event::SequenceStart(..) => {
                let mut nodes = Vec::new();
                loop {
                    match self.next()? {
                        (_, Event::SequenceEnd) => return Ok(Node::List(nodes)),
                        (line, event) => nodes.push((line, self.node(line, event, depth + 1)?)),
                    }
                }
            }
            Event::MappingStart(..) => self.map(depth),
            _ => Err(wrong(line, "this is not followed here")),
        }
    }

    fn map(&mut self, depth: usize) -> Result<Node, WaiverError> {
        let mut members: Vec<(String, usize, Node)> = Vec::new();
        loop {
            let (line, event) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Node::Map(members));
            }
            let name = self.node(line, event, depth + 1)?.text().map_err(|cause| wrong(line, &cause))?;
            if members.iter().any(|(known, ..)| *known == name) {
                return Err(wrong(line, &format!("`{name}` stands there twice")));
            }
            let (value_line, event) = self.next()?;
            let value = self.node(value_line, event, depth + 1)?;
            members.push((name, line, value));
        }
    }
}
