//! Questions that take long: about the past, or for datasets. Whoever asks waits as if for a key, while a thread finds
//! the answer without the engine's lock, and others run their commands.
//!
//! Questions are answered one after another, in the order in which they were asked: an undo sees the undo before it.

use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::Weak;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::Sender;
use std::sync::mpsc::channel;

use super::Core;
use super::Engine;
use super::Shared;
use crate::command::Question;
use crate::resp::Reply;

/// Finds the answer to a question: a function of a layer that knows more than the engine. It may wait and take turns at
/// the engine, whose lock it is called without; what it returns is settled.
type Answerer = Box<dyn FnMut(&Engine, &Question) -> Reply + Send>;

/// What is answered if finding the answer fails in a way that nobody thought of.
const NO_ANSWER: &str = "ERR an internal fault kept fakeredis from answering this";

/// Where questions are handed in. The thread starts with the first one and ends with the engine.
#[derive(Default)]
pub(super) struct Desk {
    engine: Weak<Shared>,
    answerer: Option<Answerer>,
    thread: Option<Sender<Question>>,
    asked: u64,
}

impl Desk {
    /// Hands a question in; its number, unless nobody answers here.
    pub(super) fn ask(&mut self, question: Question) -> Option<u64> {
        let number = self.asked + 1;
        if self.thread.is_none() {
            self.thread = self.start();
        }
        let question = Question { number, ..question };
        self.thread.as_ref()?.send(question).ok()?;
        self.asked = number;
        Some(number)
    }

    fn start(&mut self) -> Option<Sender<Question>> {
        let (engine, answerer) = (self.engine.clone(), self.answerer.take()?);
        let (sender, questions) = channel();
        let thread = std::thread::Builder::new().name("fakeredis-answers".into());
        let started = thread.spawn(move || answer_all(&engine, answerer, &questions));
        started.ok().map(|_| sender)
    }
}

/// What the thread does.
fn answer_all(engine: &Weak<Shared>, mut answerer: Answerer, questions: &Receiver<Question>) {
    while let Ok(question) = questions.recv() {
        let Some(engine) = engine.upgrade().map(Engine) else {
            return;
        };
        if !engine.lock().world.is_asking(&question) {
            continue;
        }
        // Whoever asks waits for an answer, whatever goes wrong.
        let reply = catch_unwind(AssertUnwindSafe(|| answerer(&engine, &question)));
        let reply = reply.unwrap_or(Reply::Error(NO_ANSWER.into()));
        let core = Arc::clone(&engine.0.core);
        // Whoever is told may close the fake at once, and open its journal again: that must not wait for this thread.
        drop(engine);
        core.lock().tell(&question, reply);
    }
}

impl Engine {
    /// Has `answerer` answer the questions that commands ask.
    pub fn answer_with(&self, answerer: impl FnMut(&Engine, &Question) -> Reply + Send + 'static) {
        self.lock().host.desk = Desk {
            engine: Arc::downgrade(&self.0),
            answerer: Some(Box::new(answerer)),
            ..Desk::default()
        };
    }
}

impl Core {
    /// Gives the answer to whoever asked, if they still wait for it.
    fn tell(&mut self, question: &Question, reply: Reply) {
        self.begin_turn();
        self.world.tell(question, reply);
    }
}
