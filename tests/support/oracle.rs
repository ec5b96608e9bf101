//! The real redis-server: where it is, and how it is started, asked and stopped.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::io::BufReader;
use std::io::ErrorKind;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use fakeredis::resp::Protocol;
use fakeredis::resp::decode_reply;
use fakeredis::resp::encode_command;
use tempfile::TempDir;

use super::player::Answer;
use super::player::Target;

/// The release whose replies the transcripts hold.
const RELEASE: &str = "v=8.2.3 ";

/// The real server's program: `FAKEREDIS_REAL`, or what `.ci/oracles.sh` installed.
pub fn find() -> Option<PathBuf> {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/oracles/redis-server");
    match std::env::var_os("FAKEREDIS_REAL") {
        Some(path) => Some(path.into()),
        None => installed.exists().then_some(installed),
    }
}

/// A real server, started anew by every reset, and its clients.
pub struct RealServer {
    program: PathBuf,
    protocol: Protocol,
    process: Option<Process>,
    clients: BTreeMap<usize, Client>,
}

impl RealServer {
    /// Answers through `program`.
    ///
    /// # Panics
    ///
    /// When it is not the release that the transcripts are about.
    pub fn new(program: PathBuf) -> RealServer {
        let version = Command::new(&program).arg("--version").output();
        let version = String::from_utf8(version.unwrap().stdout).unwrap();
        assert!(version.contains(RELEASE), "not {RELEASE}: {version}");
        RealServer {
            program,
            protocol: Protocol::Resp2,
            process: None,
            clients: BTreeMap::new(),
        }
    }

    fn connect(&self) -> Client {
        let process = self.process.as_ref().expect("reset starts the server");
        let mut client = Client::connect(process.port);
        if self.protocol == Protocol::Resp3 {
            client.send(&["HELLO", "3"]);
            assert!(matches!(
                client.receive(Duration::from_secs(10)),
                Answer::Reply(_)
            ));
        }
        client
    }
}

impl Target for RealServer {
    fn reset(&mut self, protocol: Protocol) {
        self.clients.clear();
        self.protocol = protocol;
        self.process = None;
        self.process = Some(Process::start(&self.program));
    }

    fn send(&mut self, client: usize, argv: &[Vec<u8>]) {
        if !self.clients.contains_key(&client) {
            self.clients.insert(client, self.connect());
        }
        self.clients.get_mut(&client).unwrap().send(argv);
    }

    fn receive(&mut self, client: usize, patience: Duration) -> Answer {
        let connection = self.clients.get_mut(&client);
        let answer = connection.expect("a client that sent").receive(patience);
        if matches!(answer, Answer::Closed) {
            self.clients.remove(&client);
        }
        answer
    }

    #[expect(clippy::disallowed_methods, reason = "a real server's clock is real")]
    fn sleep(&mut self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// A running server with a directory of its own; both end with it.
struct Process {
    child: Child,
    port: u16,
    _dir: TempDir,
}

impl Process {
    fn start(program: &Path) -> Process {
        // The port is free when it is picked; another process may still be faster to take it.
        let started = (0..10).find_map(|_| Process::try_start(program));
        started.expect("a server that starts")
    }

    fn try_start(program: &Path) -> Option<Process> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
        let port = port.unwrap().port();
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new(program)
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--enable-debug-command", "yes", "--dir"])
            .arg(dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stdout.take().expect("a piped log"));
        let process = Process {
            child,
            port,
            _dir: dir,
        };
        let ready =
            |line: Result<String, _>| line.is_ok_and(|line| line.contains("Ready to accept"));
        log.lines().any(ready).then_some(process)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself (SHUTDOWN).
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One connection and what it has received.
struct Client {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Client {
    fn connect(port: u16) -> Client {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nodelay(true).unwrap();
        Client {
            stream,
            received: Vec::new(),
        }
    }

    fn send<A: AsRef<[u8]>>(&mut self, argv: &[A]) {
        let mut request = Vec::new();
        encode_command(argv, &mut request);
        // A closed connection shows when the reply is read.
        let _ = self.stream.write_all(&request);
    }

    fn receive(&mut self, patience: Duration) -> Answer {
        self.stream.set_read_timeout(Some(patience)).unwrap();
        let mut buffer = [0; 16 * 1024];
        loop {
            if let Some((reply, len)) = decode_reply(&self.received).unwrap() {
                self.received.drain(..len);
                return Answer::Reply(reply);
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => return Answer::Closed,
                Ok(len) => self.received.extend_from_slice(&buffer[..len]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Answer::Closed,
                Err(_) => return Answer::Nothing,
            }
        }
    }
}
