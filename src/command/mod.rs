//! What commands exist, and what each of them means. Nothing here knows about disks.
//!
//! A command is one row and one function, side by side in its family's file; [`FAMILIES`] lists the families.
//! Arity, queueing in MULTI, WATCH, key positions, `COMMAND INFO`, `COMMAND DOCS` and `docs/commands.md` all read
//! the row.

mod args;
mod bitmap;
mod busy;
mod cluster;
mod config;
mod connection;
mod context;
mod cursor;
mod describe;
mod dispatch;
mod faults;
mod footprint;
mod generic;
mod geo;
mod hash;
mod host;
mod hyperloglog;
mod list;
mod memory;
mod monitor;
mod own;
mod pausing;
mod position;
mod pubsub;
mod random;
mod reply;
#[cfg(feature = "lua")]
pub mod scripting;
mod secrets;
mod server;
mod set;
pub mod spec;
mod stats;
mod stream;
mod string;
mod time_format;
mod tracking;
mod transaction;
mod typed;
mod unit;
mod vectors;
mod waiting;
mod world;
mod zset;

pub use args::Args;
pub use busy::Busy;
pub use config::ConfError;
pub use config::Config;
pub use config::Events;
pub use config::Taken;
pub use context::Context;
pub use dispatch::apply;
pub use dispatch::execute;
pub use faults::Fault;
pub use faults::Faults;
pub use host::Host;
pub use host::NoHost;
pub use host::Persistence;
pub use host::Process;
pub use reply::ReplyError;
pub use reply::Result;
use reply::printed;
pub use secrets::HIDDEN;
pub use secrets::redacted;
pub use secrets::redacted_all;
pub use secrets::redacted_reply;
pub use stats::CommandStats;
pub use stats::Histogram;
pub use stats::Latency;
pub use stats::SlowLog;
pub use stats::SlowLogEntry;
pub use stats::Stats;
pub use tracking::keeps_caching;
pub use unit::Abort;
pub use unit::Delivery;
pub use unit::Unit;
pub use waiting::Block;
pub use waiting::Question;
pub use waiting::Unblock;
pub use world::Pause;
pub use world::Saved;
pub use world::World;

use std::sync::LazyLock;

use hashbrown::HashTable;
use spec::Group;
use spec::KeySpec;

/// The version of Redis that this fake is one of.
pub const REDIS_VERSION: &str = "8.2.3";

/// Runs a command: its arguments are read, its context changed, its reply returned.
pub type Handler = fn(&mut Context<'_>, Args<'_>) -> Result;

/// A command's row.
#[derive(Clone, Debug)]
pub struct Command {
    /// Its place in the table of all commands.
    pub index: usize,
    /// The name in upper case; `CLIENT|ID` for a subcommand.
    pub name: &'static str,
    /// How many words the name has.
    pub words: usize,
    /// The number of words, the name included; negative when it is the least number.
    pub arity: i32,
    /// Flags and ACL categories, from [`spec`].
    pub flags: u64,
    /// Where the keys are.
    pub keys: &'static [KeySpec],
    /// What `COMMAND INFO` tells cluster clients.
    pub tips: &'static [&'static str],
    /// The function.
    pub run: Handler,
    /// The version of Redis that has it first.
    pub since: &'static str,
    /// Its cost.
    pub complexity: &'static str,
    /// The arguments behind the name, as documentation writes them.
    pub syntax: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// Since when it is deprecated, and what replaces it.
    pub deprecated: Option<(&'static str, &'static str)>,
}

/// The commands of one documentation group.
#[derive(Debug)]
pub struct Family {
    /// The group.
    pub group: Group,
    /// Its commands.
    pub commands: &'static [Command],
}

