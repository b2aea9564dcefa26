//! Metric math, as far as alarms on shares need it: numbers, metrics, `+ - * /`, parentheses and `FILL(metric, number)`.

use crate::alarms::rule::invalid;
use crate::wire::ServiceError;

/// An expression over metrics that are named by their ids.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Number(f64),
    Name(String),
    Both(Box<(Self, char, Self)>),
    Fill(Box<(Self, Self)>),
}

impl Expression {
    /// Reads an expression.
    pub(super) fn read(text: &str) -> Result<Self, ServiceError> {
        let mut tokens = Tokens(text);
        let read = sum(&mut tokens).filter(|_| tokens.peek().is_none());
        read.ok_or_else(|| invalid(format!("the local AWS does not play the expression `{text}`")))
    }

    /// The metrics that it names.
    pub(super) fn names(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Self::Number(_) => Box::new(std::iter::empty()),
            Self::Name(name) => Box::new(std::iter::once(name.as_str())),
            Self::Both(parts) => Box::new(parts.0.names().chain(parts.2.names())),
            Self::Fill(parts) => Box::new(parts.0.names().chain(parts.1.names())),
        }
    }

    /// Its value. There is none if a value in it is missing, or if it divides by zero.
    ///
    /// Source: CloudWatch user guide, using metric math: such a data point is left out.
    pub(super) fn value(&self, metric: &dyn Fn(&str) -> Option<f64>) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Name(name) => metric(name),
            Self::Fill(parts) => parts.0.value(metric).or_else(|| parts.1.value(metric)),
            Self::Both(parts) => {
                let (left, right) = (parts.0.value(metric)?, parts.2.value(metric)?);
                match parts.1 {
                    '+' => Some(left + right),
                    '-' => Some(left - right),
                    '*' => Some(left * right),
                    _ => (right != 0.0).then(|| left / right),
                }
            }
        }
    }
}

/// What is left of the text.
struct Tokens<'a>(&'a str);

impl<'a> Tokens<'a> {
    fn peek(&mut self) -> Option<char> {
        self.0 = self.0.trim_start();
        self.0.chars().next()
    }

    fn take(&mut self, wanted: char) -> Option<()> {
        self.peek().filter(|next| *next == wanted)?;
        self.0 = &self.0[wanted.len_utf8()..];
        Some(())
    }

    /// A name or a number.
    fn word(&mut self) -> Option<&'a str> {
        self.peek()?;
        let end = self.0.find(|one: char| !one.is_ascii_alphanumeric() && one != '_' && one != '.');
        let (word, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest;
        Some(word).filter(|word| !word.is_empty())
    }
}

fn sum(tokens: &mut Tokens<'_>) -> Option<Expression> {
    chain(tokens, ['+', '-'], |tokens| chain(tokens, ['*', '/'], operand))
}

fn chain(
    tokens: &mut Tokens<'_>,
    signs: [char; 2],
    part: impl Fn(&mut Tokens<'_>) -> Option<Expression>,
) -> Option<Expression> {
    let mut left = part(tokens)?;
    while let Some(sign) = tokens.peek().filter(|next| signs.contains(next)) {
        tokens.take(sign)?;
        left = Expression::Both(Box::new((left, sign, part(tokens)?)));
    }
    Some(left)
}

fn operand(tokens: &mut Tokens<'_>) -> Option<Expression> {
    if tokens.take('(').is_some() {
        let inner = sum(tokens)?;
        tokens.take(')')?;
        return Some(inner);
    }
    let word = tokens.word()?;
    if word == "FILL" {
        tokens.take('(')?;
        let filled = sum(tokens)?;
        tokens.take(',')?;
        let with = sum(tokens)?;
        tokens.take(')')?;
        return Some(Expression::Fill(Box::new((filled, with))));
    }
    // An id begins with a small letter; what else begins with a letter is a function.
    match word.chars().next()? {
        'a'..='z' => Some(Expression::Name(word.to_owned())),
        '0'..='9' | '.' => word.parse().ok().map(Expression::Number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<f64> {
        let metric = |name: &str| match name {
            "errors" => Some(3.0),
            "requests" => Some(12.0),
            "zero" => Some(0.0),
            _ => None,
        };
        Expression::read(text).unwrap().value(&metric)
    }

    #[test]
    fn shares_are_computed_and_gaps_are_filled() {
        for (text, expected) in [
            ("errors", Some(3.0)),
            ("100*errors/requests", Some(25.0)),
            ("100 * (errors + 3) / requests - 0.5", Some(49.5)),
            ("10 - 4 - 3", Some(3.0)),
            ("2 + 3 * 4", Some(14.0)),
            ("errors / zero", None),
            ("errors + gone", None),
            ("FILL(gone, 0) / requests", Some(0.0)),
            ("FILL(errors, 0)", Some(3.0)),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
        let names = Expression::read("FILL(a, 0) / (b + c)").unwrap();
        assert_eq!(names.names().collect::<Vec<_>>(), ["a", "b", "c"]);
    }

    #[test]
    fn what_is_not_played_is_refused() {
        for text in
            ["", "errors +", "(errors", "errors requests", "IF(errors, 1)", "FILL(errors)", "errors > 3", "1.2.3"]
        {
            assert_eq!(Expression::read(text).unwrap_err().code, "InvalidParameterValue", "{text}");
        }
    }
}
