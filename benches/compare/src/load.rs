//! redis-benchmark as the source of requests.

use std::process::Command;
use std::time::Duration;

use crate::peer::Server;

/// What a run of requests came to.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Requests a second.
    pub rate: f64,
    /// The server's processor time for one request.
    pub processor: Duration,
}

/// How requests are sent.
#[derive(Clone, Copy)]
pub struct Shape {
    /// How many at once.
    pub pipeline: u64,
    /// On how many connections.
    pub clients: u64,
    /// How many in all.
    pub requests: u64,
    /// How many different keys there are.
    pub keys: u64,
}

/// Sends requests of one kind: one of redis-benchmark's tests (`-t set`), or a command of its own.
pub fn send(server: &Server, shape: Shape, test: &[&str]) -> Load {
    let before = server.processor_time();
    let output = Command::new("redis-benchmark")
        .args(["-p", &server.port.to_string(), "--csv", "-d", "64"])
        .args(["-c", &shape.clients.to_string()])
        .args(["-n", &shape.requests.to_string()])
        .args(["-r", &shape.keys.to_string()])
        .args(["-P", &shape.pipeline.to_string()])
        .args(test)
        .output()
        .expect("redis-benchmark is installed (Debian: redis-tools)");
    let text = String::from_utf8(output.stdout).unwrap();
    // "SET","82034.45","0.301",…
    let line = text.lines().last().unwrap_or_default();
    let rate = line
        .split("\",\"")
        .nth(1)
        .and_then(|rate| rate.parse().ok());
    let processor = (server.processor_time() - before).div_f64(shape.requests as f64);
    Load {
        rate: rate.unwrap_or_else(|| panic!("redis-benchmark {test:?}: {text}")),
        processor,
    }
}
