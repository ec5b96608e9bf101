//! [`Operator`]: what stands between operands, how strongly it binds, and what it does.

use super::Scalar;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Open,
    Close,
    Not,
    Power,
    Times,
    Divide,
    Remainder,
    Plus,
    Minus,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    In,
    And,
    Or,
}

use Operator::*;

/// The spellings; one that another begins with comes after that.
const SPELLINGS: &[(&[u8], Operator)] = &[
    (b"**", Power),
    (b">=", GreaterOrEqual),
    (b"<=", LessOrEqual),
    (b"==", Equal),
    (b"!=", NotEqual),
    (b"&&", And),
    (b"||", Or),
    (b"and", And),
    (b"or", Or),
    (b"not", Not),
    (b"in", In),
    (b"(", Open),
    (b")", Close),
    (b"!", Not),
    (b"*", Times),
    (b"/", Divide),
    (b"%", Remainder),
    (b"+", Plus),
    (b"-", Minus),
    (b">", Greater),
    (b"<", Less),
];

impl Operator {
    /// The operator that `text` begins with, and the length of its spelling.
    pub(super) fn at_start(text: &[u8]) -> Option<(Operator, usize)> {
        let spelling = SPELLINGS
            .iter()
            .find(|(spelling, _)| text.starts_with(spelling));
        spelling.map(|(spelling, operator)| (*operator, spelling.len()))
    }

    /// Whether this is applied before `next`, which comes after it.
    pub(super) fn goes_before(self, next: Operator) -> bool {
        let (own, other) = (self.strength(), next.strength());
        own > other || (own == other && next != Power)
    }

    fn strength(self) -> u8 {
        match self {
            Open | Close => 0,
            Or => 1,
            And => 2,
            Greater | GreaterOrEqual | Less | LessOrEqual | Equal | NotEqual | In => 3,
            Plus | Minus => 4,
            Times | Divide | Remainder => 5,
            Power => 6,
            Not => 7,
        }
    }

    /// How many operands it takes.
    pub(super) fn operands(self) -> usize {
        match self {
            Not => 1,
            _ => 2,
        }
    }

    /// Takes the operands from the stack; what it makes of them.
    pub(super) fn apply(self, stack: &mut Vec<Scalar>) -> Option<Scalar> {
        let right = stack.pop()?;
        if self == Not {
            return Some(Scalar::flag(!right.is_true()));
        }
        let left = stack.pop()?;
        let (a, b) = (left.number(), right.number());
        Some(match self {
            Open | Close | Not => return None,
            Power => Scalar::Number(a.powf(b)),
            Times => Scalar::Number(a * b),
            Divide => Scalar::Number(a / b),
            Remainder => Scalar::Number(a % b),
            Plus => Scalar::Number(a + b),
            Minus => Scalar::Number(a - b),
            Greater => Scalar::flag(a > b),
            GreaterOrEqual => Scalar::flag(a >= b),
            Less => Scalar::flag(a < b),
            LessOrEqual => Scalar::flag(a <= b),
            Equal => Scalar::flag(left.equals(&right)),
            NotEqual => Scalar::flag(!left.equals(&right)),
            In => Scalar::flag(left.is_in(&right)),
            And => Scalar::flag(left.is_true() && right.is_true()),
            Or => Scalar::flag(left.is_true() || right.is_true()),
        })
    }
}
