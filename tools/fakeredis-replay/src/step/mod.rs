//! A debugger in the terminal: [`Model`] is what it knows and does, `view` draws that, and this file hands it keys.

mod ansi;
mod hunt;
mod keys;
mod list;
mod menu;
mod model;
mod page;
mod past;
mod prompt;
mod stop;
mod view;

#[cfg(test)]
mod tests;

pub use model::Model;
pub use past::Past;

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ratatui::DefaultTerminal;
use ratatui::crossterm::event;
use ratatui::crossterm::event::Event;
use ratatui::crossterm::event::KeyEventKind;
use signal_hook::consts::SIGHUP;
use signal_hook::consts::SIGINT;
use signal_hook::consts::SIGTERM;

use crate::failure::Failure;

/// How often a journal that is followed is looked at, and a signal noticed.
const TICK: Duration = Duration::from_millis(250);

/// Steps through history until the user quits.
pub fn run(mut model: Model) -> Result<(), Failure> {
    let killed = Arc::new(AtomicBool::new(false));
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        // The second one ends it even where a script does not.
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&killed))?;
        signal_hook::flag::register(signal, Arc::clone(&killed))?;
    }
    let mut screen = Screen::open()?;
    let mut is_new = true;
    while !model.is_over() && !killed.load(Ordering::Relaxed) {
        if is_new {
            let size = screen.0.size()?;
            model.fit(view::list_rows(size.height));
            screen.0.draw(|frame| view::draw(frame, &model))?;
        }
        is_new = turn(&mut model)?;
    }
    Ok(())
}

/// Hands over every key that waits; where there is none, does a piece of work that takes long, or waits. Whether
/// there is anything new to see.
fn turn(model: &mut Model) -> Result<bool, Failure> {
    let wait = if model.is_busy() {
        Duration::ZERO
    } else {
        TICK
    };
    if !event::poll(wait)? {
        return Ok(model.work());
    }
    while event::poll(Duration::ZERO)? {
        let event = event::read()?;
        match &event {
            Event::Key(key) if key.kind != KeyEventKind::Release => model.press(*key),
            // The next drawing takes the new size.
            Event::Resize(..) => break,
            _ => {}
        }
    }
    Ok(true)
}

/// The terminal, taken; given back whatever happens.
struct Screen(DefaultTerminal);

impl Screen {
    fn open() -> io::Result<Screen> {
        ratatui::try_init()
            .map(Screen)
            .inspect_err(|_| ratatui::restore())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}
