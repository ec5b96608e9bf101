//! DISCARD: a transaction that is called off leaves nothing behind.

use fakeredis::FakeRedis;
use fakeredis::Transactions;
use redis::Commands;
use redis::RedisResult;

fn main() -> RedisResult<()> {
    let mut con = FakeRedis::new().connection();
    let _: () = con.set("account_a", 1000)?;
    let _: () = con.set("account_b", 500)?;

    con.multi()?;
    let _: () = con.decr("account_a", 100)?;
    let _: () = con.incr("account_b", 100)?;
    let _: () = con.set("transfer_log", "transfer_123")?;
    con.discard()?;

    let log: Option<String> = con.get("transfer_log")?;
    println!("Account A: {}", con.get::<_, i64>("account_a")?);
    println!("Account B: {}", con.get::<_, i64>("account_b")?);
    println!("Transfer log: {log:?}");
    Ok(())
}
