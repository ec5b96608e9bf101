//! A retry policy that is wrong, found without a network: a reply is lost after its INCR was applied, and trying again
//! counts twice.

use fakeredis::FakeRedis;
use fakeredis::Fault;
use redis::Commands;
use redis::Connection;
use redis::RedisResult;

/// Tries again, on a new connection, whenever one was dropped.
fn retrying<T>(
    client: &redis::Client,
    mut work: impl FnMut(&mut Connection) -> RedisResult<T>,
) -> RedisResult<T> {
    loop {
        match work(&mut client.get_connection()?) {
            Err(error) if error.is_connection_dropped() => println!("Trying again: {error}"),
            done => return done,
        }
    }
}

/// Counts a visit; what is applied and not answered is applied again.
fn count_visit(client: &redis::Client) -> RedisResult<u32> {
    retrying(client, |con| con.incr("visits", 1))
}

/// Counts a visit that has a name: its second count is none.
fn count_visit_once(client: &redis::Client, visit: &str) -> RedisResult<usize> {
    retrying(client, |con| {
        let _: bool = con.sadd("visit-names", visit)?;
        con.scard("visit-names")
    })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fake = FakeRedis::new();
    let server = fake.serve("127.0.0.1:0")?;
    let client = redis::Client::open(server.url())?;

    // `incr` of redis-rs sends INCRBY.
    let lost = fake.inject(Fault::disconnect_after().on_command("INCRBY").times(1))?;
    println!("One visit, counted as {}", count_visit(&client)?);
    assert_eq!(lost.hits(), 1);

    let lost = fake.inject(Fault::disconnect_after().on_command("SADD").times(1))?;
    println!(
        "One visit, counted as {}",
        count_visit_once(&client, "visit-1")?
    );
    assert_eq!(lost.hits(), 1);
    Ok(())
}
