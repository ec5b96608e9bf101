//! A lock that many processes could share: SET NX EX takes it, a script gives it back only to its owner.

#![expect(
    clippy::disallowed_methods,
    reason = "waiting for a lock takes real time"
)]

use std::thread;
use std::time::Duration;
use std::time::Instant;

use fakeredis::FakeRedis;
use redis::Commands;
use redis::ConnectionLike;
use redis::ExistenceCheck;
use redis::RedisResult;
use redis::Script;
use redis::SetExpiry;
use redis::SetOptions;
use uuid::Uuid;

const RELEASE: &str = r#"
    if redis.call("get", KEYS[1]) == ARGV[1] then
        return redis.call("del", KEYS[1])
    else
        return 0
    end
"#;

const EXTEND: &str = r#"
    if redis.call("get", KEYS[1]) == ARGV[1] then
        return redis.call("expire", KEYS[1], ARGV[2])
    else
        return 0
    end
"#;

/// A lock that is held; dropping it releases it.
struct Guard<C: ConnectionLike> {
    con: C,
    key: String,
    token: String,
}

impl<C: ConnectionLike> Guard<C> {
    /// Takes the lock `name` for `lease`, waiting for at most `patience`; `None` when others kept it.
    fn acquire(
        mut con: C,
        name: &str,
        lease: Duration,
        patience: Duration,
    ) -> RedisResult<Option<Guard<C>>> {
        let key = format!("lock:{name}");
        let token = Uuid::new_v4().to_string();
        let options = SetOptions::default()
            .conditional_set(ExistenceCheck::NX)
            .with_expiration(SetExpiry::EX(lease.as_secs()));
        let give_up = Instant::now() + patience;
        while !con.set_options::<_, _, bool>(&key, &token, options.clone())? {
            if Instant::now() >= give_up {
                return Ok(None);
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(Some(Guard { con, key, token }))
    }

    /// Keeps the lock for `lease` from now on; whether it was still ours.
    fn extend(&mut self, lease: Duration) -> RedisResult<bool> {
        Script::new(EXTEND)
            .key(&self.key)
            .arg(&self.token)
            .arg(lease.as_secs())
            .invoke(&mut self.con)
    }
}

impl<C: ConnectionLike> Drop for Guard<C> {
    fn drop(&mut self) {
        let script = Script::new(RELEASE);
        let released = script
            .key(&self.key)
            .arg(&self.token)
            .invoke::<bool>(&mut self.con);
        if !matches!(released, Ok(true)) {
            eprintln!("{} was lost before it was released: {released:?}", self.key);
        }
    }
}

/// Adds one to the counter, not atomically: only the lock keeps the workers apart.
fn work(fake: &FakeRedis, worker: usize) -> RedisResult<()> {
    println!("Worker {worker}: Attempting to acquire lock for shared_counter");
    let (lease, patience) = (Duration::from_secs(5), Duration::from_secs(3));
    let Some(guard) = Guard::acquire(fake.connection(), "shared_counter", lease, patience)? else {
        println!("Worker {worker}: ❌ Could not acquire lock for shared_counter");
        return Ok(());
    };
    println!("Worker {worker}: ✅ Acquired lock for shared_counter");
    let mut con = fake.connection();
    let count: i64 = con.get("resource:shared_counter")?;
    thread::sleep(Duration::from_millis(50)); // some work
    let _: () = con.set("resource:shared_counter", count + 1)?;
    println!(
        "Worker {worker}: Updated shared_counter from {count} to {}",
        count + 1
    );
    drop(guard);
    println!("Worker {worker}: Released lock for shared_counter");
    Ok(())
}

fn main() -> RedisResult<()> {
    let fake = FakeRedis::new();
    let mut con = fake.connection();
    let _: () = con.set("resource:shared_counter", 0)?;

    println!("=== Distributed Lock Test ===");
    thread::scope(|scope| {
        for worker in 0..5 {
            let fake = &fake;
            scope.spawn(move || {
                if let Err(error) = work(fake, worker) {
                    println!("Worker {worker}: Error - {error}");
                }
            });
        }
    });
    let value: i64 = con.get("resource:shared_counter")?;
    println!("\nFinal shared counter value: {value}");

    println!("\n=== Lock Guard Test ===");
    let _: () = con.set("resource:context_test", 0)?;
    let lease = Duration::from_secs(10);
    if let Some(mut guard) = Guard::acquire(fake.connection(), "context_test", lease, lease)? {
        println!("Inside critical section for context_test");
        let count: i64 = con.incr("resource:context_test", 10)?;
        println!("Updated context_test to {count}");
        assert!(guard.extend(2 * lease)?, "the lock is ours");
    }
    let value: i64 = con.get("resource:context_test")?;
    println!("Final context test value: {value}");
    let locked: bool = con.exists("lock:context_test")?;
    println!("Lock still held: {locked}");
    Ok(())
}
