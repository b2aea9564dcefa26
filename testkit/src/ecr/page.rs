//! Lists that come page by page.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::ecr::error;
use crate::wire::ServiceError;

/// Source: ECR API reference, `maxResults` of the list operations.
const SIZES: std::ops::RangeInclusive<u64> = 1..=1000;
const DEFAULT_SIZE: usize = 100;

/// Which page is asked for.
#[derive(Debug)]
pub(crate) struct Page {
    from: usize,
    size: usize,
}

impl Page {
    /// Reads `maxResults` and `nextToken`.
    pub(crate) fn read(input: &Value) -> Result<Self, ServiceError> {
        let size = match input["maxResults"].as_u64() {
            None => DEFAULT_SIZE,
            Some(size) if SIZES.contains(&size) => usize::try_from(size).unwrap_or(DEFAULT_SIZE),
            Some(_) => return Err(error::invalid_parameter("maxResults", "1 to 1000")),
        };
        let from = match input["nextToken"].as_str() {
            None => 0,
            Some(token) => {
                position(token).ok_or_else(|| error::invalid_parameter("nextToken", "a token of this list"))?
            }
        };
        Ok(Self { from, size })
    }
}

fn position(token: &str) -> Option<usize> {
    String::from_utf8(STANDARD.decode(token).ok()?).ok()?.parse().ok()
}

/// `{name: [the page's items], nextToken?}`.
pub(crate) fn cut(items: impl IntoIterator<Item = Value>, page: &Page, name: &str) -> Value {
    let mut items = items.into_iter().skip(page.from);
    let cut: Vec<Value> = items.by_ref().take(page.size).collect();
    let mut answer = Map::new();
    answer.insert(name.to_owned(), json!(cut));
    if items.next().is_some() {
        let next = STANDARD.encode((page.from + page.size).to_string());
        answer.insert("nextToken".to_owned(), json!(next));
    }
    Value::Object(answer)
}
