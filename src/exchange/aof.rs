//! [`AofFile`]: the commands of an append-only file, one after another, and what it says of their times.

use std::io;
use std::io::Read;

use super::window::Window;
use crate::commit::CommandList;
use crate::resp::RequestDecoder;

/// What the next bytes of a file are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// What follows ran in this second since the epoch.
    Second(i64),
    /// Commands that belong together: one, or those between MULTI and EXEC.
    Unit {
        commands: CommandList,
        /// Whether they stood between MULTI and EXEC.
        exec: bool,
    },
}

/// Why a file can't be read on.
#[derive(Debug)]
pub(super) enum AofError {
    /// It ends within a command or a transaction, which begins where the reader stands, so many bytes behind that.
    Truncated(u64),
    /// This is not a command.
    Damaged(String),
    Io(io::Error),
}

/// An append-only file, or the rest of one, that is being read.
pub(super) struct AofFile<'w, R> {
    window: &'w mut Window<R>,
    decoder: RequestDecoder,
}

impl<'w, R: Read> AofFile<'w, R> {
    /// The file, from where the window stands.
    pub(super) fn new(window: &'w mut Window<R>) -> AofFile<'w, R> {
        AofFile {
            window,
            decoder: RequestDecoder::default(),
        }
    }

    /// Where the next item begins, or what can't be read does.
    pub(super) fn at(&self) -> u64 {
        self.window.at()
    }

    /// The next item; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Item>, AofError> {
        loop {
            let mut ahead = Ahead {
                bytes: self.window.rest(),
                at: 0,
                decoder: &mut self.decoder,
            };
            let item = ahead.item();
            let len = ahead.at;
            match item {
                // It began before what is at hand ends, and is read again from its start.
                Err(AofError::Truncated(_)) => self.decoder = RequestDecoder::default(),
                item => {
                    self.window.pass(len);
                    if !matches!(item, Ok(None)) {
                        return item;
                    }
                }
            }
            if !self.window.grow().map_err(AofError::Io)? {
                return match self.window.rest().len() {
                    0 => Ok(None),
                    left => Err(AofError::Truncated(left as u64)),
                };
            }
        }
    }
}

/// What is at hand of a file.
struct Ahead<'a> {
    bytes: &'a [u8],
    at: usize,
    decoder: &'a mut RequestDecoder,
}

impl Ahead<'_> {
    fn item(&mut self) -> Result<Option<Item>, AofError> {
        while let Some(first) = self.bytes.get(self.at) {
            if *first != b'#' {
                return self.unit().map(Some);
            }
            if let Some(second) = self.annotation()? {
                return Ok(Some(Item::Second(second)));
            }
        }
        Ok(None)
    }

    /// Reads a line that is no command; the second that it tells, if it does.
    fn annotation(&mut self) -> Result<Option<i64>, AofError> {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|&byte| byte == b'\n');
        let line = &rest[..end.ok_or(AofError::Truncated(0))?];
        self.at += line.len() + 1;
        let second = line.trim_ascii_end().strip_prefix(b"#TS:");
        let second = second.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        Ok(second)
    }

    fn unit(&mut self) -> Result<Item, AofError> {
        let mut commands = CommandList::new();
        self.command(&mut commands)?;
        let exec = is(&commands, 0, b"MULTI");
        while exec && !is(&commands, commands.len() - 1, b"EXEC") {
            self.command(&mut commands)?;
        }
        Ok(match exec {
            true => Item::Unit {
                commands: inside(&commands),
                exec,
            },
            false => Item::Unit { commands, exec },
        })
    }

    fn command(&mut self, commands: &mut CommandList) -> Result<(), AofError> {
        while let Some(b'#') = self.bytes.get(self.at) {
            self.annotation()?;
        }
        let rest = &self.bytes[self.at..];
        if rest.first().is_some_and(|first| *first != b'*') {
            let what = format!(
                "a command should begin here, with '*', not {:?}",
                char::from(rest[0])
            );
            return Err(AofError::Damaged(what));
        }
        let decoded = self.decoder.decode(rest);
        let len = decoded.map_err(|error| AofError::Damaged(error.to_string()))?;
        let len = len.ok_or(AofError::Truncated(0))?;
        self.decoder.with_argv(rest, |argv| commands.push(argv));
        self.at += len;
        match commands.arg(commands.len() - 1, 0) {
            Some(_) => Ok(()),
            None => Err(AofError::Damaged("a command without a name".to_owned())),
        }
    }
}

