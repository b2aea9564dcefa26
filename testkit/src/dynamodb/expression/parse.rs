//! Reads expressions by descent: `OR` binds least, then `AND`, then `NOT`, then comparisons and functions.

use super::super::{error, value};
use super::token::{Kind, Token, split};
use super::{Condition, Operand, Placeholders, reserved, wrong};
use crate::wire::ServiceError;

/// In bytes. Source: developer guide, "Constraints in Amazon DynamoDB", "Expression parameters".
const LONGEST: usize = 4096;

/// How deep conditions may lie in each other, so that none can exhaust the stack. DynamoDB's own limit is another: 300 operators.
const DEEPEST: usize = 100;

/// What DynamoDB knows and the local AWS does not play.
const NOT_PLAYED: [&str; 10] = ["<", "<=", ">", ">=", "BETWEEN", "IN", "attribute_type", "size", ".", "["];

/// Reads the condition in a member of a request.
pub(super) fn condition(
    member: &'static str,
    text: &str,
    placeholders: &mut Placeholders<'_>,
) -> Result<Condition, ServiceError> {
    let mut parser = Parser::of(member, text, placeholders)?;
    let condition = parser.disjunction()?;
    parser.check_end()?;
    Ok(condition)
}

/// Reads the names of a projection.
pub(super) fn names(
    member: &'static str,
    text: &str,
    placeholders: &mut Placeholders<'_>,
) -> Result<Vec<String>, ServiceError> {
    let mut parser = Parser::of(member, text, placeholders)?;
    let mut names = vec![parser.attribute()?];
    while parser.takes(",") {
        let name = parser.attribute()?;
        if names.contains(&name) {
            let what =
                "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: ";
            return Err(wrong(member, &format!("{what}[{name}], path two: [{name}]")));
        }
        names.push(name);
    }
    parser.check_end()?;
    Ok(names)
}

struct Parser<'a, 'p, 's> {
    /// The member of the request, for messages.
    member: &'static str,
    text: &'a str,
    tokens: Vec<Token<'a>>,
    at: usize,
    /// How many parentheses and negations are open.
    depth: usize,
    /// The places of the last two parentheses that belong together.
    group: Option<(usize, usize)>,
    placeholders: &'p mut Placeholders<'s>,
}

impl<'a, 'p, 's> Parser<'a, 'p, 's> {
    fn of(member: &'static str, text: &'a str, placeholders: &'p mut Placeholders<'s>) -> Result<Self, ServiceError> {
        if text.len() > LONGEST {
            return Err(wrong(member, "Expression size has exceeded the maximum allowed size;"));
        }
        let tokens = split(text);
        if tokens.is_empty() {
            return Err(wrong(member, "The expression can not be empty;"));
        }
        Ok(Self { member, text, tokens, at: 0, depth: 0, group: None, placeholders })
    }

