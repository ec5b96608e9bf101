//! [`Model`]: everything the debugger knows, and what each key does to it. It knows nothing of the terminal.
//!
//! Whatever may take long is not done when a key is pressed, but in pieces by [`Model::work`], while no key waits.

mod answers;
mod seen;
mod work;

pub use seen::Row;

use std::collections::BTreeMap;
use std::collections::VecDeque;

use fakeredis::commit::Seq;
use fakeredis::journal::Health;
use ratatui::crossterm::event::KeyEvent;

use crate::failure::Failure;
use crate::output::Paint;
use crate::step::hunt::Hunt;
use crate::step::hunt::Way;
use crate::step::keys;
use crate::step::keys::Action;
use crate::step::list::List;
use crate::step::menu::Choices;
use crate::step::menu::Menu;
use crate::step::page::Page;
use crate::step::past::Past;
use crate::step::prompt::Prompt;
use crate::step::prompt::Question;
use crate::step::stop::Stop;

/// The debugger.
pub struct Model {
    past: Past,
    paint: Paint,
    /// The record under the cursor.
    cursor: Seq,
    list: List,
    /// The record in full, or why it is there.
    unit: Page,
    why: bool,
    watch: Option<Watch>,
    /// The database that commands look at.
    db: usize,
    focus: Focus,
    mode: Mode,
    stops: Vec<Stop>,
    search: Option<Stop>,
    follow: bool,
    message: String,
    /// What was last answered to each question.
    answers: BTreeMap<Question, String>,
    /// Keys that were pressed during a search.
    waiting: VecDeque<KeyEvent>,
    over: bool,
}

/// A command whose answer is shown for the state under the cursor.
pub struct Watch {
    pub command: String,
    argv: Vec<Vec<u8>>,
    pub answer: Page,
}

/// What the arrow keys move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    List,
    Unit,
    Answer,
}

/// What keys mean at the moment.
pub enum Mode {
    Browse,
    Prompt(Prompt),
    Menu(Menu),
    Help(Page),
    Hunt(Hunt),
}

impl Model {
    /// The debugger at the record before `past`'s place.
    ///
    /// # Errors
    ///
    /// The journal holds no record.
    pub fn new(past: Past, paint: Paint) -> Result<Model, Failure> {
        if past.last() < past.first() {
            return Err(Failure::Nothing(
                "the journal holds no record yet".to_owned(),
            ));
        }
        let message = match past.timeline().reader().health() {
            Health::Damaged(_) => "the journal is damaged: only what came before is shown",
            _ => "",
        };
        Ok(Model {
            cursor: past.seq().clamp(past.first(), past.last()),
            past,
            paint,
            list: List::default(),
            unit: Page::default(),
            why: false,
            watch: None,
            db: 0,
            focus: Focus::List,
            mode: Mode::Browse,
            stops: Vec::new(),
            search: None,
            follow: false,
            message: message.to_owned(),
            answers: BTreeMap::new(),
            waiting: VecDeque::new(),
            over: false,
        })
    }

    /// Gives the list so many rows.
    pub fn fit(&mut self, rows: u16) {
        self.list.fit(rows.into());
        let read = self.list.follow(self.cursor, &self.past);
        self.report(read);
    }

    /// Does what a key asks for; during a search, once that is over.
    pub fn press(&mut self, key: KeyEvent) {
        let action = keys::action(key);
        if matches!(self.mode, Mode::Hunt(_)) {
            return self.press_in_search(key, action);
        }
        self.message.clear();
        let done = match (&self.mode, action) {
            (Mode::Prompt(_), _) => self.answer(key),
            (_, Some(action)) => self.act(action),
            (_, None) => Ok(()),
        };
        self.report(done);
    }

    fn report(&mut self, done: Result<(), Failure>) {
        if let Err(failure) = done {
            self.message = failure.to_string();
        }
    }

    fn act(&mut self, action: Action) -> Result<(), Failure> {
        match &mut self.mode {
            Mode::Menu(_) => self.act_in_menu(action),
            Mode::Help(page) => {
                if !scroll(page, action, self.list.rows() as usize) {
                    self.mode = Mode::Browse;
                }
                Ok(())
            }
            Mode::Browse | Mode::Prompt(_) | Mode::Hunt(_) => self.browse(action),
        }
    }

