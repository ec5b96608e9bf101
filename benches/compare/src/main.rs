//! fakeredis beside its peers on this machine, in one run:
//!
//! ```text
//! cargo build --release -p fakeredis-server && cargo run --release -p fakeredis-compare [-- SECTION…] [--quick]
//! ```
//!
//! Prints the tables of docs/performance.md. Absolute numbers are noise from machine to machine; the ratios count.
//! Peers take turns (A B B A), and a figure is the median of its turns. `--quick` measures a tenth of everything.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

mod fresh;
mod growth;
mod history;
mod in_process;
mod load;
mod memory;
mod peer;
mod served;
mod stores;
mod table;

use std::process::ExitCode;

use table::Row;

/// How much is measured.
#[derive(Clone, Copy)]
pub struct Scale {
    /// What counts are divided by.
    pub divisor: u64,
}

impl Scale {
    /// `full`, or a tenth of it.
    pub fn of(self, full: u64) -> u64 {
        full / self.divisor
    }
}

/// A part of the comparison: its name, what it is about, and how it is measured.
type Section = (&'static str, &'static str, fn(Scale) -> Vec<Row>);

const SECTIONS: &[Section] = &[
    (
        "round-trip",
        "Server, one request a round trip, 50 clients, everysec",
        served::round_trip,
    ),
    (
        "pipeline",
        "Server, pipelines of 16, 50 clients, everysec",
        served::pipeline,
    ),
    (
        "always",
        "Server, `appendfsync always`, 50 clients",
        served::always,
    ),
    (
        "in-process",
        "In process, redis-rs's typed commands",
        in_process::commands,
    ),
    (
        "journal",
        "In process, journaled, survives kill -9",
        in_process::journaled,
    ),
    ("stores", "Journaled writes beside stores", stores::writes),
    ("open", "Opening a long journal", history::open),
    ("at", "Any point of a long journal", history::at),
    ("snapshot", "Snapshots of a million keys", history::snapshot),
    (
        "pause",
        "SET beside a checkpoint of a million keys that is written",
        history::pause,
    ),
    ("fresh", "A fresh fake", fresh::start),
    ("memory", "Memory", memory::used),
    (
        "sorted-set",
        "A sorted set of a million members, pipelines of 16",
        served::sorted_set,
    ),
    ("growth", "How cost grows", growth::curves),
];

fn main() -> ExitCode {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    if let [verb, port] = &args[..]
        && verb == "answer-ok"
    {
        peer::answer_ok(port.parse().unwrap());
        return ExitCode::SUCCESS;
    }
    let quick = args.iter().any(|arg| arg == "--quick");
    args.retain(|arg| arg != "--quick");
    let unknown = |arg: &&String| SECTIONS.iter().all(|(name, ..)| name != arg);
    if let Some(arg) = args.iter().find(unknown) {
        let names: Vec<_> = SECTIONS.iter().map(|(name, ..)| *name).collect();
        eprintln!("compare: no section {arg}; there are {}", names.join(" "));
        return ExitCode::FAILURE;
    }
    let scale = Scale {
        divisor: if quick { 10 } else { 1 },
    };
    for (name, title, measure) in SECTIONS {
        if args.is_empty() || args.iter().any(|arg| arg == name) {
            table::print(title, &measure(scale));
        }
    }
    ExitCode::SUCCESS
}
