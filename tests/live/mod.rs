//! Time travel on a running fake: undo and redo, snapshots, and the questions and answers of `FAKEREDIS`.

mod questions;
mod state;
mod steps;
mod watchers;

use std::time::Duration;
use std::time::UNIX_EPOCH;

use fakeredis::Clock;
use fakeredis::FakeRedis;
use fakeredis::Server;
use redis::ConnectionLike;
use redis::RedisResult;
use redis::Value;

use crate::support::verified::Remembering;

/// A fake whose history is in memory and whose clock stands, behind both front doors. Record 1 is the opening.
struct Lab {
    fake: Remembering,
    server: Server,
}

/// A connection, whichever door it came through.
type Door = Box<dyn ConnectionLike + Send>;

impl Lab {
    fn new() -> Lab {
        let clock = Clock::frozen_at(UNIX_EPOCH + Duration::from_secs(1_785_585_600));
        let fake = FakeRedis::builder().journal_in_memory().clock(clock);
        Lab::of(fake.build().unwrap())
    }

    fn of(fake: FakeRedis) -> Lab {
        let server = fake.serve("127.0.0.1:0").unwrap();
        let fake = Remembering(fake);
        Lab { fake, server }
    }

    fn inside(&self) -> Door {
        Box::new(self.fake.connection())
    }

    fn outside(&self) -> Door {
        let client = redis::Client::open(self.server.url()).unwrap();
        Box::new(client.get_connection().unwrap())
    }

    /// Runs `test` on a fake of its own through each door.
    fn through_both_doors(test: impl Fn(&Lab, fn(&Lab) -> Door)) {
        for door in [Lab::inside, Lab::outside] {
            test(&Lab::new(), door);
        }
    }
}

fn send(con: &mut Door, words: &[&str]) -> RedisResult<Value> {
    let answer = con.req_command(redis::cmd(words[0]).arg(&words[1..]))?;
    answer.extract_error()
}

/// Runs a command, words between spaces; what was answered, in a few characters.
fn run(con: &mut Door, line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let answer = send(con, &words);
    answer.map_or_else(|error| format!("({error})"), |value| text(&value))
}

fn run_all(con: &mut Door, lines: &[&str]) {
    lines.iter().for_each(|line| drop(run(con, line)));
}

/// What is there under a name: of a map, or of its flat form in RESP2.
fn field(answer: &Value, name: &str) -> Value {
    let is_it = |key: &Value| text(key) == name;
    let found = match answer {
        Value::Map(pairs) => pairs.iter().find(|(key, _)| is_it(key)).map(|pair| &pair.1),
        Value::Array(flat) => flat
            .chunks(2)
            .find(|pair| is_it(&pair[0]))
            .map(|pair| &pair[1]),
        other => panic!("no map: {other:?}"),
    };
    found
        .unwrap_or_else(|| panic!("no {name}: {answer:?}"))
        .clone()
}

fn text(value: &Value) -> String {
    let all = |values: &[Value]| values.iter().map(text).collect::<Vec<_>>().join(" ");
    match value {
        Value::Nil => "nil".to_owned(),
        Value::Okay => "OK".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Boolean(yes) => yes.to_string(),
        Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::SimpleString(text) => text.clone(),
        Value::Array(values) => format!("[{}]", all(values)),
        Value::Map(pairs) => {
            let pairs = pairs
                .iter()
                .map(|(key, value)| format!("{}: {}", text(key), text(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        other => format!("{other:?}"),
    }
}
