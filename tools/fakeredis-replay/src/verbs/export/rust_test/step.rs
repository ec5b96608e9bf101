//! [`Step`]: what a test does, one thing after another, and how replies are written in it.

use fakeredis::commit::Seq;
use fakeredis::resp::Reply;

/// A thing that the test does.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// A new paragraph, with a heading.
    Record(String),
    /// A remark.
    Comment(String),
    /// The clock comes to show this time.
    Clock(i64),
    /// A client connects.
    Connect(usize),
    /// A client leaves.
    Leave(usize),
    /// A client sends a command, and is answered with this text if that is known.
    Run {
        client: usize,
        argv: Vec<Vec<u8>>,
        reply: Option<String>,
    },
    /// The data as they are after this record are kept.
    Keep(Seq),
    /// The data become what they were after this record.
    Restore(Seq),
}

/// A reply in a line of text, as the test's own function writes it; `None` where that depends on redis-rs.
pub fn line(reply: &Reply, in_resp2: bool) -> Option<String> {
    let reply = match in_resp2 {
        true => reply.clone().lowered(),
        false => reply.clone(),
    };
    lowered_line(&reply)
}

fn lowered_line(reply: &Reply) -> Option<String> {
    let list = |items: &mut dyn Iterator<Item = &Reply>| -> Option<String> {
        let items: Option<Vec<String>> = items.map(lowered_line).collect();
        Some(format!("[{}]", items?.join(", ")))
    };
    Some(match reply {
        Reply::Null | Reply::NullArray => "nil".to_owned(),
        Reply::Simple(text) => text.to_string(),
        Reply::Int(number) => number.to_string(),
        Reply::Bulk(bytes) => string(bytes),
        Reply::Error(text) => {
            let text = text.trim_end().replace(['\r', '\n'], " ");
            format!("(error) {text}")
        }
        Reply::Array(items) | Reply::Set(items) => list(&mut items.iter())?,
        Reply::Map(pairs) => list(&mut pairs.iter().flat_map(|(key, value)| [key, value]))?,
        Reply::Double(_)
        | Reply::Bool(_)
        | Reply::BigNumber(_)
        | Reply::Verbatim(..)
        | Reply::Push(_)
        | Reply::Silence => return None,
    })
}

fn string(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => format!("{text:?}"),
        Err(_) => format!("b\"{}\"", bytes.escape_ascii()),
    }
}
