//! A pipeline that is no transaction: one round trip, but others may come in between.

use fakeredis::FakeRedis;
use fakeredis::Transactions;
use redis::Commands;
use redis::RedisResult;
use redis::Value;

fn main() -> RedisResult<()> {
    let mut con = FakeRedis::new().connection();

    let mut pipe = con.pipeline(false);
    let _: () = pipe.set("key1", "value1")?;
    let _: () = pipe.set("key2", "value2")?;
    let _: () = pipe.get("key1")?;
    let _: () = pipe.get("key2")?;
    let _: () = pipe.incr("counter", 1)?;
    let _: () = pipe.incr("counter", 1)?;
    let results = pipe.execute(true)?.expect("nothing is watched");

    let results: (bool, bool, String, String, i64, i64) =
        redis::from_redis_value(Value::Array(results))?;
    println!("Non-transactional pipeline results: {results:?}");
    Ok(())
}
