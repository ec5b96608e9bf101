//! Integration tests; one binary.

// A test fails by panicking.
#![expect(clippy::unwrap_used)]

mod support;

mod transcripts;
mod values;
