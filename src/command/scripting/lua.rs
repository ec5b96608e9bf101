//! [`Interpreter`]: one Lua for all scripts of an engine, and [`Host`], all that a script can reach.
//!
//! Scripts do what they do in Redis 8.2.3, but what they do follows from their text, keys, arguments and host
//! alone. Hence the differences: `tostring` numbers tables and functions in place of addresses, `os.clock` counts
//! microseconds from 0 with each look, `math.random` is seeded by the host for each script, `collectgarbage` and
//! `gcinfo` always give the same numbers, and cjson's settings last for one script. One dependence is left: a
//! table with tables, functions or threads for *keys* is traversed in the order of their addresses. Another
//! difference: keys of 32 bytes or more put a table in another order than Redis's (the same on every run).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use mlua::Function;
use mlua::HookTriggers;
use mlua::Lua;
use mlua::LuaString;
use mlua::MultiValue;
use mlua::Table;
use mlua::Value;
use mlua::VmState;
use mlua::chunk::ChunkMode;
use smallvec::SmallVec;

use super::api;
use super::api::Request;
use super::convert::Argument;
use super::convert::to_lua;
use super::convert::to_reply;
use super::lib;
use super::lib::cjson::Settings;
use super::lib::random::Generator;
use super::raised::Raised;
use super::sandbox;
use super::sandbox::Sandbox;
use super::shebang;
use super::shebang::ScriptFlags;
use crate::resp::Protocol;
use crate::resp::Reply;

/// How many instructions a script runs between two looks at [`Host::interrupted`].
const INSTRUCTIONS_PER_LOOK: u32 = 100_000;

/// What a script may reach. All else it does follows from its text, its keys and its arguments.
pub trait Host {
    /// `redis.call` and `redis.pcall`: runs a command. `protocol` is what the script chose with
    /// `redis.setresp`; replies of RESP3 are lowered here, so the host need not.
    fn call(&mut self, protocol: Protocol, argv: &[&[u8]]) -> Reply;

    /// `redis.log`: a message for the server's log, `level` from 0 (debug) to 3 (warning).
    fn log(&mut self, level: i64, message: &[u8]);

    /// 64 random bits, for scripts that use `math.random` without a seed of their own.
    fn random(&mut self) -> u64;

    /// `redis.set_repl`: 1 for the append-only file, 2 for replicas, 3 for both, 0 for neither.
    fn set_replication(&mut self, flags: i64);

    /// `redis.acl_check_cmd`: whether the user may run the command; `None` if there is no such command.
    fn may_run(&mut self, argv: &[&[u8]]) -> Option<bool>;

    /// Why the script has to stop now, as an error reply; asked from time to time.
    fn interrupted(&mut self) -> Option<String>;
}

/// Runs scripts. They share nothing: each sees the same fresh world.
pub struct Interpreter {
    lua: Lua,
    globals: Table,
    redis: Table,
    run: Function,
    scripts: BTreeMap<Box<str>, Function>,
    generator: Arc<Generator>,
    cjson: Arc<Settings>,
    /// A script was told to stop, and the hook now stops it at each instruction.
    stopping: Arc<AtomicBool>,
}

/// The name that Redis gives `script`.
pub fn sha1_hex(script: &[u8]) -> String {
    sha1_smol::Sha1::from(script).digest().to_string()
}

impl Default for Interpreter {
    fn default() -> Self {
        Interpreter::new()
    }
}

impl Interpreter {
    /// An interpreter without scripts.
    pub fn new() -> Interpreter {
        Interpreter::build().expect("the sandbox is built from constant text")
    }

    fn build() -> mlua::Result<Interpreter> {
        let lua = sandbox::bare()?;
        let generator = Arc::new(Generator::default());
        let cjson = Arc::new(Settings::default());
        let redis = api::table(&lua)?;
        let libraries = lib::tables(&lua, &cjson)?;
        libraries.set("redis", &redis)?;
        let rust = lua.create_table()?;
        rust.set("as_pcall", Value::LightUserData(Request::Pcall.mark()))?;
        rust.set("error_text", lua.create_function(api::error_text)?)?;
        lib::random::install(&lua, &rust, &redis, &generator)?;
        let Sandbox { lua, globals, run } = sandbox::build(lua, &libraries, &rust)?;
        let stopping = Arc::new(AtomicBool::new(false));
        watch(&lua, &redis, &stopping, INSTRUCTIONS_PER_LOOK)?;
        Ok(Interpreter {
            lua,
            globals,
            redis,
            run,
            scripts: BTreeMap::new(),
            generator,
            cjson,
            stopping,
        })
    }

