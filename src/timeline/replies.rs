//! The replies of a record, where they were recorded.

use crate::commit::Blob;
use crate::commit::Origin;
use crate::commit::Record;
use crate::resp::Reply;
use crate::resp::decode_reply;

/// What the commands of a record were answered, one reply for each; `None` where no replies were recorded.
pub fn replies_of(record: &Record) -> Option<Vec<Reply>> {
    let (replies, origin) = match record {
        Record::Commit(commit) => (commit.replies.as_ref()?, commit.origin),
        Record::Observed(observed) => (&observed.replies, observed.origin),
        Record::Setting(setting) => (setting.replies.as_ref()?, setting.origin),
        _ => return None,
    };
    let mut replies = decode(replies);
    match &mut replies[..] {
        [Reply::Array(items)] if origin == Origin::Exec => Some(std::mem::take(items)),
        _ => Some(replies),
    }
}

fn decode(bytes: &Blob) -> Vec<Reply> {
    let mut rest = bytes.as_ref();
    let mut replies = Vec::new();
    while let Ok(Some((reply, len))) = decode_reply(rest) {
        replies.push(reply);
        rest = &rest[len..];
    }
    replies
}
