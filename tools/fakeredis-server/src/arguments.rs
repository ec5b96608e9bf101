//! [`Arguments`]: the command line and the `redis.conf`, read as redis-server reads them.

use std::ffi::OsString;
use std::io::Read;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;
use std::path::PathBuf;

use fakeredis::Config;
use fakeredis::Listen;
use fakeredis::Recording;
use fakeredis::Taken;

/// What the command line asks for.
pub enum Request {
    Help,
    Version,
    Serve(Box<Arguments>),
}

/// How to serve.
pub struct Arguments {
    pub config: Config,
    pub listen: Listen,
    /// The journal's directory, unless everything stays in memory.
    pub journal: Option<PathBuf>,
    /// Whether there is history without a directory.
    pub history: bool,
    pub fixtures: Vec<String>,
    pub seed: u64,
    pub record: Recording,
    pub checkpoint_every: Option<u64>,
    pub port_file: Option<PathBuf>,
    pub daemonize: bool,
    /// The configuration that came from standard input.
    pub stdin: String,
    /// Options of Redis that mean nothing here.
    pub ignored: Vec<String>,
}

/// Options by name, in the order given.
#[derive(Default)]
struct Options {
    config: Config,
    ignored: Vec<String>,
    /// Options of Redis that were given, whose mere presence matters.
    given: Vec<String>,
    fixtures: Vec<String>,
    history: bool,
    seed: u64,
    record: Recording,
    checkpoint_every: Option<u64>,
    port_file: Option<PathBuf>,
    stdin: String,
}

impl Arguments {
    /// Reads the command line without the program's name.
    pub fn parse(args: impl Iterator<Item = OsString>) -> Result<Request, String> {
        let words: Vec<String> = args
            .map(|arg| {
                arg.into_string()
                    .map_err(|arg| format!("{arg:?} is not UTF-8"))
            })
            .collect::<Result<_, _>>()?;
        match words.first().map(String::as_str) {
            Some("-h" | "--help") => return Ok(Request::Help),
            Some("-v" | "--version") => return Ok(Request::Version),
            _ => {}
        }
        let mut options = Options::default();
        let mut rest = words.as_slice();
        if let [file, tail @ ..] = rest
            && !file.starts_with('-')
        {
            let text = std::fs::read_to_string(file)
                .map_err(|error| format!("can't read {file}: {error}"))?;
            options.load_conf(file, &text)?;
            rest = tail;
        }
        while let [word, tail @ ..] = rest {
            if word == "-" {
                let mut text = String::new();
                let read = std::io::stdin().read_to_string(&mut text);
                read.map_err(|error| format!("can't read standard input: {error}"))?;
                options.load_conf("standard input", &text)?;
                options.stdin.push_str(&text);
                rest = tail;
                continue;
            }
            let Some(name) = word.strip_prefix("--") else {
                return Err(format!("'{word}' is no option; options start with --"));
            };
            let values = tail
                .iter()
                .take_while(|word| !word.starts_with("--") && *word != "-")
                .count();
            options.set(name, &tail[..values])?;
            rest = &tail[values..];
        }
        options
            .finish()
            .map(|arguments| Request::Serve(Box::new(arguments)))
    }
}

impl Options {
    fn set(&mut self, name: &str, values: &[String]) -> Result<(), String> {
        let one = || match values {
            [value] => Ok(value.as_str()),
            _ => Err(format!("--{name} takes one value")),
        };
        let number = || {
            let text = one()?;
            text.parse()
                .map_err(|_| format!("--{name} takes a number, not '{text}'"))
        };
        match name {
            "fixture" => self.fixtures.push(one()?.to_owned()),
            "history" => self.history = yes_or_no(name, one()?)?,
            "seed" => self.seed = number()?,
            "record" => self.record = one()?.parse()?,
            "checkpoint-every" => self.checkpoint_every = Some(number()?),
            "port-file" => self.port_file = Some(one()?.into()),
            _ => {
                let taken = self.config.set_flag(name, values);
                self.took(name, taken.map_err(|reason| format!("--{name}: {reason}"))?);
            }
        }
        Ok(())
    }

