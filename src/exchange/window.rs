//! [`Window`]: a file of any length, of which only what is being read is in memory.

use std::io;
use std::io::Read;

/// So many bytes are read at once, or more where something is longer.
const STEP: usize = 256 * 1024;

/// A file that is read from its start, and the bytes that are at hand.
pub(super) struct Window<R> {
    file: R,
    bytes: Vec<u8>,
    /// Where in `bytes` that begins what is not done with.
    from: usize,
    /// How many bytes of the file came before `bytes`.
    before: u64,
}

impl<R: Read> Window<R> {
    pub(super) fn new(file: R) -> Window<R> {
        Window {
            file,
            bytes: Vec::new(),
            from: 0,
            before: 0,
        }
    }

    /// How many bytes of the file are done with.
    pub(super) fn at(&self) -> u64 {
        self.before + self.from as u64
    }

    /// What is at hand of the rest.
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.from..]
    }

    /// Is done with so many bytes of the rest.
    pub(super) fn pass(&mut self, len: usize) {
        self.from += len;
    }

    /// Has at least twice as much at hand, so that something long is looked at few times; false at the end of the file.
    pub(super) fn grow(&mut self) -> io::Result<bool> {
        self.bytes.drain(..self.from);
        self.before += std::mem::take(&mut self.from) as u64;
        let more = STEP.max(self.bytes.len()) as u64;
        let read = self.file.by_ref().take(more).read_to_end(&mut self.bytes)?;
        Ok(read > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_with_is_let_go_of() {
        let file: Vec<u8> = (0..4 * STEP).map(|at| (at % 251) as u8).collect();
        let mut window = Window::new(&*file);
        let mut read = Vec::new();
        while window.grow().unwrap() {
            let len = window.rest().len() - 1;
            read.extend_from_slice(&window.rest()[..len]);
            window.pass(len);
            assert_eq!(window.at(), read.len() as u64);
            assert!(window.bytes.len() <= STEP + 1);
        }
        assert_eq!(read, file[..file.len() - 1]);
        assert_eq!(window.rest().len(), 1);
    }

    #[test]
    fn what_is_long_is_at_hand_as_a_whole() {
        let file = vec![7; 5 * STEP + 1];
        let mut window = Window::new(&*file);
        let mut steps = 0;
        while window.grow().unwrap() {
            steps += 1;
        }
        assert_eq!((window.rest(), steps), (&*file, 4));
    }
}
