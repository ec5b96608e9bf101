//! The value types, number texts and patterns against a real server, which judges random cases.

mod bits;
mod exchange;
mod glob;
mod lcs;
mod numbers;
mod rdb;

use std::time::Duration;

use fakeredis::resp::Protocol;
use fakeredis::resp::Reply;
use fakeredis::rng::Rng;

use crate::support::oracle;
use crate::support::oracle::RealServer;
use crate::support::player::Answer;
use crate::support::player::Target;

/// How many commands are sent before their replies are read.
const BATCH: usize = 200;

/// A command, and what becomes of its reply.
type Argv = Vec<Vec<u8>>;

/// A real server, asked in batches.
struct Real(RealServer);

impl Real {
    /// An empty real server; `None`, and a word about it, where there is none.
    fn start() -> Option<Real> {
        let Some(program) = oracle::find() else {
            println!("skipped: no real server (set FAKEREDIS_REAL)");
            return None;
        };
        let mut server = RealServer::new(program);
        server.reset(Protocol::Resp2);
        Some(Real(server))
    }

    /// The replies to `commands`, one for one.
    fn ask(&mut self, commands: &[Argv]) -> Vec<Reply> {
        let batches = commands.chunks(BATCH);
        batches.flat_map(|batch| self.ask_batch(batch)).collect()
    }

    fn ask_batch(&mut self, commands: &[Argv]) -> Vec<Reply> {
        for argv in commands {
            self.0.send(0, argv);
        }
        let mut receive = |_| match self.0.receive(0, Duration::from_secs(10)) {
            Answer::Reply(reply) => reply,
            Answer::Nothing | Answer::Closed => panic!("the real server does not answer"),
        };
        commands.iter().map(&mut receive).collect()
    }
}

/// A command of these arguments.
fn argv<const N: usize>(args: [&[u8]; N]) -> Argv {
    args.map(<[u8]>::to_vec).to_vec()
}

/// One of `choices`, each equally likely.
fn pick<T: Copy>(rng: &mut Rng, choices: &[T]) -> T {
    choices[rng.below(choices.len())]
}

fn bulk(bytes: &[u8]) -> Reply {
    Reply::Bulk(bytes.into())
}