#[rustfmt::skip] // One family per line.
/// All commands.
pub const FAMILIES: &[Family] = &[
    Family { group: Group::String, commands: string::read::COMMANDS },
    Family { group: Group::String, commands: string::set::COMMANDS },
    Family { group: Group::String, commands: string::change::COMMANDS },
    Family { group: Group::String, commands: string::lcs::COMMANDS },
    Family { group: Group::Bitmap, commands: bitmap::bits::COMMANDS },
    Family { group: Group::Bitmap, commands: bitmap::field::COMMANDS },
    Family { group: Group::Hash, commands: hash::read::COMMANDS },
    Family { group: Group::Hash, commands: hash::set::COMMANDS },
    Family { group: Group::Hash, commands: hash::expire::COMMANDS },
    Family { group: Group::Hash, commands: hash::combined::COMMANDS },
    Family { group: Group::Hash, commands: hash::walk::COMMANDS },
    Family { group: Group::Generic, commands: generic::COMMANDS },
    Family { group: Group::Generic, commands: generic::dump::COMMANDS },
    Family { group: Group::Generic, commands: generic::expire::COMMANDS },
    Family { group: Group::Generic, commands: generic::object::COMMANDS },
    Family { group: Group::Generic, commands: generic::scan::COMMANDS },
    Family { group: Group::Generic, commands: generic::sort::COMMANDS },
    Family { group: Group::Generic, commands: generic::transfer::COMMANDS },
    Family { group: Group::Generic, commands: generic::wait::COMMANDS },
    Family { group: Group::List, commands: list::COMMANDS },
    Family { group: Group::List, commands: list::blocking::COMMANDS },
    Family { group: Group::List, commands: list::change::COMMANDS },
    Family { group: Group::List, commands: list::pop::COMMANDS },
    Family { group: Group::List, commands: list::push::COMMANDS },
    Family { group: Group::Set, commands: set::COMMANDS },
    Family { group: Group::Set, commands: set::change::COMMANDS },
    Family { group: Group::Set, commands: set::combine::COMMANDS },
    Family { group: Group::Set, commands: set::draw::COMMANDS },
    Family { group: Group::SortedSet, commands: zset::COMMANDS },
    Family { group: Group::SortedSet, commands: zset::add::COMMANDS },
    Family { group: Group::SortedSet, commands: zset::blocking::COMMANDS },
    Family { group: Group::SortedSet, commands: zset::combine::COMMANDS },
    Family { group: Group::SortedSet, commands: zset::draw::COMMANDS },
    Family { group: Group::SortedSet, commands: zset::range::COMMANDS },
    Family { group: Group::SortedSet, commands: zset::remove::COMMANDS },
    Family { group: Group::Stream, commands: stream::COMMANDS },
    Family { group: Group::Stream, commands: stream::add::COMMANDS },
    Family { group: Group::Stream, commands: stream::claim::COMMANDS },
    Family { group: Group::Stream, commands: stream::group::COMMANDS },
    Family { group: Group::Stream, commands: stream::info::COMMANDS },
    Family { group: Group::Stream, commands: stream::pending::COMMANDS },
    Family { group: Group::Stream, commands: stream::read::COMMANDS },
    Family { group: Group::Stream, commands: stream::remove::COMMANDS },
    Family { group: Group::VectorSet, commands: vectors::COMMANDS },
    Family { group: Group::VectorSet, commands: vectors::change::COMMANDS },
    Family { group: Group::VectorSet, commands: vectors::search::COMMANDS },
    Family { group: Group::Geo, commands: geo::COMMANDS },
    Family { group: Group::Geo, commands: geo::search::COMMANDS },
    Family { group: Group::HyperLogLog, commands: hyperloglog::COMMANDS },
    Family { group: Group::PubSub, commands: pubsub::COMMANDS },
    Family { group: Group::Transactions, commands: transaction::COMMANDS },
    #[cfg(feature = "lua")]
    Family { group: Group::Scripting, commands: scripting::COMMANDS },
    Family { group: Group::Connection, commands: connection::COMMANDS },
    Family { group: Group::Connection, commands: connection::CLIENT },
    Family { group: Group::Cluster, commands: cluster::COMMANDS },
    Family { group: Group::Server, commands: server::COMMANDS },
    Family { group: Group::Server, commands: server::acl::COMMANDS },
    Family { group: Group::Server, commands: server::command::COMMANDS },
    Family { group: Group::Server, commands: server::config::COMMANDS },
    Family { group: Group::Server, commands: server::latency::COMMANDS },
    Family { group: Group::Server, commands: server::memory::COMMANDS },
    Family { group: Group::Server, commands: server::module::COMMANDS },
    Family { group: Group::Server, commands: server::slowlog::COMMANDS },
];

/// A command's row, without its documentation.
const fn cmd(
    name: &'static str,
    arity: i32,
    flags: u64,
    keys: &'static [KeySpec],
    run: Handler,
) -> Command {
    Command {
        index: 0,
        name,
        words: 1,
        arity,
        flags,
        keys,
        tips: &[],
        run,
        since: "",
        complexity: "",
        syntax: "",
        summary: "",
        deprecated: None,
    }
}

/// A subcommand's row; its name is `CONTAINER|SUBCOMMAND`.
const fn sub(
    name: &'static str,
    arity: i32,
    flags: u64,
    keys: &'static [KeySpec],
    run: Handler,
) -> Command {
    Command {
        words: 2,
        ..cmd(name, arity, flags, keys, run)
    }
}

/// The row of a command that only has subcommands.
const fn container(name: &'static str, arity: i32) -> Command {
    const fn unreachable(_: &mut Context<'_>, _: Args<'_>) -> Result {
        Err(ReplyError::SYNTAX)
    }
    cmd(name, arity, spec::CONTAINER, &[], unreachable)
}

impl Command {
    /// Adds what `COMMAND DOCS` tells.
    const fn doc(
        mut self,
        since: &'static str,
        complexity: &'static str,
        syntax: &'static str,
        summary: &'static str,
    ) -> Command {
        self.since = since;
        self.complexity = complexity;
        self.syntax = syntax;
        self.summary = summary;
        self
    }

    /// Adds since when it is deprecated, and what replaces it.
    const fn deprecated(mut self, since: &'static str, replacement: &'static str) -> Command {
        self.deprecated = Some((since, replacement));
        self
    }

