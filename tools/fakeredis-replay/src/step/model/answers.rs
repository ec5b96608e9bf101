//! What is typed into a prompt, and what is done with it.

use fakeredis::resp::split_quoted;
use ratatui::crossterm::event::KeyCode;
use ratatui::crossterm::event::KeyEvent;

use super::Focus;
use super::Mode;
use super::Model;
use super::Watch;
use crate::failure::Failure;
use crate::step::hunt::Way;
use crate::step::keys;
use crate::step::keys::Action;
use crate::step::page::Page;
use crate::step::prompt::Question;
use crate::step::stop::Stop;

impl Model {
    /// A key in a prompt.
    pub(super) fn answer(&mut self, key: KeyEvent) -> Result<(), Failure> {
        let Mode::Prompt(prompt) = &mut self.mode else {
            return Ok(());
        };
        if matches!(keys::action(key), Some(Action::Back)) || is_control_c(key) {
            self.mode = Mode::Browse;
        } else if key.code == KeyCode::Enter {
            let (question, text) = (prompt.question, prompt.input.value().trim().to_owned());
            self.mode = Mode::Browse;
            self.answers.insert(question, text.clone());
            return self.answered(question, &text);
        } else if key.code == KeyCode::Up {
            prompt.recall(self.answers.get(&prompt.question));
        } else {
            prompt.press(key);
        }
        Ok(())
    }

    fn answered(&mut self, question: Question, text: &str) -> Result<(), Failure> {
        match question {
            Question::Command => self.watch(text),
            Question::Search if text.is_empty() => {
                self.search = None;
                Ok(())
            }
            _ if text.is_empty() => Ok(()),
            Question::Revision => self.go(self.past.resolve(text)?),
            Question::Search => {
                self.search = Some(Stop::on_text(text));
                self.start(Way::On)
            }
            Question::Stop => self.add_stop(text),
        }
    }

    fn add_stop(&mut self, text: &str) -> Result<(), Failure> {
        let stop: Stop = text.parse()?;
        self.message = format!("stops at {stop}; n goes on to it, N back");
        // A script that fails is false; whoever wrote it wants to know.
        if let Some(script) = stop.script()
            && let Err(error) = self.past.holds(self.cursor, script)?
        {
            self.message = format!("fails here, and is false where it does: {error}");
        }
        self.stops.push(stop);
        Ok(())
    }

    fn watch(&mut self, command: &str) -> Result<(), Failure> {
        let mut argv = Vec::new();
        split_quoted(command.as_bytes(), |word| argv.push(word.to_vec()))
            .ok_or_else(|| Failure::Nothing("a quote of the command is not closed".to_owned()))?;
        if self.focus == Focus::Answer {
            self.focus = Focus::List;
        }
        if let Some(db) = selected(&argv) {
            self.db = db;
            self.message = format!("commands look at database {db} now");
            self.watch
                .iter_mut()
                .for_each(|watch| watch.answer.forget());
            return Ok(());
        }
        self.watch = (!argv.is_empty()).then(|| Watch {
            command: command.to_owned(),
            argv,
            answer: Page::default(),
        });
        Ok(())
    }
}

/// The database of a SELECT.
fn selected(argv: &[Vec<u8>]) -> Option<usize> {
    match argv {
        [name, db] if name.eq_ignore_ascii_case(b"SELECT") => {
            std::str::from_utf8(db).ok()?.parse().ok()
        }
        _ => None,
    }
}

fn is_control_c(key: KeyEvent) -> bool {
    key.code == KeyCode::Char('c') && keys::action(key) == Some(Action::Quit)
}
