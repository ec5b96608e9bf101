//! [`search`]: the members of a sorted set inside a shape.

use super::cell::Cell;
use super::cell::Point;
use super::shape::Shape;
use crate::bytes::Bytes;
use crate::value::Element;
use crate::value::ZSet;

/// A member inside a shape.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its name.
    pub member: Bytes,
    /// Its score.
    pub score: f64,
    /// Where it is.
    pub place: Point,
    /// How many metres it is from the middle.
    pub distance: f64,
}

/// The members inside a shape, as Redis finds them: cell by cell, and by their scores in each cell.
pub fn search(zset: &ZSet, shape: &Shape) -> impl Iterator<Item = Found> {
    let cells = shape.cells().into_iter();
    cells
        .flat_map(move |cell| members(zset, cell))
        .filter_map(|(member, score)| {
            let place = Point::from_score(score);
            let distance = shape.reaches(place)?;
            Some(Found {
                member: member.into(),
                score,
                place,
                distance,
            })
        })
}

/// The members inside a cell.
fn members(zset: &ZSet, cell: Cell) -> impl Iterator<Item = (Element<'_>, f64)> {
    let scores = cell.scores();
    let first = |limit: f64| zset.first_rank(|score, _| score < limit);
    zset.range(first(scores.start)..first(scores.end))
}
