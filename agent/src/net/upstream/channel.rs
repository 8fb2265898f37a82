//! A stream of octets to a server: TCP, or TLS over it.

use super::UpstreamTls;
use crate::net::batch::uninterrupted;
use dns_core::{Protocol, Server};
use mio::net::TcpStream;
use rustls::{ClientConnection, StreamOwned};
use std::io::{self, Read, Write};

/// A stream to a server, which may not be connected yet.
pub(super) enum Channel {
    /// TCP.
    Plain(TcpStream),
    /// TLS; the handshake goes on with every read and write.
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Channel {
    /// Starts to connect.
    pub(super) fn connect(server: &Server, tls: Option<&UpstreamTls>) -> io::Result<Self> {
        let session = match &server.protocol {
            Protocol::Tls(name) => {
                let tls = tls.ok_or(io::ErrorKind::Unsupported)?;
                Some(tls.session(name).map_err(io::Error::other)?)
            }
            Protocol::Udp | Protocol::Tcp => None,
        };
        let stream = TcpStream::connect(server.address)?;
        // Questions are small and each is waited for.
        let _ = stream.set_nodelay(true);
        Ok(match session {
            Some(session) => Channel::Tls(Box::new(StreamOwned::new(session, stream))),
            None => Channel::Plain(stream),
        })
    }

    /// The socket under it.
    pub(super) fn stream(&mut self) -> &mut TcpStream {
        match self {
            Channel::Plain(stream) => stream,
            Channel::Tls(tls) => &mut tls.sock,
        }
    }

    /// Reads what is there; none of it if nothing is.
    ///
    /// # Errors
    ///
    /// The stream has failed or ended.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let read = uninterrupted(|| match self {
            Channel::Plain(stream) => stream.read(buffer),
            Channel::Tls(tls) => tls.read(buffer),
        });
        match read {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            read => waiting_is_none(read),
        }
    }

    /// Writes as much as there is room for.
    ///
    /// # Errors
    ///
    /// The stream has failed.
    pub(super) fn write(&mut self, octets: &[u8]) -> io::Result<Option<usize>> {
        let written = uninterrupted(|| match self {
            Channel::Plain(stream) => stream.write(octets),
            Channel::Tls(tls) => tls.write(octets),
        });
        match written {
            Ok(0) => Err(io::ErrorKind::WriteZero.into()),
            written => waiting_is_none(written),
        }
    }

    /// Sends what TLS has taken and not sent.
    ///
    /// # Errors
    ///
    /// The stream has failed.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match self {
            Channel::Tls(tls) if tls.conn.wants_write() => {
                waiting_is_none(uninterrupted(|| tls.flush())).map(|_| ())
            }
            Channel::Plain(_) | Channel::Tls(_) => Ok(()),
        }
    }

    /// Says goodbye, as far as that needs no waiting.
    pub(super) fn close(&mut self) {
        if let Channel::Tls(tls) = self {
            tls.conn.send_close_notify();
            let _ = tls.conn.write_tls(&mut tls.sock);
        }
    }
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Channel::Plain(_) => "Plain",
            Channel::Tls(_) => "Tls",
        })
    }
}

/// Having to wait, be it to connect, is no failure.
fn waiting_is_none<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if is_waiting(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_waiting(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected
    )
}
