//! What it costs the server to refuse a long damaged journal.

// A test fails by panicking.
#![expect(clippy::unwrap_used)]

#[path = "../../../tests/journal/long.rs"]
mod long;

#[path = "../../../tests/support/verified.rs"]
mod verified;

use verified::Recorded;

/// Nothing of a journal stays in memory while it is applied but the data, and nothing of what follows damage.
#[test]
fn a_long_damaged_journal_is_refused_in_little_memory() {
    let dir = Recorded::new().unverified("it is damaged");
    let segments = long::live(dir.path());
    let journal = dir.path().to_str().unwrap();
    let arguments = ["--port", "0", "--appendonly", "yes", "--dir", journal];
    for segment in [segments.last().unwrap(), &segments[segments.len() / 2]] {
        long::flip(segment);
        let server = env!("CARGO_BIN_EXE_fakeredis-server");
        let (code, said) = long::within(long::LONG_SPACE_MIB, server, &arguments);
        assert_eq!(code, 1, "{said}");
        let name = segment.file_name().unwrap().to_str().unwrap();
        assert!(said.contains("the journal is damaged"), "{said}");
        assert!(said.contains(name), "{said}");
    }
}
