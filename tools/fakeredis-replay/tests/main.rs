//! The tool as its users call it: on a recorded session, as text and as JSON, with its exit codes.

// A test fails by panicking.
#![expect(clippy::unwrap_used)]

mod again;
mod answers;
// `ulimit -v` is not everywhere, nor does it limit anything everywhere.
#[cfg(target_os = "linux")]
mod bounded;
mod docs;
mod editing;
mod exchange;
mod failures;
mod finding;
mod following;
mod json;
mod mending;
mod run;
mod run_transcripts;
#[cfg(unix)]
mod serve;
mod session;
mod shop;
#[cfg(unix)]
mod step;
// The test kit of the library.
#[allow(dead_code, reason = "other tests use all of it")]
#[path = "../../../tests/support/mod.rs"]
mod support;
#[cfg(unix)]
mod terminal;
mod waits;

// Tests that the tool exported; `exchange` holds them against what it exports now.
#[rustfmt::skip]
#[path = "exported/shop.rs"]
mod exported_shop;
#[rustfmt::skip]
#[path = "exported/shop_end.rs"]
mod exported_shop_end;
#[rustfmt::skip]
#[path = "exported/shop_in_full.rs"]
mod exported_shop_in_full;
