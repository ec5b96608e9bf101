//! The world a script runs in: which globals there are, that they can't be changed, and which errors say so.
//!
//! `sandbox.lua` builds it; this file gives it what only Rust can do. It knows nothing of replies or commands.

use mlua::Function;
use mlua::Lua;
use mlua::LuaOptions;
use mlua::LuaString;
use mlua::StdLib;
use mlua::Table;
use mlua::Value;

use super::raised::Raised;
use super::raised::caught;
use super::raised::frame;

/// The name of the chunk `sandbox.lua`: its functions are never where an error "happened".
pub(super) const CHUNK: &str = "=sandbox";

/// A built world.
pub(super) struct Sandbox {
    /// The interpreter; its globals are those a script sees.
    pub(super) lua: Lua,
    /// The table behind the read-only globals: `KEYS` and `ARGV` are put here.
    pub(super) globals: Table,
    /// Calls a script: true and its result, or false and a table with `err`, `source` and `line`.
    pub(super) run: Function,
}

/// A Lua without what reaches outside: no files, no modules, no debugger.
pub(super) fn bare() -> mlua::Result<Lua> {
    let libraries = StdLib::TABLE | StdLib::STRING | StdLib::MATH;
    Lua::new_with(libraries, LuaOptions::new().catch_rust_panics(false))
}

/// Builds the world around `libraries`, the tables that Rust provides; `rust` holds what `sandbox.lua` itself
/// needs of other files.
pub(super) fn build(lua: Lua, libraries: &Table, rust: &Table) -> mlua::Result<Sandbox> {
    rust.set("raise", lua.create_function(raise)?)?;
    rust.set("caught", lua.create_function(caught)?)?;
    rust.set("refuse_write", lua.create_function(refuse_write)?)?;
    rust.set("undefined_global", lua.create_function(undefined_global)?)?;
    rust.set("error_handler", lua.create_function(error_handler)?)?;
    let chunk = lua.load(include_str!("sandbox.lua")).set_name(CHUNK);
    let (shown, globals, run): (Table, Table, Function) =
        chunk.call((lua.globals(), rust, libraries))?;
    lua.set_globals(shown)?;
    Ok(Sandbox { lua, globals, run })
}

/// Raises `message` for a function of `sandbox.lua`, after the place that called it if `placed`.
fn raise(lua: &Lua, (message, placed): (LuaString, bool)) -> mlua::Result<()> {
    let message = &*message.as_bytes();
    Err(if placed {
        Raised::here(lua, message)
    } else {
        Raised::Text(message.into())
    }
    .into())
}

fn refuse_write(lua: &Lua, _: mlua::MultiValue) -> mlua::Result<()> {
    Err(Raised::here(lua, "Attempt to modify a readonly table").into())
}

fn undefined_global(lua: &Lua, (_, name): (Value, Value)) -> mlua::Result<()> {
    let name = name.to_string()?;
    let message = format!("Script attempted to access nonexistent global variable '{name}'");
    Err(Raised::here(lua, message).into())
}

/// Makes a table of any error and notes where it was raised, as long as the stack still stands.
fn error_handler(lua: &Lua, error: Value) -> mlua::Result<Table> {
    let table = match caught(lua, error)? {
        Value::Table(table) => table,
        other => {
            let mut text = b"ERR ".to_vec();
            match &other {
                Value::String(message) => text.extend_from_slice(&message.as_bytes()),
                other => text.extend_from_slice(other.to_string()?.as_bytes()),
            }
            let table = lua.create_table()?;
            table.set("err", lua.create_string(text)?)?;
            table
        }
    };
    let frames = (1..).map_while(|level| frame(lua, level));
    if let Some(frame) = frames.into_iter().find(|frame| frame.line.is_some()) {
        table.set("source", frame.source)?;
        table.set("line", frame.line)?;
    }
    Ok(table)
}
