//! From records to state: recovery and time travel.

use crate::command;
use crate::command::Config;
use crate::command::Context;
use crate::command::NoHost;
use crate::command::Unit;
use crate::command::World;
use crate::commit::Commit;
use crate::commit::Effect;
use crate::commit::Entry;
use crate::commit::Record;
use crate::commit::Seq;
use crate::journal::Checkpoint;
use crate::journal::JournalError;
use crate::journal::Reader;
use crate::session::Address;
use crate::session::Session;

use super::checkpoint;

/// The state after record `seq`, from the nearest checkpoint before it.
///
/// # Errors
///
/// The journal can't be read up to there.
pub fn state_at(reader: &Reader, seq: Seq) -> Result<World, JournalError> {
    let checkpoint = reader.checkpoint_before(seq)?;
    let (mut world, from) = start(checkpoint)?;
    for entry in reader.entries(from + 1..=seq) {
        step(&mut world, &entry?, &|to| state_at(reader, to))?;
    }
    Ok(world)
}

/// The state of a checkpoint and its place in history; without one, nothing and 0.
///
/// # Errors
///
/// The checkpoint can't be read.
pub fn start(checkpoint: Option<Checkpoint>) -> Result<(World, Seq), JournalError> {
    let mut world = World::new(Config::default(), 0);
    let Some(checkpoint) = checkpoint else {
        return Ok((world, 0));
    };
    let seq = checkpoint.seq();
    checkpoint::load(&mut world.keyspace, checkpoint)?;
    Ok((world, seq))
}

/// Takes `world` over one record; `earlier` gives the state after an earlier one.
///
/// # Errors
///
/// What `earlier` fails with.
pub fn step(
    world: &mut World,
    entry: &Entry,
    earlier: &dyn Fn(Seq) -> Result<World, JournalError>,
) -> Result<(), JournalError> {
    match &entry.record {
        Record::Commit(commit) => apply(world, entry.clock_us, commit),
        Record::Rewind(to) => *world = earlier(*to)?,
        Record::Open(_)
        | Record::Close(_)
        | Record::Mark(_)
        | Record::Aborted(_)
        | Record::Observed(_)
        | Record::Client(_) => {}
    }
    Ok(())
}

/// Applies the effects of a commit to `world`, at the commit's own time.
pub fn apply(world: &mut World, clock_us: i64, commit: &Commit) {
    let mut session = Session::new(commit.client.id, Address::default(), clock_us);
    session.db = commit.db as usize;
    world.keyspace.grow(session.db + 1);
    let mut unit = Unit::for_applying();
    unit.begin(clock_us, 0, session.db);
    unit.set_seed(commit.seed);
    let mut context = Context {
        world,
        session: &mut session,
        unit: &mut unit,
        host: &mut NoHost,
    };
    let mut argv = Vec::new();
    for (index, effect) in commit.effects.iter().enumerate() {
        match effect {
            Effect::None => {}
            Effect::Verbatim => {
                commit.commands.get(index, &mut argv);
                command::apply(&mut context, &argv);
            }
            Effect::Rewritten(commands) => {
                for argv in commands.iter() {
                    command::apply(&mut context, &argv);
                }
            }
        }
    }
}
