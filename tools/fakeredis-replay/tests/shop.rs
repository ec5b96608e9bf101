//! The shop that `docs/replay.md` tells about: the code under test, with its bug and without it, and a sale.

use std::path::Path;
use std::time::Duration;
use std::time::UNIX_EPOCH;

use fakeredis::Clock;
use fakeredis::Connection;
use fakeredis::FakeRedis;
use fakeredis::Fsync;
use fakeredis::Recording;
use redis::Commands;
use redis::RedisResult;

use super::session::run;

/// The keys that an order watches.
pub type Watched = fn(&Order) -> Vec<String>;

/// How the shop did it.
pub const CARELESS: Watched = |order| vec![order.balance()];
/// How it should have.
pub const CAREFUL: Watched = |order| vec![order.balance(), order.product()];

/// What somebody wants to buy.
pub struct Order {
    user: &'static str,
    product: &'static str,
    quantity: i64,
}

impl Order {
    fn mugs(user: &'static str, quantity: i64) -> Order {
        let product = "mug";
        Order {
            user,
            product,
            quantity,
        }
    }

    fn balance(&self) -> String {
        format!("user:{}:balance", self.user)
    }

    fn product(&self) -> String {
        format!("product:{}", self.product)
    }

    /// Sells it if there is enough of it and the user can pay; whether that was done.
    fn sell(
        &self,
        con: &mut Connection,
        watched: Watched,
        payment: impl FnOnce(),
    ) -> RedisResult<bool> {
        redis::cmd("WATCH").arg(watched(self)).exec(con)?;
        let balance: f64 = con.get(self.balance())?;
        let (price, stock): (f64, i64) = con.hmget(self.product(), &["price", "stock"])?;
        let cost = price * self.quantity as f64;
        if stock < self.quantity || balance < cost {
            redis::cmd("UNWATCH").exec(con)?;
            return Ok(false);
        }
        payment();
        let sale = redis::pipe()
            .atomic()
            .set(self.balance(), format!("{:.2}", balance - cost))
            .hset(self.product(), "stock", stock - self.quantity)
            .hincr("sold", self.product, self.quantity)
            .query::<Option<redis::Value>>(con)?;
        Ok(sale.is_some())
    }
}

/// A sale of ten mugs, recorded in `dir`: two of the shop's workers serve whoever comes.
pub fn sale(dir: &Path, watched: Watched) {
    let clock = Clock::frozen_at(UNIX_EPOCH + Duration::from_secs(1_785_585_600));
    let builder = FakeRedis::builder().journal(dir).fsync(Fsync::Always);
    let builder = builder.record(Recording::Session).clock(clock.clone());
    let fake = builder.build().unwrap();
    let connect = |name: &str| {
        let mut con = fake.connection();
        run(&mut con, &format!("CLIENT SETNAME {name}"));
        con
    };
    let wait = |ms| clock.advance(Duration::from_millis(ms));
    let (mut loader, mut one, mut two) =
        (connect("loader"), connect("worker-1"), connect("worker-2"));
    run(&mut loader, "HSET product:mug price 10 stock 10");
    for user in ["ann", "ben", "cid", "dee", "eve"] {
        run(&mut loader, &format!("SET user:{user}:balance 100"));
    }
    fake.mark("sale").unwrap();
    let mut serve = |order: Order, rival: Option<Order>| {
        wait(1000);
        let payment = || {
            wait(200);
            if let Some(rival) = rival {
                rival.sell(&mut two, watched, || wait(100)).unwrap();
            }
        };
        order.sell(&mut one, watched, payment).unwrap();
    };
    serve(Order::mugs("ann", 3), None);
    // Who clicks twice is served twice.
    serve(Order::mugs("ben", 2), Some(Order::mugs("ben", 2)));
    serve(Order::mugs("cid", 4), Some(Order::mugs("dee", 5)));
    serve(Order::mugs("eve", 1), None);
    drop([loader, one, two]);
    fake.close().unwrap();
}
