//! The library `cjson`, as version 2.1.0 of lua-cjson that Redis carries: its functions and settings.

mod decode;
mod encode;

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use mlua::Lua;
use mlua::MultiValue;
use mlua::Table;
use mlua::Value;

use super::argument;

/// What a script can set. Each run starts with the defaults, or one script would change the next.
#[derive(Clone, Copy)]
struct Config {
    sparse_convert: bool,
    sparse_ratio: i64,
    sparse_safe: i64,
    encode_max_depth: i64,
    decode_max_depth: i64,
    precision: i64,
    keep_buffer: bool,
    encode_invalid: InvalidNumbers,
    decode_invalid: InvalidNumbers,
}

/// What becomes of infinities and NaN, which JSON does not have.
#[derive(Clone, Copy, PartialEq)]
enum InvalidNumbers {
    Refuse,
    Allow,
    Null,
}

const INVALID_NUMBERS: [(&str, InvalidNumbers); 3] = [
    ("off", InvalidNumbers::Refuse),
    ("on", InvalidNumbers::Allow),
    ("null", InvalidNumbers::Null),
];

const SWITCH: [(&str, bool); 2] = [("off", false), ("on", true)];

const DEFAULTS: Config = Config {
    sparse_convert: false,
    sparse_ratio: 2,
    sparse_safe: 10,
    encode_max_depth: 1000,
    decode_max_depth: 1000,
    precision: 14,
    keep_buffer: true,
    encode_invalid: InvalidNumbers::Refuse,
    decode_invalid: InvalidNumbers::Allow,
};

const MOST: i64 = i32::MAX as i64;

/// The settings of one instance of the library.
pub(in super::super) struct Settings(Mutex<Config>);

impl Default for Settings {
    fn default() -> Self {
        Settings(Mutex::new(DEFAULTS))
    }
}

impl Settings {
    /// Back to the defaults.
    pub(in super::super) fn reset(&self) {
        *self.lock() = DEFAULTS;
    }

    fn lock(&self) -> MutexGuard<'_, Config> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Function = fn(&Lua, &Settings, &MultiValue) -> mlua::Result<MultiValue>;

const FUNCTIONS: [(&str, Function); 10] = [
    ("encode", encode::encode),
    ("decode", decode::decode),
    ("encode_sparse_array", encode_sparse_array),
    ("encode_max_depth", encode_max_depth),
    ("decode_max_depth", decode_max_depth),
    ("encode_number_precision", encode_number_precision),
    ("encode_keep_buffer", encode_keep_buffer),
    ("encode_invalid_numbers", encode_invalid_numbers),
    ("decode_invalid_numbers", decode_invalid_numbers),
    ("new", |lua, _, _| {
        one(Value::Table(table(lua, &Arc::default())?))
    }),
];

/// The library, as `settings` says.
pub(in super::super) fn table(lua: &Lua, settings: &Arc<Settings>) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    for (name, function) in FUNCTIONS {
        let settings = Arc::clone(settings);
        let function = lua.create_function(move |lua, args| function(lua, &settings, &args))?;
        table.set(name, function)?;
    }
    table.set("null", Value::NULL)?;
    table.set("_NAME", "cjson")?;
    table.set("_VERSION", "2.1.0")?;
    Ok(table)
}

fn one(value: Value) -> mlua::Result<MultiValue> {
    Ok(MultiValue::from_iter([value]))
}

fn integer(value: i64) -> Value {
    Value::Integer(value)
}

/// The arguments of one call of a settings function.
struct Options<'a> {
    lua: &'a Lua,
    args: &'a MultiValue,
}

