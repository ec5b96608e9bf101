//! The libraries that Redis adds to Lua. They know Lua values only, nothing of Redis.

pub(super) mod argument;
pub(super) mod random;

use mlua::Lua;
use mlua::Table;

/// The libraries by name.
pub(super) fn tables(lua: &Lua) -> mlua::Result<Table> {
    let tables = lua.create_table()?;
    Ok(tables)
}
