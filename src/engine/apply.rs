//! Applying recorded commits: recovery and time travel.

use crate::command;
use crate::command::Context;
use crate::command::NoHost;
use crate::command::Unit;
use crate::command::World;
use crate::commit::Commit;
use crate::commit::Effect;
use crate::session::Address;
use crate::session::Session;

/// Applies the effects of a commit to `world`, at the commit's own time.
pub fn apply(world: &mut World, clock_us: i64, commit: &Commit) {
    let mut session = Session::new(commit.client.id, Address::default(), clock_us);
    session.db = commit.db as usize;
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
