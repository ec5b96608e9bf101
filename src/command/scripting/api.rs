//! The table `redis`: its constants and the functions that check their arguments before the host is asked.
//!
//! `redis.call` belongs to one run, because it borrows the host. It also answers [`Request`]s, marked by a
//! value that no script can make, so that all else here is created once per interpreter.

use mlua::Function;
use mlua::IntoLuaMulti;
use mlua::LightUserData;
use mlua::Lua;
use mlua::LuaString;
use mlua::MultiValue;
use mlua::Table;
use mlua::Value;

use super::lua::sha1_hex;
use super::raised::Raised;

/// What `redis.call` is asked for when its first argument is not a command name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// Call the command that follows; give an error as a value.
    Pcall = 1,
    /// Write a level and a message to the log.
    Log,
    /// Change the protocol of replies.
    SetProtocol,
    /// Change what is replicated.
    SetReplication,
    /// Whether the command that follows is allowed.
    MayRun,
    /// A random number.
    Random,
    /// Why the script has to stop, if it has to.
    Interrupted,
}

const REQUESTS: [Request; 7] = [
    Request::Pcall,
    Request::Log,
    Request::SetProtocol,
    Request::SetReplication,
    Request::MayRun,
    Request::Random,
    Request::Interrupted,
];

impl Request {
    /// The value that stands for the request. Scripts have no such pointers but null.
    pub(super) fn mark(self) -> LightUserData {
        LightUserData(std::ptr::without_provenance_mut(self as usize))
    }

    /// The request that `value` stands for.
    pub(super) fn from_mark(value: &Value) -> Option<Request> {
        let Value::LightUserData(mark) = value else {
            return None;
        };
        REQUESTS.into_iter().find(|request| request.mark() == *mark)
    }
}

/// Sends `request` to the host of the run that is active.
pub(super) fn ask<R: mlua::FromLuaMulti>(
    redis: &Table,
    request: Request,
    args: impl IntoLuaMulti,
) -> mlua::Result<R> {
    let call: Function = redis.raw_get("call")?;
    let lua = redis.weak_lua().upgrade();
    let mut args = args.into_lua_multi(&lua)?;
    args.push_front(Value::LightUserData(request.mark()));
    call.call(args)
}

const CONSTANTS: [(&str, i64); 10] = [
    ("LOG_DEBUG", 0),
    ("LOG_VERBOSE", 1),
    ("LOG_NOTICE", 2),
    ("LOG_WARNING", 3),
    ("REPL_NONE", 0),
    ("REPL_AOF", 1),
    ("REPL_SLAVE", 2),
    ("REPL_REPLICA", 2),
    ("REPL_ALL", 3),
    ("REDIS_VERSION_NUM", 0x0008_0203),
];

/// The table, but for `call` and what `sandbox.lua` adds.
pub(super) fn table(lua: &Lua) -> mlua::Result<Table> {
    let redis = lua.create_table()?;
    for (name, number) in CONSTANTS {
        redis.set(name, number)?;
    }
    redis.set("REDIS_VERSION", "8.2.3")?;
    redis.set("sha1hex", lua.create_function(sha1hex)?)?;
    for (name, function) in [
        ("log", log as fn(&Table, MultiValue) -> mlua::Result<Value>),
        ("setresp", setresp),
        ("set_repl", set_repl),
        ("acl_check_cmd", acl_check_cmd),
    ] {
        let table = redis.clone();
        redis.set(
            name,
            lua.create_function(move |_, args| function(&table, args))?,
        )?;
    }
    Ok(redis)
}

/// `redis.error_reply`'s text: a message without a code gets the code ERR.
pub(super) fn error_text(lua: &Lua, text: LuaString) -> mlua::Result<LuaString> {
    let text = &*text.as_bytes();
    let text = without_line_end(text.strip_prefix(b"-").unwrap_or(text));
    if text.contains(&b' ') {
        lua.create_string(text)
    } else {
        lua.create_string([b"ERR ", text].concat())
    }
}

fn without_line_end(text: &[u8]) -> &[u8] {
    let kept = text.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n'));
    &text[..kept.map_or(0, |last| last + 1)]
}

fn sha1hex(lua: &Lua, args: MultiValue) -> mlua::Result<String> {
    if args.len() != 1 {
        return Err(Raised::api("wrong number of arguments").into());
    }
    let text = lua.coerce_string(args[0].clone())?;
    Ok(text.map_or_else(|| sha1_hex(b""), |text| sha1_hex(&text.as_bytes())))
}

fn log(redis: &Table, args: MultiValue) -> mlua::Result<Value> {
    let lua = redis.weak_lua().upgrade();
    if args.len() < 2 {
        return Err(Raised::api("redis.log() requires two arguments or more.").into());
    }
    let level = number(&lua, &args[0])?
        .ok_or_else(|| Raised::api("First argument must be a number (log level)."))?;
    if !(0..=3).contains(&(level as i64)) {
        return Err(Raised::api("Invalid log level.").into());
    }
    let mut message = Vec::new();
    for (index, part) in args.iter().skip(1).enumerate() {
        if let Some(text) = lua.coerce_string(part.clone())? {
            if index > 0 {
                message.push(b' ');
            }
            message.extend_from_slice(&text.as_bytes());
        }
    }
    ask(
        redis,
        Request::Log,
        (level as i64, lua.create_string(message)?),
    )
}

fn setresp(redis: &Table, args: MultiValue) -> mlua::Result<Value> {
    let version = single(redis, &args, "redis.setresp() requires one argument.")? as i64;
    if version != 2 && version != 3 {
        return Err(Raised::api("RESP version must be 2 or 3.").into());
    }
    ask(redis, Request::SetProtocol, version)
}

fn set_repl(redis: &Table, args: MultiValue) -> mlua::Result<Value> {
    let flags = single(redis, &args, "redis.set_repl() requires one argument.")? as i64;
    if flags & !3 != 0 {
        let message =
            "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.";
        return Err(Raised::api(message).into());
    }
    ask(redis, Request::SetReplication, flags)
}

fn acl_check_cmd(redis: &Table, args: MultiValue) -> mlua::Result<Value> {
    ask(redis, Request::MayRun, args)
}

/// The only argument as a number, 0 if it is none.
fn single(redis: &Table, args: &MultiValue, error: &str) -> mlua::Result<f64> {
    match args.front() {
        Some(value) if args.len() == 1 => {
            Ok(number(&redis.weak_lua().upgrade(), value)?.unwrap_or(0.0))
        }
        _ => Err(Raised::api(error).into()),
    }
}

/// Numbers, and strings that are numbers.
fn number(lua: &Lua, value: &Value) -> mlua::Result<Option<f64>> {
    lua.coerce_number(value.clone())
}
