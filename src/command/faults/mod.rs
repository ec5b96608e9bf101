//! Faults on demand: which commands they hit, and what becomes of these. [`Faults`] is a part of the world;
//! `FAKEREDIS FAULT` changes it, dispatch asks it before a command while there is any.
//!
//! Faults are asked in the order in which they were added. A delay goes on to those behind it when its time is over,
//! and so does a disk that is to fail; any other ends the search.

mod meet;
mod parse;

use std::io;
use std::time::Duration;

use super::Command;
use super::FAMILIES;
use super::spec::Group;
use crate::bytes::Bytes;
use crate::rng::Rng;
use crate::value::glob_match;

/// All faults that were added and not removed.
#[derive(Clone, Debug)]
pub struct Faults {
    list: Vec<Fault>,
    /// What chances are drawn from.
    rng: Rng,
    last_id: u64,
    /// Whether any may still hit something: nearly never, and then nothing else is looked at.
    armed: bool,
}

/// Something that goes wrong on demand.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Its number, from 1 on.
    pub id: u64,
    /// What it is, in the words of FAKEREDIS FAULT ADD.
    pub rule: String,
    /// How often it has hit a command.
    pub hits: u64,
    target: Target,
    /// How many matches are still passed over.
    skip: u64,
    /// How often it may still hit; `None`: for ever.
    left: Option<u64>,
    /// How probable a hit is.
    chance: Option<f64>,
    kind: Kind,
}

/// What a command must be to be hit: all that is not `None`.
#[derive(Clone, Debug, Default)]
struct Target {
    /// One command, or all of a container.
    command: Option<&'static Command>,
    /// A pattern for its keys, any of them.
    key: Option<Bytes>,
    client: Option<Who>,
    /// Where an EXEC or a script runs it, instead of where it is sent.
    inside: bool,
}

#[derive(Clone, Debug)]
enum Who {
    Id(u64),
    /// A pattern for the name.
    Name(Bytes),
}

/// What becomes of a command that is hit.
#[derive(Clone, Debug)]
enum Kind {
    /// This is its reply; it does not run.
    Error(String),
    /// It runs so much later.
    Delay(Duration),
    /// Its connection ends.
    Disconnect(Moment),
    /// The disk fails to take its record.
    Disk(Disk),
}

/// A disk that fails.
#[derive(Clone, Copy, Debug)]
struct Disk {
    failure: DiskFailure,
    /// It takes the record, and fails to sync it.
    at_sync: bool,
    /// It stays so for as long as the fault is there.
    lasts: bool,
}

/// When a connection ends.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// Before the command runs.
    Before,
    /// After it ran, and before the first byte of its reply.
    After,
    /// After half the bytes of its reply.
    Mid,
}

/// How a disk fails.
#[derive(Clone, Copy, Debug)]
enum DiskFailure {
    Full,
    Broken,
}

impl DiskFailure {
    /// What the operating system says.
    fn error(self) -> io::Error {
        let (number, kind) = match self {
            DiskFailure::Full => (28, io::ErrorKind::StorageFull),
            DiskFailure::Broken => (5, io::ErrorKind::Other),
        };
        match cfg!(unix) {
            true => io::Error::from_raw_os_error(number),
            false => kind.into(),
        }
    }
}

/// A command that may be hit.
struct Candidate<'a> {
    command: &'static Command,
    keys: Vec<Bytes>,
    /// Whether it may change data.
    writes: bool,
    client: u64,
    name: &'a [u8],
    inside: bool,
}

impl Faults {
    /// No faults; the chances of those to come follow from `seed`.
    pub fn new(seed: u64) -> Faults {
        let mut faults = Faults {
            list: Vec::new(),
            rng: Rng::new(0),
            last_id: 0,
            armed: false,
        };
        faults.reseed(seed);
        faults
    }

    /// From now on chances follow from `seed`. They are no part of the numbers that commands draw, so that a fault does
    /// not change what these are.
    pub(super) fn reseed(&mut self, seed: u64) {
        self.rng = Rng::new(seed.rotate_left(32) ^ 0x00fa_0175);
    }

    /// Whether any may hit something.
    #[inline]
    pub fn is_armed(&self) -> bool {
        self.armed
    }

