//! Expressions to postfix order: Dijkstra's shunting yard.

use super::Filter;
use super::FilterError;
use super::Step;
use super::operator::Operator;
use super::token::Stuck;
use super::token::Token;
use super::token::Tokens;

/// Redis reads all tokens first: where it can't, it shows what is left. Of an expression that does not hold together, it
/// shows all.
pub(super) fn compile(expression: &[u8]) -> Result<Filter, FilterError> {
    let mut rest = Tokens::new(expression);
    let tokens = tokens(&mut rest).map_err(|Stuck| near(rest.rest(), expression))?;
    let steps = postfix(tokens).filter(|steps| leaves_one_value(steps));
    let filter = steps.map(|steps| Filter { steps });
    filter.ok_or_else(|| near(expression, expression))
}

fn near(rest: &[u8], expression: &[u8]) -> FilterError {
    let near = if rest.is_empty() { expression } else { rest };
    FilterError { near: near.into() }
}

fn tokens(rest: &mut Tokens<'_>) -> Result<Vec<Token>, Stuck> {
    let mut tokens = Vec::new();
    while let Some(token) = rest.next()? {
        tokens.push(token);
    }
    Ok(tokens)
}

/// The tokens in postfix order; `None` where parentheses don't match.
fn postfix(tokens: Vec<Token>) -> Option<Vec<Step>> {
    let (mut steps, mut waiting) = (Vec::new(), Vec::new());
    for token in tokens {
        match token {
            Token::Constant(value) => steps.push(Step::Constant(value)),
            Token::Attribute(name) => steps.push(Step::Attribute(name)),
            Token::Operator(Operator::Open) => waiting.push(Operator::Open),
            Token::Operator(Operator::Close) => close(&mut waiting, &mut steps)?,
            Token::Operator(operator) => {
                let ready = |before: &mut Operator| before.goes_before(operator);
                while let Some(before) = waiting.pop_if(ready) {
                    steps.push(Step::Apply(before));
                }
                waiting.push(operator);
            }
        }
    }
    let unclosed = waiting.contains(&Operator::Open);
    steps.extend(waiting.into_iter().rev().map(Step::Apply));
    (!unclosed).then_some(steps)
}

/// Applies what waits inside the parentheses.
fn close(waiting: &mut Vec<Operator>, steps: &mut Vec<Step>) -> Option<()> {
    loop {
        match waiting.pop()? {
            Operator::Open => return Some(()),
            operator => steps.push(Step::Apply(operator)),
        }
    }
}

/// Whether every operator finds its operands, and one value is left in the end.
fn leaves_one_value(steps: &[Step]) -> bool {
    let mut depth = 0_usize;
    for step in steps {
        let operands = match step {
            Step::Constant(_) | Step::Attribute(_) => 0,
            Step::Apply(operator) => operator.operands(),
        };
        match depth.checked_sub(operands) {
            Some(left) => depth = left + 1,
            None => return false,
        }
    }
    depth == 1
}
