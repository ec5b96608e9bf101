//! Messages to channels.

use super::Family;

#[rustfmt::skip] // Rows of similar values.
pub const PUBSUB: Family = Family {
    forms: &[
        "PSUBSCRIBE < pattern >",
        "PUBLISH channel value",
        "PUBLISH channel value",
        "PUBLISH channel value",
        "PUBSUB CHANNELS [ pattern ] => items",
        "PUBSUB HELP",
        "PUBSUB NUMPAT",
        "PUBSUB NUMSUB < channel >",
        "PUBSUB SHARDCHANNELS [ pattern ] => items",
        "PUBSUB SHARDNUMSUB < channel >",
        "PUNSUBSCRIBE pattern < pattern >",
        "SPUBLISH channel value",
        "SSUBSCRIBE < channel >",
        "SUBSCRIBE < channel >",
        "SUNSUBSCRIBE channel < channel >",
        "UNSUBSCRIBE channel < channel >",
        "PING [ value ]",
        "RESET",
        "HELLO { 2 | 3 } => kind",
        "GET channel",
    ],
    kinds: &[("channel", &[b"a", b"b", b"ab", b"", b"k\xff\r\n"])],
};
