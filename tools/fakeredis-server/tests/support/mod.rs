//! A server process of its own for each test, which never outlives it.
#![allow(dead_code, reason = "each test uses a part of it")]

#[path = "../../../../tests/support/verified.rs"]
pub mod verified;

use std::io::Read;
use std::io::Write;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::time::Duration;

use redis::Connection;
use verified::Recorded;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_fakeredis-server"))
}

/// Runs the program to its end.
pub fn run(args: &[&str]) -> Output {
    program().args(args).stdin(Stdio::null()).output().unwrap()
}

/// Sends a signal, by name.
pub fn signal(name: &str, pid: &str) {
    let kill = Command::new("kill").args(["-s", name, pid]).status();
    assert!(kill.unwrap().success(), "nobody at {pid}");
}

/// Waits until something holds, for as long as a busy machine may need.
#[track_caller]
#[expect(
    clippy::disallowed_methods,
    reason = "another process runs on the real clock"
)]
pub fn eventually(mut holds: impl FnMut() -> bool) {
    for _ in 0..6000 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("waited for a minute");
}

/// A running server.
pub struct Running {
    child: Child,
    pub port: u16,
    pub port_file: PathBuf,
    /// Where the port file is.
    _dir: Recorded,
}

impl Running {
    /// A server on a free port.
    pub fn start(args: &[&str]) -> Running {
        Running::start_with(&[], args, None)
    }

    /// A server on a free port, with words that go before all options, and a configuration on standard input.
    pub fn start_with(first: &[&str], args: &[&str], stdin: Option<&str>) -> Running {
        let mut command = program();
        command.args(first);
        Running::launch(command, args, stdin)
    }

    /// A server on a free port, started by another program: that takes `first`, then the server and its options.
    pub fn start_under(runner: &str, first: &[&str], args: &[&str]) -> Running {
        let mut command = Command::new(runner);
        command.args(first).arg(program().get_program());
        Running::launch(command, args, None)
    }

    fn launch(mut command: Command, args: &[&str], stdin: Option<&str>) -> Running {
        let dir = Recorded::new();
        let port_file = dir.path().join("port");
        command.args(["--port", "0", "--port-file"]);
        command.arg(&port_file).args(args);
        let mut server = Running {
            child: spawn(&mut command, stdin),
            port: 0,
            port_file,
            _dir: dir,
        };
        let port_file = server.port_file.clone();
        server.wait_for(|| port_file.exists());
        let text = std::fs::read_to_string(port_file).unwrap();
        server.port = text.trim().parse().unwrap();
        server
    }

    /// A server with these arguments and nothing else.
    pub fn spawn(args: &[&str]) -> Running {
        let dir = Recorded::new();
        Running {
            child: spawn(program().args(args), None),
            port: 0,
            port_file: dir.path().join("port"),
            _dir: dir,
        }
    }

    /// Waits until the server has come as far as `holds` says.
    #[track_caller]
    pub fn wait_for(&mut self, holds: impl Fn() -> bool) {
        eventually(|| {
            if let Some(status) = self.child.try_wait().unwrap()
                && !status.success()
            {
                panic!("{status}: {}", self.log());
            }
            holds()
        });
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn connect(&self) -> Connection {
        let client = redis::Client::open(self.url()).unwrap();
        client.get_connection().unwrap()
    }

    /// A parameter, as CONFIG GET shows it.
    pub fn config(&self, con: &mut Connection, name: &str) -> String {
        let command = redis::cmd("CONFIG").arg("GET").arg(name).to_owned();
        let [(_, value)]: [(String, String); 1] = command.query(con).unwrap();
        value
    }

    pub fn id(&self) -> String {
        self.child.id().to_string()
    }

    /// Waits for the end; `None` if a signal was the end.
    pub fn exit_code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Asks the server to stop, as process managers do.
    pub fn terminate(&mut self) -> Option<i32> {
        signal("TERM", &self.id());
        self.exit_code()
    }

    /// SIGKILL, which leaves it no time for anything.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SHUTDOWN NOSAVE, which answers nothing.
    pub fn shut_down(&mut self) {
        let shutdown = redis::cmd("SHUTDOWN").arg("NOSAVE").to_owned();
        let closed = shutdown.exec(&mut self.connect()).unwrap_err();
        assert!(closed.is_io_error(), "{closed}");
    }

    /// What a server that has ended printed.
    pub fn log(&mut self) -> String {
        let mut text = String::new();
        let out = self.child.stdout.as_mut().unwrap();
        out.read_to_string(&mut text).unwrap();
        let err = self.child.stderr.as_mut().unwrap();
        err.read_to_string(&mut text).unwrap();
        text
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended already needs neither.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(command: &mut Command, stdin: Option<&str>) -> Child {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(stdin.unwrap_or("").as_bytes()).unwrap();
    child
}
