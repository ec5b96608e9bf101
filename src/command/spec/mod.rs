//! What a command's row can say, and what follows from it.
//!
//! Owns the vocabulary of the command tables (flags, groups, ACL categories, key specs, syntax
//! texts) and derives from it a command line's keys and a text's arguments.
//! It knows no particular table, no handler and no reply.

mod flags;
mod keys;
mod names;
mod syntax;

#[cfg(test)]
mod tests;

pub use flags::*;
pub use keys::*;
pub use syntax::Argument;
pub use syntax::Kind;
pub use syntax::display;
pub use syntax::parse;
