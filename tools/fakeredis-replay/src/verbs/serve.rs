//! `serve`: the past as a server; what clients write goes to a scratch copy in memory.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use clap::Args;
use clap::ValueEnum;
use fakeredis::FakeRedis;
use fakeredis::Listen;
use fakeredis::Rev;
use fakeredis::Server;
use fakeredis::timeline::rfc3339;
use serde_json::json;
use signal_hook::consts::SIGINT;
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;

use super::Journal;
use super::records;
use crate::Outcome;
use crate::failure::Failure;
use crate::output::Output;
use crate::patience;

#[derive(Args)]
#[command(after_help = "Examples:
  fakeredis-replay serve ./data mark:before-sale            any free port, which is said
  fakeredis-replay serve ./data @-3 --port 6380             then: redis-cli -p 6380
  fakeredis-replay serve ./data -5m --clock running         keys go on to expire
  fakeredis-replay serve ./data 42 --port-file port.txt     for scripts: the file appears once the port is open

Ctrl-C ends it. The journal is never written.")]
pub struct Serve {
    #[command(flatten)]
    journal: Journal,
    /// The revision.
    #[arg(default_value = "@", allow_hyphen_values = true)]
    rev: Rev,
    /// The port; 0 for any that is free.
    #[arg(short, long, default_value_t = 0, value_name = "N")]
    port: u16,
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    bind: std::net::IpAddr,
    /// Writes the port there once it is open.
    #[arg(long, value_name = "FILE")]
    port_file: Option<PathBuf>,
    /// What the clock does from the revision's time on.
    #[arg(long, value_enum, default_value_t = Pace::Frozen, value_name = "PACE")]
    clock: Pace,
}

/// How a served clock goes.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Pace {
    /// It stands still, so that no key expires while somebody looks.
    Frozen,
    /// It runs, and keys expire as they would have.
    Running,
}

impl Serve {
    pub fn run(self, out: &mut Output) -> Outcome {
        // Before the port opens, so that no Ctrl-C behind the first line is lost.
        let signals = Signals::new([SIGINT, SIGTERM])?;
        let timeline = self.journal.open()?;
        let view = patience::during(records(&timeline), "replaying", || timeline.at(&self.rev))?;
        let (seq, clock_us, time) = (view.seq(), view.clock_us(), view.time());
        let fake = FakeRedis::from_view(view);
        if self.clock == Pace::Running {
            fake.clock().resume();
            fake.clock().set(time);
        }
        let server = self.listen(&fake)?;
        self.announce(&server, seq, clock_us, out)?;
        let _port_file = PortFile::write(self.port_file.as_deref(), &server)?;
        wait(server, signals);
        Ok(ExitCode::SUCCESS)
    }

    fn listen(&self, fake: &FakeRedis) -> Result<Server, Failure> {
        let address = (self.bind, self.port).into();
        let listen = Listen {
            tcp: vec![address],
            ..Listen::default()
        };
        let served = fake.serve_at(&listen);
        served.map_err(|error| {
            Failure::Nothing(format!(
                "can't listen on {address}: {error}; --port 0 takes any free port"
            ))
        })
    }

    /// One line, flushed: whoever started us may wait for it.
    fn announce(
        &self,
        server: &Server,
        seq: u64,
        clock_us: i64,
        out: &mut Output,
    ) -> Result<(), Failure> {
        let time = rfc3339(clock_us);
        let clock = match self.clock {
            Pace::Frozen => "frozen",
            Pace::Running => "running",
        };
        if out.json {
            out.object(json!({
                "url": server.url(),
                "seq": seq,
                "time": time,
                "clock": clock,
            }))?;
        } else {
            let address = server.url();
            let seq = out.paint.seq(seq);
            out.line(format!(
                "{address} is the state after record {seq}, clock {clock} at {time}; \
                 writes are lost at the end, Ctrl-C ends it"
            ))?;
        }
        out.finish()
    }
}

/// Waits for a signal, or a client's SHUTDOWN.
fn wait(server: Server, mut signals: Signals) {
    let (stopper, handle) = (server.stopper(), signals.handle());
    let watcher = thread::spawn(move || {
        if signals.forever().next().is_some() {
            stopper.stop();
        }
    });
    server.wait();
    handle.close();
    // It has nothing left to do but to end.
    let _ = watcher.join();
}

/// A file that tells the port for as long as the server runs.
struct PortFile<'a>(Option<&'a Path>);

impl PortFile<'_> {
    /// Makes the file appear whole, since others wait for it.
    fn write<'a>(path: Option<&'a Path>, server: &Server) -> Result<PortFile<'a>, Failure> {
        let port = server.address().map_or(0, |address| address.port());
        if let Some(path) = path {
            let partial = path.with_extension("partial");
            let written =
                fs::write(&partial, format!("{port}\n")).and_then(|()| fs::rename(&partial, path));
            written.map_err(|error| {
                Failure::Nothing(format!("can't write {}: {error}", path.display()))
            })?;
        }
        Ok(PortFile(path))
    }
}

impl Drop for PortFile<'_> {
    fn drop(&mut self) {
        // Somebody who removed it already spared us the work.
        self.0.map(fs::remove_file);
    }
}
