//! MULTI and EXEC: several commands as one.

use fakeredis::FakeRedis;
use fakeredis::Transactions;
use redis::Commands;
use redis::RedisResult;
use redis::Value;

fn main() -> RedisResult<()> {
    let mut con = FakeRedis::new().connection();
    let _: () = con.set("counter", 10)?;
    let _: () = con.set("balance", 100)?;

    con.multi()?;
    let _: () = con.incr("counter", 1)?;
    let _: () = con.decr("balance", 10)?;
    let _: () = con.set("last_operation", "purchase")?;
    let results = con.exec()?.expect("nothing is watched");

    let (counter, balance, done): (i64, i64, bool) =
        redis::from_redis_value(Value::Array(results))?;
    println!("Transaction results: [{counter}, {balance}, {done}]");
    println!("Counter: {}", con.get::<_, i64>("counter")?);
    println!("Balance: {}", con.get::<_, i64>("balance")?);
    println!("Last op: {}", con.get::<_, String>("last_operation")?);
    Ok(())
}
