//! Exchange with real servers: a history as an append-only file, and append-only files, RDB files and MONITOR captures
//! as a history.
//!
//! It knows the formats of those files; what their commands mean is the engine's business, and how a journal lies on
//! the disk the journal's.
//!
//! ```
//! use fakeredis::{FakeRedis, exchange};
//! use redis::Commands;
//!
//! let dir = tempfile::tempdir()?;
//! let fake = FakeRedis::open(dir.path().join("data"))?;
//! let _: () = fake.connection().set("stock", 10)?;
//!
//! let mut aof = Vec::new();
//! let past = fake.timeline()?;
//! exchange::export_aof(&past, &"..".parse()?, &mut aof)?;
//! std::fs::write(dir.path().join("shop.aof"), aof)?;
//!
//! let copy = dir.path().join("copy");
//! let imported = exchange::import_aof(&dir.path().join("shop.aof"), &copy, &Default::default())?;
//! assert_eq!(imported.journal.digest, fake.digest());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod aof;
mod error;
mod export;
mod import;
mod manifest;
mod monitor;
mod parts;
mod rdb;
mod target;
mod window;

pub use error::Error;
pub use error::Flaw;
pub use error::Place;
pub use export::AofWriter;
pub use export::export_aof;
pub use import::ImportedAof;
pub use import::import_aof;
pub use manifest::MANIFEST;
pub use manifest::manifest;
pub use monitor::Failed;
pub use monitor::ImportedMonitor;
pub use monitor::import_monitor;
pub use target::ImportOptions;
pub use target::NewJournal;
