//! What data costs in memory: our whole process's growth beside redis-server's own count.

use redis::Connection;

use crate::Scale;
use crate::peer::Kind;
use crate::peer::Server;
use crate::table::Figure;
use crate::table::Row;
use crate::table::Target;

const ELEMENTS: u64 = 1_000_000;
const BATCH: u64 = 1_000;

/// A kind of data: the command that makes element `n` of it.
type Data = (&'static str, fn(u64) -> redis::Cmd);

const DATA: &[Data] = &[
    ("keys of 10 + 64 bytes", |n| {
        let mut cmd = redis::cmd("SET");
        cmd.arg(format!("k:{n:08}")).arg([b'x'; 64].as_slice());
        cmd
    }),
    ("fields of one hash", |n| {
        let mut cmd = redis::cmd("HSET");
        cmd.arg("h")
            .arg(format!("f:{n:08}"))
            .arg(format!("v:{n:08}"));
        cmd
    }),
    ("members of one sorted set", |n| {
        let mut cmd = redis::cmd("ZADD");
        cmd.arg("z")
            .arg(n.wrapping_mul(7_919) % ELEMENTS)
            .arg(format!("m:{n:08}"));
        cmd
    }),
    ("members of one set", |n| {
        let mut cmd = redis::cmd("SADD");
        cmd.arg("s").arg(format!("m:{n:08}"));
        cmd
    }),
    ("elements of one list", |n| {
        let mut cmd = redis::cmd("RPUSH");
        cmd.arg("l").arg(format!("e:{n:08}"));
        cmd
    }),
    ("fields in hashes of five", |n| {
        let mut cmd = redis::cmd("HSET");
        cmd.arg(format!("h:{:08}", n / 5))
            .arg(format!("f:{}", n % 5))
            .arg(format!("v:{n:08}"));
        cmd
    }),
];

/// Bytes for so many elements.
pub fn used(scale: Scale) -> Vec<Row> {
    let elements = scale.of(ELEMENTS);
    let row = |(what, command): &Data| {
        let ours = grown(Kind::Ours, elements, *command, |server, _| {
            server.resident()
        });
        let theirs = grown(Kind::Redis, elements, *command, |_, con| used_memory(con));
        Row {
            what: format!("{elements} {what}"),
            ours: Figure::Bytes(ours),
            theirs: Some(("redis-server's used_memory", Figure::Bytes(theirs))),
            target: Target::AtMost(1.1),
        }
    };
    DATA.iter().map(row).collect()
}

/// How much `size` grew while the data came.
fn grown(
    kind: Kind,
    elements: u64,
    command: fn(u64) -> redis::Cmd,
    size: fn(&Server, &mut Connection) -> f64,
) -> f64 {
    let server = Server::start(kind, &["--appendonly", "no"]);
    let mut con = server.connection();
    let before = size(&server, &mut con);
    for start in (0..elements).step_by(BATCH as usize) {
        let mut pipe = redis::pipe();
        for n in start..start + BATCH {
            pipe.add_command(command(n)).ignore();
        }
        pipe.exec(&mut con).unwrap();
    }
    size(&server, &mut con) - before
}

fn used_memory(con: &mut Connection) -> f64 {
    let info: String = redis::cmd("INFO").arg("memory").query(con).unwrap();
    let value = info
        .lines()
        .find_map(|line| line.strip_prefix("used_memory:"));
    value.unwrap().parse().unwrap()
}
