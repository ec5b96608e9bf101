//! Counters that many threads share, one at a time, several at once, or under a condition.

use std::collections::BTreeMap;
use std::thread;

use fakeredis::Connection;
use fakeredis::FakeRedis;
use fakeredis::Transactions;
use redis::Commands;
use redis::RedisResult;

struct AtomicCounters {
    con: Connection,
}

impl AtomicCounters {
    fn new(fake: &FakeRedis) -> AtomicCounters {
        AtomicCounters {
            con: fake.connection(),
        }
    }

    fn reset(&mut self, counter: &str) -> RedisResult<()> {
        self.con.set(counter, 0)
    }

    fn increment(&mut self, counter: &str, amount: i64) -> RedisResult<i64> {
        self.con.incr(counter, amount)
    }

    /// Increments all counters in one transaction; their new values.
    fn increment_multiple<'c>(
        &mut self,
        amounts: &BTreeMap<&'c str, i64>,
    ) -> RedisResult<BTreeMap<&'c str, i64>> {
        let mut pipe = self.con.pipeline(true);
        for (counter, amount) in amounts {
            let _: () = pipe.incr(counter, amount)?;
        }
        let results = pipe.execute(true)?.expect("nothing is watched");
        let values: Vec<i64> = redis::FromRedisValue::from_redis_values(results)?;
        Ok(amounts.keys().copied().zip(values).collect())
    }

    /// Increments a counter if the key `condition` holds `expected` until then; whether it did.
    fn increment_if(
        &mut self,
        counter: &str,
        condition: &str,
        expected: &str,
    ) -> RedisResult<bool> {
        let mut pipe = self.con.pipeline(true);
        pipe.watch(&[condition, counter])?;
        let current: Option<String> = pipe.get(condition)?;
        if current.as_deref() != Some(expected) {
            return Ok(false);
        }
        pipe.multi()?;
        let _: () = pipe.incr(counter, 1)?;
        Ok(pipe.execute(true)?.is_some())
    }

    fn get<'c>(&mut self, counters: &[&'c str]) -> RedisResult<BTreeMap<&'c str, i64>> {
        let values: Vec<Option<i64>> = self.con.mget(counters)?;
        let values = values.into_iter().map(Option::unwrap_or_default);
        Ok(counters.iter().copied().zip(values).collect())
    }
}

/// Twenty page views, with a sign-up at every tenth and an order at every twentieth.
fn simulate_web_traffic(fake: &FakeRedis) -> RedisResult<()> {
    let mut counters = AtomicCounters::new(fake);
    for view in 1..=20 {
        counters.increment("page_views", 1)?;
        if view % 10 == 0 {
            counters.increment("user_signups", 1)?;
        }
        if view % 20 == 0 {
            counters.increment("orders_processed", 1)?;
        }
    }
    Ok(())
}

fn main() -> RedisResult<()> {
    let fake = FakeRedis::new();
    let mut counters = AtomicCounters::new(&fake);
    let names = ["page_views", "user_signups", "orders_processed"];
    for name in names {
        counters.reset(name)?;
    }

    println!("=== Atomic Counter Test ===");
    thread::scope(|scope| {
        for worker in 0..3 {
            let fake = &fake;
            scope.spawn(move || match simulate_web_traffic(fake) {
                Ok(()) => println!("Worker {worker} finished"),
                Err(error) => println!("Worker {worker}: Error - {error}"),
            });
        }
    });
    println!("Final counts: {:?}", counters.get(&names)?);

    println!("\n=== Bulk Counter Update ===");
    let updates = [
        ("daily_logins", 100),
        ("api_calls", 500),
        ("database_queries", 250),
    ];
    let results = counters.increment_multiple(&BTreeMap::from(updates))?;
    println!("Bulk update results: {results:?}");

    println!("\n=== Conditional Counter Test ===");
    for state in ["enabled", "disabled"] {
        let _: () = fake.connection().set("feature_flag", state)?;
        let done = counters.increment_if("feature_usage", "feature_flag", "enabled")?;
        println!("Conditional increment ({state}): {done}");
    }
    println!(
        "Feature usage count: {:?}",
        counters.get(&["feature_usage"])?
    );
    Ok(())
}
