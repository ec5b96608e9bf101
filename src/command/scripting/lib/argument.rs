//! Arguments of library functions, with the errors of Lua's own library.

use std::borrow::Cow;

use mlua::BorrowedBytes;
use mlua::Lua;
use mlua::MultiValue;
use mlua::Value;

use super::super::raised::Raised;

/// `bad argument #n to 'function' (message)`, with the name by which the running function was called.
pub(super) fn error(lua: &Lua, n: usize, message: &str) -> mlua::Error {
    let name = lua.inspect_stack(0, |debug| debug.names().name.map(Cow::into_owned));
    let name = name.flatten();
    let name = name.as_deref().unwrap_or("?");
    Raised::here(lua, format!("bad argument #{n} to '{name}' ({message})")).into()
}

/// Argument `n`, counted from 1, as a number.
pub(super) fn number(lua: &Lua, args: &MultiValue, n: usize) -> mlua::Result<f64> {
    let number = args
        .get(n - 1)
        .map(|value| lua.coerce_number(value.clone()));
    match number.transpose()?.flatten() {
        Some(number) => Ok(number),
        None => Err(mismatch(lua, args, n, "number")),
    }
}

/// Argument `n` as an integer: the number's integer part.
pub(super) fn integer(lua: &Lua, args: &MultiValue, n: usize) -> mlua::Result<i64> {
    number(lua, args, n).map(truncate)
}

/// Argument `n` as an integer, or `default` where it is nil or missing.
pub(super) fn optional(lua: &Lua, args: &MultiValue, n: usize, default: i64) -> mlua::Result<i64> {
    match args.get(n - 1) {
        None | Some(Value::Nil) => Ok(default),
        Some(_) => integer(lua, args, n),
    }
}

/// Argument `n` as a string; numbers are.
pub(super) fn string(lua: &Lua, args: &MultiValue, n: usize) -> mlua::Result<BorrowedBytes> {
    let text = args
        .get(n - 1)
        .map(|value| lua.coerce_string(value.clone()));
    match text.transpose()?.flatten() {
        Some(text) => Ok(text.as_bytes()),
        None => Err(mismatch(lua, args, n, "string")),
    }
}

/// Argument `n` is not of the type `expected`.
fn mismatch(lua: &Lua, args: &MultiValue, n: usize, expected: &str) -> mlua::Error {
    let got = args.get(n - 1).map_or("no value", type_name);
    error(lua, n, &format!("{expected} expected, got {got}"))
}

/// The name that Lua gives the type of `value`.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Integer(_) => "number",
        Value::LightUserData(_) | Value::Error(_) => "userdata",
        value => value.type_name(),
    }
}

/// The integer part as x86's conversion gives it: what does not fit becomes the smallest integer.
pub(in super::super) fn truncate(number: f64) -> i64 {
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    if (-BEYOND..BEYOND).contains(&number) {
        number as i64
    } else {
        i64::MIN
    }
}
