//! The servers that are compared: how they are started, watched and stopped.

use std::io::ErrorKind;
use std::io::Read;
use std::io::Write;
use std::net;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use fakeredis::clock::Stopwatch;
use fakeredis::resp::RequestDecoder;
use mio::Events;
use mio::Interest;
use mio::Poll;
use mio::Token;
use mio::event::Source;
use mio::net::TcpListener;
use mio::net::TcpStream;
use slab::Slab;
use tempfile::TempDir;

/// A running server; it is killed when this is dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub port: u16,
    /// From its start to its first PONG.
    pub started: Duration,
    dir: Option<TempDir>,
}

/// Whose server it is.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    /// `fakeredis-server`, in release mode.
    Ours,
    /// redis-server 8.2.3.
    Redis,
    /// A server that answers `+OK` to everything, for how far a server can go at all.
    AnswerOk,
}

impl Server {
    /// Starts a server in an empty directory of its own.
    pub fn start(kind: Kind, flags: &[&str]) -> Server {
        let dir = tempfile::tempdir().unwrap();
        let mut server = Server::start_in(kind, dir.path(), flags);
        server.dir = Some(dir);
        server
    }

    /// Starts a server in a directory.
    pub fn start_in(kind: Kind, dir: &Path, flags: &[&str]) -> Server {
        let port = free_port();
        let mut command = match kind {
            Kind::AnswerOk => Command::new(std::env::current_exe().unwrap()),
            Kind::Ours => Command::new(ours()),
            Kind::Redis => Command::new(redis()),
        };
        match kind {
            Kind::AnswerOk => command.args(["answer-ok", &port.to_string()]),
            _ => command
                .args(["--port", &port.to_string(), "--save", "", "--dir"])
                .arg(dir)
                .args(flags),
        };
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let watch = Stopwatch::start();
        let mut child = command.spawn().unwrap();
        await_pong(&mut child, port);
        Server {
            child,
            port,
            started: watch.elapsed(),
            dir: None,
        }
    }

    /// The processor time that it used so far.
    pub fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // proc(5): utime and stime are fields 14 and 15; the name before them may hold spaces, not `)`.
        let fields = stat.rsplit(')').next().unwrap().split_whitespace();
        let ticks: Vec<u64> = fields
            .skip(11)
            .take(2)
            .map(|ticks| ticks.parse().unwrap())
            .collect();
        Duration::from_millis((ticks[0] + ticks[1]) * 10)
    }

    /// The memory that it holds, in bytes.
    pub fn resident(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
        kilobytes.parse::<f64>().unwrap() * 1024.0
    }

    /// A connection of redis-rs.
    pub fn connection(&self) -> redis::Connection {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}/", self.port)).unwrap();
        client.get_connection().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Our server, built beside this program.
fn ours() -> PathBuf {
    let path = std::env::current_exe()
        .unwrap()
        .with_file_name("fakeredis-server");
    assert!(
        path.exists(),
        "no {}: cargo build --release -p fakeredis-server",
        path.display()
    );
    path
}

/// The real server: `FAKEREDIS_REAL`, or what `.ci/oracles.sh` installed.
fn redis() -> PathBuf {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/oracles/redis-server");
    let path = std::env::var_os("FAKEREDIS_REAL").map_or(installed, PathBuf::from);
    assert!(path.exists(), "no {}: .ci/oracles.sh", path.display());
    path
}

fn free_port() -> u16 {
    let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Asks for a PONG until there is one. No pause: the time to the first PONG is measured.
fn await_pong(child: &mut Child, port: u16) {
    loop {
        assert!(child.try_wait().unwrap().is_none(), "the server ended");
        if let Ok(mut stream) = net::TcpStream::connect(("127.0.0.1", port)) {
            stream.write_all(b"PING\r\n").unwrap();
            let mut answer = [0; 5];
            // A server that is loading its data refuses, then ends the answer with more than this.
            if stream.read_exact(&mut answer).is_ok() && matches!(&answer, b"+PONG" | b"+OK\r\n") {
                return;
            }
        }
        fakeredis::clock::pause(Duration::from_micros(200));
    }
}

/// A server that reads requests and answers `+OK`: our loop without anything that it serves, one read and one write
/// a batch.
pub fn answer_ok(port: u16) {
    const LISTENER: Token = Token(usize::MAX);
    let mut poll = Poll::new().unwrap();
    let mut events = Events::with_capacity(1024);
    let mut listener = TcpListener::bind(([127, 0, 0, 1], port).into()).unwrap();
    let registry = poll.registry().try_clone().unwrap();
    let register = |source: &mut dyn Source, token| {
        registry
            .register(source, token, Interest::READABLE)
            .unwrap();
    };
    register(&mut listener, LISTENER);
    let mut clients = Slab::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        poll.poll(&mut events, None).unwrap();
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut stream, _)) = listener.accept() {
                    stream.set_nodelay(true).unwrap();
                    let place = clients.vacant_entry();
                    register(&mut stream, Token(place.key()));
                    place.insert(Client::new(stream));
                }
            } else if !clients[event.token().0].answer(&mut buffer) {
                clients.remove(event.token().0);
            }
        }
    }
}

struct Client {
    stream: TcpStream,
    decoder: RequestDecoder,
    /// The beginning of a request.
    input: Vec<u8>,
    output: Vec<u8>,
}

impl Client {
    fn new(stream: TcpStream) -> Client {
        Client {
            stream,
            decoder: RequestDecoder::default(),
            input: Vec::new(),
            output: Vec::new(),
        }
    }

    /// Answers what can be read; false at its end. Whoever sends more than the buffer at once is not served.
    fn answer(&mut self, buffer: &mut [u8]) -> bool {
        let len = match self.stream.read(buffer) {
            Ok(0) => return false,
            Ok(len) => len,
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        };
        self.input.extend_from_slice(&buffer[..len]);
        let mut start = 0;
        while let Ok(Some(len)) = self.decoder.decode(&self.input[start..]) {
            start += len;
            self.output.extend_from_slice(b"+OK\r\n");
        }
        self.input.drain(..start);
        let written = self.stream.write_all(&self.output);
        self.output.clear();
        written.is_ok()
    }
}
