//! [`Waits`]: which blocked connections wait for which keys and until when, and which for the end of a pause. It
//! knows no command.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;

use super::SessionKey;
use crate::bytes::Bytes;
use crate::commit::Seq;
use crate::resp::Reply;
use crate::value::Value;

/// Whether what stands at a key now may serve a connection that waits for it.
pub type Wakes = fn(Option<&Value>) -> bool;

/// A connection that is blocked in a command.
#[derive(Clone, Debug)]
pub struct Wait {
    /// Who waits.
    pub session: SessionKey,
    /// The database of the keys.
    pub db: usize,
    /// What it waits for.
    pub keys: Vec<Bytes>,
    /// What wakes it.
    pub wakes: Wakes,
    /// The command that runs again once it is woken.
    pub argv: Vec<Bytes>,
    /// When it has waited long enough, in microseconds since the epoch; `None`: never.
    pub deadline_us: Option<i64>,
    /// The reply if nothing came by then.
    pub timeout: Reply,
    /// The number of the question whose answer it waits for, instead of keys.
    pub question: Option<u64>,
}

impl Wait {
    /// The words of the command.
    pub fn words(&self) -> Vec<&[u8]> {
        self.argv.iter().map(|word| &**word).collect()
    }
}

/// A key that somebody waits for was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// The key's database.
    pub db: usize,
    /// The key.
    pub key: Bytes,
    /// The unit that changed it.
    pub seq: Seq,
}

/// All blocked connections.
#[derive(Debug, Default)]
pub struct Waits {
    waits: BTreeMap<u64, Wait>,
    /// Who waits for a key, first come first served.
    by_key: BTreeMap<(usize, Bytes), Vec<SessionKey>>,
    deadlines: BTreeSet<(i64, u64)>,
    /// Changed keys, in the order of their first change, until their turn comes.
    ready: VecDeque<Ready>,
    /// Waits that ended without what they were for, until somebody has noted them.
    ended: Vec<Wait>,
    /// Requests that a pause holds back, in the order in which they came.
    postponed: VecDeque<(SessionKey, Vec<Bytes>)>,
    /// Requests that a fault delays, until when, in the order in which they came.
    delayed: Vec<(i64, SessionKey, Vec<Bytes>)>,
}

