//! [`LookAhead`]: reads what the commands of a batch are about to look up, so that the processor waits for the memory
//! of many keys at the same time. It changes nothing, and knows no command: a request's second word is nearly always a
//! key.

use super::Turn;
use crate::resp::second_words;
use crate::session::SessionKey;

/// How far ahead of the requests that ran a batch was looked at.
#[derive(Debug, Default)]
pub struct LookAhead {
    /// Bytes from the next request on.
    seen: usize,
}

impl LookAhead {
    /// Before the first request of `batch` runs, which is `len` bytes long.
    #[inline]
    pub fn pass(&mut self, turn: &mut Turn<'_>, by: Option<SessionKey>, batch: &[u8], len: usize) {
        if self.seen == 0 && len < batch.len() {
            self.seen = look(turn, by, batch).unwrap_or(0);
        }
        self.seen = self.seen.saturating_sub(len);
    }
}

/// Looks at the next requests; how many bytes they are.
fn look(turn: &mut Turn<'_>, by: Option<SessionKey>, batch: &[u8]) -> Option<usize> {
    let core = turn.core()?;
    let db = core.session(by?)?.db;
    let (keys, len) = second_words(batch);
    if keys.len() > 1 {
        core.world().keyspace.db(db).warm(keys.into_iter());
    }
    Some(len)
}
