//! Which key does what: one table for the debugger, its help and the documentation.

use ratatui::crossterm::event::KeyCode;
use ratatui::crossterm::event::KeyEvent;
use ratatui::crossterm::event::KeyModifiers;

use super::prompt::Question;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Ask(Question),
    Next,
    Previous,
    Why,
    Marks,
    Stops,
    Follow,
    Focus,
    Choose,
    Remove,
    Back,
    Help,
    Quit,
}

/// Keys that do the same.
pub struct Binding {
    /// Their names, separated by spaces.
    pub keys: &'static str,
    pub action: Action,
    /// What they do, for people.
    pub meaning: &'static str,
}

const fn bind(keys: &'static str, action: Action, meaning: &'static str) -> Binding {
    Binding {
        keys,
        action,
        meaning,
    }
}

#[rustfmt::skip] // One binding per line: this table is the help page.
pub const BINDINGS: &[Binding] = &[
    bind("↑ k", Action::Up, "the record before"),
    bind("↓ j", Action::Down, "the record after"),
    bind("PgUp Ctrl-b", Action::PageUp, "a page back"),
    bind("PgDn Ctrl-f Space", Action::PageDown, "a page on"),
    bind("Home", Action::First, "the first record"),
    bind("End G", Action::Last, "the last record"),
    bind(": g", Action::Ask(Question::Revision), "go to a revision: 42, @-3, mark:NAME, ts:TIME, -5m"),
    bind("n", Action::Next, "on to the next breakpoint or match"),
    bind("N", Action::Previous, "back to the breakpoint or match before"),
    bind("b", Action::Ask(Question::Stop), "add a breakpoint"),
    bind("B", Action::Stops, "list the breakpoints; d removes one"),
    bind("/", Action::Ask(Question::Search), "search for text in commands and marks; empty ends it"),
    bind("! >", Action::Ask(Question::Command), "watch the answer of a reading command; empty ends it"),
    bind("w", Action::Why, "why the record is there, or was aborted; again to go back"),
    bind("m", Action::Marks, "list the marks; Enter goes to one"),
    bind("f", Action::Follow, "follow a running server: new records appear"),
    bind("Tab", Action::Focus, "which part the arrows and page keys move"),
    bind("Enter", Action::Choose, "take the line of a list"),
    bind("d Del", Action::Remove, "remove the line of a list"),
    bind("Esc", Action::Back, "leave a list or a prompt, stop a search"),
    bind("?", Action::Help, "this page"),
    bind("q Ctrl-c", Action::Quit, "quit"),
];

/// What a key asks for, if anything.
pub fn action(key: KeyEvent) -> Option<Action> {
    let name = name(key)?;
    let has = |binding: &&Binding| binding.keys.split(' ').any(|key| key == name);
    BINDINGS.iter().find(has).map(|binding| binding.action)
}

/// A key's name in the table.
fn name(key: KeyEvent) -> Option<String> {
    let name = match key.code {
        KeyCode::Char(' ') => "Space",
        KeyCode::Char(letter) if key.modifiers.contains(KeyModifiers::CONTROL) => {
            return Some(format!("Ctrl-{letter}"));
        }
        KeyCode::Char(letter) => return Some(letter.to_string()),
        KeyCode::Up => "↑",
        KeyCode::Down => "↓",
        KeyCode::PageUp => "PgUp",
        KeyCode::PageDown => "PgDn",
        KeyCode::Home => "Home",
        KeyCode::End => "End",
        KeyCode::Enter => "Enter",
        KeyCode::Esc => "Esc",
        KeyCode::Tab => "Tab",
        KeyCode::Delete => "Del",
        _ => return None,
    };
    Some(name.to_owned())
}

/// The help page.
pub fn help() -> String {
    let line = |binding: &Binding| format!("{:<18} {}\n", binding.keys, binding.meaning);
    let lines: String = BINDINGS.iter().map(line).collect();
    format!("{lines}\nA breakpoint is {}.\n", super::stop::FORMS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_does_two_things() {
        let mut keys: Vec<&str> = BINDINGS
            .iter()
            .flat_map(|binding| binding.keys.split(' '))
            .collect();
        keys.sort_unstable();
        let all = keys.len();
        keys.dedup();
        assert_eq!(keys.len(), all);
    }

    #[test]
    fn control_is_part_of_a_key() {
        let control = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(action(control), Some(Action::Quit));
        assert_eq!(action(KeyEvent::from(KeyCode::Char('c'))), None);
    }

    /// A table of its own in docs/time-travel.md would soon be another one.
    #[test]
    fn the_documentation_has_every_key() {
        let page = include_str!("../../../../docs/time-travel.md");
        for binding in BINDINGS {
            let keys: Vec<String> = binding
                .keys
                .split(' ')
                .map(|key| format!("`{key}`"))
                .collect();
            let row = format!("| {} | {} |", keys.join(" "), binding.meaning);
            assert!(page.contains(&row), "missing: {row}");
        }
    }
}