    /// Compiles `script` and keeps it as `sha`, which is its [`sha1_hex`]. Returns what it declares.
    ///
    /// # Errors
    ///
    /// The error reply, when its first line is not understood or it does not compile.
    pub fn load(&mut self, sha: &str, script: &[u8]) -> Result<ScriptFlags, String> {
        let (flags, code) = shebang::parse(script)?;
        if !self.scripts.contains_key(sha) {
            let function = self.compile(code)?;
            self.scripts.insert(sha.into(), function);
        }
        Ok(flags)
    }

    fn compile(&self, code: &[u8]) -> Result<Function, String> {
        let chunk = self.lua.load(code).set_name("@user_script");
        chunk
            .set_mode(ChunkMode::Text)
            .into_function()
            .map_err(|error| {
                let message = match error {
                    mlua::Error::SyntaxError { message, .. } => message,
                    other => other.to_string(),
                };
                format!("ERR Error compiling script (new function): {message}")
            })
    }

    /// Whether `sha` is loaded.
    pub fn contains(&self, sha: &str) -> bool {
        self.scripts.contains_key(sha)
    }

    /// Drops one script.
    pub fn forget(&mut self, sha: &str) {
        self.scripts.remove(sha);
    }

    /// Drops all scripts.
    pub fn clear(&mut self) {
        self.scripts.clear();
    }

    /// Runs the script `sha`. An error that it did not catch is the reply.
    pub fn run(&mut self, sha: &str, keys: &[&[u8]], args: &[&[u8]], host: &mut dyn Host) -> Reply {
        let Some(script) = self.scripts.get(sha) else {
            return Reply::Error("NOSCRIPT No matching script. Please use EVAL.".into());
        };
        self.generator.forget();
        self.cjson.reset();
        let mut bridge = Bridge {
            host,
            protocol: Protocol::Resp2,
            stopping: &self.stopping,
            stopped: None,
        };
        let result = self.call(script, keys, args, &mut bridge);
        let Bridge {
            protocol, stopped, ..
        } = bridge;
        if self.stopping.swap(false, Ordering::Relaxed) {
            watch(
                &self.lua,
                &self.redis,
                &self.stopping,
                INSTRUCTIONS_PER_LOOK,
            )
            .expect("a hook on the main thread is always accepted");
        }
        let reply = match result {
            Ok((true, _)) if let Some(error) = stopped => Ok(Reply::Error(error.into())),
            Ok((true, value)) => to_reply(&value, protocol),
            Ok((false, error)) => uncaught(&error, sha),
            Err(error) => Err(error),
        };
        reply.unwrap_or_else(|error| Reply::Error(format!("ERR {error}").into()))
    }

    fn call(
        &self,
        script: &Function,
        keys: &[&[u8]],
        args: &[&[u8]],
        bridge: &mut Bridge<'_>,
    ) -> mlua::Result<(bool, Value)> {
        self.globals.raw_set("KEYS", strings(&self.lua, keys)?)?;
        self.globals.raw_set("ARGV", strings(&self.lua, args)?)?;
        self.lua.scope(|scope| {
            let call = scope.create_function_mut(|lua, args| bridge.answer(lua, args))?;
            self.redis.raw_set("call", call)?;
            self.run.call(script)
        })
    }
}

fn strings(lua: &Lua, texts: &[&[u8]]) -> mlua::Result<Table> {
    lua.create_sequence_from(texts.iter().map(LuaString::wrap))
}

/// The reply that an uncaught error gives: its text, the script and the place.
fn uncaught(error: &Value, sha: &str) -> mlua::Result<Reply> {
    let Value::Table(error) = error else {
        return Ok(Reply::Error(format!("ERR {}", error.to_string()?).into()));
    };
    let text = match error.raw_get("err")? {
        Value::String(text) => text.to_string_lossy(),
        _ => "ERR unknown error".to_owned(),
    };
    let (source, line): (Option<LuaString>, Option<i64>) =
        (error.raw_get("source")?, error.raw_get("line")?);
    let place = match (source, line) {
        (Some(source), Some(line)) => {
            format!(" script: {sha}, on {}:{line}.", source.to_string_lossy())
        }
        _ => String::new(),
    };
    Ok(Reply::Error((text + &place).into()))
}

