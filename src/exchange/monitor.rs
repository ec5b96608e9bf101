//! A MONITOR capture as a journal: the commands of its lines run again, each from its client and at its time.
//!
//! A capture tells what was asked, not what was answered: where a command draws at random, or the data were not empty
//! when the capture began, the journal's may differ.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;

use super::error::Error;
use super::error::Flaw;
use super::error::Place;
use super::target::ImportOptions;
use super::target::NewJournal;
use super::target::Target;
use super::target::modified_us;
use crate::bytes::Bytes;
use crate::engine::Core;
use crate::engine::Outcome;
use crate::resp::Reply;
use crate::resp::quote;
use crate::resp::split_quoted;
use crate::session::Address;
use crate::session::SessionKey;

/// How many lines are settled together.
const TOGETHER: usize = 1000;

/// What a server shows instead of a password.
const HIDDEN: &[u8] = b"(redacted)";

/// What came of a MONITOR capture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportedMonitor {
    /// How many lines it has.
    pub lines: u64,
    /// How many of them are commands that ran again.
    pub commands: u64,
    /// How many clients sent them.
    pub clients: u64,
    /// How many commands of scripts are not repeated, because their scripts ran again.
    pub in_scripts: u64,
    /// How many commands hold what a server hides, as AUTH does.
    pub hidden: u64,
    /// The commands that were answered with an error, by the error's first word. They may have been then, too.
    pub failed: BTreeMap<String, Failed>,
    /// How many bytes of an unfinished last line were left out.
    pub left_out: u64,
    /// The journal.
    pub journal: NewJournal,
}

/// Commands that failed alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// How many they are.
    pub count: u64,
    /// The line of the first.
    pub line: u64,
    /// That command, as a person would type it, and its error.
    pub example: String,
}

/// Makes the MONITOR capture in the file `from` a journal in the new directory `into`. Every address is a client, named
/// so until it gives itself a name; MULTI and what follows are one unit as they were. What only reads is recorded at
/// level `session`.
///
/// # Errors
///
/// There is something in `into`, a line is none of MONITOR's, or the journal can't be written. Then nothing is in
/// `into`.
pub fn import_monitor(
    from: &Path,
    into: &Path,
    options: &ImportOptions,
) -> Result<ImportedMonitor, Error> {
    let file = File::open(from).map_err(Error::io("open", from))?;
    let mut lines = Lines {
        file: BufReader::new(file),
        path: from,
        line: 0,
        text: Vec::new(),
        truncated_ok: options.truncated_ok,
        left_out: 0,
    };
    let first = lines.next()?;
    let began_us = match &first {
        Some(line) => line.time_us,
        None => modified_us(from)?,
    };
    let target = Target::new(into, began_us, options, false)?;
    let mut replay = Replay::default();
    let mut next = first;
    while next.is_some() {
        target.engine.batch(|core| {
            for _ in 0..TOGETHER {
                let Some(line) = next.take() else { break };
                target.set_clock(line.time_us);
                replay.run(core, &line);
                next = lines.next()?;
            }
            replay.discard_pushes(core);
            Ok::<_, Error>(())
        })??;
    }
    target.engine.batch(|core| replay.disconnect(core))?;
    let journal = target.finish()?;
    Ok(ImportedMonitor {
        lines: lines.line,
        left_out: lines.left_out,
        journal,
        ..replay.done
    })
}

/// A line of a capture.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    number: u64,
    time_us: i64,
    db: usize,
    from: Vec<u8>,
    argv: Vec<Vec<u8>>,
}

/// The lines of a capture.
struct Lines<'a> {
    file: BufReader<File>,
    path: &'a Path,
    line: u64,
    text: Vec<u8>,
    truncated_ok: bool,
    left_out: u64,
}

