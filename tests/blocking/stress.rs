//! Many producers and consumers at once: nothing is lost, and nothing comes twice.

use std::thread;
use std::thread::JoinHandle;

use fakeredis::FakeRedis;
use redis::Commands;
use redis::ConnectionLike;

use super::Popped;

use crate::support::verified::Recorded;

const PRODUCERS: u32 = 4;
const JOBS: u32 = 1500;
/// The last thing that a worker takes, and the last that is moved.
const STOP: &str = "stop";

#[test]
fn every_job_is_done_once() {
    let dir = Recorded::new();
    let fake = FakeRedis::open(dir.path()).unwrap();
    let server = fake.serve("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", server.address().unwrap());

    let mut workers: Vec<_> = (0..4).map(|_| worker(fake.connection())).collect();
    workers.extend((0..2).map(|_| worker(over_the_wire(&url))));
    let mover = mover(fake.connection());
    let producers: Vec<_> = (0..PRODUCERS)
        .map(|number| producer(fake.connection(), number))
        .collect();

    producers
        .into_iter()
        .for_each(|producer| producer.join().unwrap());
    let mut con = fake.connection();
    let _: () = con.rpush("inbox", STOP).unwrap();
    mover.join().unwrap();
    // One worker stops for what was moved.
    let _: () = con.rpush("jobs", &[STOP; 5]).unwrap();
    let done = workers
        .into_iter()
        .flat_map(|worker| worker.join().unwrap());
    let mut done: Vec<u32> = done.collect();
    done.sort_unstable();
    assert!(done.into_iter().eq(0..PRODUCERS * JOBS));
    assert!(!fake.has_keys() && fake.engine().lock().world().waits.is_empty());

    // History agrees: everything that was pushed was popped.
    drop((con, server));
    fake.close().unwrap();
    drop(fake);
    assert!(!FakeRedis::open(dir.path()).unwrap().has_keys());
}

fn over_the_wire(url: &str) -> redis::Connection {
    redis::Client::open(url).unwrap().get_connection().unwrap()
}

/// Half of its jobs go through the inbox.
fn producer(mut con: fakeredis::Connection, number: u32) -> JoinHandle<()> {
    thread::spawn(move || {
        for job in number * JOBS..(number + 1) * JOBS {
            let key = ["jobs", "inbox"][job as usize % 2];
            let _: () = con.rpush(key, job).unwrap();
        }
    })
}

/// Takes jobs until it is told to stop; the jobs that it did.
fn worker(mut con: impl ConnectionLike + Send + 'static) -> JoinHandle<Vec<u32>> {
    thread::spawn(move || {
        let mut done = Vec::new();
        loop {
            // A wait this short often ends just when something comes.
            let popped: Popped = con.blpop("jobs", 0.001).unwrap();
            match popped {
                Some((_, job)) if job == STOP => return done,
                Some((_, job)) => done.push(job.parse().unwrap()),
                None => {}
            }
        }
    })
}

/// Moves what comes into the inbox to the jobs.
fn mover(mut con: fakeredis::Connection) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut command = redis::cmd("BLMOVE");
        command.arg(&["inbox", "jobs", "LEFT", "RIGHT", "0"]);
        while command.query::<String>(&mut con).unwrap() != STOP {}
    })
}
