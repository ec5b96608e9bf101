//! [`Prompt`]: a line that is being typed.

use ratatui::crossterm::event::Event;
use ratatui::crossterm::event::KeyEvent;
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use super::stop::FORMS;

/// What a line is typed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// A revision to go to.
    Revision,
    /// A text to search for.
    Search,
    /// A breakpoint to add.
    Stop,
    /// A command to run on the state under the cursor.
    Command,
}

impl Question {
    /// What stands before the line.
    pub fn sign(self) -> &'static str {
        match self {
            Question::Revision => ":",
            Question::Search => "/",
            Question::Stop => "stop at ",
            Question::Command => "> ",
        }
    }

    /// What may be typed.
    pub fn hint(self) -> &'static str {
        match self {
            Question::Revision => "42, @-3, @ (the last), mark:NAME, ts:2026-08-01T12:00, -5m",
            Question::Search => "text in commands and marks; nothing ends the search",
            Question::Stop => FORMS,
            Question::Command => {
                "any command that reads; SELECT N chooses the database, nothing ends it"
            }
        }
    }
}

/// A line, and what it is typed for.
#[derive(Clone, Debug)]
pub struct Prompt {
    pub question: Question,
    pub input: Input,
}

impl Prompt {
    pub fn new(question: Question) -> Prompt {
        Prompt {
            question,
            input: Input::default(),
        }
    }

    /// Puts back what was typed before.
    pub fn recall(&mut self, text: Option<&String>) {
        if let Some(text) = text {
            self.input = Input::new(text.clone());
        }
    }

    /// Edits the line.
    pub fn press(&mut self, key: KeyEvent) {
        self.input.handle_event(&Event::Key(key));
    }
}