    fn load_conf(&mut self, file: &str, text: &str) -> Result<(), String> {
        let ignored = self
            .config
            .load_conf(text)
            .map_err(|error| format!("{file}, {error}"))?;
        self.ignored.extend(ignored);
        let names = text
            .lines()
            .filter_map(|line| line.split_whitespace().next());
        self.given.extend(
            names
                .filter(|name| !name.starts_with('#'))
                .map(str::to_lowercase),
        );
        Ok(())
    }

    fn took(&mut self, name: &str, taken: Taken) {
        if taken == Taken::Ignored {
            self.ignored.push(name.to_owned());
        }
        self.given.push(name.to_lowercase());
    }

    fn is_given(&self, name: &str) -> bool {
        self.given.iter().any(|given| given == name)
    }

    fn finish(mut self) -> Result<Arguments, String> {
        let has_journal = match self.is_given("appendonly") {
            true => self.config.appendonly(),
            false => self.is_given("dir"),
        };
        let dir = PathBuf::from(&*self.config.dir());
        let journal = has_journal.then_some(dir);
        // What CONFIG GET and INFO show must be what is.
        let appendonly = if has_journal { "yes" } else { "no" };
        self.config
            .set_flag("appendonly", &[appendonly])
            .map_err(|reason| reason.into_owned())?;
        Ok(Arguments {
            listen: self.listen()?,
            history: self.history && journal.is_none(),
            journal,
            daemonize: text(&self.config, "daemonize") == "yes",
            stdin: self.stdin,
            config: self.config,
            fixtures: self.fixtures,
            seed: self.seed,
            record: self.record,
            checkpoint_every: self.checkpoint_every,
            port_file: self.port_file,
            ignored: self.ignored,
        })
    }

    fn listen(&self) -> Result<Listen, String> {
        let socket = self.config.unixsocket().into_owned();
        let unix = (!socket.is_empty()).then(|| PathBuf::from(socket));
        // As with redis-server, port 0 and a Unix socket mean no TCP at all; a port file asks for a port.
        let no_tcp = self.config.port() == 0 && unix.is_some() && self.port_file.is_none();
        let port = self.config.port();
        let mut tcp = Vec::new();
        if !no_tcp {
            let bind = match self.is_given("bind") {
                true => self.config.bind().into_owned(),
                false => "127.0.0.1".to_owned(),
            };
            for address in bind.split_whitespace() {
                tcp.push(SocketAddr::new(ip(address)?, port));
            }
        }
        let mode = Some(self.config.unixsocketperm()).filter(|&mode| mode > 0);
        let backlog = self.config.tcp_backlog();
        Ok(Listen {
            tcp,
            unix,
            unix_mode: mode,
            backlog,
        })
    }
}

fn yes_or_no(name: &str, word: &str) -> Result<bool, String> {
    match word {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(format!("--{name} takes yes or no, not '{word}'")),
    }
}

/// An address of `bind`: `*` and `::*` stand for all, and a leading `-` for "if there is one".
fn ip(text: &str) -> Result<IpAddr, String> {
    match text.trim_start_matches('-') {
        "*" => Ok(Ipv4Addr::UNSPECIFIED.into()),
        "::*" => Ok(Ipv6Addr::UNSPECIFIED.into()),
        "localhost" => Ok(Ipv4Addr::LOCALHOST.into()),
        address => address
            .parse()
            .map_err(|_| format!("--bind: '{address}' is no IP address")),
    }
}

/// A parameter's text, as CONFIG GET shows it.
pub fn text(config: &Config, name: &str) -> String {
    let found = config.get(&[name.as_bytes()]);
    found
        .first()
        .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
        .unwrap_or_default()
}
