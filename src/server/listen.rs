//! Listening addresses, and the connections that come in.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::connection::Stream;
use crate::session::Address;
use mio::event::Source;
use mio::net::TcpListener;
use mio::net::UnixListener;
use socket2::Domain;
use socket2::Socket;
use socket2::Type;

/// Where a server listens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listen {
    /// TCP addresses; port 0 for any free one.
    pub tcp: Vec<SocketAddr>,
    /// A Unix socket's path; a socket left there is replaced.
    pub unix: Option<PathBuf>,
    /// The Unix socket's permissions, 0o700 say.
    pub unix_mode: Option<u32>,
    /// How many connections may wait to be accepted; 0 for the usual 511.
    pub backlog: u32,
}

pub(super) struct Bound {
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) listeners: Vec<Listener>,
}

pub(super) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener, PathBuf),
}

impl Listen {
    /// Starts to listen at every address.
    pub(super) fn bind(&self) -> io::Result<Bound> {
        let mut bound = Bound {
            addresses: Vec::new(),
            listeners: Vec::new(),
        };
        for &address in &self.tcp {
            let listener = self
                .bind_tcp(address)
                .map_err(|error| named(error, &address))?;
            bound.addresses.push(listener.local_addr()?);
            bound.listeners.push(Listener::Tcp(listener));
        }
        if let Some(path) = &self.unix {
            let listener = self
                .bind_unix(path)
                .map_err(|error| named(error, &path.display()))?;
            bound.listeners.push(Listener::Unix(listener, path.clone()));
        }
        Ok(bound)
    }

    fn bind_tcp(&self, address: SocketAddr) -> io::Result<TcpListener> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.bind(&address.into())?;
        socket.listen(self.backlog())?;
        Ok(TcpListener::from_std(socket.into()))
    }

    fn bind_unix(&self, path: &PathBuf) -> io::Result<UnixListener> {
        use std::os::unix::fs::FileTypeExt;
        use std::os::unix::fs::PermissionsExt;
        if std::fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket()) {
            std::fs::remove_file(path)?;
        }
        let listener = UnixListener::bind(path)?;
        if let Some(mode) = self.unix_mode {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
        }
        Ok(listener)
    }

    fn backlog(&self) -> i32 {
        match self.backlog {
            0 => 511,
            backlog => i32::try_from(backlog).unwrap_or(i32::MAX),
        }
    }
}

fn named(error: io::Error, address: &dyn std::fmt::Display) -> io::Error {
    io::Error::new(error.kind(), format!("can't listen on {address}: {error}"))
}

impl Listener {
    /// What tells that a connection has come in.
    pub(super) fn source(&mut self) -> &mut dyn Source {
        match self {
            Listener::Tcp(listener) => listener,
            Listener::Unix(listener, _) => listener,
        }
    }

    /// Takes a connection that has come in.
    pub(super) fn accept(&self) -> io::Result<(Box<dyn Stream>, Address)> {
        match self {
            Listener::Tcp(listener) => {
                let (stream, peer) = listener.accept()?;
                // Replies are written whole; waiting for more would only delay them.
                let _ = stream.set_nodelay(true);
                let address = Address {
                    peer: peer.to_string(),
                    local: stream.local_addr()?.to_string(),
                    unix: false,
                };
                Ok((Box::new(stream), address))
            }
            Listener::Unix(listener, path) => {
                let (stream, _) = listener.accept()?;
                let name = format!("{}:0", path.display());
                let address = Address {
                    peer: name.clone(),
                    local: name,
                    unix: true,
                };
                Ok((Box::new(stream), address))
            }
        }
    }
}