    /// All of them, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.list.iter()
    }

    /// Whether any has the disk fail, which loses records.
    pub fn may_fail_disk(&self) -> bool {
        let is_disk = |fault: &Fault| matches!(fault.kind, Kind::Disk(_));
        self.list.iter().any(is_disk)
    }

    /// The fault with this number.
    pub fn get(&self, id: u64) -> Option<&Fault> {
        self.list.iter().find(|fault| fault.id == id)
    }

    /// Why nothing can be written to the disk any more, if a fault broke it that lasts.
    pub fn broken_disk(&self) -> Option<io::Error> {
        let mut hit = self.list.iter().filter(|fault| fault.hits > 0);
        hit.find_map(|fault| match fault.kind {
            Kind::Disk(disk) if disk.lasts => Some(disk.failure.error()),
            _ => None,
        })
    }

    /// Adds a fault; its number.
    fn add(&mut self, fault: Fault) -> u64 {
        self.last_id += 1;
        let id = self.last_id;
        self.list.push(Fault { id, ..fault });
        self.armed = true;
        id
    }

    /// Removes a fault; whether there was one of that number.
    fn remove(&mut self, id: u64) -> bool {
        let before = self.list.len();
        self.list.retain(|fault| fault.id != id);
        self.rearm();
        self.list.len() < before
    }

    /// Removes all faults.
    fn clear(&mut self) {
        self.list.clear();
        self.armed = false;
    }

    /// The first fault behind number `behind` that hits the command now, and what it does.
    fn strike(&mut self, behind: u64, candidate: &Candidate<'_>) -> Option<(u64, Kind)> {
        let rng = &mut self.rng;
        let mut behind = self.list.iter_mut().filter(|fault| fault.id > behind);
        let fault = behind.find_map(|fault| fault.strikes(candidate, rng).then_some(fault))?;
        let hit = (fault.id, fault.kind.clone());
        self.rearm();
        Some(hit)
    }

    fn rearm(&mut self) {
        self.armed = self.list.iter().any(|fault| !fault.is_spent());
    }
}

impl Fault {
    /// How often it may still hit a command; `None`: for ever.
    pub fn left(&self) -> Option<u64> {
        self.left
    }

    fn is_spent(&self) -> bool {
        self.left == Some(0)
    }

    /// Whether it hits the command, which counts then.
    fn strikes(&mut self, candidate: &Candidate<'_>, rng: &mut Rng) -> bool {
        if self.is_spent() || !self.is_for(candidate) {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        if self.chance.is_some_and(|chance| rng.unit_f64() >= chance) {
            return false;
        }
        self.left = self.left.map(|left| left - 1);
        self.hits += 1;
        true
    }

    fn is_for(&self, candidate: &Candidate<'_>) -> bool {
        let fits_kind = match self.kind {
            Kind::Disk(_) => candidate.writes,
            _ => true,
        };
        fits_kind && self.target.matches(candidate)
    }
}

impl Target {
    fn matches(&self, candidate: &Candidate<'_>) -> bool {
        let command = match self.command {
            Some(named) => is_of(candidate.command, named),
            None => !is_about_connection(candidate.command),
        };
        let is_key = |pattern: &Bytes| {
            let mut keys = candidate.keys.iter();
            keys.any(|key| glob_match(pattern, key, false))
        };
        let is_client = |who: &Who| match who {
            Who::Id(id) => candidate.client == *id,
            Who::Name(pattern) => glob_match(pattern, candidate.name, false),
        };
        command
            && self.inside == candidate.inside
            && self.key.as_ref().is_none_or(is_key)
            && self.client.as_ref().is_none_or(is_client)
    }
}

/// Whether a command is the one that was named, or a subcommand of it.
fn is_of(command: &Command, named: &Command) -> bool {
    let rest = command.name.strip_prefix(named.name);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('|'))
}

/// Whether a command is about the connection itself: clients send such by themselves, so that only faults that name
/// them hit them.
fn is_about_connection(command: &Command) -> bool {
    FAMILIES
        .iter()
        .filter(|family| family.group == Group::Connection)
        .any(|family| family.commands.iter().any(|row| row.name == command.name))
}
