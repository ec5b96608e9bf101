//! [`Reply`]: what a command answers, before it is encoded for a protocol version.

use std::borrow::Cow;

use crate::bytes::Bytes;
use crate::number::format_double;

/// A reply, or a part of one. Handlers build the RESP3 shape; [`encode`](super::encode) lowers it for RESP2.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// `+OK`: a status line.
    Simple(Cow<'static, str>),
    /// `-ERR …`: the code, a space and the message.
    Error(Cow<'static, str>),
    /// `:1`
    Int(i64),
    /// `$3`: a binary-safe string.
    Bulk(Bytes),
    /// No value; `$-1` in RESP2.
    Null,
    /// No array (an aborted EXEC, say); `*-1` in RESP2, the same null in RESP3.
    NullArray,
    /// `*2`: replies in order.
    Array(Vec<Reply>),
    /// `%1`: pairs; a flat array in RESP2.
    Map(Vec<(Reply, Reply)>),
    /// `~2`: distinct members; an array in RESP2.
    Set(Vec<Reply>),
    /// `,1.5`: a number; a bulk string in RESP2.
    Double(f64),
    /// `#t`: a boolean; `:1` or `:0` in RESP2.
    Bool(bool),
    /// `(123`: an integer beyond 64 bits, as decimal text; a bulk string in RESP2.
    BigNumber(Bytes),
    /// `=7 txt:abc`: text with a three-letter format; a bulk string in RESP2.
    Verbatim([u8; 3], Bytes),
    /// `>2`: out-of-band data; an array in RESP2.
    Push(Vec<Reply>),
    /// Nothing at all is sent (a connection with `CLIENT REPLY OFF`, say).
    Silence,
}

impl Reply {
    /// `+OK`
    pub const OK: Reply = Reply::Simple(Cow::Borrowed("OK"));

    /// A status line.
    pub const fn simple(text: &'static str) -> Reply {
        Reply::Simple(Cow::Borrowed(text))
    }

    /// A bulk string.
    pub fn bulk(bytes: impl Into<Bytes>) -> Reply {
        Reply::Bulk(bytes.into())
    }

    /// A count, as an integer.
    pub fn len(count: usize) -> Reply {
        Reply::Int(count as i64)
    }

    /// `:1` or `:0`, as commands older than RESP3 answer yes and no.
    pub const fn flag(yes: bool) -> Reply {
        Reply::Int(yes as i64)
    }

    /// An array of bulk strings.
    pub fn bulks<T: Into<Bytes>>(items: impl IntoIterator<Item = T>) -> Reply {
        Reply::Array(items.into_iter().map(Reply::bulk).collect())
    }

    /// A map from names to what belongs to them.
    pub fn map<N: Into<Bytes>>(fields: impl IntoIterator<Item = (N, Reply)>) -> Reply {
        let fields = fields.into_iter();
        Reply::Map(
            fields
                .map(|(name, value)| (Reply::bulk(name), value))
                .collect(),
        )
    }

    /// The same in the shapes that RESP2 has; both encode to the same RESP2 bytes.
    #[must_use]
    pub fn lowered(self) -> Reply {
        let all = |items: Vec<Reply>| items.into_iter().map(Reply::lowered).collect();
        match self {
            Reply::Array(items) | Reply::Set(items) | Reply::Push(items) => {
                Reply::Array(all(items))
            }
            Reply::Map(pairs) => Reply::Array(all(pairs
                .into_iter()
                .flat_map(|(key, value)| [key, value])
                .collect())),
            Reply::Double(number) => Reply::bulk(format_double(number)),
            Reply::Bool(yes) => Reply::flag(yes),
            Reply::BigNumber(text) | Reply::Verbatim(_, text) => Reply::Bulk(text),
            other => other,
        }
    }

    /// Whether this is an error.
    pub const fn is_error(&self) -> bool {
        matches!(self, Reply::Error(_))
    }
}

impl From<Option<Bytes>> for Reply {
    fn from(value: Option<Bytes>) -> Self {
        value.map_or(Reply::Null, Reply::Bulk)
    }
}
