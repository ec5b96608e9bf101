//! Commands that wait: when they may, for what, how long, and how their wait ends without what they waited for.
//!
//! A handler that finds nothing calls [`Context::block`]. When one of its keys changes so that it may be served, the
//! engine runs the command again from the start; it may block again, and then keeps its place in line.

use super::Args;
use super::Context;
use super::ReplyError;
use super::Result;
use super::World;
use super::dispatch::count;
use super::reply::fixed;
use super::resolve;
use super::unit::Delivery;
use crate::bytes::Bytes;
use crate::commit::Origin;
use crate::commit::Seq;
use crate::number::LongDouble;
use crate::number::parse_i64;
use crate::resp::Protocol;
use crate::resp::Reply;
use crate::session::Replies;
use crate::session::SessionKey;
use crate::session::Wait;
use crate::session::Wakes;

/// How a blocked connection's wait ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unblock {
    /// As if its time were over.
    Timeout,
    /// With an error.
    Error,
}

/// What a command that blocks waits for.
pub struct Block<'a> {
    /// The keys, any of which may wake it.
    pub keys: &'a [&'a [u8]],
    /// What has to stand at a changed key to wake it.
    pub wakes: Wakes,
    /// When it stops waiting, as [`Context::deadline`] reads it.
    pub deadline_us: Option<i64>,
    /// The reply if nothing came by then.
    pub timeout: Reply,
    /// What runs when it is woken: the command as sent, with what is relative to now made absolute.
    pub argv: &'a [&'a [u8]],
}

/// What a command wants to know that is found without the engine's lock.
#[derive(Clone, Debug)]
pub struct Question {
    /// Who asks.
    pub session: SessionKey,
    /// The selected database.
    pub db: usize,
    /// The protocol in which the reply goes out.
    pub protocol: Protocol,
    /// The last record when it was asked.
    pub asked_at: Seq,
    /// The request without its first word.
    pub words: Vec<Bytes>,
    /// Which question it is; the host numbers them.
    pub number: u64,
}

impl Context<'_> {
    /// Has the request answered while others run theirs: the connection waits.
    ///
    /// # Errors
    ///
    /// It may not wait, or nobody answers here.
    pub fn ask(&mut self, words: &[&[u8]]) -> Result {
        const CANT_WAIT: ReplyError = fixed("ERR nobody waits for an answer here");
        let words: Vec<Bytes> = words.iter().map(|word| Bytes::from(*word)).collect();
        if !self.may_block() {
            return Err(CANT_WAIT);
        }
        let question = Question {
            session: self.session.key(),
            db: self.session.db,
            protocol: self.session.protocol,
            asked_at: self.unit.seq - 1,
            words: words.clone(),
            number: 0,
        };
        let number = self.host.ask(question).ok_or(CANT_WAIT)?;
        self.unit.delivery = Delivery::Later;
        self.world.waits.add(Wait {
            session: self.session.key(),
            db: self.session.db,
            keys: Vec::new(),
            wakes: |_| false,
            argv: std::iter::once(Bytes::from("FAKEREDIS"))
                .chain(words)
                .collect(),
            deadline_us: None,
            timeout: Reply::Null,
            question: Some(number),
        });
        Ok(Reply::Silence)
    }

    /// Whether a command may wait: nobody waits inside MULTI or a script, nor where nobody is to be answered.
    pub fn may_block(&self) -> bool {
        matches!(self.unit.origin, Origin::Direct | Origin::Blocked { .. })
            && self.session.is_connected()
    }

    /// Blocks the connection. Where it may not block, the answer is that of a wait that is over.
    pub fn block(&mut self, block: Block<'_>) -> Reply {
        if !self.may_block() {
            return block.timeout;
        }
        self.unit.delivery = Delivery::Later;
        // A connection that was woken in vain never left the line.
        if self.world.waits.get(self.session.id).is_none() {
            let all = |words: &[&[u8]]| words.iter().map(|word| Bytes::from(*word)).collect();
            self.world.waits.add(Wait {
                session: self.session.key(),
                db: self.session.db,
                keys: all(block.keys),
                wakes: block.wakes,
                argv: all(block.argv),
                deadline_us: block.deadline_us,
                timeout: block.timeout,
                question: None,
            });
        }
        Reply::Silence
    }

    /// Reads how many seconds to wait, fractions allowed: until when; `None` for ever.
    pub fn deadline(&self, args: &mut Args<'_>) -> Result<Option<i64>> {
        const NO_FLOAT: ReplyError = fixed("ERR timeout is not a float or out of range");
        let seconds = LongDouble::parse(args.next()?).ok_or(NO_FLOAT)?;
        self.deadline_after(seconds.thousandfold())
    }

    /// Reads how many milliseconds to wait: until when; `None` for ever.
    pub fn deadline_ms(&self, args: &mut Args<'_>) -> Result<Option<i64>> {
        const NO_INTEGER: ReplyError = fixed("ERR timeout is not an integer or out of range");
        self.deadline_after(parse_i64(args.next()?).ok_or(NO_INTEGER)?)
    }

    fn deadline_after(&self, timeout_ms: i64) -> Result<Option<i64>> {
        match timeout_ms {
            ..0 => Err(ReplyError::NEGATIVE_TIMEOUT),
            0 => Ok(None),
            i64::MAX => Err(ReplyError::LATE_TIMEOUT),
            _ if self.now_ms().checked_add(timeout_ms).is_none() => Err(ReplyError::LATE_TIMEOUT),
            _ => {
                let timeout_us = timeout_ms.saturating_mul(1000);
                Ok(Some(self.unit.now_us.saturating_add(timeout_us)))
            }
        }
    }
}

