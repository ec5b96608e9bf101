//! [`Reason`]: why a record can't be compared with what it comes to now, which is no fault of either.

use std::fmt;

use super::Aspect;
use super::Outcome;
use crate::command::Command;
use crate::command::HIDDEN;
use crate::command::World;
use crate::command::rows;
use crate::commit::Commit;
use crate::commit::Origin;
use crate::commit::Record;
use crate::engine::Rerun;
use crate::timeline::touched::commands_of;

/// Why the outcome of a record hangs on something that is not recorded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The command answers what a process, a machine or a configuration is like.
    Volatile(&'static str),
    /// The command answers what other connections there are, which is recorded at level `session`.
    Company(&'static str),
    /// A script was loaded before the records begin.
    Script,
    /// What the connection did before is not known: the records of its process begin later.
    Session,
    /// It drew random numbers whose seed was not recorded.
    Random,
    /// A password is not recorded.
    Password,
    /// There were faults on demand, and it may have met one.
    Fault,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |name: &str| name.replace('|', " ");
        match self {
            Reason::Volatile(command) => {
                write!(f, "{} tells of the process or its settings", name(command))
            }
            Reason::Company(command) => write!(
                f,
                "{} tells of other connections, which are recorded at level session",
                name(command)
            ),
            Reason::Script => f.write_str("its script was loaded before the records begin"),
            Reason::Session => f.write_str("what its connection did before is not recorded"),
            Reason::Random => f.write_str("the seed of its random numbers is not recorded"),
            Reason::Fault => f.write_str("it may have met a fault on demand"),
            Reason::Password => f.write_str("passwords are not recorded"),
        }
    }
}

/// Commands that answer what a process, a machine or a configuration is like. A name stands for its subcommands too.
const VOLATILE: &[&str] = &[
    "CLIENT|INFO",
    "CLIENT|LIST",
    "CLIENT|UNBLOCK",
    "CONFIG|GET",
    "CONFIG|REWRITE",
    "DEBUG",
    "FAKEREDIS",
    "INFO",
    "LASTSAVE",
    "LATENCY",
    "MEMORY",
    "OBJECT|FREQ",
    "OBJECT|IDLETIME",
    "SHUTDOWN",
    "SLOWLOG",
    "WAITAOF",
];

/// Commands of those that answer the same whatever the process is.
const STEADY: &[&str] = &[
    "FAKEREDIS|CLOCK",
    "FAKEREDIS|DIGEST",
    "FAKEREDIS|FAULT",
    "FAKEREDIS|HELP",
    "FAKEREDIS|RESET",
    "FAKEREDIS|SEED",
    "FAKEREDIS|SEQ",
];

/// Commands that answer what other connections there are, and who tells which of them of what.
const COMPANY: &[&str] = &[
    "CLIENT|CACHING",
    "CLIENT|GETREDIR",
    "CLIENT|KILL",
    "CLIENT|TRACKING",
    "CLIENT|TRACKINGINFO",
    "PUBLISH",
    "PUBSUB",
    "SPUBLISH",
];

/// Notices when volatile commands run, wherever: by themselves, in an EXEC, in a script.
pub(super) struct Volatile {
    commands: Vec<(&'static Command, u64)>,
}

impl Volatile {
    pub(super) fn new() -> Volatile {
        let is_volatile = |command: &&Command| {
            (is_in(VOLATILE, command) || is_in(COMPANY, command)) && !is_in(STEADY, command)
        };
        let commands = rows().filter(is_volatile);
        Volatile {
            commands: commands.map(|command| (command, 0)).collect(),
        }
    }

    /// What runs from now on is of interest.
    pub(super) fn mark(&mut self, world: &World) {
        for (command, calls) in &mut self.commands {
            *calls = world.stats.calls(command);
        }
    }

