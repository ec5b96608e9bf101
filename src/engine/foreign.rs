//! Units that another server ran: their effects are applied and recorded as they are.

use super::Core;
use super::ahead::Head;
use super::quoted;
use super::replay::Applier;
use crate::commit::Client;
use crate::commit::CommandList;
use crate::commit::Commit;
use crate::commit::Effect;
use crate::commit::Origin;
use crate::commit::Record;
use crate::resp::Reply;

/// What another server recorded as one unit: canonical commands, which have the same effect whenever they run.
#[derive(Clone, Debug)]
pub struct ForeignUnit {
    /// Whom it is put down to.
    pub client: Client,
    /// How it came about.
    pub origin: Origin,
    /// The database that was selected when it began.
    pub db: u32,
    /// The commands.
    pub commands: CommandList,
}

impl Core {
    /// Applies and records a unit of another server, at the time that the clock shows. Nothing expires but by its
    /// commands: what the other server had, it had.
    ///
    /// # Errors
    ///
    /// A command is refused, or the journal takes no records. The unit may then be applied in part: such an engine is
    /// to be given up.
    pub fn take_over(&mut self, unit: ForeignUnit) -> Result<(), String> {
        let clock_us = self.clock.now_us();
        let replies = self.apply_all(clock_us, &unit)?;
        let reply = match unit.origin {
            Origin::Exec => Some(Reply::Array(replies)),
            _ => replies.into_iter().next(),
        };
        let commit = Commit {
            reply_crc: self.recorder.reply_crc(&reply.unwrap_or(Reply::Silence)),
            effects: vec![Effect::Verbatim; unit.commands.len()],
            client: unit.client,
            origin: unit.origin,
            db: unit.db,
            commands: unit.commands,
            ..Commit::default()
        };
        let recorded = self.recorder.append(clock_us, || Record::Commit(commit));
        recorded.map_err(|error| error.to_string())?;
        self.host
            .checkpoint_if_due(&self.world.keyspace, self.recorder.last_seq);
        Ok(())
    }

    fn apply_all(&mut self, clock_us: i64, unit: &ForeignUnit) -> Result<Vec<Reply>, String> {
        let mut applier = Applier::new(&mut self.world);
        let begun = applier.begin(&Head {
            clock_us,
            client: unit.client.id,
            db: unit.db,
            seed: None,
        });
        begun.map_err(|error| error.to_string())?;
        let replies = unit.commands.iter().map(|argv| match applier.run(&argv) {
            Reply::Error(error) => Err(format!("{} answers: {error}", quoted(&argv))),
            reply => Ok(reply),
        });
        replies.collect()
    }
}
