//! One page of an answer.

use roxmltree::{Document, Node};
use serde_json::value::RawValue;

use super::operation::{Operation, REST_OF_RECORD};
use super::shape::{Shape, Structure};

/// The parameters that ask for the next page: none if this was the last.
pub(super) type Next = Vec<(&'static str, String)>;

/// The elements of a list as JSON, page by page.
#[derive(Debug, Default)]
pub(super) struct Elements {
    /// Each behind a bracket or a comma.
    json: Vec<u8>,
}

impl Elements {
    fn push(&mut self, structure: &Structure<'_, '_>) -> Result<(), String> {
        self.json.push(if self.json.is_empty() { b'[' } else { b',' });
        serde_json::to_writer(&mut self.json, structure).map_err(|error| error.to_string())
    }

    /// All of them as one JSON array.
    pub(super) fn array(mut self) -> Result<Box<RawValue>, String> {
        if self.json.is_empty() {
            self.json.push(b'[');
        }
        self.json.push(b']');
        let json = String::from_utf8(self.json).map_err(|error| error.to_string())?;
        RawValue::from_string(json).map_err(|error| error.to_string())
    }
}

/// Reads a page, and says how the next one is asked for. `added` is a member that every element gets.
///
/// # Errors
/// It is not the answer of this operation: whatever stands between us and AWS may have answered.
pub(super) fn read(
    operation: &Operation,
    xml: &str,
    added: Option<(&'static str, &str)>,
    elements: &mut Elements,
) -> Result<Next, String> {
    let document = Document::parse(xml).map_err(|error| format!("the answer is no XML: {error}"))?;
    let result = result(operation, document.root_element())?;
    let list = child(result, |name| operation.list.is(name));
    let list = list.ok_or_else(|| format!("the answer has no {}", operation.list.element))?;
    let shape: Shape = operation.list.shape();
    for node in list.children().filter(Node::is_element) {
        elements.push(&Structure { node, shape, added })?;
    }
    Ok(next(operation, result))
}

/// The element that holds the list: the root in EC2 and Route 53, the one below it elsewhere.
fn result<'a, 'input>(operation: &Operation, root: Node<'a, 'input>) -> Result<Node<'a, 'input>, String> {
    let name = operation.name();
    let said = root.tag_name().name();
    if said.strip_suffix("Response") != Some(name) {
        return Err(format!("the answer is `{said}`"));
    }
    let is_result = |element: &str| element.strip_suffix("Result") == Some(name);
    Ok(child(root, is_result).unwrap_or(root))
}

fn next(operation: &Operation, result: Node<'_, '_>) -> Next {
    let of = |name: &str| text(result, name).filter(|text| !text.is_empty());
    let Some(paging) = &operation.paging else { return Next::new() };
    let Some(token) = of(paging.element) else { return Next::new() };
    let mut next = vec![(paging.parameter, token)];
    if paging.element == "NextRecordName" {
        next.extend(REST_OF_RECORD.into_iter().filter_map(|(parameter, element)| Some((parameter, of(element)?))));
    }
    next
}

fn child<'a, 'input>(parent: Node<'a, 'input>, is: impl Fn(&str) -> bool) -> Option<Node<'a, 'input>> {
    parent.children().find(|node| node.is_element() && is(node.tag_name().name()))
}

fn text(parent: Node<'_, '_>, name: &str) -> Option<String> {
    child(parent, |element| element == name).and_then(|node| node.text()).map(str::to_owned)
}

/// The text of the first element of this name, however deep.
pub(super) fn find_text(xml: &str, name: &str) -> Option<String> {
    let document = Document::parse(xml).ok()?;
    let node = document.descendants().find(|node| node.tag_name().name() == name)?;
    node.text().map(str::to_owned)
}

#[cfg(test)]
mod tests;
