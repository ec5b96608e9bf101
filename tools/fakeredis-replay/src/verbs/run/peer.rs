//! [`Peer`]: one connection to the server that a session is sent to. It knows requests and replies, and no records.

use std::io;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use fakeredis::resp::Protocol;
use fakeredis::resp::Reply;
use fakeredis::resp::decode_reply;

/// How long a reply may take.
const PATIENCE: Duration = Duration::from_secs(10);

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
    /// The reply to its last request is still to come.
    pub waits: bool,
}

impl Peer {
    pub fn connect(address: &str) -> io::Result<Peer> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let mut peer = Peer {
            stream,
            input: Vec::new(),
            id: 0,
            protocol: Protocol::Resp2,
            db: 0,
            in_multi: false,
            waits: false,
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

    pub fn send(&mut self, argv: &[&[u8]]) -> io::Result<()> {
        let mut request = format!("*{}\r\n", argv.len()).into_bytes();
        for word in argv {
            request.extend(format!("${}\r\n", word.len()).bytes());
            request.extend_from_slice(word);
            request.extend(b"\r\n");
        }
        self.stream.write_all(&request)
    }

    /// The reply to a request; what was published meanwhile is passed over.
    pub fn reply(&mut self, argv: &[&[u8]]) -> io::Result<Reply> {
        loop {
            let reply = self.next()?;
            match pushed(&reply) {
                Some(verb) if !argv[0].eq_ignore_ascii_case(verb) => {}
                _ => return Ok(reply),
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
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        error.to_string(),
                    ));
                }
            }
        }
    }

    fn read(&mut self) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            len => {
                self.input.extend_from_slice(&buffer[..len]);
                Ok(())
            }
        }
    }
}

/// The first word of what no request is answered with, or a subscription only.
fn pushed(reply: &Reply) -> Option<&[u8]> {
    const VERBS: [&[u8]; 10] = [
        b"message",
        b"pmessage",
        b"smessage",
        b"subscribe",
        b"unsubscribe",
        b"psubscribe",
        b"punsubscribe",
        b"ssubscribe",
        b"sunsubscribe",
        b"invalidate",
    ];
    let (Reply::Push(items) | Reply::Array(items)) = reply else {
        return None;
    };
    match items.first() {
        Some(Reply::Bulk(verb)) if items.len() > 1 && VERBS.contains(&&**verb) => Some(verb),
        _ => None,
    }
}