    fn browse(&mut self, action: Action) -> Result<(), Failure> {
        match action {
            Action::Ask(question) => self.mode = Mode::Prompt(Prompt::new(question)),
            Action::Next => return self.start(Way::On),
            Action::Previous => return self.start(Way::Back),
            Action::Why => {
                self.why = !self.why;
                self.unit.forget();
            }
            Action::Marks => return self.list_marks(),
            Action::Stops => self.list_stops(),
            Action::Follow => {
                self.follow = !self.follow;
            }
            Action::Focus => self.focus = self.next_focus(),
            Action::Help => self.mode = Mode::Help(Page::new(keys::help())),
            Action::Quit => self.over = true,
            Action::Choose | Action::Remove => {}
            Action::Back => self.focus = Focus::List,
            _ => return self.travel(action),
        }
        Ok(())
    }

    /// Moves what has the focus.
    fn travel(&mut self, action: Action) -> Result<(), Failure> {
        let page = self.list.rows();
        match (self.focus, &mut self.watch) {
            (Focus::Unit, _) => {
                scroll(&mut self.unit, action, page as usize);
            }
            (Focus::Answer, Some(watch)) => {
                scroll(&mut watch.answer, action, page as usize);
            }
            _ => {
                return self.go(match action {
                    Action::Up => self.cursor - 1,
                    Action::Down => self.cursor + 1,
                    Action::PageUp => self.cursor.saturating_sub(page),
                    Action::PageDown => self.cursor + page,
                    Action::First => self.past.first(),
                    _ => self.past.last(),
                });
            }
        }
        Ok(())
    }

    /// Puts the cursor on record `seq`, or the nearest that there is.
    fn go(&mut self, seq: Seq) -> Result<(), Failure> {
        let seq = seq.clamp(self.past.first(), self.past.last());
        if seq != self.cursor {
            self.cursor = seq;
            self.why = false;
            self.unit.forget();
            if let Some(watch) = &mut self.watch {
                watch.answer.forget();
            }
        }
        self.list.follow(self.cursor, &self.past)
    }

    fn next_focus(&self) -> Focus {
        match self.focus {
            Focus::List => Focus::Unit,
            Focus::Unit if self.watch.is_some() => Focus::Answer,
            Focus::Unit | Focus::Answer => Focus::List,
        }
    }

    fn act_in_menu(&mut self, action: Action) -> Result<(), Failure> {
        let Mode::Menu(menu) = &mut self.mode else {
            return Ok(());
        };
        let page = self.list.rows() as usize;
        match (action, &menu.of) {
            (Action::Up, _) => menu.up(1),
            (Action::Down, _) => menu.down(1),
            (Action::PageUp, _) => menu.up(page),
            (Action::PageDown, _) => menu.down(page),
            (Action::First, _) => menu.up(usize::MAX),
            (Action::Last, _) => menu.down(menu.items.len()),
            (Action::Remove, Choices::Stops) if menu.at < self.stops.len() => {
                self.stops.remove(menu.at);
                self.list_stops();
            }
            (Action::Choose, Choices::Marks(seqs)) => {
                let seq = seqs.get(menu.at).copied();
                self.mode = Mode::Browse;
                return seq.map_or(Ok(()), |seq| self.go(seq));
            }
            (Action::Remove, _) => {}
            _ => self.mode = Mode::Browse,
        }
        Ok(())
    }

    fn list_marks(&mut self) -> Result<(), Failure> {
        let marks = self.past.timeline().marks()?;
        match marks.is_empty() {
            true => self.message = "there is no mark".to_owned(),
            false => self.mode = Mode::Menu(Menu::of_marks(marks)),
        }
        Ok(())
    }

    fn list_stops(&mut self) {
        self.mode = Mode::Browse;
        match self.stops.is_empty() {
            true => self.message = "there is no breakpoint; b adds one".to_owned(),
            false => self.mode = Mode::Menu(Menu::of_stops(self.stops.iter().map(Stop::to_string))),
        }
    }

    fn all_stops(&self) -> Vec<&Stop> {
        self.stops.iter().chain(&self.search).collect()
    }
}

/// Scrolls a page; false where the action is none that does.
fn scroll(page: &mut Page, action: Action, rows: usize) -> bool {
    match action {
        Action::Up => page.up(1),
        Action::Down => page.down(1),
        Action::PageUp => page.up(rows),
        Action::PageDown => page.down(rows),
        Action::First => page.up(usize::MAX),
        Action::Last => page.down(usize::MAX),
        _ => return false,
    }
    true
}
