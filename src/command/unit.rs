//! [`Unit`]: what the running unit did so far, from which the engine makes its record.
//!
//! A unit is one command, one EXEC batch or one script. Its time is frozen and its random numbers come
//! from one seed.

use crate::bytes::Bytes;
use crate::commit::CommandList;
use crate::commit::Effect;
use crate::commit::Origin;
use crate::commit::Seq;
use crate::keyspace::Touch;
use crate::rng::Rng;

/// The unit that is running.
#[derive(Debug, Default)]
pub struct Unit {
    /// The frozen time, in microseconds since the epoch.
    pub now_us: i64,
    /// The place in history that the unit gets if it changes something.
    pub seq: Seq,
    /// The database that was selected when the unit began.
    pub db: usize,
    /// Whether anybody wants to know the commands and effects.
    pub recording: bool,
    /// Whether recorded effects are being applied: nothing expires but by them.
    pub applying: bool,
    /// How the unit came about.
    pub origin: Origin,
    /// What the request itself did, where it is the unit's only command.
    pub own: Option<Effect>,
    /// The commands as sent, where they are not the request itself: those of an EXEC, or of the fake's own.
    pub commands: CommandList,
    /// One for each of `commands`.
    pub effects: Vec<Effect>,
    /// When its reply goes out.
    pub delivery: Delivery,
    /// Whether it changed what later commands do.
    setting: bool,
    /// Why an EXEC did not run: the change of a watched key.
    pub aborted: Option<Box<Abort>>,
    /// The number of changes so far.
    changes: u64,
    /// What the random numbers come from, once some were drawn.
    seed: Option<u64>,
    /// What they are to come from, where that was recorded.
    given_seed: Option<u64>,
    rng: Option<Rng>,
    call: Call,
}

/// When the reply of a unit goes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// As soon as it may.
    #[default]
    AtOnce,
    /// There is none yet: the connection is blocked.
    Later,
    /// As soon as it may, but behind what the connection is told besides.
    AfterPushes,
    /// It does not, or only half of it: a fault ends the connection instead.
    Cut,
}

/// An EXEC that a watched key's change refused.
#[derive(Debug)]
pub struct Abort {
    /// The queued commands that did not run.
    pub commands: CommandList,
    /// The watched keys: database, key, last record when WATCH ran.
    pub watched: Vec<(usize, Bytes, Seq)>,
    /// The first change.
    pub touch: Touch,
}

/// What the running call did that its own words don't say. Begun and ended with every command: most have no
/// commands to add, and boxes keep it small.
#[derive(Debug, Default)]
struct Call {
    changes_before: u64,
    /// Keys and fields that were found to be expired.
    expired: Option<Box<CommandList>>,
    /// The canonical commands that replace the call's own words.
    rewritten: Option<Box<CommandList>>,
    /// Whether the selected database changed, which matters to the commands after it.
    selected: bool,
}

impl Unit {
    /// A unit for applying recorded effects.
    pub fn for_applying() -> Unit {
        Unit {
            applying: true,
            ..Unit::default()
        }
    }

    /// Starts a unit at a frozen time.
    #[inline]
    pub fn begin(&mut self, now_us: i64, seq: Seq, db: usize) {
        self.now_us = now_us;
        self.seq = seq;
        self.db = db;
        self.origin = Origin::Direct;
        self.own = None;
        self.commands.clear();
        self.effects.clear();
        self.aborted = None;
        self.delivery = Delivery::AtOnce;
        self.setting = false;
        self.changes = 0;
        self.seed = None;
        self.rng = None;
    }

    /// The frozen time, in milliseconds since the epoch.
    pub fn now_ms(&self) -> i64 {
        self.now_us.div_euclid(1000)
    }

    /// Notes a change of the data.
    pub fn changed(&mut self) {
        self.changes += 1;
    }

    /// The number of changes so far.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Notes a change of what later commands do, which no effect holds: of the configuration, say. It is recorded as
    /// sent, at every level.
    pub fn setting(&mut self) {
        self.setting = true;
    }

    /// Whether it changed what later commands do.
    pub fn is_setting(&self) -> bool {
        self.setting
    }

