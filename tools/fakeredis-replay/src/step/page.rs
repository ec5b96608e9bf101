//! [`Page`]: a text that may be longer than its place on the screen.

/// A text, from some line on. It may have to be made first.
#[derive(Debug, Default)]
pub struct Page {
    text: Option<String>,
    top: usize,
}

impl Page {
    pub fn new(text: String) -> Page {
        Page {
            text: Some(text),
            top: 0,
        }
    }

    /// The text, once it was made.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// How many lines have been scrolled away.
    pub fn top(&self) -> usize {
        self.top
    }

    /// The text is no longer true.
    pub fn forget(&mut self) {
        self.text = None;
        self.top = 0;
    }

    pub fn fill(&mut self, text: String) {
        self.text = Some(text);
    }

    pub fn up(&mut self, lines: usize) {
        self.top = self.top.saturating_sub(lines);
    }

    pub fn down(&mut self, lines: usize) {
        let last = self
            .text
            .as_ref()
            .map_or(0, |text| text.lines().count().saturating_sub(1));
        self.top = (self.top + lines).min(last);
    }
}
