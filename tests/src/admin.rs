//! A client of the admin server: one GET a connection.

use serde::Deserialize;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a page is waited for.
const PAGE_MAX: Duration = Duration::from_secs(10);

/// A page and its status code.
///
/// # Errors
/// When the server is not there or does not speak HTTP.
pub fn get(admin: SocketAddr, path: &str) -> Result<(u16, String), String> {
    let fail = |error: std::io::Error| format!("{path} of {admin}: {error}");
    let mut stream = TcpStream::connect_timeout(&admin, PAGE_MAX).map_err(fail)?;
    stream.set_read_timeout(Some(PAGE_MAX)).map_err(fail)?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(fail)?;
    let mut response = String::new();
    stream.read_to_string(&mut response).map_err(fail)?;
    let (head, body) = response
        .split_once("\r\n\r\n")
        .ok_or("a response without a head's end")?;
    let code = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Ok((
        code.ok_or_else(|| format!("no status code in {head}"))?,
        body.to_owned(),
    ))
}

/// What `/readyz` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// Status code.
    pub code: u16,
    /// Why it is not ready, then what an operator should know although it is.
    pub reasons: Vec<String>,
}

#[derive(Deserialize)]
struct Readyz {
    ready: bool,
    reasons: Vec<String>,
    notes: Vec<String>,
}

impl Readiness {
    /// Asks for it.
    ///
    /// # Errors
    /// When the page is not what it should be.
    pub fn of(admin: SocketAddr) -> Result<Self, String> {
        let (code, body) = get(admin, "/readyz?format=json")?;
        let page: Readyz =
            serde_json::from_str(&body).map_err(|error| format!("{error}: {body}"))?;
        if page.ready != (code == 200) || page.ready != page.reasons.is_empty() {
            return Err(format!("{code} does not go with {body}"));
        }
        Ok(Readiness {
            code,
            reasons: [page.reasons, page.notes].concat(),
        })
    }

    /// Whether it is ready.
    pub fn is_ready(&self) -> bool {
        self.code == 200
    }

    /// Whether a reason has this in it.
    pub fn says(&self, part: &str) -> bool {
        self.reasons.iter().any(|reason| reason.contains(part))
    }
}