    /// Notes that the selected database changed.
    pub fn selected(&mut self) {
        self.call.selected = true;
    }

    /// The running call is to be recorded as this command (and others, if called again) instead of itself.
    pub fn rewrite<A: AsRef<[u8]>>(&mut self, argv: &[A]) {
        if self.recording {
            self.call.rewritten.get_or_insert_default().push(argv);
        }
    }

    /// The running call is to be recorded as these commands instead of itself.
    pub fn rewrite_all(&mut self, commands: &CommandList) {
        if self.recording {
            self.call.rewritten.get_or_insert_default().append(commands);
        }
    }

    /// A key or field was found to be expired: this command removes it, before the call's own effect.
    pub fn expired<A: AsRef<[u8]>>(&mut self, argv: &[A]) {
        self.changes += 1;
        if self.recording {
            self.call.expired.get_or_insert_default().push(argv);
        }
    }

    /// The unit's random numbers; `seed` gives the seed at the first use.
    pub fn rng(&mut self, seed: impl FnOnce() -> u64) -> &mut Rng {
        let (drawn, given) = (&mut self.seed, self.given_seed);
        self.rng
            .get_or_insert_with(|| Rng::new(*drawn.insert(given.unwrap_or_else(seed))))
    }

    /// The seed, where random numbers were drawn.
    pub fn seed(&self) -> Option<u64> {
        self.seed
    }

    /// Uses this seed from now on, as the recorded unit did.
    pub fn set_seed(&mut self, seed: Option<u64>) {
        self.given_seed = seed;
    }

    /// Begins a call; calls nest.
    #[inline]
    pub(super) fn begin_call(&mut self) -> Frame {
        let call = Call {
            changes_before: self.changes,
            ..Call::default()
        };
        Frame(std::mem::replace(&mut self.call, call))
    }

    /// Ends the call that `begin_call` began: what it did, if it was these words.
    #[inline]
    pub(super) fn end_call(&mut self, outer: Frame, argv: &[&[u8]]) -> Effect {
        let call = std::mem::replace(&mut self.call, outer.0);
        if !self.recording {
            return Effect::None;
        }
        let expired = call.expired.as_deref().map_or(0, CommandList::len) as u64;
        let is_own = self.changes - call.changes_before > expired || call.selected;
        match (call.expired, call.rewritten) {
            (None, None) if is_own => Effect::Verbatim,
            (None, Some(commands)) if is_own => Effect::Rewritten(commands),
            (None, _) => Effect::None,
            (Some(mut effects), rewritten) => {
                match rewritten {
                    _ if !is_own => {}
                    Some(commands) => effects.append(&commands),
                    None => effects.push(argv),
                }
                Effect::Rewritten(effects)
            }
        }
    }

    /// Adds the effect of a call inside a script to the script's own effects.
    #[cfg(feature = "lua")]
    pub(super) fn nest(&mut self, argv: &[&[u8]], effect: Effect) {
        match effect {
            Effect::None => {}
            Effect::Verbatim => self.rewrite(argv),
            Effect::Rewritten(commands) => self.rewrite_all(&commands),
        }
    }

    /// Makes the unit one of the fake itself, that removes a key or fields as this command would.
    pub fn record_removal<A: AsRef<[u8]>>(&mut self, origin: Origin, argv: &[A]) {
        self.origin = origin;
        self.changes += 1;
        if self.recording {
            self.commands.push(argv);
            self.effects.push(Effect::Verbatim);
        }
    }

    /// Adds the request itself, where the unit is one of several requests.
    pub fn record_own(&mut self, argv: &[&[u8]]) {
        if let Some(effect) = self.own.take().filter(|_| self.recording) {
            self.commands.push(argv);
            self.effects.push(effect);
        }
    }

    /// Adds commands of the unit, each with its effect.
    pub(super) fn record_all(&mut self, commands: CommandList, effects: Vec<Effect>) {
        match self.recording {
            true if self.commands.is_empty() => {
                (self.commands, self.effects) = (commands, effects);
            }
            true => {
                self.commands.append(&commands);
                self.effects.extend(effects);
            }
            false => {}
        }
    }
}

/// The call around the running one.
#[must_use]
pub(super) struct Frame(Call);