impl Lines<'_> {
    /// The next line that holds a command.
    fn next(&mut self) -> Result<Option<Line>, Error> {
        loop {
            self.text.clear();
            let read = self.file.read_until(b'\n', &mut self.text);
            if read.map_err(Error::io("read", self.path))? == 0 {
                return Ok(None);
            }
            self.line += 1;
            let text = self.text.trim_ascii();
            // What redis-cli prints first, and what a raw capture has at the start of each line.
            let text = text.strip_prefix(b"+").unwrap_or(text);
            if text.is_empty() || text == b"OK" {
                continue;
            }
            match parse(self.line, text) {
                Ok(line) => return Ok(Some(line)),
                Err(_) if self.is_cut() && self.truncated_ok => {
                    self.left_out = self.text.len() as u64;
                    return Ok(None);
                }
                Err(what) => return Err(self.flawed(what)),
            }
        }
    }

    /// Whether the line at hand lacks its end.
    fn is_cut(&self) -> bool {
        !self.text.ends_with(b"\n")
    }

    fn flawed(&self, what: &str) -> Error {
        let flaw = |what: &str| Flaw::new(self.path, Place::Line(self.line), what);
        match self.is_cut() {
            true => Error::Truncated(flaw("the file ends within this line")),
            false => Error::Damaged(flaw(what)),
        }
    }
}

/// `1339518083.107412 [0 127.0.0.1:60866] "keys" "*"`
fn parse(number: u64, text: &[u8]) -> Result<Line, &'static str> {
    const SHAPE: &str =
        "this is no line of MONITOR, such as: 1339518083.107412 [0 127.0.0.1:60866] \"keys\" \"*\"";
    let open = text.iter().position(|&byte| byte == b'[').ok_or(SHAPE)?;
    // An address may hold brackets itself.
    let close = text
        .windows(3)
        .position(|three| three == b"] \"")
        .ok_or(SHAPE)?;
    let inside = text.get(open + 1..close).ok_or(SHAPE)?;
    let space = inside.iter().position(|&byte| byte == b' ').ok_or(SHAPE)?;
    let mut argv = Vec::new();
    split_quoted(&text[close + 1..], |arg| argv.push(arg.to_vec()))
        .ok_or("a quote is not closed")?;
    Ok(Line {
        number,
        time_us: time(text[..open].trim_ascii())
            .ok_or("the time is none, such as: 1339518083.107412")?,
        db: digits(&inside[..space]).ok_or("the database is no number")?,
        from: inside[space + 1..].to_vec(),
        argv,
    })
}

/// Seconds and microseconds.
fn time(text: &[u8]) -> Option<i64> {
    let point = text.iter().position(|&byte| byte == b'.')?;
    let (seconds, micros) = (&text[..point], &text[point + 1..]);
    let seconds: i64 = digits(seconds)?;
    let micros: i64 = digits(micros).filter(|_| micros.len() == 6)?;
    seconds.checked_mul(1_000_000)?.checked_add(micros)
}

fn digits<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    let is_number = text.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(text)
        .ok()
        .filter(|_| is_number)?
        .parse()
        .ok()
}

/// The clients of a capture, on an engine.
#[derive(Default)]
struct Replay {
    clients: BTreeMap<Vec<u8>, SessionKey>,
    /// Who ran the last script, and whether it ran: its commands follow.
    script: Option<(SessionKey, bool)>,
    done: ImportedMonitor,
}

impl Replay {
    fn run(&mut self, core: &mut Core, line: &Line) {
        let client = match (&*line.from, self.script) {
            (b"lua", Some((_, true))) => {
                self.done.in_scripts += 1;
                return;
            }
            // The script is not known here: what it did is.
            (b"lua", Some((client, false))) => client,
            _ => self.client(core, line),
        };
        if line.argv.iter().any(|arg| arg == HIDDEN) {
            self.done.hidden += 1;
            return;
        }
        if line.db >= core.world().keyspace.databases() {
            return self.failed(line, "ERR DB index is out of range");
        }
        let reply = self.answer(core, client, line);
        let error = match &reply {
            Some(Reply::Error(error)) => Some(&**error),
            _ => None,
        };
        if &*line.from != b"lua" {
            self.script = is_script(&line.argv[0]).then(|| (client, error.is_none_or(has_run)));
        }
        if let Some(error) = error {
            self.failed(line, error);
        }
    }

