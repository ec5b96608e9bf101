//! `fakeredis-server`: a fake Redis behind a port, started and configured as redis-server is.

mod arguments;
mod daemon;
mod log;
mod serve;

use std::process::ExitCode;

use arguments::Arguments;
use arguments::Request;

const VERSION: &str = env!("CARGO_PKG_VERSION");

const HELP: &str = "\
A fake Redis server that remembers: redis-server's flags, and a journal of everything that happened.

Usage: fakeredis-server [REDIS.CONF | -] [--OPTION VALUE]…

Options of redis-server keep their spelling (--port 6379, --bind 127.0.0.1, --unixsocket PATH, --dir DIR,
--appendonly yes|no, --appendfsync always|everysec|no, --requirepass S, --databases 16, --maxclients N, …) and also
work in a redis.conf; `-` reads one from standard input. What means nothing here is accepted, and said.

Options of our own:
  --fixture NAME|FILE     load a dataset if there are no keys yet; may be given again
  --history yes|no        without a journal in a directory, keep one in memory (no)
  --seed N                the seed of all random numbers (0)
  --record LEVEL          what the journal records: commits, aborts (the default), or session
  --checkpoint-every N    records between checkpoints (150000); 0 for none
  --port-file FILE        write the port there once it is open; --port 0 then takes any free one
  -v, --version           print the version
  -h, --help              print this

With --dir (or --appendonly yes) there is a journal in that directory; without it, or with --appendonly no,
everything is in memory. History (FAKEREDIS LOG, UNDO, REWIND, …) needs a journal: that one, or --history yes.

Examples:
  fakeredis-server --dir ./data --fixture inventory
  fakeredis-server --port 0 --port-file port.txt --save '' --appendonly no
  fakeredis-replay log ./data                                 what happened, afterwards
";

fn main() -> ExitCode {
    match Arguments::parse(std::env::args_os().skip(1)) {
        Ok(Request::Help) => print!("{HELP}"),
        Ok(Request::Version) => println!(
            "Redis server v=8.2.3 sha=00000000:0 malloc=rust bits=64 build=fakeredis-{VERSION}\n\
             fakeredis v={VERSION}"
        ),
        Ok(Request::Serve(arguments)) => {
            let outcome = match arguments.daemonize {
                true => daemon::start(&arguments.stdin),
                false => serve::serve(&arguments),
            };
            if let Err(error) = outcome {
                eprintln!("fakeredis-server: {error}");
                return ExitCode::FAILURE;
            }
        }
        Err(error) => {
            eprintln!("fakeredis-server: {error}\nTry fakeredis-server --help.");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