impl World {
    /// Ends all waits whose time is over.
    pub fn time_out(&mut self, now_us: i64) {
        while let Some(id) = self.waits.due(now_us) {
            self.unblock(id, Unblock::Timeout);
        }
    }

    /// Ends the wait of a connection; whether it was waiting.
    pub fn unblock(&mut self, id: u64, how: Unblock) -> bool {
        let reply = |wait: &Wait| match how {
            Unblock::Timeout => wait.timeout.clone(),
            Unblock::Error => fixed("UNBLOCKED client unblocked via CLIENT UNBLOCK").into(),
        };
        let Some(wait) = self.waits.end(id, reply).cloned() else {
            return false;
        };
        let reply = wait.timeout.clone();
        self.end_wait(&wait, reply);
        true
    }

    /// Whether somebody still waits for the answer to a question.
    pub fn is_asking(&self, question: &Question) -> bool {
        let wait = self.waits.get(question.session.id());
        wait.is_some_and(|wait| wait.question == Some(question.number))
    }

    /// Gives the answer to a question, if somebody still waits for it.
    pub fn tell(&mut self, question: &Question, reply: Reply) {
        if self.is_asking(question)
            && let Some(wait) = self.waits.remove(question.session.id())
        {
            self.end_wait(&wait, reply);
        }
    }

    fn end_wait(&mut self, wait: &Wait, reply: Reply) {
        if let Some(tracking) = &mut self.tracking {
            tracking.end_caching(wait.session.id());
        }
        let argv: Vec<&[u8]> = wait.argv.iter().map(|word| &**word).collect();
        if let Ok(command) = resolve(&argv) {
            count(self, command, &reply, None);
        }
        self.answer(wait.session, reply);
    }

    /// Gives a connection that is blocked its reply, unless it wants none.
    fn answer(&mut self, session: SessionKey, reply: Reply) {
        let Some(session) = self.sessions.get_mut(session) else {
            return;
        };
        session.commands += 1;
        let reply = match session.replies {
            Replies::On => reply,
            Replies::Off | Replies::SkipNext => Reply::Silence,
            Replies::Skip => {
                session.replies = Replies::On;
                Reply::Silence
            }
        };
        // That nothing came depends on no record, and an answer on settled ones.
        session.answer(reply, 0);
    }
}