/// Asks the host every so many instructions whether the script has to stop.
fn watch(lua: &Lua, redis: &Table, stopping: &Arc<AtomicBool>, every: u32) -> mlua::Result<()> {
    let (redis, stopping) = (redis.clone(), Arc::clone(stopping));
    let triggers = HookTriggers::new().every_nth_instruction(every);
    lua.set_global_hook(triggers, move |lua, debug| {
        if every == 1 && debug.source().source.as_deref() == Some(sandbox::CHUNK) {
            // Only the script has to stop, not what reports its end.
            return Ok(VmState::Continue);
        }
        // Outside of a run there is no host, and nothing to stop.
        let Ok(Some(error)) = api::ask::<Option<LuaString>>(&redis, Request::Interrupted, ())
        else {
            return Ok(VmState::Continue);
        };
        if every > 1 {
            // The script may catch the error; then the next instruction raises it again.
            watch(lua, &redis, &stopping, 1)?;
        }
        let err = (&*error.as_bytes()).into();
        Err(Raised::Table {
            err,
            counted: false,
        }
        .into())
    })
}

/// The host of one run, as Lua calls it.
struct Bridge<'a> {
    host: &'a mut dyn Host,
    protocol: Protocol,
    stopping: &'a AtomicBool,
    stopped: Option<String>,
}

impl Bridge<'_> {
    fn answer(&mut self, lua: &Lua, args: MultiValue) -> mlua::Result<Value> {
        let request = args.front().and_then(Request::from_mark);
        let Some(request) = request else {
            return self.call(lua, args.iter());
        };
        let mut args = args.iter().skip(1);
        let mut integer = || args.next().and_then(Value::as_integer).unwrap_or_default();
        match request {
            Request::Pcall => self.pcall(lua, args),
            Request::Log => {
                let level = integer();
                if let Some(Value::String(message)) = args.next() {
                    self.host.log(level, &message.as_bytes());
                }
                Ok(Value::Nil)
            }
            Request::SetProtocol => {
                self.protocol = if integer() == 3 {
                    Protocol::Resp3
                } else {
                    Protocol::Resp2
                };
                Ok(Value::Nil)
            }
            Request::SetReplication => {
                self.host.set_replication(integer());
                Ok(Value::Nil)
            }
            Request::MayRun => self.may_run(args),
            // 52 bits: more do not fit in a Lua number.
            Request::Random => Ok(Value::Number((self.host.random() >> 12) as f64)),
            Request::Interrupted => self.interrupted(lua),
        }
    }

    fn call<'v>(
        &mut self,
        lua: &Lua,
        args: impl ExactSizeIterator<Item = &'v Value>,
    ) -> mlua::Result<Value> {
        let argv = arguments(args)?;
        let argv: SmallVec<[&[u8]; 8]> = argv.iter().map(AsRef::as_ref).collect();
        match self.host.call(self.protocol, &argv) {
            Reply::Error(text) => {
                let err = text.as_bytes().into();
                Err(Raised::Table { err, counted: true }.into())
            }
            reply => to_lua(lua, reply, self.protocol),
        }
    }

    /// As `call`, with the error as a value.
    fn pcall<'v>(
        &mut self,
        lua: &Lua,
        args: impl ExactSizeIterator<Item = &'v Value>,
    ) -> mlua::Result<Value> {
        match self.call(lua, args) {
            Err(error) => match error.downcast_ref::<Raised>() {
                Some(raised) => raised.to_value(lua),
                None => Err(error),
            },
            value => value,
        }
    }

    fn may_run<'v>(
        &mut self,
        args: impl ExactSizeIterator<Item = &'v Value>,
    ) -> mlua::Result<Value> {
        let argv = arguments(args)?;
        let argv: SmallVec<[&[u8]; 8]> = argv.iter().map(AsRef::as_ref).collect();
        let unknown = || Raised::api("Invalid command passed to redis.acl_check_cmd()");
        let allowed = self.host.may_run(&argv).ok_or_else(unknown)?;
        Ok(Value::Boolean(allowed))
    }

    fn interrupted(&mut self, lua: &Lua) -> mlua::Result<Value> {
        if self.stopped.is_none() {
            self.stopped = self.host.interrupted();
        }
        let Some(error) = &self.stopped else {
            return Ok(Value::Nil);
        };
        self.stopping.store(true, Ordering::Relaxed);
        lua.create_string(error).map(Value::String)
    }
}

fn arguments<'v>(
    args: impl ExactSizeIterator<Item = &'v Value>,
) -> mlua::Result<SmallVec<[Argument; 8]>> {
    if args.len() == 0 {
        let message = "Please specify at least one argument for this redis lib call";
        return Err(Raised::api(message).into());
    }
    let argument = |value| {
        let message = "Lua redis lib command arguments must be strings or integers";
        Argument::new(value).ok_or_else(|| Raised::api(message).into())
    };
    args.map(argument).collect()
}
