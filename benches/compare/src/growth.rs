//! How cost grows with the number of keys and of clients, as plots.

use crate::Scale;
use crate::load::Shape;
use crate::load::send;
use crate::peer::Kind;
use crate::peer::Server;
use crate::table::Row;

const KEYS: &[u64] = &[1_000, 10_000, 100_000, 1_000_000, 10_000_000];
const CLIENTS: &[u64] = &[1, 10, 50, 100, 500, 1_000];
const KINDS: [Kind; 2] = [Kind::Ours, Kind::Redis];

/// Prints its plots itself: they are no rows.
pub fn curves(scale: Scale) -> Vec<Row> {
    println!("\n### Requests a second as data and clients grow\n");
    println!(
        "In each plot the first line is ours, the second redis-server's; thousands of requests a second."
    );
    let base = Shape {
        pipeline: 16,
        clients: 50,
        requests: scale.of(1_000_000),
        keys: 0,
    };
    let largest = scale.of(10_000_000);
    let keys: Vec<u64> = KEYS
        .iter()
        .copied()
        .filter(|keys| *keys <= largest)
        .collect();
    let by_keys = KINDS.map(|kind| {
        keys.iter()
            .map(|keys| with_keys(kind, base, *keys))
            .collect()
    });
    plot(
        "GET of random keys, pipelines of 16, by number of keys",
        &keys,
        by_keys,
    );
    let by_clients = KINDS.map(|kind| with_clients(kind, base));
    plot(
        "SET, one request a round trip, by number of clients",
        CLIENTS,
        by_clients,
    );
    Vec::new()
}

fn with_keys(kind: Kind, base: Shape, keys: u64) -> f64 {
    let server = Server::start(kind, &["--appendonly", "yes"]);
    let shape = Shape { keys, ..base };
    let fill = Shape {
        requests: 2 * keys,
        ..shape
    };
    send(&server, fill, &["-t", "set"]);
    send(&server, shape, &["-t", "get"]).rate
}

fn with_clients(kind: Kind, base: Shape) -> Vec<f64> {
    let server = Server::start(kind, &["--appendonly", "yes"]);
    let rate = |clients: &u64| {
        let shape = Shape {
            pipeline: 1,
            clients: *clients,
            requests: base.requests / 10,
            keys: 100_000,
        };
        send(&server, shape, &["-t", "set"]).rate
    };
    CLIENTS.iter().map(rate).collect()
}

/// A plot that Markdown viewers draw (Mermaid's xychart).
fn plot(title: &str, x: &[u64], lines: [Vec<f64>; 2]) {
    let labels: Vec<String> = x.iter().map(u64::to_string).collect();
    println!("\n```mermaid\nxychart-beta\n    title \"{title}\"");
    println!(
        "    x-axis [{}]\n    y-axis \"thousand requests/s\"",
        labels.join(", ")
    );
    for line in lines {
        let values: Vec<String> = line
            .iter()
            .map(|rate| format!("{:.0}", rate / 1e3))
            .collect();
        println!("    line [{}]", values.join(", "));
    }
    println!("```");
}
