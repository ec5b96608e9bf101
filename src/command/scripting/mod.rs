//! Scripts: what EVAL, EVALSHA and SCRIPT need. Lua itself is in `lua`; it reaches commands only through [`Host`].

mod api;
mod convert;
mod lib;
mod lua;
mod raised;
mod sandbox;
mod shebang;

#[cfg(test)]
mod tests;

pub use lua::Host;
pub use lua::Interpreter;
pub use lua::sha1_hex;
pub use shebang::ScriptFlags;
