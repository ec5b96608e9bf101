//! WATCH: five threads count together, and nobody's step is lost.

#![expect(
    clippy::disallowed_methods,
    reason = "the workers really take some time"
)]

use std::thread;
use std::time::Duration;
use std::time::UNIX_EPOCH;

use fakeredis::FakeRedis;
use fakeredis::Transactions;
use redis::Commands;
use redis::RedisResult;

const WORKERS: usize = 5;
/// Enough for everyone: who has to try again was overtaken, and each of the others overtakes once.
const MAX_TRIES: usize = WORKERS;

fn main() -> RedisResult<()> {
    let fake = FakeRedis::new();
    let mut con = fake.connection();
    let _: () = con.set("shared_counter", 0)?;

    println!("Starting concurrent counter increment test...");
    thread::scope(|scope| {
        for worker in 0..WORKERS {
            let fake = &fake;
            scope.spawn(move || {
                if let Err(error) = increment_safely(fake, worker) {
                    println!("Worker {worker}: Error - {error}");
                }
            });
        }
    });

    println!(
        "Final counter value: {}",
        con.get::<_, i64>("shared_counter")?
    );
    for worker in 0..WORKERS {
        if let Some(at) = con.get::<_, Option<u64>>(last_update(worker))? {
            println!("Worker {worker} last updated at: {at}");
        }
    }
    Ok(())
}

fn increment_safely(fake: &FakeRedis, worker: usize) -> RedisResult<()> {
    let mut con = fake.connection();
    for attempt in 1..=MAX_TRIES {
        con.watch("shared_counter")?;
        let current: i64 = con.get("shared_counter")?;
        thread::sleep(Duration::from_millis(10)); // some work

        con.multi()?;
        let _: () = con.set("shared_counter", current + 1)?;
        let _: () = con.set(last_update(worker), unix_time(fake))?;
        if con.exec()?.is_some() {
            println!(
                "Worker {worker}: Successfully incremented to {}",
                current + 1
            );
            return Ok(());
        }
        println!("Worker {worker}: Retry {attempt} - counter was modified by another worker");
    }
    println!("Worker {worker}: Failed to increment after {MAX_TRIES} attempts");
    Ok(())
}

fn last_update(worker: usize) -> String {
    format!("worker_{worker}_last_update")
}

fn unix_time(fake: &FakeRedis) -> u64 {
    let since = fake.clock().now().duration_since(UNIX_EPOCH);
    since.expect("it is after 1970").as_secs()
}
