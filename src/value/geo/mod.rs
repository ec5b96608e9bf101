//! Places on the earth, kept as scores of sorted sets. Nothing here knows keys or arguments.
//!
//! - `cell`: a place as a score of 52 bits, and the cell of the earth around it.
//! - `shape`: distances, and what lies within a circle or a box.
//! - `search`: the members of a sorted set inside a shape.

mod cell;
mod search;
mod shape;

pub use cell::Point;
pub use search::Found;
pub use search::search;
pub use shape::Extent;
pub use shape::Shape;
pub use shape::distance;
