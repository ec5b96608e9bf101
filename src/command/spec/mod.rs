//! What a command's row can say, and what follows from it.
//!
//! Owns the vocabulary of the command tables (flags, groups, ACL categories, key specs, syntax
//! texts) and derives from it the keys of a command line and the replies of `COMMAND INFO` and
//! `COMMAND DOCS`. It knows no particular table and no handler.

mod describe;
mod flags;
mod keys;
mod names;
mod syntax;

#[cfg(test)]
mod tests;

pub use describe::Docs;
pub use describe::Facts;
pub use flags::*;
pub use keys::*;
pub use syntax::Argument;
pub use syntax::Kind;
pub use syntax::display;
pub use syntax::parse;
