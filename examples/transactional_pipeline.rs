//! A pipeline that is one transaction: fifteen commands, one round trip, all or nothing.

use std::time::UNIX_EPOCH;

use fakeredis::FakeRedis;
use fakeredis::Transactions;
use redis::Commands;
use redis::RedisResult;
use redis::Value;

fn main() -> RedisResult<()> {
    let fake = FakeRedis::new();
    let mut con = fake.connection();
    for i in 0..5 {
        let _: () = con.set(format!("item:{i}"), format!("value_{i}"))?;
        let _: () = con.set(format!("counter:{i}"), i * 10)?;
    }

    let now = fake.clock().now().duration_since(UNIX_EPOCH);
    let now = now.expect("it is after 1970").as_secs();
    let mut pipe = con.pipeline(true);
    for i in 0..5 {
        let _: () = pipe.get(format!("item:{i}"))?;
        let _: () = pipe.incr(format!("counter:{i}"), 1)?;
        let _: () = pipe.set(format!("timestamp:{i}"), now)?;
    }
    let results = pipe.execute(true)?.expect("nothing is watched");
    println!("Pipeline transaction executed {} commands", results.len());

    let rounds: Vec<(String, i64, bool)> = redis::from_redis_value(Value::Array(results))?;
    let items: Vec<&str> = rounds.iter().map(|(item, ..)| item.as_str()).collect();
    let counters: Vec<i64> = rounds.iter().map(|(_, counter, _)| *counter).collect();
    println!("Items: {items:?}");
    println!("Counters: {counters:?}");
    println!("All operations completed atomically");
    Ok(())
}
