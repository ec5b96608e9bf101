//! What there is to see.

use fakeredis::commit::Entry;
use fakeredis::timeline::rfc3339;

use super::Focus;
use super::Mode;
use super::Model;
use super::Watch;
use crate::step::page::Page;
use crate::text;
use crate::text::Room;

/// A line of the list.
pub struct Row {
    pub text: String,
    pub is_cursor: bool,
    pub is_stop: bool,
}

impl Model {
    /// Whether the user wants to go.
    pub fn is_over(&self) -> bool {
        self.over
    }

    pub fn mode(&self) -> &Mode {
        &self.mode
    }

    pub fn focus(&self) -> Focus {
        self.focus
    }

    pub fn unit(&self) -> &Page {
        &self.unit
    }

    pub fn watched(&self) -> Option<&Watch> {
        self.watch.as_ref()
    }

    /// Where we are.
    pub fn title(&self) -> String {
        let (dir, cursor, last) = (self.past.dir().display(), self.cursor, self.past.last());
        let time = self
            .entry()
            .map_or_else(String::new, |entry| rfc3339(entry.clock_us));
        let stops = match self.all_stops().len() {
            0 => String::new(),
            count => format!("  {}", text::count(count as u64, "stop")),
        };
        let follow = if self.follow { "  following" } else { "" };
        format!("record {cursor} of {last}  {time}{stops}{follow}  {dir}")
    }

    /// What the part below the list shows.
    pub fn unit_title(&self) -> String {
        match self.entry() {
            Some(entry) if !self.why => text::heading(entry),
            _ if self.why => format!("why record {}", self.cursor),
            _ => format!("record {}", self.cursor),
        }
    }

    /// What the part below that shows, as redis-cli's prompt would.
    pub fn answer_title(&self, watch: &Watch) -> String {
        match self.db {
            0 => format!("> {}", watch.command),
            db => format!("[{db}]> {}", watch.command),
        }
    }

    fn entry(&self) -> Option<&Entry> {
        let entries = self.list.entries();
        entries.iter().find(|entry| entry.seq == self.cursor)
    }

    /// The list; with dates where there is room for them.
    pub fn rows(&self, dates: bool) -> Vec<Row> {
        let width = self.past.last().to_string().len();
        let entries = self.list.entries().iter();
        let stops = self.all_stops();
        let row = |entry: &Entry| Row {
            text: match dates {
                true => text::line(entry, width, Room::LINE, self.paint),
                false => text::short_line(entry, width, Room::LINE, self.paint),
            },
            is_cursor: entry.seq == self.cursor,
            is_stop: stops.iter().any(|stop| stop.matches(&entry.record)),
        };
        entries.map(row).collect()
    }

    /// The last lines: what just happened, or what there is to press.
    pub fn status(&self) -> String {
        match &self.mode {
            Mode::Prompt(prompt) => prompt.question.hint().to_owned(),
            Mode::Hunt(hunt) => format!("looking at record {}… Esc stops", hunt.place()),
            _ if !self.message.is_empty() => self.message.clone(),
            Mode::Help(_) => "↑ ↓ scroll, Esc leaves".to_owned(),
            Mode::Menu(menu) => menu.title().to_owned(),
            _ => "↑↓ move  : go to  b break  n N on/back  / search  ! watch  w why  ? help  q quit"
                .to_owned(),
        }
    }
}
