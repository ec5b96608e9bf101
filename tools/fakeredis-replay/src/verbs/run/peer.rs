//! [`Peer`]: one connection to the server that a session is sent to, and what it is in the middle of. It knows requests
//! and replies, and no records.

use std::io;
use std::io::Read;
use std::io::Write;
use std::net::Shutdown;
use std::net::TcpStream;
use std::net::ToSocketAddrs;
use std::time::Duration;

use fakeredis::commit::CommandList;
use fakeredis::resp::Protocol;
use fakeredis::resp::Reply;
use fakeredis::resp::decode_reply;
use fakeredis::resp::encode_command;

/// How long the server may take for anything.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A connection, and what it is in the middle of.
pub struct Peer {
    stream: TcpStream,
    input: Vec<u8>,
    /// What the server calls it.
    pub id: i64,
    pub protocol: Protocol,
    pub db: u32,
    /// MULTI was sent, and EXEC was not.
    pub in_multi: bool,
    /// WATCH was sent, and what ends it was not.
    pub watches: bool,
    /// The reply to its last request is still to come.
    pub waits: bool,
    /// Whether it listens to channels or patterns, and whether to sharded channels.
    listens: [bool; 2],
}

impl Peer {
    pub fn connect(address: &str) -> io::Result<Peer> {
        let stream = open(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let mut peer = Peer {
            stream,
            input: Vec::new(),
            id: 0,
            protocol: Protocol::Resp2,
            db: 0,
            in_multi: false,
            watches: false,
            waits: false,
            listens: [false; 2],
        };
        if let Reply::Int(id) = peer.ask(&[b"CLIENT", b"ID"])? {
            peer.id = id;
        }
        Ok(peer)
    }

    /// Sends a request and reads its reply.
    pub fn ask(&mut self, argv: &[&[u8]]) -> io::Result<Reply> {
        self.send(argv)?;
        self.reply(argv)
    }

    /// Sends requests all at once; the first reply that is an error.
    pub fn ask_all(&mut self, commands: &CommandList) -> io::Result<Option<Reply>> {
        let mut bytes = Vec::new();
        for argv in commands.iter() {
            encode_command(&argv, &mut bytes);
        }
        self.stream.write_all(&bytes)?;
        let mut refused = None;
        for argv in commands.iter() {
            let reply = self.reply(&argv)?;
            refused = refused.or(Some(reply).filter(has_error));
        }
        Ok(refused)
    }

    pub fn send(&mut self, argv: &[&[u8]]) -> io::Result<()> {
        let mut bytes = Vec::new();
        encode_command(argv, &mut bytes);
        self.stream.write_all(&bytes)
    }

    /// The reply to a request; what was published meanwhile is passed over.
    pub fn reply(&mut self, argv: &[&[u8]]) -> io::Result<Reply> {
        let reply = match is_about_topics(argv[0]) && !self.in_multi {
            true => self.confirmation(argv[0])?,
            false => self.next_but_pushes()?,
        };
        self.follow(argv, &reply);
        Ok(reply)
    }

    /// Whether the reply that it waits for is there.
    pub fn is_answered(&mut self) -> io::Result<bool> {
        self.stream.set_nonblocking(true)?;
        let peeked = self.stream.peek(&mut [0]);
        self.stream.set_nonblocking(false)?;
        Ok(peeked.is_ok())
    }

    /// Ends the connection; returns once the server has let go of it.
    pub fn leave(mut self) {
        // Whatever fails here, it is gone.
        let _ = self.stream.shutdown(Shutdown::Write);
        while self.read().is_ok() {
            self.input.clear();
        }
    }

    /// The first of the confirmations of a (un)subscription, of which there is one for each topic, or the error in their
    /// place. What comes before the answer to a PING is all there is.
    fn confirmation(&mut self, verb: &[u8]) -> io::Result<Reply> {
        const END: &[u8] = b"fakeredis-replay: the end";
        self.send(&[b"PING", END])?;
        let mut first = None;
        loop {
            let reply = self.next()?;
            if is_pong(&reply, END) {
                return Ok(first.unwrap_or(Reply::Silence));
            }
            match pushed(&reply) {
                Some(other) if !other.eq_ignore_ascii_case(verb) => {}
                _ => {
                    self.listen(&reply);
                    first = first.or(Some(reply));
                }
            }
        }
    }

    fn next_but_pushes(&mut self) -> io::Result<Reply> {
        loop {
            let reply = self.next()?;
            let may_be_pushed = match reply {
                Reply::Push(_) => true,
                Reply::Array(_) => self.protocol == Protocol::Resp2 && self.listens != [false; 2],
                _ => false,
            };
            if !(may_be_pushed && pushed(&reply).is_some()) {
                return Ok(reply);
            }
        }
    }

    fn next(&mut self) -> io::Result<Reply> {
        loop {
            match decode_reply(&self.input) {
                Ok(Some((reply, len))) => {
                    self.input.drain(..len);
                    return Ok(reply);
                }
                Ok(None) => self.read()?,
                Err(error) => {
                    let what = format!("it does not answer as a Redis: {error}");
                    return Err(io::Error::new(io::ErrorKind::InvalidData, what));
                }
            }
        }
    }

    fn read(&mut self) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) => Err(failed(
                io::ErrorKind::UnexpectedEof,
                "it ended the connection",
            )),
            Ok(len) => {
                self.input.extend_from_slice(&buffer[..len]);
                Ok(())
            }
            Err(error) if is_timeout(&error) => Err(failed(
                io::ErrorKind::TimedOut,
                &format!("no reply within {} s", PATIENCE.as_secs()),
            )),
            Err(error) => Err(error),
        }
    }

    /// Follows what a command that was answered does to its connection.
    fn follow(&mut self, argv: &[&[u8]], reply: &Reply) {
        let word = |at: usize| argv.get(at).map(|word| word.to_ascii_uppercase());
        let name = word(0).unwrap_or_default();
        match &*name {
            // Whatever it is answered, no transaction is open behind it.
            b"EXEC" => (self.in_multi, self.watches) = (false, false),
            _ if reply.is_error() => {}
            b"DISCARD" => (self.in_multi, self.watches) = (false, false),
            _ if self.in_multi && name != b"RESET" => {}
            b"MULTI" => self.in_multi = true,
            b"WATCH" => self.watches = true,
            b"UNWATCH" => self.watches = false,
            b"HELLO" => match word(1).as_deref() {
                Some(b"3") => self.protocol = Protocol::Resp3,
                Some(b"2") => self.protocol = Protocol::Resp2,
                _ => {}
            },
            b"RESET" => {
                (self.in_multi, self.watches, self.listens) = (false, false, [false; 2]);
                (self.db, self.protocol) = (0, Protocol::Resp2);
            }
            b"SELECT" => self.select(argv),
            b"SUBSCRIBE" | b"PSUBSCRIBE" => self.listens[0] = true,
            b"SSUBSCRIBE" => self.listens[1] = true,
            _ => {}
        }
    }

    /// Follows what the commands of a transaction that ran do to the connection.
    pub fn follow_all(&mut self, commands: &CommandList) {
        commands
            .iter()
            .for_each(|argv| self.follow(&argv, &Reply::OK));
    }

    fn select(&mut self, argv: &[&[u8]]) {
        let db = argv.get(1).and_then(|db| str::from_utf8(db).ok());
        self.db = db.and_then(|db| db.parse().ok()).unwrap_or(self.db);
    }

    /// Follows a confirmation, which has the number of topics that are left.
    fn listen(&mut self, confirmation: &Reply) {
        if let Reply::Push(items) | Reply::Array(items) = confirmation
            && let [Reply::Bulk(verb), _, Reply::Int(left)] = &items[..]
        {
            let is_sharded = verb.starts_with(b"ss") || verb.starts_with(b"sun");
            self.listens[usize::from(is_sharded)] = *left > 0;
        }
    }
}

