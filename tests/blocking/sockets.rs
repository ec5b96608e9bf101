//! Clients that wait behind a port.

use std::io::Read;
use std::io::Write;
use std::net::Shutdown;
use std::net::TcpStream;
use std::time::Duration;

use fakeredis::FakeRedis;
use fakeredis::Server;
use redis::Commands;

use super::await_blocked;

struct Lab {
    fake: FakeRedis,
    server: Server,
}

impl Lab {
    fn new() -> Lab {
        let fake = FakeRedis::new();
        let server = fake.serve("127.0.0.1:0").unwrap();
        Lab { fake, server }
    }

    /// A client that has sent `requests`.
    fn client(&self, requests: &str) -> TcpStream {
        let address = self.server.address().unwrap();
        let mut client = TcpStream::connect(address).unwrap();
        client
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        client.write_all(requests.as_bytes()).unwrap();
        client
    }
}

fn received(client: &mut TcpStream, expected: &str) {
    let mut bytes = vec![0; expected.len()];
    client.read_exact(&mut bytes).unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
}

#[test]
fn a_client_that_hangs_up_while_it_waits_takes_nothing() {
    let lab = Lab::new();
    let client = lab.client("BLPOP jobs 0\r\n");
    await_blocked(&lab.fake, 1);
    drop(client);
    await_blocked(&lab.fake, 0);
    let client = lab.client("BLPOP jobs 0\r\nPING\r\n");
    await_blocked(&lab.fake, 1);
    client.shutdown(Shutdown::Write).unwrap();
    await_blocked(&lab.fake, 0);
    assert_eq!(lab.fake.connection().rpush("jobs", "a"), Ok(1));
    assert_eq!(lab.fake.connection().llen("jobs"), Ok(1));
}

#[test]
fn what_is_sent_ahead_waits_however_much_it_is() {
    let lab = Lab::new();
    let mut client = lab.client("BLPOP jobs 0\r\n");
    await_blocked(&lab.fake, 1);
    let value = "x".repeat(100_000);
    let set = format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000\r\n{value}\r\n");
    let mut ahead = client.try_clone().unwrap();
    let sender = std::thread::spawn(move || {
        (0..30).for_each(|_| ahead.write_all(set.as_bytes()).unwrap());
    });
    let _: () = lab.fake.connection().set("other", 1).unwrap();
    assert_eq!(lab.fake.connection().exists("k"), Ok(false));
    let _: () = lab.fake.connection().rpush("jobs", "a").unwrap();
    received(&mut client, "*2\r\n$4\r\njobs\r\n$1\r\na\r\n");
    received(&mut client, &"+OK\r\n".repeat(30));
    sender.join().unwrap();
}

#[test]
fn the_end_of_a_client_that_sent_too_much_ahead_is_seen() {
    let lab = Lab::new();
    let mut client = lab.client("BLPOP jobs 0\r\n");
    await_blocked(&lab.fake, 1);
    // More than a server reads of a client that waits.
    client.write_all(&[b' '; (1 << 20) + (1 << 16)]).unwrap();
    drop(client);
    await_blocked(&lab.fake, 0);
}

#[test]
fn many_clients_wait_without_threads_of_their_own() {
    let lab = Lab::new();
    let mut clients: Vec<_> = (1..=200)
        .map(|count| {
            let client = lab.client("BLPOP jobs 30\r\nBLPOP jobs 0.05\r\n");
            await_blocked(&lab.fake, count);
            client
        })
        .collect();
    let jobs: Vec<_> = (100..300).collect();
    let _: () = lab.fake.connection().rpush("jobs", &jobs).unwrap();
    for (client, job) in clients.iter_mut().zip(jobs) {
        received(
            client,
            &format!("*2\r\n$4\r\njobs\r\n$3\r\n{job}\r\n*-1\r\n"),
        );
    }
}

#[test]
fn a_server_that_stops_lets_go_of_who_waits() {
    let lab = Lab::new();
    let mut client = lab.client("BLPOP jobs 0\r\n");
    await_blocked(&lab.fake, 1);
    drop(lab.server);
    assert_eq!(client.read(&mut [0; 10]).unwrap(), 0);
    await_blocked(&lab.fake, 0);
}
