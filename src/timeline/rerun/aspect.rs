//! [`Aspect`]: in what a record and what it comes to now differ.

use crate::commit::Aborted;
use crate::commit::ClientEvent;
use crate::commit::CommandList;
use crate::commit::Commit;
use crate::commit::Record;
use crate::commit::Waiting;

/// In what a record and what it came to now differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aspect {
    /// One changed data and the other did not, or one was answered and the other would wait.
    Kind,
    /// The replies.
    Replies,
    /// The effects on the data.
    Effects,
    /// Whether random numbers were drawn, or whence.
    Random,
    /// What aborted an EXEC.
    Abort,
    /// What is said to have aborted an EXEC did not change a watched key.
    Culprit,
    /// A connection's id or address.
    Connection,
    /// The recorded effects give other data than the commands.
    State,
    /// The digest of all data.
    Digest {
        /// What was recorded.
        recorded: String,
        /// What it is now.
        again: String,
    },
}

/// In what a record and what it came to now differ. A client's name is not looked at: where its connection was not
/// seen to open, it is only as recorded.
pub(super) fn aspects(recorded: &Record, again: Option<&Record>) -> Vec<Aspect> {
    let when = |differs: bool, aspect| if differs { vec![aspect] } else { vec![] };
    match (recorded, again) {
        (Record::Commit(recorded), Some(Record::Commit(again))) => commits(recorded, again),
        (Record::Observed(recorded), Some(Record::Observed(again))) => {
            let mut differs = when(recorded.replies != again.replies, Aspect::Replies);
            differs.extend(when(recorded.seed != again.seed, Aspect::Random));
            differs
        }
        (Record::Setting(recorded), Some(Record::Setting(again))) => {
            let differs = recorded.replies.is_some() && recorded.replies != again.replies;
            when(differs, Aspect::Replies)
        }
        (Record::Aborted(recorded), Some(Record::Aborted(again))) => {
            when(!is_same_abort(recorded, again), Aspect::Abort)
        }
        (Record::Client(recorded), Some(Record::Client(again))) => {
            let of = |event: &ClientEvent| (event.client.id, event.addr.clone());
            when(of(recorded) != of(again), Aspect::Connection)
        }
        (Record::Waiting(recorded), Some(Record::Waiting(again))) => {
            let what = |waiting: &Waiting| (waiting.keys.clone(), waiting.until_us);
            when(what(recorded) != what(again), Aspect::Kind)
        }
        (Record::Open(_), None) => vec![],
        _ => vec![Aspect::Kind],
    }
}

fn commits(recorded: &Commit, again: &Commit) -> Vec<Aspect> {
    let mut differs = Vec::new();
    let intent = |commit: &Commit| (commit.origin, commit.db, commit.client.id);
    if intent(recorded) != intent(again) || recorded.commands != again.commands {
        differs.push(Aspect::Kind);
    }
    if recorded.reply_crc != again.reply_crc {
        differs.push(Aspect::Replies);
    }
    if recorded.effects != again.effects && effects(recorded) != effects(again) {
        differs.push(Aspect::Effects);
    }
    if recorded.seed != again.seed {
        differs.push(Aspect::Random);
    }
    differs
}

/// The commands that have the effects, whether they are those that were sent or others.
fn effects(commit: &Commit) -> CommandList {
    let mut effects = CommandList::new();
    commit.each_effect(|argv| effects.push(argv));
    effects
}

fn is_same_abort(recorded: &Aborted, again: &Aborted) -> bool {
    let what = |aborted: &Aborted| (aborted.key_db, aborted.key.clone(), aborted.culprit);
    what(recorded) == what(again)
        && recorded.commands == again.commands
        && recorded.watched == again.watched
}