    /// Why replies may differ: a volatile command ran since.
    pub(super) fn ran(&self, again: &Rerun) -> Option<Reason> {
        let stats = &again.world().stats;
        let mut ran = self.commands.iter();
        ran.find_map(|(command, calls)| match stats.calls(command) != *calls {
            true if is_in(VOLATILE, command) => Some(Reason::Volatile(command.name)),
            true if !again.is_complete() => Some(Reason::Company(command.name)),
            _ => None,
        })
    }
}

fn is_in(names: &[&str], command: &Command) -> bool {
    let is = |name: &&str| match command.name.strip_prefix(name) {
        Some(rest) => rest.is_empty() || rest.starts_with('|'),
        None => false,
    };
    names.iter().any(is)
}

/// Why a record may differ from what it comes to now, if there is a reason.
pub(super) fn find(recorded: &Record, outcome: &Outcome, rerun: &Rerun) -> Option<Reason> {
    let Outcome {
        again,
        differs,
        volatile,
    } = outcome;
    let again = again.as_ref();
    let only_replies = differs.iter().all(|aspect| *aspect == Aspect::Replies);
    // What a script was answered, it may have written.
    let volatile = volatile
        .clone()
        .filter(|_| only_replies || is_scripted(recorded));
    let script = || is_answered(again?, b"-NOSCRIPT").then_some(Reason::Script);
    let password = || holds_word(recorded, HIDDEN).then_some(Reason::Password);
    let is_complete = rerun.is_complete();
    let random = || {
        let is_unknown = !is_complete && !matches!(recorded, Record::Commit(_));
        (is_unknown && rerun.drew()).then_some(Reason::Random)
    };
    let session = || (!is_complete && depends_on_session(recorded)).then_some(Reason::Session);
    volatile
        .or_else(|| not_run(recorded).filter(|_| again.is_none()))
        .or_else(script)
        .or_else(password)
        .or_else(random)
        .or_else(session)
        .or_else(|| rerun.has_faults().then_some(Reason::Fault))
}

/// Why a record is not run, if it is none to run.
fn not_run(record: &Record) -> Option<Reason> {
    let first = |word| commands_of(record)?.arg(0, word);
    if !first(0)?.eq_ignore_ascii_case(b"FAKEREDIS") {
        return None;
    }
    match record {
        Record::Setting(_) => Some(Reason::Fault),
        _ => Some(Reason::Volatile("FAKEREDIS")),
    }
}

fn is_scripted(record: &Record) -> bool {
    let scripts = |name: &[u8]| {
        let name = name.to_ascii_uppercase();
        name.starts_with(b"EVAL") || name.starts_with(b"FCALL")
    };
    let commands = commands_of(record);
    commands.is_some_and(|commands| {
        (0..commands.len()).any(|index| commands.arg(index, 0).is_some_and(scripts))
    })
}

/// Whether an error is among the replies, at any depth.
fn is_answered(record: &Record, error: &[u8]) -> bool {
    let replies = match record {
        Record::Commit(commit) => commit.replies.as_ref(),
        Record::Observed(observed) => Some(&observed.replies),
        Record::Setting(setting) => setting.replies.as_ref(),
        _ => None,
    };
    replies.is_some_and(|replies| {
        let replies = replies.as_ref();
        replies.starts_with(error)
            || replies
                .windows(error.len() + 1)
                .any(|part| part[0] == b'\n' && part[1..] == *error)
    })
}

fn holds_word(record: &Record, word: &[u8]) -> bool {
    let commands = commands_of(record);
    commands.is_some_and(|commands| {
        (0..commands.len()).any(|index| commands.args(index).any(|arg| arg == word))
    })
}

/// Whether what a record came to depends on more of its connection than is recorded with it.
fn depends_on_session(record: &Record) -> bool {
    match record {
        Record::Observed(_) | Record::Setting(_) | Record::Client(_) | Record::Waiting(_) => true,
        // An EXEC on its own found watched keys expired.
        Record::Commit(Commit {
            origin: Origin::Direct,
            commands,
            ..
        }) => commands
            .arg(0, 0)
            .is_some_and(|name| name.eq_ignore_ascii_case(b"EXEC")),
        _ => false,
    }
}