impl Waits {
    /// Whether nobody is blocked, and no wait ended that is still to be noted.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.waits.is_empty()
            && self.postponed.is_empty()
            && self.delayed.is_empty()
            && self.ended.is_empty()
    }

    /// How many connections are blocked.
    pub fn len(&self) -> usize {
        self.waits.len() + self.postponed.len() + self.delayed.len()
    }

    /// Whether a connection is blocked.
    pub fn is_blocked(&self, id: u64) -> bool {
        let is_own = |(session, _): &(SessionKey, _)| session.id() == id;
        self.waits.contains_key(&id)
            || self.postponed.iter().any(is_own)
            || self
                .delayed
                .iter()
                .any(|(_, session, _)| session.id() == id)
    }

    /// How many of them have a deadline.
    pub fn deadlines(&self) -> usize {
        self.deadlines.len()
    }

    /// How many keys are waited for.
    pub fn keys(&self) -> usize {
        self.by_key.len()
    }

    /// How many of them wake somebody also when they are removed.
    pub fn keys_on_removal(&self) -> usize {
        let wakes = |session: &SessionKey| self.get(session.id()).is_some_and(|w| (w.wakes)(None));
        let lines = self.by_key.values();
        lines.filter(|line| line.iter().any(wakes)).count()
    }

    /// The keys of a database that are waited for.
    pub fn keys_of(&self, db: usize) -> Vec<Bytes> {
        let all = self
            .by_key
            .range((db, Bytes::EMPTY)..(db + 1, Bytes::EMPTY));
        all.map(|((_, key), _)| key.clone()).collect()
    }

    /// What a connection waits for, if it does.
    pub fn get(&self, id: u64) -> Option<&Wait> {
        self.waits.get(&id)
    }

    /// A connection that does not wait yet gets in line, behind all that wait for the same keys.
    pub fn add(&mut self, wait: Wait) {
        let session = wait.session;
        for key in &wait.keys {
            let line = self.by_key.entry((wait.db, key.clone())).or_default();
            if line.last() != Some(&session) {
                line.push(session);
            }
        }
        if let Some(deadline_us) = wait.deadline_us {
            self.deadlines.insert((deadline_us, session.id()));
        }
        self.waits.insert(session.id(), wait);
    }

    /// A connection waits for the end of a pause to run its request.
    pub fn postpone(&mut self, session: SessionKey, argv: &[&[u8]]) {
        self.postponed.push_back((session, words(argv)));
    }

    /// A connection waits until `until_us` to run its request.
    pub fn delay(&mut self, session: SessionKey, argv: &[&[u8]], until_us: i64) {
        self.delayed.push((until_us, session, words(argv)));
    }

    /// Until when the request of a connection is delayed, if it is.
    pub fn delayed_until(&self, id: u64) -> Option<i64> {
        let mut delayed = self.delayed.iter();
        let found = delayed.find(|(_, session, _)| session.id() == id);
        found.map(|(until_us, ..)| *until_us)
    }

    /// The request whose delay is over first, if it is over by now, and whose it is.
    pub fn next_delayed(&mut self, now_us: i64) -> Option<(SessionKey, Vec<Bytes>)> {
        let delayed = self.delayed.iter().enumerate();
        let (index, (until_us, ..)) = delayed.min_by_key(|(_, (until_us, ..))| *until_us)?;
        (*until_us <= now_us).then(|| {
            let (_, session, argv) = self.delayed.remove(index);
            (session, argv)
        })
    }

    /// Whether a pause holds any request back.
    pub fn is_any_postponed(&self) -> bool {
        !self.postponed.is_empty()
    }

    /// The first request that was held back, and whose it is.
    pub fn next_postponed(&mut self) -> Option<(SessionKey, Vec<Bytes>)> {
        self.postponed.pop_front()
    }

    /// Forgets a connection, whatever it waits for.
    pub fn forget(&mut self, id: u64) {
        self.remove(id);
        self.postponed.retain(|(session, _)| session.id() != id);
        self.delayed.retain(|(_, session, _)| session.id() != id);
    }

    /// Ends a connection's wait for keys; what it waited for.
    pub fn remove(&mut self, id: u64) -> Option<Wait> {
        let wait = self.waits.remove(&id)?;
        if let Some(deadline_us) = wait.deadline_us {
            self.deadlines.remove(&(deadline_us, id));
        }
        for key in &wait.keys {
            let place = (wait.db, key.clone());
            if let Some(line) = self.by_key.get_mut(&place) {
                line.retain(|other| *other != wait.session);
                if line.is_empty() {
                    self.by_key.remove(&place);
                }
            }
        }
        if self.waits.is_empty() {
            self.ready.clear();
        }
        Some(wait)
    }

    /// Ends a connection's wait with `reply`, without what it waited for; what that was.
    pub fn end(&mut self, id: u64, reply: impl FnOnce(&Wait) -> Reply) -> Option<&Wait> {
        let mut wait = self.remove(id)?;
        wait.timeout = reply(&wait);
        self.ended.push(wait);
        self.ended.last()
    }

    /// The waits that ended so since the last call; `timeout` is the reply.
    pub fn take_ended(&mut self) -> Vec<Wait> {
        std::mem::take(&mut self.ended)
    }

    /// The unit `seq` changes a key.
    pub fn touch(&mut self, db: usize, key: &[u8], seq: Seq) {
        if self.by_key.is_empty() {
            return;
        }
        let place = (db, Bytes::from(key));
        let is_known = |ready: &Ready| ready.db == db && *ready.key == *key;
        if self.by_key.contains_key(&place) && !self.ready.iter().any(is_known) {
            let (db, key) = place;
            self.ready.push_back(Ready { db, key, seq });
        }
    }

    /// The next changed key, and who waits for it, in the order in which they came.
    pub fn next_ready(&mut self) -> Option<(Ready, Vec<SessionKey>)> {
        let ready = self.ready.pop_front()?;
        let line = self.by_key.get(&(ready.db, ready.key.clone()));
        let line = line.cloned().unwrap_or_default();
        Some((ready, line))
    }

    /// When the next wait or delay is over, in microseconds since the epoch.
    pub fn next_deadline(&self) -> Option<i64> {
        let deadline_us = self.deadlines.first().map(|(deadline_us, _)| *deadline_us);
        let delayed = self.delayed.iter().map(|(until_us, ..)| *until_us);
        delayed.chain(deadline_us).min()
    }

    /// The connection whose wait is over first, if it is over by now.
    pub fn due(&self, now_us: i64) -> Option<u64> {
        let (deadline_us, id) = self.deadlines.first()?;
        (*deadline_us <= now_us).then_some(*id)
    }
}

