//! Requests through a port, ours beside redis-server, both with a journal.

use std::time::Duration;

use crate::Scale;
use crate::load::Load;
use crate::load::Shape;
use crate::load::send;
use crate::peer::Kind;
use crate::peer::Server;
use crate::table::Figure;
use crate::table::Row;
use crate::table::Target;
use crate::table::median;

/// redis-benchmark's tests, in an order that leaves RPOP something to take.
const TESTS: &[&str] = &[
    "set", "get", "incr", "lpush", "rpop", "sadd", "hset", "zadd", "mset",
];
const MEMBERS: u64 = 1_000_000;

/// One request at a time on each of 50 connections.
pub fn round_trip(scale: Scale) -> Vec<Row> {
    let shape = shape(1, scale.of(100_000));
    compare(
        shape,
        "everysec",
        TESTS,
        [Target::AtLeast(1.0), Target::AtMost(0.8)],
    )
}

/// Sixteen requests at a time.
pub fn pipeline(scale: Scale) -> Vec<Row> {
    let shape = shape(16, scale.of(1_000_000));
    compare(
        shape,
        "everysec",
        TESTS,
        [Target::AtLeast(1.8), Target::AtMost(0.45)],
    )
}

/// Every reply waits for the disk.
pub fn always(scale: Scale) -> Vec<Row> {
    let shape = shape(1, scale.of(50_000));
    let tests = &["set", "incr", "lpush"];
    compare(
        shape,
        "always",
        tests,
        [Target::AtLeast(1.2), Target::Shown],
    )
}

/// Questions about a large sorted set.
pub fn sorted_set(scale: Scale) -> Vec<Row> {
    let questions: &[(&str, &[&str])] = &[
        ("ZADD", &["ZADD", "z", "__rand_int__", "m:__rand_int__"]),
        ("ZRANK", &["ZRANK", "z", "m:__rand_int__"]),
        ("ZRANGE by rank", &["ZRANGE", "z", "500000", "500009"]),
        (
            "ZRANGE by score",
            &[
                "ZRANGE",
                "z",
                "__rand_int__",
                "+inf",
                "BYSCORE",
                "LIMIT",
                "0",
                "10",
            ],
        ),
    ];
    let shape = Shape {
        keys: scale.of(MEMBERS),
        ..shape(16, scale.of(500_000))
    };
    let passes = passes(|kind| {
        let server = start(kind, "everysec");
        let fill = Shape {
            requests: 2 * shape.keys,
            ..shape
        };
        send(&server, fill, questions[0].1);
        questions
            .iter()
            .map(|(_, question)| send(&server, shape, question))
            .collect()
    });
    let rate = |(at, (name, _)): (usize, &(&str, _))| passes.rate(at, name, Target::AtLeast(1.0));
    questions.iter().enumerate().map(rate).collect()
}

fn shape(pipeline: u64, requests: u64) -> Shape {
    Shape {
        pipeline,
        clients: 50,
        requests,
        keys: 100_000,
    }
}

fn start(kind: Kind, fsync: &str) -> Server {
    Server::start(kind, &["--appendonly", "yes", "--appendfsync", fsync])
}

fn compare(shape: Shape, fsync: &str, tests: &[&str], targets: [Target; 2]) -> Vec<Row> {
    let passes = passes(|kind| {
        let server = start(kind, fsync);
        tests
            .iter()
            .map(|test| send(&server, shape, &["-t", test]))
            .collect()
    });
    let rows = |(at, test): (usize, &&str)| {
        let name = test.to_uppercase();
        [
            passes.rate(at, &name, targets[0]),
            passes.processor(at, &name, targets[1]),
        ]
    };
    let ceiling = passes.ceiling(send(&start(Kind::AnswerOk, fsync), shape, &["-t", "set"]));
    tests
        .iter()
        .enumerate()
        .flat_map(rows)
        .chain(ceiling)
        .collect()
}

/// What each test came to in each turn.
struct Passes {
    ours: Vec<Vec<Load>>,
    theirs: Vec<Vec<Load>>,
}

fn passes(mut pass: impl FnMut(Kind) -> Vec<Load>) -> Passes {
    let (first, second) = (pass(Kind::Ours), pass(Kind::Redis));
    let (third, fourth) = (pass(Kind::Redis), pass(Kind::Ours));
    Passes {
        ours: vec![first, fourth],
        theirs: vec![second, third],
    }
}

impl Passes {
    fn rate(&self, at: usize, name: &str, target: Target) -> Row {
        let rate = |passes: &[Vec<Load>]| {
            Figure::Rate(median(passes.iter().map(|pass| pass[at].rate).collect()))
        };
        Row {
            what: format!("{name}, requests"),
            ours: rate(&self.ours),
            theirs: Some(("redis-server", rate(&self.theirs))),
            target,
        }
    }

    fn processor(&self, at: usize, name: &str, target: Target) -> Row {
        Row {
            what: format!("{name}, processor time"),
            ours: processor(&self.ours, at),
            theirs: Some(("redis-server", processor(&self.theirs, at))),
            target,
        }
    }

    /// A server that only answers `+OK`, beside redis-server's first test.
    fn ceiling(&self, ok: Load) -> [Row; 2] {
        let mut rows = [
            self.rate(0, "(only +OK)", Target::Shown),
            self.processor(0, "(only +OK)", Target::Shown),
        ];
        rows[0].ours = Figure::Rate(ok.rate);
        rows[1].ours = Figure::Time(ok.processor);
        rows
    }
}

fn processor(passes: &[Vec<Load>], at: usize) -> Figure {
    let seconds = passes.iter().map(|pass| pass[at].processor.as_secs_f64());
    Figure::Time(Duration::from_secs_f64(median(seconds.collect())))
}