/// Whether a command is a certain one.
fn is(commands: &CommandList, index: usize, name: &[u8]) -> bool {
    let found = commands.arg(index, 0);
    found.is_some_and(|found| found.eq_ignore_ascii_case(name))
}

/// The commands between the first and the last.
fn inside(commands: &CommandList) -> CommandList {
    let mut inside = CommandList::new();
    (1..commands.len() - 1).for_each(|index| inside.push(commands.args(index)));
    inside
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::encode_command;

    /// The items, what is wrong behind them, and where.
    fn items(bytes: &[u8]) -> (Vec<Item>, Option<String>, usize) {
        let mut window = Window::new(bytes);
        let mut file = AofFile::new(&mut window);
        let mut items = Vec::new();
        loop {
            match file.next() {
                Ok(Some(item)) => items.push(item),
                Ok(None) => return (items, None, file.at() as usize),
                Err(error) => return (items, Some(format!("{error:?}")), file.at() as usize),
            }
        }
    }

    fn unit(exec: bool, commands: &[&[&str]]) -> Item {
        let commands = commands.iter().map(|argv| argv.to_vec()).collect();
        Item::Unit { commands, exec }
    }

    fn file() -> Vec<u8> {
        let mut bytes = b"#TS:5\r\n# anything\r\n".to_vec();
        encode_command(&["SET", "a", "1\r\n*1"], &mut bytes);
        encode_command(&["multi"], &mut bytes);
        encode_command(&["DEL", "a"], &mut bytes);
        bytes.extend(b"#TS:6\r\n");
        encode_command(&["DEL", "b"], &mut bytes);
        encode_command(&["EXEC"], &mut bytes);
        bytes
    }

    #[test]
    fn a_transaction_is_one_unit() {
        let bytes = file();
        let expected = [
            Item::Second(5),
            unit(false, &[&["SET", "a", "1\r\n*1"]]),
            unit(true, &[&["DEL", "a"], &["DEL", "b"]]),
        ];
        assert_eq!(items(&bytes), (expected.into(), None, bytes.len()));
    }

    #[test]
    fn a_file_that_is_cut_ends_with_its_last_whole_unit() {
        let bytes = file();
        let (whole, _, _) = items(&bytes);
        for end in 0..bytes.len() {
            let (found, error, at) = items(&bytes[..end]);
            assert_eq!(found[..], whole[..found.len()]);
            let left = (at < end).then(|| format!("Truncated({})", end - at));
            assert_eq!(error, left, "{end}");
        }
    }

    #[test]
    fn a_file_may_be_longer_than_what_is_at_hand() {
        let long = "x".repeat(100_000);
        let mut bytes = b"#TS:5\r\n".to_vec();
        encode_command(&["MULTI"], &mut bytes);
        (0..20).for_each(|_| encode_command(&["SET", "a", &long], &mut bytes));
        encode_command(&["EXEC"], &mut bytes);
        (0..20).for_each(|_| encode_command(&["DEL", &long], &mut bytes));
        let (items, error, at) = items(&bytes);
        assert_eq!((items.len(), error, at), (22, None, bytes.len()));
        assert_eq!(items[1], unit(true, &[&["SET", "a", &long][..]; 20]));
    }

    #[test]
    fn what_is_no_command_is_damage_at_its_place() {
        let mut bytes = file();
        let end = bytes.len();
        bytes.extend(b"SET a 1\r\n");
        let (_, error, at) = items(&bytes);
        let what = "Damaged(\"a command should begin here, with '*', not 'S'\")".to_owned();
        assert_eq!((error, at), (Some(what), end));
        bytes.truncate(end);
        bytes.extend(b"*0\r\n");
        let (_, error, _) = items(&bytes);
        assert!(error.unwrap().starts_with("Damaged"));
    }
}
