//! An expression in pieces.

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, a function or a word like `AND`.
    Word,
    /// `#name`.
    Name,
    /// `:value`.
    Value,
    /// Everything else: an operator, a bracket, a comma, or a character that means nothing.
    Symbol,
}

/// A piece, and where it begins in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    pub(super) start: usize,
}

impl Token<'_> {
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// All pieces, without the white space between them.
pub(super) fn split(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(first) = text[start..].chars().next() {
        if first.is_whitespace() {
            start += first.len_utf8();
            continue;
        }
        let (kind, length) = piece(&text[start..], first);
        tokens.push(Token { kind, text: &text[start..start + length], start });
        start += length;
    }
    tokens
}

fn piece(rest: &str, first: char) -> (Kind, usize) {
    let is_of_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let word = |rest: &str| rest.find(|character| !is_of_word(character)).unwrap_or(rest.len());
    match first {
        '#' => (Kind::Name, 1 + word(&rest[1..])),
        ':' => (Kind::Value, 1 + word(&rest[1..])),
        _ if is_of_word(first) => (Kind::Word, word(rest)),
        _ if ["<>", "<=", ">="].iter().any(|operator| rest.starts_with(operator)) => (Kind::Symbol, 2),
        _ => (Kind::Symbol, first.len_utf8()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_cut_where_its_pieces_end() {
        let texts: Vec<&str> = split("NOT(#a<>:b)AND c_1 = :d é").into_iter().map(|token| token.text).collect();
        assert_eq!(texts, ["NOT", "(", "#a", "<>", ":b", ")", "AND", "c_1", "=", ":d", "é"]);
        let kinds: Vec<Kind> = split("a #a :a é").into_iter().map(|token| token.kind).collect();
        assert_eq!(kinds, [Kind::Word, Kind::Name, Kind::Value, Kind::Symbol]);
    }
}
