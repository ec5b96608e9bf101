//! [`Report`]: what came of sending a session, as it is printed.

use fakeredis::commit::Entry;
use fakeredis::resp::Reply;
use fakeredis::resp::pretty;
use serde_json::json;

use super::likeness::Expected;
use crate::failure::Failure;
use crate::json;
use crate::output::Output;
use crate::text;
use crate::text::Room;

/// What came of sending a record.
pub enum Verdict {
    Same,
    Incomparable,
    Differs {
        /// The recorded reply, where it is known.
        recorded: Option<Reply>,
        answered: Reply,
    },
}

impl Verdict {
    /// Whether a reply is the expected one, where that can be told.
    pub fn new(is_met: Option<bool>, expected: &Expected, answered: Reply) -> Verdict {
        match (is_met, expected) {
            (None, _) => Verdict::Incomparable,
            (Some(true), _) => Verdict::Same,
            (Some(false), Expected::Reply(recorded)) => Verdict::Differs {
                recorded: Some(recorded.clone()),
                answered,
            },
            (Some(false), _) => Verdict::refused(answered),
        }
    }

    /// An answer to what should have been done.
    pub fn refused(answered: Reply) -> Verdict {
        Verdict::Differs {
            recorded: None,
            answered,
        }
    }
}

/// How many replies were the recorded ones.
#[derive(Default)]
pub struct Report {
    compared: u64,
    incomparable: u64,
    differ: u64,
}

impl Report {
    pub fn has_differences(&self) -> bool {
        self.differ > 0
    }

    /// Counts what came of a record, and prints it if it is a difference.
    pub fn add(
        &mut self,
        entry: &Entry,
        verdict: &Verdict,
        out: &mut Output,
    ) -> Result<(), Failure> {
        match verdict {
            Verdict::Incomparable => self.incomparable += 1,
            Verdict::Same => self.compared += 1,
            Verdict::Differs { recorded, answered } => {
                self.compared += 1;
                self.differ += 1;
                difference(entry, recorded.as_ref(), answered, out)?;
            }
        }
        Ok(())
    }

    pub fn summary(&self, out: &mut Output) -> Result<(), Failure> {
        let Report {
            compared,
            incomparable,
            differ,
        } = self;
        match out.json {
            true => out.object(json!({
                "compared": compared, "differ": differ, "incomparable": incomparable
            })),
            false => out.line(format!(
                "replies: {compared} compared, {differ} differ, {incomparable} can't be compared"
            )),
        }
    }
}

fn difference(
    entry: &Entry,
    recorded: Option<&Reply>,
    answered: &Reply,
    out: &mut Output,
) -> Result<(), Failure> {
    if out.json {
        let mut object = json::describe(entry);
        let shown = |reply: &Reply| json::reply(reply.clone());
        object.insert("recorded".to_owned(), json!(recorded.map(shown)));
        object.insert("answered".to_owned(), shown(answered));
        return out.object(object);
    }
    let paint = out.paint;
    let recorded = recorded.map_or("another reply".to_owned(), pretty);
    out.line(text::line(entry, 1, Room::LINE, paint))?;
    out.line(paint.removed(format!("  recorded  {}", indented(&recorded))))?;
    out.line(paint.added(format!("  answered  {}", indented(&pretty(answered)))))
}

fn indented(reply: &str) -> String {
    reply.replace('\n', "\n            ")
}
