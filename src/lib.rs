//! A fake Redis that remembers.
pub mod bytes;
pub mod clock;
pub mod commit;
pub mod keyspace;
pub mod number;
pub mod resp;
pub mod rng;
pub mod value;

pub use clock::Clock;