fn words(argv: &[&[u8]]) -> Vec<Bytes> {
    argv.iter().map(|word| Bytes::from(*word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Address;
    use crate::session::Sessions;

    fn wait(session: SessionKey, keys: &[&str], deadline_us: Option<i64>) -> Wait {
        Wait {
            session,
            db: 0,
            keys: keys.iter().map(|key| Bytes::from(*key)).collect(),
            wakes: |value| value.is_some(),
            argv: Vec::new(),
            deadline_us,
            timeout: Reply::NullArray,
            question: None,
        }
    }

    fn clients() -> [SessionKey; 3] {
        let mut sessions = Sessions::default();
        [0; 3].map(|now_us| sessions.open(Address::default(), now_us))
    }

    #[test]
    fn a_key_is_ready_once_for_all_that_wait_in_their_order() {
        let [a, b, c] = clients();
        let mut waits = Waits::default();
        waits.add(wait(b, &["x", "x", "y"], None));
        waits.add(wait(a, &["x"], None));
        waits.add(wait(c, &["y", "x"], None));
        waits.remove(a.id());
        waits.add(wait(a, &["x"], None));
        waits.touch(0, b"z", 4);
        waits.touch(1, b"x", 5);
        waits.touch(0, b"x", 6);
        waits.touch(0, b"y", 6);
        waits.touch(0, b"x", 7);
        let mut ready = std::iter::from_fn(|| waits.next_ready());
        let (first, line) = ready.next().unwrap();
        assert_eq!((&*first.key, first.seq), (b"x".as_slice(), 6));
        assert_eq!(line, [b, c, a]);
        assert_eq!(ready.next().unwrap().1, [b, c]);
        assert!(ready.next().is_none());
    }

    #[test]
    fn delays_end_in_the_order_of_their_times_and_then_in_that_of_their_coming() {
        let [a, b, c] = clients();
        let mut waits = Waits::default();
        waits.delay(c, &[b"GET"], 20);
        waits.delay(b, &[b"GET"], 10);
        waits.delay(a, &[b"SET"], 10);
        assert_eq!(
            (waits.next_deadline(), waits.next_delayed(9)),
            (Some(10), None)
        );
        let mut over = || waits.next_delayed(20).map(|(session, _)| session);
        assert_eq!(
            [over(), over(), over(), over()],
            [Some(b), Some(a), Some(c), None]
        );
        waits.delay(a, &[b"GET"], 10);
        assert!(waits.is_blocked(a.id()) && !waits.is_blocked(b.id()));
        waits.forget(a.id());
        assert!(waits.is_empty());
    }

    #[test]
    fn who_is_forgotten_leaves_nothing_behind() {
        let [a, b, _] = clients();
        let mut waits = Waits::default();
        waits.add(wait(a, &["x", "y"], Some(20)));
        waits.add(wait(b, &["x"], Some(10)));
        assert_eq!((waits.len(), waits.keys(), waits.deadlines()), (2, 2, 2));
        assert_eq!((waits.due(9), waits.due(10)), (None, Some(b.id())));
        waits.remove(b.id());
        assert_eq!(waits.next_deadline(), Some(20));
        waits.remove(a.id());
        assert_eq!((waits.len(), waits.keys(), waits.deadlines()), (0, 0, 0));
        assert!(waits.is_empty() && waits.remove(a.id()).is_none());
    }
}