    /// Adds what `COMMAND INFO` tells cluster clients.
    const fn tips(mut self, tips: &'static [&'static str]) -> Command {
        self.tips = tips;
        self
    }

    /// Whether a request of `words` words has the right length.
    pub fn accepts(&self, words: usize) -> bool {
        match usize::try_from(self.arity) {
            Ok(exactly) => words == exactly,
            Err(_) => words >= self.arity.unsigned_abs() as usize,
        }
    }

    /// Whether it runs at once although the connection is inside MULTI.
    fn runs_inside_multi(&self) -> bool {
        matches!(
            self.name,
            "EXEC" | "DISCARD" | "MULTI" | "WATCH" | "QUIT" | "RESET"
        )
    }

    /// Whether it runs on a RESP2 connection that is subscribed to a channel.
    fn runs_while_subscribed(&self) -> bool {
        matches!(
            self.name,
            "PING"
                | "QUIT"
                | "RESET"
                | "SUBSCRIBE"
                | "UNSUBSCRIBE"
                | "PSUBSCRIBE"
                | "PUNSUBSCRIBE"
                | "SSUBSCRIBE"
                | "SUNSUBSCRIBE"
        )
    }

    /// Whether it may change data, or what later commands do: scripts may, and what scripts may not run.
    fn may_be_recorded(&self) -> bool {
        self.flags & (spec::WRITE | spec::SKIP_MONITOR | spec::NOSCRIPT) != 0
    }

    /// Whether it makes a unit of commands other than itself.
    fn is_unit(&self) -> bool {
        self.name == "EXEC"
    }
}

/// All rows, each with its place.
static TABLE: LazyLock<Vec<Command>> = LazyLock::new(|| {
    let rows = FAMILIES.iter().flat_map(|family| family.commands);
    let placed = |(index, row): (usize, &Command)| Command {
        index,
        ..row.clone()
    };
    rows.chain(own::commands())
        .enumerate()
        .map(placed)
        .collect()
});

/// All rows.
pub fn rows() -> impl Iterator<Item = &'static Command> {
    TABLE.iter()
}

/// All rows by name.
static BY_NAME: LazyLock<HashTable<&'static Command>> = LazyLock::new(|| {
    let hash = |command: &&Command| name_hash(command.name.as_bytes());
    let mut table = HashTable::new();
    for command in TABLE.iter() {
        table.insert_unique(hash(&command), command, hash);
    }
    table
});

/// A hash of a name, whatever its case: of its length, its first letters and its last.
#[inline]
fn name_hash(name: &[u8]) -> u64 {
    let [head, tail] = [name.first_chunk(), name.last_chunk()].map(|chunk| match chunk {
        Some(letters) => u32::from_le_bytes(*letters),
        None => name
            .iter()
            .fold(0, |word, letter| word << 8 | u32::from(*letter)),
    });
    let letters = (u64::from(tail) << 32 | u64::from(head)) & 0xDFDF_DFDF_DFDF_DFDF;
    (letters ^ name.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// The row of a command, `CLIENT` or `CLIENT|ID`, whatever the case.
#[inline]
pub fn lookup(name: &[u8]) -> Option<&'static Command> {
    let is = |command: &&Command| {
        let own = command.name.as_bytes();
        own == name || own.eq_ignore_ascii_case(name)
    };
    BY_NAME.find(name_hash(name), is).copied()
}

/// The row that a request is for.
///
/// # Errors
///
/// As Redis words it: there is no such command or subcommand, or the number of words is wrong.
#[inline]
pub fn resolve(argv: &[&[u8]]) -> Result<&'static Command> {
    let command = find(argv)?;
    if command.accepts(argv.len()) {
        Ok(command)
    } else {
        Err(ReplyError::arity(command.name))
    }
}

/// The row that a request is for, whatever the number of its words.
#[inline]
fn find(argv: &[&[u8]]) -> Result<&'static Command> {
    let name = argv.first().ok_or_else(|| unknown(argv))?;
    // A subcommand is never called by its full name.
    let command = lookup(name).filter(|command| command.words == 1);
    let command = command.ok_or_else(|| unknown(argv))?;
    match argv.get(1) {
        Some(word) if has_subcommands(command) => {
            let full = [command.name.as_bytes(), b"|", word].concat();
            lookup(&full).ok_or_else(|| unknown_subcommand(command.name, word))
        }
        _ => Ok(command),
    }
}

/// COMMAND can be called by itself, and has subcommands all the same.
#[inline]
fn has_subcommands(command: &Command) -> bool {
    command.flags & spec::CONTAINER != 0 || command.name == "COMMAND"
}

fn unknown(argv: &[&[u8]]) -> ReplyError {
    let mut message = format!(
        "ERR unknown command '{}', with args beginning with: ",
        argv.first()
            .map_or_else(String::new, |name| printed(name, 128))
    );
    let mut shown = 0;
    for arg in argv.iter().skip(1) {
        if shown >= 128 {
            break;
        }
        let arg = printed(arg, 128 - shown);
        shown += arg.len() + 3;
        message.push_str(&format!("'{arg}' "));
    }
    ReplyError::new(message)
}

fn unknown_subcommand(container: &str, word: &[u8]) -> ReplyError {
    let word = printed(word, 128);
    ReplyError::new(format!(
        "ERR unknown subcommand '{word}'. Try {container} HELP."
    ))
}
