//! Reads a page of a running process.

use super::REQUEST_TIME;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longest page taken, in octets: 2 GiB, more than a table of a million names.
const PAGE_OCTETS_MAX: usize = 2 << 30;
/// How long a page may take in all: twice what the server gives a connection, so that it is the
/// server that says no.
const PAGE_TIME: Duration = Duration::from_secs(60);

/// Why a page was not read.
#[derive(Debug)]
pub enum AdminError {
    /// Nothing answers at that address, or not HTTP, or not to the end.
    Unreachable(SocketAddr, String),
    /// The process answered something else than the page: code and text.
    Refused(StatusCode, String),
}

impl fmt::Display for AdminError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AdminError::Unreachable(address, reason) => write!(
                f,
                "no answer from {address}: {reason}; is a process running with --admin {address}?"
            ),
            AdminError::Refused(code, text) => write!(f, "{code}: {}", text.trim_end()),
        }
    }
}

impl std::error::Error for AdminError {}

/// Reads a page of the process whose admin server is at `address`: its status code and its body.
/// Blocks, a minute at most.
///
/// # Errors
/// [`AdminError::Unreachable`] if there is no whole answer.
pub fn fetch(address: SocketAddr, path: &str) -> Result<(StatusCode, Bytes), AdminError> {
    exchange(address, Method::GET, path, Bytes::new())
}

/// Has the process do what `path` says; the rest is as with [`fetch`].
///
/// # Errors
/// As [`fetch`]; whether it was done is not known then.
pub fn post(address: SocketAddr, path: &str) -> Result<(StatusCode, Bytes), AdminError> {
    exchange(address, Method::POST, path, Bytes::new())
}

/// As [`post`], with a body for the process.
///
/// # Errors
/// As [`post`].
pub fn send(
    address: SocketAddr,
    path: &str,
    body: Bytes,
) -> Result<(StatusCode, Bytes), AdminError> {
    exchange(address, Method::POST, path, body)
}

fn exchange(
    address: SocketAddr,
    method: Method,
    path: &str,
    body: Bytes,
) -> Result<(StatusCode, Bytes), AdminError> {
    let unreachable = |reason: String| AdminError::Unreachable(address, reason);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| unreachable(error.to_string()))?;
    runtime.block_on(async {
        let page = timeout(PAGE_TIME, page(address, method, path, body)).await;
        page.map_err(|_| unreachable("it takes too long".to_owned()))?
            .map_err(|error| unreachable(error.to_string()))
    })
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

async fn page(
    address: SocketAddr,
    method: Method,
    path: &str,
    body: Bytes,
) -> Result<(StatusCode, Bytes), BoxError> {
    let stream = timeout(REQUEST_TIME, TcpStream::connect(address)).await??;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, address.to_string())
        .body(Full::new(body))?;
    let response = sender.send_request(request).await?;
    let code = response.status();
    let body = Limited::new(response.into_body(), PAGE_OCTETS_MAX)
        .collect()
        .await?
        .to_bytes();
    connection.abort();
    Ok((code, body))
}
