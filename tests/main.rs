//! Integration tests; one binary.

// A test fails by panicking.
#![expect(clippy::unwrap_used)]

mod client;
mod server;
mod support;

mod journal;
mod transcripts;
mod values;
