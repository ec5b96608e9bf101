//! Serving, from the first line of the log to the last.

use std::path::Path;
use std::thread;

use fakeredis::Dataset;
use fakeredis::FakeRedis;
use fakeredis::Fsync;
use fakeredis::RecoveryReport;
use fakeredis::Server;
use fakeredis::Size;
use signal_hook::consts::SIGINT;
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;

use crate::VERSION;
use crate::arguments::Arguments;
use crate::arguments::text;
use crate::log::Level;
use crate::log::Log;

/// Serves until a signal or SHUTDOWN.
pub fn serve(arguments: &Arguments) -> Result<(), String> {
    let config = &arguments.config;
    let log = Log::open(&text(config, "logfile"), &text(config, "loglevel"))?;
    let say = |line: &str| log.line(Level::Notice, line);
    say(&format!(
        "fakeredis {VERSION} is starting; it answers as Redis 8.2.3 does"
    ));
    for option in &arguments.ignored {
        log.line(
            Level::Warning,
            &format!("option {option} is accepted but means nothing here"),
        );
    }

    let fake = open(arguments, &log)?;
    load_fixtures(arguments, &fake, &log)?;
    let mut signals =
        Signals::new([SIGTERM, SIGINT]).map_err(|error| format!("signals: {error}"))?;
    let server = fake
        .serve_at(&arguments.listen)
        .map_err(|error| error.to_string())?;
    let files = Files::write(arguments, &server)?;
    announce(arguments, &server, &log);

    let stopper = server.stopper();
    let watcher = signals.handle();
    thread::spawn(move || {
        if signals.forever().next().is_some() {
            stopper.stop();
        }
    });
    server.wait();
    watcher.close();
    say("Stopping: no more requests are taken");
    fake.close().map_err(|error| error.to_string())?;
    drop(files);
    say("fakeredis is now ready to exit, bye bye...");
    Ok(())
}

fn open(arguments: &Arguments, log: &Log) -> Result<FakeRedis, String> {
    let mut builder = FakeRedis::builder()
        .config(arguments.config.clone())
        .seed(arguments.seed)
        .record(arguments.record);
    if let Some(dir) = &arguments.journal {
        builder = builder
            .journal(dir)
            .fsync(match arguments.config.appendfsync() {
                "always" => Fsync::Always,
                "no" => Fsync::No,
                _ => Fsync::EverySec,
            });
    }
    if arguments.history {
        builder = builder.journal_in_memory();
    }
    if let Some(every) = arguments.checkpoint_every {
        builder = builder.checkpoint_every(every);
    }
    let (fake, report) = builder
        .build_with_report()
        .map_err(|error| match &arguments.journal {
            Some(dir) => format!("can't open the journal in {}: {error}", dir.display()),
            None => error.to_string(),
        })?;
    match (report, &arguments.journal) {
        (Some(report), Some(dir)) => tell_recovery(&report, dir, log),
        _ => log.line(Level::Notice, without_journal(arguments.history)),
    }
    Ok(fake)
}

fn without_journal(history: bool) -> &'static str {
    match history {
        true => "Journal in memory: there is history, gone with the process like everything else",
        false => "No journal: everything is in memory and gone with the process",
    }
}

fn tell_recovery(report: &RecoveryReport, dir: &Path, log: &Log) {
    let dir = dir.display();
    let found = match (report.created, report.clean) {
        (true, _) => "a new one".to_owned(),
        (false, true) => format!("{} records, closed in good order", report.last_seq),
        (false, false) => format!("{} records, not closed in good order", report.last_seq),
    };
    log.line(Level::Notice, &format!("Journal in {dir}: {found}"));
    if let Some(cut) = &report.cut {
        let line = format!(
            "An interrupted write was cut off behind record {}: {} bytes, kept in {}",
            cut.after, cut.bytes, cut.quarantined
        );
        log.line(Level::Warning, &line);
    }
    for bad in &report.bad_checkpoints {
        log.line(Level::Warning, &format!("Checkpoint not used: {bad}"));
    }
    log.line(
        Level::Notice,
        &format!("To look at the history: fakeredis-replay log {dir}"),
    );
}

fn load_fixtures(arguments: &Arguments, fake: &FakeRedis, log: &Log) -> Result<(), String> {
    let has_keys = fake.has_keys();
    for name in &arguments.fixtures {
        if has_keys {
            let line = format!("Fixture {name} is not loaded: there are keys already");
            log.line(Level::Warning, &line);
            continue;
        }
        let dataset = Dataset::open(name).map_err(|error| error.to_string())?;
        let loaded = fake.load_dataset(&dataset, Size::default(), |_| {});
        let loaded = loaded.map_err(|error| error.to_string())?;
        let verified = if loaded.verified {
            ", and the state is what the file says"
        } else {
            ""
        };
        let commands = loaded.commands;
        log.line(
            Level::Notice,
            &format!("Fixture {name}: {commands} commands{verified}"),
        );
    }
    Ok(())
}

fn announce(arguments: &Arguments, server: &Server, log: &Log) {
    for address in server.addresses() {
        log.line(Level::Notice, &format!("Listening on {address}"));
    }
    if let Some(path) = &arguments.listen.unix {
        log.line(
            Level::Notice,
            &format!("Listening on the Unix socket {}", path.display()),
        );
    }
    if !server.addresses().is_empty() {
        log.line(Level::Notice, "Ready to accept connections tcp");
    }
    if server.unix().is_some() {
        log.line(Level::Notice, "Ready to accept connections unix");
    }
}

/// The port file and the pid file, for as long as the server runs.
struct Files(Vec<std::path::PathBuf>);

impl Files {
    fn write(arguments: &Arguments, server: &Server) -> Result<Files, String> {
        let mut files = Files(Vec::new());
        let port = server.address().map_or(0, |address| address.port());
        if let Some(path) = &arguments.port_file {
            files.put(path, &format!("{port}\n"))?;
        }
        let pid_file = text(&arguments.config, "pidfile");
        if !pid_file.is_empty() {
            files.put(Path::new(&pid_file), &format!("{}\n", std::process::id()))?;
        }
        Ok(files)
    }

    /// Makes the file appear whole, since others wait for it.
    fn put(&mut self, path: &Path, text: &str) -> Result<(), String> {
        let partial = path.with_extension("partial");
        let written = std::fs::write(&partial, text).and_then(|()| std::fs::rename(&partial, path));
        written.map_err(|error| format!("can't write {}: {error}", path.display()))?;
        self.0.push(path.to_owned());
        Ok(())
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        for path in &self.0 {
            // Somebody who removed it already spared us the work.
            let _ = std::fs::remove_file(path);
        }
    }
}
