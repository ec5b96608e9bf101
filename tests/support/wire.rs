//! Clients of a server at a local port, real or ours, that see every reply as it is sent.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use fakeredis::resp::Protocol;
use fakeredis::resp::decode_reply;
use fakeredis::resp::encode_command;

use super::player::Answer;
use super::player::PATIENCE;

/// The clients of one server, by number; a client connects when it first sends.
pub struct Wire {
    port: u16,
    protocol: Protocol,
    clients: BTreeMap<usize, Client>,
}

impl Wire {
    /// Clients that speak `protocol` to the server at `port`.
    pub fn new(port: u16, protocol: Protocol) -> Wire {
        Wire {
            port,
            protocol,
            clients: BTreeMap::new(),
        }
    }

    pub fn send(&mut self, client: usize, argv: &[Vec<u8>]) {
        let (port, protocol) = (self.port, self.protocol);
        let connect = || Client::connect(port, protocol);
        self.clients
            .entry(client)
            .or_insert_with(connect)
            .send(argv);
    }

    pub fn receive(&mut self, client: usize, patience: Duration) -> Answer {
        let connection = self.clients.get_mut(&client);
        let answer = connection.expect("a client that sent").receive(patience);
        if matches!(answer, Answer::Closed) {
            self.clients.remove(&client);
        }
        answer
    }
}

/// One connection and what it has received.
struct Client {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Client {
    fn connect(port: u16, protocol: Protocol) -> Client {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nodelay(true).unwrap();
        let received = Vec::new();
        let mut client = Client { stream, received };
        if protocol == Protocol::Resp3 {
            client.send(&["HELLO", "3"]);
            let greeting = client.receive(PATIENCE);
            assert!(matches!(greeting, Answer::Reply(_)), "no answer to HELLO");
        }
        client
    }

    fn send<A: AsRef<[u8]>>(&mut self, argv: &[A]) {
        let mut request = Vec::new();
        encode_command(argv, &mut request);
        // A closed connection shows when the reply is read.
        let _ = self.stream.write_all(&request);
    }

    fn receive(&mut self, patience: Duration) -> Answer {
        self.stream.set_read_timeout(Some(patience)).unwrap();
        let mut buffer = [0; 16 * 1024];
        loop {
            if let Some((reply, len)) = decode_reply(&self.received).unwrap() {
                self.received.drain(..len);
                return Answer::Reply(reply);
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => return Answer::Closed,
                Ok(len) => self.received.extend_from_slice(&buffer[..len]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Answer::Closed,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Answer::Nothing,
            }
        }
    }
}
