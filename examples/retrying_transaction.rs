//! `transaction()`: five threads buy from one stock; each tries until nobody came in between.

use std::thread;
use std::time::Duration;

use fakeredis::FakeRedis;
use fakeredis::Options;
use fakeredis::Transactions;
use redis::Commands;
use redis::RedisResult;

/// Takes one piece while there is any; how many there were before.
fn buy(fake: &FakeRedis) -> RedisResult<u32> {
    let options = Options {
        watch_delay: Duration::from_millis(1),
        ..Options::default()
    };
    let bought = fake.connection().transaction(&options, "stock", |pipe| {
        let stock: u32 = pipe.get("stock")?; // runs at once
        pipe.multi()?;
        if stock > 0 {
            let _: () = pipe.decr("stock", 1)?; // queued
            let _: () = pipe.incr("sold", 1)?;
        }
        Ok(stock)
    })?;
    Ok(bought.value)
}

fn main() -> RedisResult<()> {
    let fake = FakeRedis::new();
    let mut con = fake.connection();
    let _: () = con.set("stock", 3)?;

    thread::scope(|scope| {
        for buyer in 0..5 {
            let fake = &fake;
            scope.spawn(move || match buy(fake) {
                Ok(0) => println!("Buyer {buyer}: sold out"),
                Ok(stock) => println!("Buyer {buyer}: bought one of {stock}"),
                Err(error) => println!("Buyer {buyer}: Error - {error}"),
            });
        }
    });
    let (stock, sold): (u32, u32) = con.mget(&["stock", "sold"])?;
    println!("Stock: {stock}, sold: {sold}");
    Ok(())
}