impl<'a> Options<'a> {
    fn new(lua: &'a Lua, args: &'a MultiValue, most: usize) -> mlua::Result<Options<'a>> {
        if args.len() > most {
            let message = "found too many arguments";
            return Err(argument::error(lua, most + 1, message));
        }
        Ok(Options { lua, args })
    }

    fn is_given(&self, n: usize) -> bool {
        !matches!(self.args.get(n - 1), None | Some(Value::Nil))
    }

    /// Sets `setting` to argument `n`, if given.
    fn integer(&self, n: usize, setting: &mut i64, least: i64, most: i64) -> mlua::Result<()> {
        if self.is_given(n) {
            let value = argument::integer(self.lua, self.args, n)?;
            if !(least..=most).contains(&value) {
                let message = format!("expected integer between {least} and {most}");
                return Err(argument::error(self.lua, 1, &message));
            }
            *setting = value;
        }
        Ok(())
    }

    /// Sets `setting` to the choice that argument `n` names; false and true are the first two.
    fn choice<T: Copy>(
        &self,
        n: usize,
        setting: &mut T,
        choices: &[(&str, T)],
    ) -> mlua::Result<()> {
        if let Some(Value::Boolean(yes)) = self.args.get(n - 1) {
            *setting = choices[usize::from(*yes)].1;
        } else if self.is_given(n) {
            let name = argument::string(self.lua, self.args, n)?;
            let choice = choices
                .iter()
                .find(|(choice, _)| choice.as_bytes() == &*name);
            let (_, value) = choice.ok_or_else(|| {
                let message = format!("invalid option '{}'", String::from_utf8_lossy(&name));
                argument::error(self.lua, n, &message)
            })?;
            *setting = *value;
        }
        Ok(())
    }
}

fn encode_sparse_array(
    lua: &Lua,
    settings: &Settings,
    args: &MultiValue,
) -> mlua::Result<MultiValue> {
    let options = Options::new(lua, args, 3)?;
    let mut config = settings.lock();
    options.choice(1, &mut config.sparse_convert, &SWITCH)?;
    options.integer(2, &mut config.sparse_ratio, 0, MOST)?;
    options.integer(3, &mut config.sparse_safe, 0, MOST)?;
    let (ratio, safe) = (integer(config.sparse_ratio), integer(config.sparse_safe));
    Ok(MultiValue::from_iter([
        Value::Boolean(config.sparse_convert),
        ratio,
        safe,
    ]))
}

fn encode_max_depth(lua: &Lua, settings: &Settings, args: &MultiValue) -> mlua::Result<MultiValue> {
    let options = Options::new(lua, args, 1)?;
    let depth = &mut settings.lock().encode_max_depth;
    options.integer(1, depth, 1, MOST)?;
    one(integer(*depth))
}

fn decode_max_depth(lua: &Lua, settings: &Settings, args: &MultiValue) -> mlua::Result<MultiValue> {
    let options = Options::new(lua, args, 1)?;
    let depth = &mut settings.lock().decode_max_depth;
    options.integer(1, depth, 1, MOST)?;
    one(integer(*depth))
}

fn encode_number_precision(
    lua: &Lua,
    settings: &Settings,
    args: &MultiValue,
) -> mlua::Result<MultiValue> {
    let options = Options::new(lua, args, 1)?;
    let precision = &mut settings.lock().precision;
    options.integer(1, precision, 1, 14)?;
    one(integer(*precision))
}

fn encode_keep_buffer(
    lua: &Lua,
    settings: &Settings,
    args: &MultiValue,
) -> mlua::Result<MultiValue> {
    let options = Options::new(lua, args, 1)?;
    let keep = &mut settings.lock().keep_buffer;
    options.choice(1, keep, &SWITCH)?;
    one(Value::Boolean(*keep))
}

fn encode_invalid_numbers(
    lua: &Lua,
    settings: &Settings,
    args: &MultiValue,
) -> mlua::Result<MultiValue> {
    let options = Options::new(lua, args, 1)?;
    let invalid = &mut settings.lock().encode_invalid;
    options.choice(1, invalid, &INVALID_NUMBERS)?;
    match *invalid {
        InvalidNumbers::Null => one(Value::String(lua.create_string("null")?)),
        invalid => one(Value::Boolean(invalid == InvalidNumbers::Allow)),
    }
}

fn decode_invalid_numbers(
    lua: &Lua,
    settings: &Settings,
    args: &MultiValue,
) -> mlua::Result<MultiValue> {
    let options = Options::new(lua, args, 1)?;
    let invalid = &mut settings.lock().decode_invalid;
    options.choice(1, invalid, &INVALID_NUMBERS[..2])?;
    one(Value::Boolean(*invalid == InvalidNumbers::Allow))
}
