//! The journal on real and simulated disks.

mod corruption;
mod crash;
pub mod disk;
mod every_second;
mod golden;
mod room;
mod round_trip;
mod script;

use fakeredis::commit::Client;
use fakeredis::commit::CommandList;
use fakeredis::commit::Commit;
use fakeredis::commit::Effect;
use fakeredis::commit::Record;

/// A commit of `SET key value`.
fn set(key: &str, value: &[u8]) -> Record {
    let mut commands = CommandList::new();
    commands.push(&[b"SET", key.as_bytes(), value]);
    Record::Commit(Commit {
        client: Client::default(),
        commands,
        effects: vec![Effect::Verbatim],
        ..Commit::default()
    })
}
