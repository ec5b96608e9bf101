//! The real redis-server: where it is, and how it is started and stopped.

use std::io::BufRead;
use std::io::BufReader;
use std::net::TcpListener;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use fakeredis::resp::Protocol;

use super::player::Answer;
use super::player::FLAGS;
use super::player::Target;
use super::wire::Wire;
use crate::support::verified::Recorded;

/// The release whose replies the transcripts hold.
const RELEASE: &str = "v=8.2.3 ";

/// The real server's program: `FAKEREDIS_REAL`, or what `.ci/oracles.sh` installed.
pub fn find() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut installed = here
        .ancestors()
        .map(|dir| dir.join("target/oracles/redis-server"));
    match std::env::var_os("FAKEREDIS_REAL") {
        Some(path) => Some(path.into()),
        None => installed.find(|program| program.exists()),
    }
}

/// A real server, started anew by every reset.
pub struct RealServer {
    program: PathBuf,
    running: Option<(Process, Wire)>,
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
            running: None,
        }
    }

    /// Leaves the server and its data as they are; the clients are new.
    pub fn reconnect(&mut self) {
        let (process, wire) = self.running.as_mut().expect("reset starts the server");
        *wire = Wire::new(process.server.port, Protocol::Resp2);
    }

    fn wire(&mut self) -> &mut Wire {
        let (_, wire) = self.running.as_mut().expect("reset starts the server");
        wire
    }
}

impl Target for RealServer {
    fn reset(&mut self, protocol: Protocol) {
        // The old server goes before the new one comes.
        self.running = None;
        let process = Process::start(&self.program);
        let wire = Wire::new(process.server.port, protocol);
        self.running = Some((process, wire));
    }

    fn send(&mut self, client: usize, argv: &[Vec<u8>]) {
        self.wire().send(client, argv);
    }

    fn receive(&mut self, client: usize, patience: Duration) -> Answer {
        self.wire().receive(client, patience)
    }

    fn sleep(&mut self, time: Duration) {
        fakeredis::clock::pause(time);
    }
}

/// A running server with a directory of its own; both end with it.
struct Process {
    server: Running,
    _dir: Recorded,
}

impl Process {
    fn start(program: &Path) -> Process {
        let dir = Recorded::new();
        let server = Running::start(program, dir.path(), &[]);
        Process { server, _dir: dir }
    }
}

/// A running server in a directory of somebody else's; it ends with this.
pub struct Running {
    child: Child,
    pub port: u16,
}

impl Running {
    /// Starts the server with these arguments beside the usual ones.
    pub fn start(program: &Path, dir: &Path, arguments: &[&str]) -> Running {
        // The port is free when it is picked; another process may still be faster to take it.
        let started = (0..10).find_map(|_| Running::try_start(program, dir, arguments));
        started.expect("a server that starts")
    }

    fn try_start(program: &Path, dir: &Path, arguments: &[&str]) -> Option<Running> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
        let port = port.unwrap().port();
        let flags = FLAGS.map(|(name, value)| [format!("--{name}"), value.into()]);
        let mut child = Command::new(program)
            .args(["--port", &port.to_string(), "--dir"])
            .arg(dir)
            .args(flags.as_flattened())
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stdout.take().expect("a piped log"));
        let running = Running { child, port };
        let ready =
            |line: Result<String, _>| line.is_ok_and(|line| line.contains("Ready to accept"));
        log.lines().any(ready).then_some(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself (SHUTDOWN).
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
