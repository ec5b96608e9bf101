//! A fake Redis that remembers.
pub mod bytes;
pub mod clock;
pub mod command;
pub mod commit;
pub mod engine;
pub mod journal;
pub mod keyspace;
pub mod number;
pub mod resp;
pub mod rng;
pub mod session;
pub mod value;

pub use clock::Clock;