    fn disjunction(&mut self) -> Result<Condition, ServiceError> {
        let mut left = self.conjunction()?;
        while self.takes_word("OR") {
            left = Condition::Or(left.into(), self.conjunction()?.into());
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Result<Condition, ServiceError> {
        let mut left = self.negation()?;
        while self.takes_word("AND") {
            left = Condition::And(left.into(), self.negation()?.into());
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Condition, ServiceError> {
        if self.takes_word("NOT") {
            let inner = self.deeper(Self::negation)?;
            return Ok(Condition::Not(inner.into()));
        }
        if self.next() == "(" {
            return self.deeper(Self::parenthesis);
        }
        if self.peek(0).is_some_and(|token| token.kind == Kind::Word)
            && self.peek(1).is_some_and(|next| next.text == "(")
        {
            return self.function();
        }
        self.comparison()
    }

    fn deeper(&mut self, read: fn(&mut Self) -> Result<Condition, ServiceError>) -> Result<Condition, ServiceError> {
        if self.depth == DEEPEST {
            return Err(wrong(self.member, "The expression is nested too deeply;"));
        }
        self.depth += 1;
        let condition = read(self)?;
        self.depth -= 1;
        Ok(condition)
    }

    fn parenthesis(&mut self) -> Result<Condition, ServiceError> {
        let open = self.at;
        self.take("(")?;
        let inner = self.disjunction()?;
        let close = self.at;
        self.take(")")?;
        if self.group == Some((open + 1, close - 1)) {
            return Err(wrong(self.member, "The expression has redundant parentheses;"));
        }
        self.group = Some((open, close));
        Ok(inner)
    }

    fn comparison(&mut self) -> Result<Condition, ServiceError> {
        let left = self.operand()?;
        let operator = self.next();
        if operator != "=" && operator != "<>" {
            return Err(self.unexpected());
        }
        self.at += 1;
        let right = self.operand()?;
        self.check_distinct(operator, &left, &right)?;
        let equal = Condition::Equal(left, right);
        // What is not there differs from everything.
        Ok(if operator == "=" { equal } else { Condition::Not(equal.into()) })
    }

    fn function(&mut self) -> Result<Condition, ServiceError> {
        let name = self.next();
        if NOT_PLAYED.contains(&name) {
            return Err(self.unexpected());
        }
        let known = ["attribute_exists", "attribute_not_exists", "begins_with", "contains"];
        if !known.contains(&name) {
            return Err(wrong(self.member, &format!("Invalid function name; function: {name}")));
        }
        self.at += 1;
        let operands = self.operands()?;
        let count = operands.len();
        let mut operands = operands.into_iter();
        match (name, operands.next(), operands.next(), count) {
            ("attribute_exists", Some(operand), None, _) => Ok(Condition::Exists(self.path(name, operand)?)),
            ("attribute_not_exists", Some(operand), None, _) => {
                Ok(Condition::Not(Condition::Exists(self.path(name, operand)?).into()))
            }
            ("contains", Some(whole), Some(part), 2) => {
                self.check_distinct(name, &whole, &part)?;
                Ok(Condition::Contains(whole, part))
            }
            ("begins_with", Some(whole), Some(start), 2) => {
                self.check_text(name, &start)?;
                Ok(Condition::BeginsWith(whole, start))
            }
            _ => Err(wrong(
                self.member,
                &format!(
                    "Incorrect number of operands for operator or function; \
                     operator or function: {name}, number of operands: {count}"
                ),
            )),
        }
    }

    fn operands(&mut self) -> Result<Vec<Operand>, ServiceError> {
        self.take("(")?;
        let mut operands = vec![self.operand()?];
        while self.takes(",") {
            operands.push(self.operand()?);
        }
        self.take(")")?;
        Ok(operands)
    }

    fn operand(&mut self) -> Result<Operand, ServiceError> {
        match self.peek(0) {
            Some(token) if token.kind == Kind::Value => {
                self.at += 1;
                Ok(Operand::Value(self.placeholders.value(self.member, token.text)?))
            }
            _ => Ok(Operand::Attribute(self.attribute()?)),
        }
    }

    fn attribute(&mut self) -> Result<String, ServiceError> {
        let Some(token) = self.peek(0) else {
            return Err(self.unexpected());
        };
        let is_function = self.peek(1).is_some_and(|next| next.text == "(");
        let name = match token.kind {
            Kind::Name => self.placeholders.name(self.member, token.text)?,
            Kind::Word
                if !is_function
                    && !is_operator(token.text)
                    && !token.text.starts_with(|c: char| c.is_ascii_digit()) =>
            {
                self.check_not_reserved(token.text)?;
                token.text.to_owned()
            }
            _ => return Err(self.unexpected()),
        };
        self.at += 1;
        // Where a path goes on, no other token can stand.
        if self.next() == "." || self.next() == "[" { Err(self.unexpected()) } else { Ok(name) }
    }

    fn path(&self, function: &str, operand: Operand) -> Result<String, ServiceError> {
        match operand {
            Operand::Attribute(name) => Ok(name),
            Operand::Value(_) => {
                let what = "Operator or function requires a document path; operator or function: ";
                Err(wrong(self.member, &format!("{what}{function}")))
            }
        }
    }

    fn check_text(&self, function: &str, operand: &Operand) -> Result<(), ServiceError> {
        let Operand::Value(given) = operand else {
            return Ok(());
        };
        match value::parts(given) {
            Some(("S", _)) => Ok(()),
            Some(("B", _)) => Err(error::not_played("begins_with of bytes")),
            other => {
                let kind = other.map_or("", |(kind, _)| kind);
                let what = "Incorrect operand type for operator or function; operator or function: ";
                Err(wrong(self.member, &format!("{what}{function}, operand type: {kind}")))
            }
        }
    }

    fn check_distinct(&self, operator: &str, left: &Operand, right: &Operand) -> Result<(), ServiceError> {
        let Operand::Attribute(name) = left else {
            return Ok(());
        };
        if left != right {
            return Ok(());
        }
        let what =
            "The first operand must be distinct from the remaining operands for this operator or function; operator: ";
        Err(wrong(self.member, &format!("{what}{operator}, first operand: [{name}]")))
    }

    fn check_not_reserved(&self, name: &str) -> Result<(), ServiceError> {
        if !reserved::is_reserved(name) {
            return Ok(());
        }
        let what = "Attribute name is a reserved keyword; reserved keyword: ";
        Err(wrong(self.member, &format!("{what}{name}")))
    }

    fn check_end(&self) -> Result<(), ServiceError> {
        if self.at < self.tokens.len() { Err(self.unexpected()) } else { Ok(()) }
    }

    fn peek(&self, ahead: usize) -> Option<Token<'a>> {
        self.tokens.get(self.at + ahead).copied()
    }

    /// The text of the next token; empty at the end.
    fn next(&self) -> &'a str {
        self.peek(0).map_or("", |token| token.text)
    }

    fn takes(&mut self, symbol: &str) -> bool {
        let takes = self.next() == symbol;
        self.at += usize::from(takes);
        takes
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let takes = self.next().eq_ignore_ascii_case(word);
        self.at += usize::from(takes);
        takes
    }

    fn take(&mut self, symbol: &str) -> Result<(), ServiceError> {
        if self.takes(symbol) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// The error of the next token, which cannot stand where it does.
    fn unexpected(&self) -> ServiceError {
        let token = self.next();
        if NOT_PLAYED.contains(&token) || ["BETWEEN", "IN"].contains(&token.to_ascii_uppercase().as_str()) {
            return error::not_played(&format!("`{token}` in expressions"));
        }
        let end = self.text.len();
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |token| token.start);
        let after = self.peek(1).or(self.peek(0)).map_or(end, |token| token.end());
        let shown = if token.is_empty() { "<EOF>" } else { token };
        wrong(self.member, &format!("Syntax error; token: \"{shown}\", near: \"{}\"", &self.text[before..after]))
    }
}

fn is_operator(word: &str) -> bool {
    ["AND", "OR", "NOT", "BETWEEN", "IN"].contains(&word.to_ascii_uppercase().as_str())
}