fn open(address: &str) -> io::Result<TcpStream> {
    let found = address
        .to_socket_addrs()
        .map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput => failed(error.kind(), "this is not HOST:PORT"),
            _ => error,
        })?;
    let mut refused = io::ErrorKind::AddrNotAvailable.into();
    for address in found {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

fn failed(kind: io::ErrorKind, what: &str) -> io::Error {
    io::Error::new(kind, what)
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

/// Whether it is an error, or a transaction with one in it.
fn has_error(reply: &Reply) -> bool {
    match reply {
        Reply::Array(items) => items.iter().any(Reply::is_error),
        reply => reply.is_error(),
    }
}

/// How PING is answered, in RESP2 also by a connection that listens.
fn is_pong(reply: &Reply, text: &[u8]) -> bool {
    match reply {
        Reply::Bulk(bytes) => **bytes == *text,
        Reply::Array(items) => {
            matches!(&items[..], [Reply::Bulk(pong), Reply::Bulk(bytes)] if **pong == *b"pong" && **bytes == *text)
        }
        _ => false,
    }
}

/// The commands that are confirmed for each of their topics.
const ABOUT_TOPICS: [&[u8]; 6] = [
    b"psubscribe",
    b"punsubscribe",
    b"ssubscribe",
    b"subscribe",
    b"sunsubscribe",
    b"unsubscribe",
];

fn is_about_topics(name: &[u8]) -> bool {
    ABOUT_TOPICS
        .iter()
        .any(|other| other.eq_ignore_ascii_case(name))
}

/// The first word of what no request is answered with, or a (un)subscription only.
fn pushed(reply: &Reply) -> Option<&[u8]> {
    const UNASKED: [&[u8]; 4] = [b"message", b"pmessage", b"smessage", b"invalidate"];
    let (Reply::Push(items) | Reply::Array(items)) = reply else {
        return None;
    };
    match items.first() {
        Some(Reply::Bulk(verb)) => {
            let is_one = |verbs: &[&[u8]]| verbs.contains(&&**verb);
            (is_one(&UNASKED) || is_one(&ABOUT_TOPICS)).then_some(verb)
        }
        _ => None,
    }
}
