//! What a client says of itself, and of others.

use super::Family;

#[rustfmt::skip] // Rows of similar values.
pub const CONNECTION: Family = Family {
    forms: &[
        "CLIENT CACHING { YES | NO | x }",
        "CLIENT GETNAME",
        "CLIENT GETREDIR",
        "CLIENT HELP",
        "CLIENT ID => kind",
        "CLIENT INFO => kind",
        "CLIENT KILL { ID 999999 | TYPE x | SKIPME x | USER x | MAXAGE x | ADDR 9.9.9.9:1 | 9.9.9.9:1 | value value }",
        "CLIENT LIST [ TYPE { NORMAL | PUBSUB | x } | ID 999999 ] => kind",
        "CLIENT NO-EVICT { ON | OFF | x }",
        "CLIENT NO-TOUCH { ON | OFF | x }",
        "CLIENT PAUSE { 0 | x | -1 } [ WRITE | ALL | x ]",
        "CLIENT REPLY { ON | x }",
        "CLIENT SETINFO { LIB-NAME | LIB-VER | x } name",
        "CLIENT SETNAME name",
        "CLIENT TRACKING { OFF | x }",
        "CLIENT TRACKINGINFO",
        "CLIENT UNBLOCK { 999999 | x | -1 } [ TIMEOUT | ERROR | x ]",
        "CLIENT UNPAUSE",
        "CLIENT x",
        "ECHO value",
        "HELLO => kind",
        "HELLO { 1 | 4 | x | 3 x | 2 AUTH default | 3 SETNAME } => kind",
        "PING [ value ]",
        "QUIT",
        "RESET",
        "SELECT db",
        "NOSUCH value value",
        "GET key",
    ],
    kinds: &[("name", &[b"me", b"", b"with space", b"new\nline", b"lib-1.0", b"\xff"])],
};

/// Passwords and protocols. In a transaction, Redis leaves out the reply to a wrong password, so that the client waits
/// for ever, and answers with parts in either protocol.
pub const AUTHENTICATION: Family = Family {
    forms: &[
        "AUTH { value | default value | value value }",
        "HELLO { 2 | 3 } SETNAME { me | value } => kind",
        "HELLO { 2 | 3 } AUTH { default | value } value => kind",
        "ACL WHOAMI",
    ],
    kinds: &[],
};
