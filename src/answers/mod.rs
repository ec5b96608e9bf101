//! Answers to what `FAKEREDIS` asks beyond the engine: about the past, and for datasets.
//!
//! They are found on a thread of the engine's, without its lock. What the words of a question mean is decided here; what is
//! true of the past, in `timeline`.

mod fixture;
mod past;
mod steps;

pub use steps::go_back;

use std::fmt;

use parking_lot::Mutex;

use crate::command::Args;
use crate::command::Question;
use crate::command::ReplyError;
use crate::command::Result;
use crate::engine::Engine;
use crate::fixtures::FixtureError;
use crate::journal::JournalError;
use crate::resp::Reply;
use crate::timeline;
use crate::timeline::Rev;
use crate::timeline::Timeline;

/// A fake's history as far as it was read last, so that it is only read on from there.
#[derive(Default)]
pub struct Past(Mutex<Option<Timeline>>);

impl Past {
    /// History up to now; `None` where the fake keeps none.
    ///
    /// # Errors
    ///
    /// The journal can't be read or written.
    pub fn now(&self, engine: &Engine) -> std::result::Result<Option<Timeline>, timeline::Error> {
        let Some(storage) = engine.storage() else {
            return Ok(None);
        };
        engine.batch(|_| ())?;
        let mut known = self.0.lock();
        let past = match known.take() {
            Some(mut past) => past.refresh().map(|_| past),
            None => Timeline::on(storage),
        };
        Ok(Some(known.insert(past?).clone()))
    }
}

impl fmt::Debug for Past {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Past")
    }
}

/// Answers a question.
pub fn answer(engine: &Engine, past: &Past, question: &Question) -> Reply {
    let words: Vec<&[u8]> = question.words.iter().map(|word| &**word).collect();
    let subcommand = words.first().map(|word| word.to_ascii_uppercase());
    let asked = Asked {
        engine,
        past,
        question,
        args: Args::new(&words, 1),
    };
    let answered = match subcommand.as_deref() {
        Some(b"AT") => past::at(asked),
        Some(b"BLAME") => past::blame(asked),
        Some(b"DIFF") => past::diff(asked),
        Some(b"DIGEST") => past::digest(asked),
        Some(b"FIXTURE") => fixture::fixture(asked),
        Some(b"HISTORY") => past::history(asked),
        Some(b"LOG") => past::log(asked),
        Some(b"REDO") => steps::redo(asked),
        Some(b"RESTORE") => steps::restore(asked),
        Some(b"REWIND") => steps::rewind(asked),
        Some(b"SHOW") => past::show(asked),
        Some(b"UNDO") => steps::undo(asked),
        Some(b"WHY") => past::why(asked),
        _ => Err(ReplyError::SYNTAX),
    };
    answered.unwrap_or_else(Reply::from)
}

/// A question, and what its answer is found with.
struct Asked<'a> {
    engine: &'a Engine,
    past: &'a Past,
    question: &'a Question,
    args: Args<'a>,
}

impl Asked<'_> {
    /// History up to now, for what goes on from the questions before it.
    fn present(&self) -> Result<Timeline> {
        self.past.now(self.engine)?.ok_or(ReplyError::NO_HISTORY)
    }

    /// History up to when the question was asked, whatever happened since.
    fn timeline(&self) -> Result<Timeline> {
        Ok(self.present()?.up_to(self.question.asked_at))
    }

    /// Reads a revision.
    fn rev(&mut self) -> Result<Rev> {
        let word = String::from_utf8_lossy(self.args.next()?);
        Ok(word.parse()?)
    }
}

impl From<timeline::Error> for ReplyError {
    fn from(error: timeline::Error) -> Self {
        match error {
            timeline::Error::Journal(error) => error.into(),
            error => ReplyError::new(format!("ERR {error}")),
        }
    }
}

impl From<JournalError> for ReplyError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Misuse(what) => ReplyError::new(format!("ERR {what}")),
            error => ReplyError::new(format!("MISCONF {error}")),
        }
    }
}

impl From<FixtureError> for ReplyError {
    fn from(error: FixtureError) -> Self {
        ReplyError::new(format!("ERR {error}"))
    }
}
