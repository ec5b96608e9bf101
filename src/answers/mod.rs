//! Answers to what `FAKEREDIS` asks beyond the engine: about the past, and for datasets.
//!
//! They are found on a thread of the engine's, without its lock. What the words of a question mean is decided here; what is
//! true of the past, in `timeline`.

mod fixture;
mod past;
mod steps;

pub use steps::go_back;

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

/// Answers a question.
pub fn answer(engine: &Engine, question: &Question) -> Reply {
    let words: Vec<&[u8]> = question.words.iter().map(|word| &**word).collect();
    let subcommand = words.first().map(|word| word.to_ascii_uppercase());
    let asked = Asked {
        engine,
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
    question: &'a Question,
    args: Args<'a>,
}

impl Asked<'_> {
    /// History up to now.
    fn timeline(&self) -> Result<Timeline> {
        let storage = self.engine.storage().ok_or(ReplyError::NO_HISTORY)?;
        self.engine.batch(|_| ())?;
        Ok(Timeline::on(storage)?)
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
