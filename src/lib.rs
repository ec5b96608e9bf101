//! A fake Redis that remembers, for tests.
//!
//! [`FakeRedis`] answers as Redis 8.2 does: strings, hashes, expiry, transactions, scripts and the rest, in the
//! same process or behind a port. With a journal it also remembers: every change is a record, and a
//! [`Timeline`] tells what changed, who changed it, why an EXEC was aborted, and what the data was then.
//!
//! It is
//!
//! - private: two fakes share nothing, and there are no globals;
//! - deterministic: one clock that a test can freeze and advance, one seed, an order that is the same on every run;
//! - honest: its answers are recorded from a real server and held against it.
//!
//! It is not a production database: one thread at a time runs commands, everything is in memory, and there is
//! no replication and no cluster.
//!
//! # In a test
//!
//! Code under test is written against redis-rs's traits; the test hands it a connection to a fake.
//!
//! ```
//! # #[cfg(feature = "client")] {
//! use std::time::Duration;
//!
//! use fakeredis::FakeRedis;
//! use redis::Commands;
//!
//! /// Code under test: any redis-rs connection will do.
//! fn log_in(con: &mut impl redis::ConnectionLike, user: &str) -> redis::RedisResult<()> {
//!     con.set_ex(format!("session:{user}"), "active", 3600)
//! }
//!
//! let fake = FakeRedis::new();
//! let mut con = fake.connection();
//! log_in(&mut con, "ada")?;
//! fake.clock().advance(Duration::from_secs(3601));
//! assert!(!con.exists::<_, bool>("session:ada")?);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Finding your way
//!
//! | you want | look at |
//! |---|---|
//! | a fake with a journal, a seed, a clock, data | `FakeRedis::builder`, [`Builder`], [`Clock`], [`Dataset`] |
//! | a connection for redis-rs | `FakeRedis::connection`, `FakeRedis::async_connection` (feature `client`) |
//! | MULTI, WATCH and pipelines by name | `Transactions`, `Pipeline` (feature `client`) |
//! | a port for clients in other languages | `FakeRedis::serve`, `Server` (feature `server`) |
//! | things that go wrong on demand | [`Fault`], [`FakeRedis::inject`], [`FakeRedis::seed`] |
//! | the past | [`FakeRedis::at`], [`FakeRedis::history`], [`FakeRedis::rewind`], [`timeline`] |
//! | a journal's records and condition | [`journal`], [`commit`] |
//! | data from and for a real server | [`exchange`] |
//! | replies and how redis-cli prints them | [`resp`] |
//!
//! # How it is built
//!
//! Each module imports only from those above it; `docs/design.md` says why, and a test holds it against the code.
//!
//! | module | owns |
//! |---|---|
//! | `bytes` `number` `clock` `rng` `resp` `value` | small byte strings; numbers as Redis prints them; the only clock; the only randomness; the wire; data types |
//! | `commit` `keyspace` `session` | the record of one unit; keys and expiry; one connection's state |
//! | `command` · `journal` | what commands mean, without a disk · bytes on a disk, without Redis |
//! | `engine` | the single writer |
//! | `timeline` `fixtures` | the past; datasets |
//! | `answers` `client` `server` `exchange` | answers about the past; the front doors; files of real servers |
//!
//! Modules that are public but not listed in this documentation are there for the crate's own tests and
//! tools; they may change in any release.

mod answers;
#[doc(hidden)]
pub mod bytes;
#[cfg(feature = "client")]
mod client;
#[doc(hidden)]
pub mod clock;
#[doc(hidden)]
pub mod command;
pub mod commit;
mod editing;
#[doc(hidden)]
pub mod engine;
mod error;
pub mod exchange;
mod fakeredis;
mod faults;
pub mod fixtures;
pub mod journal;
#[doc(hidden)]
pub mod keyspace;
#[doc(hidden)]
pub mod number;
pub mod resp;
#[doc(hidden)]
pub mod rng;
#[cfg(feature = "server")]
mod server;
#[doc(hidden)]
pub mod session;
mod snapshot;
pub mod timeline;
#[doc(hidden)]
pub mod value;

// The fake.
pub use clock::Clock;
pub use command::Config;
pub use command::Taken;
pub use editing::compact_journal;
pub use editing::fork_journal;
pub use editing::fork_state;
pub use editing::mark_journal;
pub use editing::rewind_journal;
pub use engine::Recording;
pub use error::Error;
pub use fakeredis::Builder;
pub use fakeredis::FakeRedis;
pub use fakeredis::dump_journal;
pub use faults::Fault;
pub use faults::Injected;
pub use journal::Fsync;
pub use journal::RecoveryReport;

// Connections for redis-rs.
#[cfg(feature = "client")]
pub use client::AsyncConnection;
#[cfg(feature = "client")]
pub use client::Committed;
#[cfg(feature = "client")]
pub use client::Connection;
#[cfg(feature = "client")]
pub use client::Options;
#[cfg(feature = "client")]
pub use client::Pipeline;
#[cfg(feature = "client")]
pub use client::Transactions;

// Ports for everybody else.
#[cfg(feature = "server")]
pub use server::Listen;
#[cfg(feature = "server")]
pub use server::Server;
#[cfg(feature = "server")]
pub use server::Stopper;

// Datasets.
pub use fixtures::BUILT_IN;
pub use fixtures::Dataset;
pub use fixtures::Size;
pub use fixtures::digest as fixture_digest;

// The past.
pub use snapshot::Snapshot;
pub use timeline::Rev;
pub use timeline::Timeline;
pub use timeline::View;

// Text.
pub use bytes::Bytes;
pub use resp::quote;

/// The README's Rust is compiled and run.
#[cfg(all(doctest, feature = "client"))]
#[doc = include_str!("../README.md")]
struct Readme;
