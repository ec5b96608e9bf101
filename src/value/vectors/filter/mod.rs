//! [`Filter`]: what FILTER of VSIM asks of an element's attributes.
//!
//! An expression is brought into postfix order once (`compile`), and then run for each element over the
//! attributes that it names (`json` finds them). Like Redis's, the grammar has no more than operands and operators by
//! precedence: `1 2 +` is three, and `not not 1` fails, because the first `not` is applied before there is an operand.

mod compile;
mod json;
mod operator;
mod token;

use std::fmt;

use self::operator::Operator;
use crate::number::parse_f64;

/// A compiled expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// In postfix order; running them leaves one value.
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Constant(Scalar),
    /// The value of an attribute; without it, nothing matches.
    Attribute(Vec<u8>),
    Apply(Operator),
}

/// A value in an expression. There are no booleans: true is 1.
#[derive(Clone, Debug, PartialEq)]
enum Scalar {
    Number(f64),
    Text(Vec<u8>),
    Null,
    List(Vec<Scalar>),
}

/// An expression that can't be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// What is left of the expression where it goes wrong, or all of it.
    near: Vec<u8>,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let near = String::from_utf8_lossy(&self.near);
        write!(f, "syntax error in FILTER expression near: {near}")
    }
}

impl std::error::Error for FilterError {}

impl Filter {
    /// Reads an expression.
    ///
    /// # Errors
    ///
    /// Where it is not understood.
    pub fn new(expression: &[u8]) -> Result<Filter, FilterError> {
        let expression = expression.split(|&byte| byte == 0).next();
        compile::compile(expression.unwrap_or_default())
    }

    /// Whether the expression is true of these attributes.
    pub fn matches(&self, json: &[u8]) -> bool {
        self.run(json).is_some_and(|value| value.is_true())
    }

    /// The expression's value; `None` where an attribute is missing.
    fn run(&self, json: &[u8]) -> Option<Scalar> {
        let mut stack = Vec::new();
        for step in &self.steps {
            let value = match step {
                Step::Constant(value) => value.clone(),
                Step::Attribute(name) => json::attribute(json, name)?,
                Step::Apply(operator) => operator.apply(&mut stack)?,
            };
            stack.push(value);
        }
        stack.pop()
    }
}

impl Scalar {
    fn flag(yes: bool) -> Scalar {
        Scalar::Number(f64::from(u8::from(yes)))
    }

    fn is_true(&self) -> bool {
        match self {
            Scalar::Number(number) => *number != 0.0,
            Scalar::Text(text) => !text.is_empty(),
            Scalar::Null => false,
            Scalar::List(_) => true,
        }
    }

    /// The number that this is, or that its text is as a whole; otherwise 0.
    fn number(&self) -> f64 {
        match self {
            Scalar::Number(number) => *number,
            Scalar::Text(text) => text_number(text).unwrap_or(0.0),
            Scalar::Null | Scalar::List(_) => 0.0,
        }
    }

    /// Texts are equal as such, null to itself only, and everything else by number.
    fn equals(&self, other: &Scalar) -> bool {
        match (self, other) {
            (Scalar::Text(a), Scalar::Text(b)) => a == b,
            (Scalar::Null, Scalar::Null) => true,
            (Scalar::Null, _) | (_, Scalar::Null) => false,
            _ => self.number() == other.number(),
        }
    }

    /// Whether this is an item of a list, or a part of a text.
    fn is_in(&self, other: &Scalar) -> bool {
        match (self, other) {
            (_, Scalar::List(items)) => items.iter().any(|item| self.equals(item)),
            (Scalar::Text(part), Scalar::Text(text)) => {
                part.is_empty() || text.windows(part.len()).any(|window| window == *part)
            }
            _ => false,
        }
    }
}

/// What C's `strtod` reads, if it reads all.
fn text_number(text: &[u8]) -> Option<f64> {
    let text = text.trim_ascii_start();
    let decimal = || str::from_utf8(text).ok()?.parse().ok();
    parse_f64(text).or_else(decimal)
}

#[cfg(test)]
mod tests;
