//! What takes long: searches, the state at the cursor, new records. It is done in pieces, while no key waits.

use fakeredis::commit::Record;
use fakeredis::commit::Seq;
use fakeredis::resp::pretty;
use fakeredis::timeline::Shown;
use ratatui::crossterm::event::KeyEvent;

use super::Mode;
use super::Model;
use super::Watch;
use crate::failure::Failure;
use crate::output::Output;
use crate::output::Paint;
use crate::step::hunt::Found;
use crate::step::hunt::Hunt;
use crate::step::hunt::Way;
use crate::step::keys::Action;
use crate::step::stop::Stop;
use crate::text;
use crate::text::Room;
use crate::verbs::show;
use crate::verbs::why;

impl Model {
    /// Whether there is work to do.
    pub fn is_busy(&self) -> bool {
        let unanswered = |watch: &Watch| watch.answer.text().is_none();
        matches!(self.mode, Mode::Hunt(_))
            || self.unit.text().is_none()
            || self.watch.as_ref().is_some_and(unanswered)
    }

    /// Does a piece of work; where there is none, looks for new records. Whether there is anything new to see.
    pub fn work(&mut self) -> bool {
        let done = if matches!(self.mode, Mode::Hunt(_)) {
            let done = self.hunt();
            self.catch_up();
            done.map(|()| true)
        } else if self.unit.text().is_none() {
            self.fill_unit();
            Ok(true)
        } else if self.is_busy() {
            self.fill_answer();
            Ok(true)
        } else if self.follow {
            self.refresh()
        } else {
            Ok(false)
        };
        done.unwrap_or_else(|failure| {
            self.message = failure.to_string();
            true
        })
    }

    pub(super) fn press_in_search(&mut self, key: KeyEvent, action: Option<Action>) {
        match action {
            Some(Action::Back) => {
                self.mode = Mode::Browse;
                self.waiting.clear();
            }
            Some(Action::Quit) => self.over = true,
            _ => self.waiting.push_back(key),
        }
    }

    /// Starts to look for the next breakpoint.
    pub(super) fn start(&mut self, way: Way) -> Result<(), Failure> {
        if self.all_stops().is_empty() {
            let hint = "there is nothing to stop at yet; b adds a breakpoint, / searches";
            return Err(Failure::Nothing(hint.to_owned()));
        }
        self.mode = Mode::Hunt(Hunt::from(self.cursor, way));
        Ok(())
    }

    fn hunt(&mut self) -> Result<(), Failure> {
        let Mode::Hunt(mut hunt) = std::mem::replace(&mut self.mode, Mode::Browse) else {
            return Ok(());
        };
        let stops: Vec<&Stop> = self.stops.iter().chain(&self.search).collect();
        match hunt.look(&mut self.past, &stops)? {
            Found::NotYet => self.mode = Mode::Hunt(hunt),
            Found::Stop(seq, text) => {
                self.message = format!("stopped at {text}");
                return self.go(seq);
            }
            Found::Nothing => {
                let (side, cursor) = (hunt.way().side(), self.cursor);
                self.message = format!("nothing stops {side} record {cursor}");
            }
        }
        Ok(())
    }

    /// Does what keys asked for during a search, until there is another one.
    fn catch_up(&mut self) {
        while !matches!(self.mode, Mode::Hunt(_))
            && let Some(key) = self.waiting.pop_front()
        {
            self.press(key);
        }
    }

    /// Looks for new records, and whether there are any; a cursor on the last record goes along.
    fn refresh(&mut self) -> Result<bool, Failure> {
        let was_last = self.cursor == self.past.last();
        let is_news = self.past.refresh()?;
        if is_news {
            let seq = if was_last { Seq::MAX } else { self.cursor };
            self.go(seq)?;
        }
        Ok(is_news)
    }

    fn fill_unit(&mut self) {
        let (past, cursor, paint) = (&mut self.past, self.cursor, self.paint);
        let text = match self.why {
            true => Output::text(paint, |out| why::of_record(past.timeline(), cursor, out)),
            false => past.show(cursor).and_then(|shown| sheet(&shown, paint)),
        };
        self.unit
            .fill(text.unwrap_or_else(|failure| failure.to_string()));
    }

    fn fill_answer(&mut self) {
        let Some(watch) = &mut self.watch else {
            return;
        };
        let reply = self.past.run(self.cursor, self.db, &watch.argv);
        let text = reply.map_or_else(|failure| failure.to_string(), |reply| pretty(&reply));
        watch.answer.fill(text);
    }
}

/// A record in full, below its heading.
fn sheet(shown: &Shown, paint: Paint) -> Result<String, Failure> {
    let body = Output::text(paint, |out| show::body(shown, Room::PAGE, out))?;
    Ok(match &shown.entry.record {
        Record::Commit(_) | Record::Observed(_) | Record::Setting(_) => {
            body.trim_start().to_owned()
        }
        _ => format!("{}\n{body}", text::what(&shown.entry, Room::PAGE)),
    })
}
