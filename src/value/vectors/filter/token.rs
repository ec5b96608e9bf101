//! [`Tokens`]: an expression's operands and operators, from left to right.

use super::Scalar;
use super::operator::Operator;

/// An operand or an operator.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Constant(Scalar),
    Attribute(Vec<u8>),
    Operator(Operator),
}

/// An expression that is being read.
pub(super) struct Tokens<'a> {
    rest: &'a [u8],
    /// Whether a minus sign in front of a digit belongs to the number: not behind an operand.
    signed: bool,
}

/// The expression goes wrong where the reading stopped.
#[derive(Debug)]
pub(super) struct Stuck;

impl<'a> Tokens<'a> {
    pub(super) fn new(expression: &'a [u8]) -> Tokens<'a> {
        Tokens {
            rest: expression,
            signed: true,
        }
    }

    /// What is not read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next token; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Token>, Stuck> {
        self.skip_space();
        if self.rest.is_empty() {
            return Ok(None);
        }
        let token = self.token()?;
        self.signed = matches!(token, Token::Operator(operator) if operator != Operator::Close);
        Ok(Some(token))
    }

    fn token(&mut self) -> Result<Token, Stuck> {
        match self.rest {
            [b'0'..=b'9', ..] => self.number().map(Token::Constant),
            [b'-', b'0'..=b'9', ..] if self.signed => self.number().map(Token::Constant),
            [b'"' | b'\'', ..] => self.text().map(Token::Constant),
            [b'[', ..] => self.list().map(Token::Constant),
            [b'.'] => self.attribute(),
            [b'.', next, ..] if is_name(next) => self.attribute(),
            _ => self.word(),
        }
    }

    fn skip_space(&mut self) {
        self.take_while(|byte| matches!(byte, b' ' | b'\t'..=b'\r'));
    }

    fn take_while(&mut self, belongs: impl Fn(&u8) -> bool) -> &'a [u8] {
        let len = self.rest.iter().take_while(|byte| belongs(byte)).count();
        self.take(len)
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(len);
        self.rest = rest;
        taken
    }

    fn number(&mut self) -> Result<Scalar, Stuck> {
        let sign = usize::from(self.rest.starts_with(b"-"));
        let digits = self.rest[sign..].iter();
        let len = digits.take_while(|byte| is_number(byte)).count();
        let text = str::from_utf8(self.take(sign + len)).map_err(|_| Stuck)?;
        text.parse().map(Scalar::Number).map_err(|_| Stuck)
    }

    /// A text in quotes; a backslash keeps the quote behind it from ending the text, and stays.
    fn text(&mut self) -> Result<Scalar, Stuck> {
        let quote = self.take(1)[0];
        let mut len = 0;
        while let Some(byte) = self.rest.get(len) {
            match byte {
                b'\\' if len + 1 < self.rest.len() => len += 2,
                byte if *byte == quote => {
                    let text = self.take(len).to_vec();
                    self.take(1);
                    return Ok(Scalar::Text(text));
                }
                _ => len += 1,
            }
        }
        self.take(self.rest.len());
        Err(Stuck)
    }

    fn list(&mut self) -> Result<Scalar, Stuck> {
        self.take(1);
        let mut items = Vec::new();
        loop {
            self.skip_space();
            if self.rest.starts_with(b"]") {
                self.take(1);
                return Ok(Scalar::List(items));
            }
            items.push(self.item()?);
            self.skip_space();
            match self.rest {
                [b',', ..] => drop(self.take(1)),
                [b']', ..] => {}
                _ => return Err(Stuck),
            }
        }
    }

    fn item(&mut self) -> Result<Scalar, Stuck> {
        match self.rest {
            [b'0'..=b'9', ..] | [b'-', b'0'..=b'9', ..] => self.number(),
            [b'"' | b'\'', ..] => self.text(),
            _ => Err(Stuck),
        }
    }

    fn attribute(&mut self) -> Result<Token, Stuck> {
        self.take(1);
        Ok(Token::Attribute(self.take_while(is_name).to_vec()))
    }

    /// An operator or `null`. Letters and signs count as one word when there is nothing that it begins with.
    fn word(&mut self) -> Result<Token, Stuck> {
        let len = self.rest.iter().take_while(|byte| is_word(byte)).count();
        let word = &self.rest[..len];
        if word == b"null" {
            self.take(len);
            return Ok(Token::Constant(Scalar::Null));
        }
        let Some((operator, spelled)) = Operator::at_start(word) else {
            self.take(len);
            return Err(Stuck);
        };
        self.take(spelled);
        Ok(Token::Operator(operator))
    }
}

fn is_name(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn is_number(byte: &u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E')
}

fn is_word(byte: &u8) -> bool {
    byte.is_ascii_alphabetic() || b"+-*/%<>=!&|()".contains(byte)
}
