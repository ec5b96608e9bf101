//! Integration tests; one binary.

// A test fails by panicking.
#![expect(clippy::unwrap_used)]

mod administration;
mod architecture;
mod blocking;
mod client;
mod determinism;
mod differential;
mod eviction;
mod examples;
mod exchange;
mod faults;
mod long_history;
mod recording;
mod redis_rs;
mod rerun;
mod scan;
mod server;
mod support;
mod timeline;

mod failure;
mod fixtures;
mod fuzzing;
mod journal;
mod live;
mod transcripts;
mod values;