    /// Runs a line's command.
    fn answer(&mut self, core: &mut Core, client: SessionKey, line: &Line) -> Option<Reply> {
        // A transaction keeps the database that it has selected.
        if let Some(session) = core
            .session(client)
            .filter(|session| session.queue.is_none())
        {
            session.db = line.db;
        }
        self.done.commands += 1;
        let argv: Vec<&[u8]> = line.argv.iter().map(Vec::as_slice).collect();
        match core.run(client, &argv) {
            Outcome::Reply(reply, _) => Some(reply),
            Outcome::Blocked | Outcome::Closed | Outcome::Cut(_) => None,
        }
    }

    /// The client of a line, free to send it: if it waits here, it did not then.
    fn client(&mut self, core: &mut Core, line: &Line) -> SessionKey {
        if let Some(&client) = self.clients.get(&line.from) {
            let is_open = core
                .session(client)
                .is_some_and(|session| session.closing.is_none());
            if is_open {
                core.give_up(client);
                return client;
            }
            core.disconnect(client);
        }
        self.done.clients += 1;
        let peer = String::from_utf8_lossy(&line.from).into_owned();
        let client = core.connect(Address {
            unix: peer.starts_with("unix:"),
            peer,
            ..Address::default()
        });
        if let Some(session) = core.session(client) {
            session.name = Bytes::from(&*line.from);
        }
        self.clients.insert(line.from.clone(), client);
        client
    }

    /// Nobody reads what the clients are sent beside their replies.
    fn discard_pushes(&self, core: &mut Core) {
        for client in self.clients.values() {
            if let Some(session) = core.session(*client) {
                session.pushes.clear();
            }
        }
    }

    fn failed(&mut self, line: &Line, error: &str) {
        let code = error.split(' ').next().unwrap_or_default();
        let failed = self.done.failed.entry(code.to_owned());
        let failed = failed.or_insert_with(|| Failed {
            count: 0,
            line: line.number,
            example: format!("{}: {error}", typed(&line.argv)),
        });
        failed.count += 1;
    }

    fn disconnect(&self, core: &mut Core) {
        for client in self.clients.values() {
            core.disconnect(*client);
        }
    }
}

/// A command as a person would type it.
fn typed(argv: &[Vec<u8>]) -> String {
    let words: Vec<String> = argv.iter().map(|arg| quote(arg)).collect();
    words.join(" ")
}

/// Whether a script ran, judged by its error.
fn has_run(error: &str) -> bool {
    !error.starts_with("NOSCRIPT") && !error.starts_with("ERR unknown command")
}

fn is_script(name: &[u8]) -> bool {
    let names: [&[u8]; 6] = [
        b"EVAL",
        b"EVALSHA",
        b"EVAL_RO",
        b"EVALSHA_RO",
        b"FCALL",
        b"FCALL_RO",
    ];
    names.iter().any(|script| script.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<(i64, usize, String, String), &'static str> {
        let line = parse(1, text.as_bytes())?;
        let from = String::from_utf8(line.from).unwrap();
        Ok((line.time_us, line.db, from, typed(&line.argv)))
    }

    #[test]
    fn lines_are_read_as_they_are_written() {
        for (from, argv) in [
            ("127.0.0.1:60866", r#""keys" "*""#),
            ("[::1]:60866", r#""SET" "a] \"b" "\xff\n\\""#),
            ("unix:/tmp/a b].sock", r#""GET" """#),
            ("lua", r#""set" "k" "v""#),
        ] {
            let line = format!("1339518083.107412 [15 {from}] {argv}");
            let expected = (1_339_518_083_107_412, 15, from.to_owned(), argv.to_owned());
            assert_eq!(parsed(&line), Ok(expected));
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "hello",
            "1339518083.107412 [0 127.0.0.1:1]",
            "1339518083.107412 [x 127.0.0.1:1] \"a\"",
            "1339518083.1074 [0 127.0.0.1:1] \"a\"",
            "1339518083 [0 127.0.0.1:1] \"a\"",
            "1339518083.107412 [0 127.0.0.1:1] \"a",
            "1339518083.107412 [0] \"a\"",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
