//! Errors that commands answer: [`ReplyError`], and every message that more than one command has.

use std::borrow::Cow;

use crate::resp::Reply;

/// An error reply: the code, a space and the message. A value, not a failure of the fake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyError(Cow<'static, str>);

/// What a handler answers.
pub type Result<T = Reply> = std::result::Result<T, ReplyError>;

impl ReplyError {
    /// There is no past to ask about.
    pub const NO_HISTORY: ReplyError = fixed(
        "ERR this fake keeps no history; start it with a journal: fakeredis-server --dir DIR, or --history yes to keep one in memory",
    );
    /// `ERR syntax error`
    pub const SYNTAX: ReplyError = fixed("ERR syntax error");
    /// The key holds another type.
    pub const WRONG_TYPE: ReplyError =
        fixed("WRONGTYPE Operation against a key holding the wrong kind of value");
    /// An argument is no 64-bit integer.
    pub const NOT_AN_INTEGER: ReplyError = fixed("ERR value is not an integer or out of range");
    /// An argument is no double.
    pub const NOT_A_FLOAT: ReplyError = fixed("ERR value is not a valid float");
    /// An argument is outside its range.
    pub const OUT_OF_RANGE: ReplyError = fixed("ERR index out of range");
    /// The key must exist.
    pub const NO_SUCH_KEY: ReplyError = fixed("ERR no such key");
    /// The key must not exist.
    pub const BUSY_KEY: ReplyError = fixed("BUSYKEY Target key name already exists.");
    /// An increment would leave the 64 bits.
    pub const OVERFLOW: ReplyError = fixed("ERR increment or decrement would overflow");
    /// A sum is no number.
    pub const NAN_OR_INFINITY: ReplyError = fixed("ERR increment would produce NaN or Infinity");
    /// A string would be longer than 512 MB.
    pub const STRING_TOO_LONG: ReplyError =
        fixed("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    /// An argument is no count.
    pub const NOT_POSITIVE: ReplyError = fixed("ERR value is out of range, must be positive");
    /// Nobody waits for less than no time.
    pub const NEGATIVE_TIMEOUT: ReplyError = fixed("ERR timeout is negative");
    /// A time to wait that ends beyond the 64 bits.
    pub const LATE_TIMEOUT: ReplyError = fixed("ERR timeout is out of range");
    /// There is no such database.
    pub const NO_SUCH_DB: ReplyError = fixed("ERR DB index is out of range");

    /// An error with this text, the code first.
    pub fn new(text: impl Into<Cow<'static, str>>) -> ReplyError {
        ReplyError(text.into())
    }

    /// `ERR wrong number of arguments for 'get' command`
    pub fn arity(name: &str) -> ReplyError {
        let name = name.to_ascii_lowercase();
        ReplyError(format!("ERR wrong number of arguments for '{name}' command").into())
    }

    /// What containers answer that count the arguments of their subcommands themselves.
    pub fn subcommand(container: &str, word: &[u8]) -> ReplyError {
        let word = printed(word, 128);
        let text = format!(
            "ERR unknown subcommand or wrong number of arguments for '{word}'. Try {container} HELP."
        );
        ReplyError(text.into())
    }

    /// `ERR invalid expire time in 'set' command`
    pub fn expire_time(name: &str) -> ReplyError {
        let name = name.to_ascii_lowercase();
        ReplyError(format!("ERR invalid expire time in '{name}' command").into())
    }

    /// The text, the code first.
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// What a container's HELP answers; `lines` tell its subcommands.
pub fn help(container: &str, lines: &[impl AsRef<str>]) -> Reply {
    let first = format!("{container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    let last = ["HELP", "    Print this help."];
    let lines = lines.iter().map(AsRef::as_ref).chain(last);
    let lines = [&*first].into_iter().chain(lines);
    Reply::Array(
        lines
            .map(|line| Reply::Simple(line.to_owned().into()))
            .collect(),
    )
}

/// An error whose text is known beforehand.
pub const fn fixed(text: &'static str) -> ReplyError {
    ReplyError(Cow::Borrowed(text))
}

impl From<ReplyError> for Reply {
    fn from(error: ReplyError) -> Self {
        Reply::Error(error.0)
    }
}

/// Bytes inside a message, as Redis prints them: at most `most`, and up to a zero byte.
pub fn printed(bytes: &[u8], most: usize) -> String {
    let bytes = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(&bytes[..bytes.len().min(most)]).into_owned()
}
