//! [`AofFile`]: the commands of an append-only file, one after another, and what it says of their times.

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
#[derive(Debug, PartialEq, Eq)]
pub(super) enum AofError {
    /// It ends within a command or a transaction, which begins where the reader stands.
    Truncated,
    /// This is not a command.
    Damaged(String),
}

/// An append-only file, or the rest of one, that is being read.
pub(super) struct AofFile<'a> {
    bytes: &'a [u8],
    at: usize,
    decoder: RequestDecoder,
}

impl<'a> AofFile<'a> {
    /// The file, from byte `at` on.
    pub(super) fn new(bytes: &'a [u8], at: usize) -> AofFile<'a> {
        AofFile {
            bytes,
            at,
            decoder: RequestDecoder::default(),
        }
    }

    /// Where the next item begins, or what can't be read is.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The next item; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Item>, AofError> {
        let start = self.at;
        let item = self.item();
        if let Err(AofError::Truncated) = item {
            self.at = start;
        }
        item
    }

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
        let line = &rest[..end.ok_or(AofError::Truncated)?];
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
        let len = len.ok_or(AofError::Truncated)?;
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

    fn items(bytes: &[u8]) -> (Vec<Item>, Option<AofError>, usize) {
        let mut file = AofFile::new(bytes, 0);
        let mut items = Vec::new();
        loop {
            match file.next() {
                Ok(Some(item)) => items.push(item),
                Ok(None) => return (items, None, file.at()),
                Err(error) => return (items, Some(error), file.at()),
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
            assert!(matches!(error, None | Some(AofError::Truncated)), "{end}");
            assert_eq!(error.is_none(), at == end, "{end}");
        }
    }

    #[test]
    fn what_is_no_command_is_damage_at_its_place() {
        let mut bytes = file();
        let end = bytes.len();
        bytes.extend(b"SET a 1\r\n");
        let (_, error, at) = items(&bytes);
        let what = "a command should begin here, with '*', not 'S'".to_owned();
        assert_eq!((error, at), (Some(AofError::Damaged(what)), end));
        bytes.truncate(end);
        bytes.extend(b"*0\r\n");
        assert!(matches!(items(&bytes).1, Some(AofError::Damaged(_))));
    }
}
