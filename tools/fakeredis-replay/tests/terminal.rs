//! A terminal with the tool in it: keys go in, and what stands on the screen is read as text.

use std::io::Read;
use std::io::Write;
use std::num::NonZero;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::Duration;

use portable_pty::Child;
use portable_pty::CommandBuilder;
use portable_pty::MasterPty;
use portable_pty::PtySize;
use portable_pty::native_pty_system;

/// How long to wait for what must come, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    child: Box<dyn Child + Send + Sync>,
}

impl Terminal {
    /// Runs the tool in a directory, on a terminal of this size, with other environment variables than usual.
    pub fn run(
        dir: &Path,
        args: &[&str],
        (rows, cols): (u16, u16),
        env: &[(&str, &str)],
    ) -> Terminal {
        let pair = native_pty_system().openpty(size(rows, cols)).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_fakeredis-replay"));
        command.args(args);
        command.cwd(dir);
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        env.iter()
            .for_each(|(name, value)| command.env(name, value));
        let child = pair.slave.spawn_command(command).unwrap();
        let reader = pair.master.try_clone_reader().unwrap();
        Terminal {
            keys: pair.master.take_writer().unwrap(),
            master: pair.master,
            output: pieces(reader),
            screen: vt100::Parser::new(nonzero(rows), nonzero(cols), 0),
            child,
        }
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    pub fn resize(&mut self, rows: u16, cols: u16) {
        self.screen
            .screen_mut()
            .set_size(nonzero(rows), nonzero(cols));
        self.master.resize(size(rows, cols)).unwrap();
    }

    /// The lines of the screen, without what is blank at their ends.
    pub fn text(&self) -> String {
        let screen = self.screen.screen();
        let rows = screen.rows(0, screen.size().1.get());
        let lines: Vec<String> = rows.map(|row| row.trim_end().to_owned()).collect();
        lines.join("\n").trim_end().to_owned()
    }

    /// Waits until the screen shows each of these.
    pub fn wait_for(&mut self, all: &[&str]) {
        self.wait_until(&format!("{all:?}"), |terminal| {
            let text = terminal.text();
            all.iter().all(|part| text.contains(part))
        });
    }

    pub fn wait_until(&mut self, what: &str, is_so: impl Fn(&Terminal) -> bool) {
        while !is_so(self) {
            match self.output.recv_timeout(PATIENCE) {
                Ok(bytes) => self.screen.process(&bytes),
                Err(error) => panic!("{error} while waiting for {what}:\n{}", self.text()),
            }
        }
    }

    /// Whether anything on the screen has a colour.
    pub fn has_colour(&self) -> bool {
        let screen = self.screen.screen();
        let (rows, cols) = screen.size();
        let (rows, cols) = (rows.get(), cols.get());
        let cells = (0..rows).flat_map(|row| (0..cols).map(move |col| (row, col)));
        let mut cells = cells.filter_map(|(row, col)| screen.cell(row, col));
        cells.any(|cell| cell.fgcolor() != vt100::Color::Default)
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.process_id().unwrap().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits until the tool has ended; its exit code. The terminal must be as it was before.
    pub fn end(mut self) -> u32 {
        loop {
            match self.output.recv_timeout(PATIENCE) {
                Ok(bytes) => self.screen.process(&bytes),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it did not end:\n{}", self.text()),
            }
        }
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor());
        self.child.wait().unwrap().exit_code()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It has ended, unless the test failed.
        let _ = self.child.kill();
    }
}

fn nonzero(length: u16) -> NonZero<u16> {
    NonZero::new(length).unwrap()
}

fn size(rows: u16, cols: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        ..PtySize::default()
    }
}

/// What is written to a terminal, until nobody has it open any more.
fn pieces(mut reader: Box<dyn Read + Send>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}
