//! A fake Redis that remembers.
pub mod bytes;
pub mod commit;
pub mod number;
pub mod resp;
pub mod rng;
pub mod value;
