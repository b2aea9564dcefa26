//! Conditions, filters and projections. Source: developer guide, "Condition and filter expressions, operators, and functions in DynamoDB".
//!
//! Played are `=`, `<>`, `attribute_exists`, `attribute_not_exists`, `begins_with` and `contains` on whole attributes, with `AND`, `OR`,
//! `NOT` and parentheses. The rest of the language is refused.

mod parse;
mod placeholders;
mod reserved;
mod token;

use serde_json::Value;

use super::item::Item;
use super::{error, input, value};
use crate::wire::ServiceError;

pub(super) use placeholders::Placeholders;

/// What is asked of an item. Names and values have taken the place of their placeholders.
#[derive(Debug, PartialEq)]
pub(super) enum Condition {
    /// Whether both operands are equal.
    Equal(Operand, Operand),
    /// Whether the item has an attribute.
    Exists(String),
    /// Whether the first operand contains the second.
    Contains(Operand, Operand),
    /// Whether the first operand begins with the second.
    BeginsWith(Operand, Operand),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

/// One side of a comparison.
#[derive(Debug, PartialEq)]
pub(super) enum Operand {
    /// The attribute of a name.
    Attribute(String),
    /// A value of the request.
    Value(Value),
}

impl Operand {
    fn of<'a>(&'a self, item: &'a Item) -> Option<&'a Value> {
        match self {
            Self::Attribute(name) => item.get(name),
            Self::Value(value) => Some(value),
        }
    }
}

impl Condition {
    /// The condition in a member of a request, if there is one.
    pub(super) fn sent(
        sent: &Value,
        member: &'static str,
        placeholders: &mut Placeholders<'_>,
    ) -> Result<Option<Self>, ServiceError> {
        let text = input::text(sent, member)?;
        text.map(|text| parse::condition(member, text, placeholders)).transpose()
    }

    /// Whether it holds for an item; an item that is not there is an empty one.
    pub(super) fn holds(&self, item: &Item) -> bool {
        let both = |left: &Operand, right: &Operand, test: fn(&Value, &Value) -> bool| {
            left.of(item).zip(right.of(item)).is_some_and(|(left, right)| test(left, right))
        };
        match self {
            Self::Equal(left, right) => both(left, right, value::equal),
            Self::Exists(name) => item.contains_key(name),
            Self::Contains(left, right) => both(left, right, value::contains),
            Self::BeginsWith(left, right) => both(left, right, value::begins_with),
            Self::Not(inner) => !inner.holds(item),
            Self::And(left, right) => left.holds(item) && right.holds(item),
            Self::Or(left, right) => left.holds(item) || right.holds(item),
        }
    }
}

/// The attributes that a `ProjectionExpression` asks for; none if there is no such expression.
pub(super) fn projection(
    sent: &Value,
    placeholders: &mut Placeholders<'_>,
) -> Result<Option<Vec<String>>, ServiceError> {
    let member = "ProjectionExpression";
    let text = input::text(sent, member)?;
    text.map(|text| parse::names(member, text, placeholders)).transpose()
}

/// An error in an expression.
fn wrong(member: &str, what: &str) -> ServiceError {
    error::invalid(format!("Invalid {member}: {what}"))
}

#[cfg(test)]
mod tests;
