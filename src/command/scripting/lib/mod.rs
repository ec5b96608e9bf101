//! The libraries that Redis adds to Lua. They know Lua values only, nothing of Redis.

pub(super) mod argument;
mod bit;
pub(super) mod cjson;
mod cmsgpack;
mod number;
pub(super) mod random;
mod struct_;

use std::sync::Arc;

use mlua::Lua;
use mlua::Table;

/// The libraries by name.
pub(super) fn tables(lua: &Lua, cjson: &Arc<cjson::Settings>) -> mlua::Result<Table> {
    let tables = lua.create_table()?;
    tables.set("cjson", cjson::table(lua, cjson)?)?;
    tables.set("cmsgpack", cmsgpack::table(lua)?)?;
    tables.set("struct", struct_::table(lua)?)?;
    tables.set("bit", bit::table(lua)?)?;
    Ok(tables)
}
