//! What is fuzzed. `cargo fuzz run NAME` runs a target with libFuzzer; `tests/fuzzing.rs` runs the same functions for
//! a moment with every other test.

#[path = "../../tests/journal/disk.rs"]
pub mod disk;
#[path = "../../tests/journal/forge.rs"]
pub mod forge;
pub mod targets;
