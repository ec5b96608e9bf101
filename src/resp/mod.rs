//! The Redis serialization protocol: replies, and their bytes on the wire.
//!
//! Owns RESP2 and RESP3 (<https://redis.io/docs/latest/develop/reference/protocol-spec/>). It knows no
//! command, no key and no I/O: it turns bytes into argument vectors and [`Reply`]s into bytes.

mod decode;
mod encode;
mod pretty;
mod reply;
mod request;
mod words;

pub use decode::DecodeError;
pub use decode::decode_reply;
pub use encode::encode;
pub use encode::encode_command;
pub use pretty::pretty;
pub use pretty::quote;
pub use reply::Reply;
pub use request::Limits;
pub use request::RequestDecoder;
pub use request::second_words;
pub use words::split_quoted;

/// The protocol version of a connection, chosen by `HELLO`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// RESP2, what every connection starts with.
    #[default]
    Resp2,
    /// RESP3, after `HELLO 3`.
    Resp3,
}
