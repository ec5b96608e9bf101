//! [`Menu`]: a list to choose from.

use fakeredis::commit::Seq;

/// A list to choose from.
#[derive(Debug)]
pub struct Menu {
    pub of: Choices,
    pub items: Vec<String>,
    /// The line under the menu's cursor.
    pub at: usize,
}

/// What there is to choose.
#[derive(Debug)]
pub enum Choices {
    /// Marks, by their records.
    Marks(Vec<Seq>),
    Stops,
}

impl Menu {
    /// The marks, newest first.
    pub fn of_marks(marks: Vec<(Seq, String)>) -> Menu {
        let newest_first = marks.into_iter().rev();
        let (seqs, names) = newest_first
            .map(|(seq, name)| (seq, format!("{seq}  {name}")))
            .unzip();
        Menu {
            of: Choices::Marks(seqs),
            items: names,
            at: 0,
        }
    }

    pub fn of_stops(stops: impl Iterator<Item = String>) -> Menu {
        Menu {
            of: Choices::Stops,
            items: stops.collect(),
            at: 0,
        }
    }

    pub fn title(&self) -> &'static str {
        match self.of {
            Choices::Marks(_) => "marks: Enter goes to one, Esc leaves",
            Choices::Stops => "breakpoints: d removes one, Esc leaves",
        }
    }

    pub fn up(&mut self, lines: usize) {
        self.at = self.at.saturating_sub(lines);
    }

    pub fn down(&mut self, lines: usize) {
        self.at = (self.at + lines).min(self.items.len().saturating_sub(1));
    }
}
