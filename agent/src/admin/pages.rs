//! [`Pages`]: what there is to read, and who may.

use super::Subject;
use super::cache::Selection;
use super::mesh::IMPORT;
use super::query::Parameters;
use crate::control::NotConfirmed;
use crate::generations::GenerationId;
use crate::inquiry::{NoAnswer, Questions};
use crate::metrics::Exposition;
use crate::output::{ServedTable, ViewChoice, debug_ndsz, one_line, write_json};
use http_body_util::Full;
use hyper::body::{Body, Bytes};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::json;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::timeout;

/// What there is to read.
const PATHS: [&str; 17] = [
    "/livez",
    "/readyz",
    "/metrics",
    "/cache",
    "/cache/flush (POST)",
    "/check",
    "/confirm?generation=ID (POST)",
    "/debug/ndsz",
    "/debug/table",
    "/explain?name=NAME&from=CLUSTER/NAMESPACE",
    "/exports",
    "/generation?id=ID",
    "/services",
    "/snapshot",
    "/vips",
    "/vips/migrate",
    "/vips/import (POST)",
];
/// The paths that change something.
const FLUSH: &str = "/cache/flush";
const CONFIRM: &str = "/confirm";
/// Most tables and listings of the cache at a time, from their beginning until they are sent: a
/// million names keep a core busy for seconds and take hundreds of megabytes. Others wait.
const DUMPS_MAX: usize = 1;
/// How long they wait before they are turned away: several such tables, and well below
/// [`super::CONNECTION_TIME`], so that they hear of it.
const DUMP_WAIT: Duration = Duration::from_secs(10);

pub(super) const TEXT: &str = "text/plain; charset=utf-8";
pub(super) const JSON: &str = "application/json";

pub(super) type Page = Response<Full<Bytes>>;

/// The pages of the admin server.
pub(super) struct Pages {
    subject: Subject,
    dumps: Arc<Semaphore>,
}

/// The right to write out a dump, of which there are few. It goes where the dump goes: to the
/// thread that writes it, whether or not its client stays, and then with the body.
type Turn = OwnedSemaphorePermit;

/// The body of a dump, which keeps its turn until it has been sent.
struct DumpBody {
    octets: Vec<u8>,
    _turn: Turn,
}

impl DumpBody {
    fn of(octets: Vec<u8>, turn: Turn) -> Bytes {
        Bytes::from_owner(DumpBody {
            octets,
            _turn: turn,
        })
    }
}

impl AsRef<[u8]> for DumpBody {
    fn as_ref(&self) -> &[u8] {
        &self.octets
    }
}

/// A form of the whole table.
#[derive(Clone, Copy)]
enum Dump {
    /// Every field.
    Table,
    /// Istio's name table.
    Ndsz,
}

impl Pages {
    pub(super) fn new(subject: Subject) -> Self {
        Pages {
            subject,
            dumps: Arc::new(Semaphore::new(DUMPS_MAX)),
        }
    }

    /// Where the control task is asked.
    pub(super) fn questions(&self) -> &Questions {
        &self.subject.questions
    }

    /// The answer to a request.
    pub(super) async fn respond<B: Body>(&self, request: Request<B>) -> Page
    where
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        if let Some(host) = foreign_host(&request) {
            let host = one_line(&host);
            let reason = format!("{host} is not this host; use a loopback address or localhost\n");
            return page(StatusCode::FORBIDDEN, TEXT, reason);
        }
        match (request.uri().path(), request.method()) {
            (IMPORT, &Method::POST) if is_of_web_page(&request) => {
                let reason = "a web page may not do this; use `callsign vips import`\n";
                page(StatusCode::FORBIDDEN, TEXT, reason)
            }
            (IMPORT, &Method::POST) => self.import(request).await,
            _ => self.respond_without_body(&request).await,
        }
    }

    async fn respond_without_body<B>(&self, request: &Request<B>) -> Page {
        let path = request.uri().path();
        match (path, request.method()) {
            (FLUSH, &Method::POST) => return self.flush(request).await,
            (CONFIRM, &Method::POST) => return self.confirm(request).await,
            (FLUSH | CONFIRM | IMPORT, _) => return not_allowed("POST"),
            (_, &Method::GET) => {}
            (_, _) => return not_allowed("GET"),
        }
        if let Some(page) = self.mesh(request).await {
            return page;
        }
        if let Some(page) = self.look(request).await {
            return page;
        }
        match path {
            "/livez" => page(StatusCode::OK, TEXT, "ok\n"),
            "/readyz" => self.readyz(request),
            "/metrics" => self.metrics(request.headers()).await,
            "/cache" => self.cache(request).await,
            "/debug/ndsz" => self.dump(request, Dump::Ndsz).await,
            "/debug/table" => self.dump(request, Dump::Table).await,
            _ => page(
                StatusCode::NOT_FOUND,
                TEXT,
                format!("there is:\n{}\n", PATHS.join("\n")),
            ),
        }
    }

    fn readyz<B>(&self, request: &Request<B>) -> Page {
        let status = self.subject.status.load();
        let (reasons, notes) = (status.reasons(), status.notes());
        let is_ready = reasons.is_empty();
        let code = if is_ready {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        if wants_json(request) {
            let body = json!({ "ready": is_ready, "reasons": reasons, "notes": notes });
            return page(code, JSON, format!("{body}\n"));
        }
        let lines = if is_ready {
            [vec!["ok".to_owned()], notes].concat()
        } else {
            reasons
        };
        let lines: String = lines.iter().map(|line| one_line(line) + "\n").collect();
        page(code, TEXT, lines)
    }

    async fn metrics(&self, headers: &HeaderMap) -> Page {
        let exposition = Exposition::accepted_by(&accept(headers));
        let metrics = Arc::clone(&self.subject.metrics);
        match spawn_blocking(move || metrics.render(exposition, SystemTime::now())).await {
            Ok(text) => page(StatusCode::OK, exposition.content_type(), text),
            Err(error) => failed(&error),
        }
    }

    /// The entries of the cache that the query asks for.
    async fn cache<B>(&self, request: &Request<B>) -> Page {
        let selection = match Selection::of_listing(&parameters(request)) {
            Ok(selection) => selection,
            Err(reason) => return refused(&reason),
        };
        let Some(turn) = self.turn().await else {
            return busy();
        };
        let subject = self.subject.clone();
        let listing = move || {
            let routes = &subject.status.load().snapshot.forward;
            let listing = subject.cache.listing(&selection, routes);
            let written = listing.map(|listing| serde_json::to_vec(&listing));
            written.map(|octets| octets.map(|octets| DumpBody::of(octets, turn)))
        };
        of_cache(spawn_blocking(listing).await)
    }

    /// Removes the entries of the cache that the query asks for.
    async fn flush<B>(&self, request: &Request<B>) -> Page {
        if is_of_web_page(request) {
            let reason = "a web page may not do this; use `callsign cache flush`\n";
            return page(StatusCode::FORBIDDEN, TEXT, reason);
        }
        let selection = match Selection::of_flush(&parameters(request)) {
            Ok(selection) => selection,
            Err(reason) => return refused(&reason),
        };
        let cache = self.subject.cache.clone();
        let flush = move || {
            let flushed = cache.flush(&selection);
            flushed.map(|flushed| serde_json::to_vec(&flushed).map(Bytes::from))
        };
        of_cache(spawn_blocking(flush).await)
    }

    /// Lets through the generation that is held.
    async fn confirm<B>(&self, request: &Request<B>) -> Page {
        if is_of_web_page(request) {
            let reason = "a web page may not do this; use `callsign confirm`\n";
            return page(StatusCode::FORBIDDEN, TEXT, reason);
        }
        let parameters = parameters(request);
        let word = match parameters.only(&["generation"]) {
            Ok(()) => parameters.value("generation").map(str::to_owned),
            Err(reason) => return refused(&reason),
        };
        let Some(word) = word else {
            return refused("generation: is missing; write ?generation=ID");
        };
        let questions = &self.subject.questions;
        let (code, confirmed, held, reason) =
            match questions.ask(move |control| control.confirm(&word)).await {
                Ok(Ok(id)) => (StatusCode::OK, Some(id), None, String::new()),
                Ok(Err(error)) => {
                    let held = match error {
                        NotConfirmed::Other(held) => Some(held),
                        NotConfirmed::NothingHeld => None,
                    };
                    (StatusCode::CONFLICT, None, held, error.to_string())
                }
                Err(no_answer) => return unanswered(no_answer),
            };
        let id = |id: Option<GenerationId>| id.map(|id| id.to_string());
        let body = json!({ "confirmed": id(confirmed), "held": id(held), "reason": reason });
        page(code, JSON, format!("{body}\n"))
    }

    async fn dump<B>(&self, request: &Request<B>, dump: Dump) -> Page {
        let choice = match view_choice(request) {
            Ok(choice) => choice,
            Err(reason) => return page(StatusCode::BAD_REQUEST, TEXT, reason),
        };
        let Some(turn) = self.turn().await else {
            return busy();
        };
        let subject = self.subject.clone();
        let written = move || {
            let octets = written(&subject, choice, dump)?;
            io::Result::Ok(octets.map(|octets| DumpBody::of(octets, turn)))
        };
        match spawn_blocking(written).await {
            Ok(Ok(Some(body))) => page(StatusCode::OK, JSON, body),
            Ok(Ok(None)) => page(
                StatusCode::NOT_FOUND,
                TEXT,
                "no view fits that client: it is refused\n",
            ),
            Ok(Err(error)) => failed(&error),
            Err(error) => failed(&error),
        }
    }

    /// The turn of a dump; `None` if the others take too long.
    async fn turn(&self) -> Option<Turn> {
        let dumps = Arc::clone(&self.dumps);
        timeout(DUMP_WAIT, dumps.acquire_owned()).await.ok()?.ok()
    }
}

/// The table of a view; `None` if such a client is refused.
fn written(subject: &Subject, choice: ViewChoice, dump: Dump) -> io::Result<Option<Vec<u8>>> {
    let status = subject.status.load_full();
    let Some(table) = ServedTable::of(&status.snapshot, &subject.resolver, choice) else {
        return Ok(None);
    };
    let table = table.with_held(Arc::clone(&status.held));
    let mut body = Vec::new();
    match dump {
        Dump::Table => write_json(&table, &mut body)?,
        Dump::Ndsz => {
            serde_json::to_writer_pretty(&mut body, &debug_ndsz(&table))?;
            body.push(b'\n');
        }
    }
    Ok(Some(body))
}

/// A page of the cache; there is none when it is off.
fn of_cache(found: Result<Option<serde_json::Result<Bytes>>, JoinError>) -> Page {
    match found {
        Ok(Some(Ok(body))) => page(StatusCode::OK, JSON, body),
        Ok(None) => {
            let reason = "the cache is off: the process was started with no_cache\n";
            page(StatusCode::NOT_FOUND, TEXT, reason)
        }
        Ok(Some(Err(error))) => failed(&error),
        Err(error) => failed(&error),
    }
}

/// A request that cannot be meant as it is written.
pub(super) fn refused(reason: &str) -> Page {
    let line = one_line(reason.trim_end()) + "\n";
    page(StatusCode::BAD_REQUEST, TEXT, line)
}

/// A question that the control task has not answered.
pub(super) fn unanswered(reason: NoAnswer) -> Page {
    page(StatusCode::SERVICE_UNAVAILABLE, TEXT, format!("{reason}\n"))
}

/// Whether the request comes from a web page of some origin.
fn is_of_web_page<B>(request: &Request<B>) -> bool {
    request.headers().contains_key(header::ORIGIN)
}

fn busy() -> Page {
    let reason = "another table or listing is being read; try again\n";
    page(StatusCode::SERVICE_UNAVAILABLE, TEXT, reason)
}

fn not_allowed(only: &'static str) -> Page {
    let mut page = page(
        StatusCode::METHOD_NOT_ALLOWED,
        TEXT,
        format!("only {only}\n"),
    );
    page.headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static(only));
    page
}

/// Whose table: `?client=ADDR`, else the default.
fn view_choice<B>(request: &Request<B>) -> Result<ViewChoice, String> {
    let parameters = parameters(request);
    let Some(client) = parameters.value("client") else {
        return Ok(ViewChoice::Default);
    };
    let address: IpAddr = client
        .parse()
        .map_err(|_| "client: not an address; write ?client=10.1.2.3\n".to_owned())?;
    Ok(ViewChoice::Of(address))
}

fn wants_json<B>(request: &Request<B>) -> bool {
    match parameters(request).value("format") {
        Some(format) => format == "json",
        None => accept(request.headers()).contains(JSON),
    }
}

pub(super) fn parameters<B>(request: &Request<B>) -> Parameters {
    Parameters::parse(request.uri().query().unwrap_or_default())
}

fn accept(headers: &HeaderMap) -> String {
    let values = headers.get_all(header::ACCEPT).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .collect::<Vec<_>>()
        .join(",")
}

/// A host that the request is meant for and that is not this one. A request that names none
/// comes from no browser.
fn foreign_host<B>(request: &Request<B>) -> Option<String> {
    let of_headers = request.headers().get_all(header::HOST).iter();
    let hosts = of_headers.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let of_target = request.uri().authority().map(ToString::to_string);
    hosts.chain(of_target).find(|host| !is_this_host(host))
}

/// Whether `HOST` or `HOST:PORT` is `localhost` or a loopback address.
fn is_this_host(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |(name, _)| name),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    let is_loopback = |ip: IpAddr| ip.to_canonical().is_loopback();
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(is_loopback)
}

pub(super) fn page(code: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Page {
    let mut page = Response::new(Full::new(body.into()));
    *page.status_mut() = code;
    let headers = page.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    page
}

pub(super) fn failed(error: &dyn std::error::Error) -> Page {
    tracing::error!(%error, "admin page failed");
    page(
        StatusCode::INTERNAL_SERVER_ERROR,
        TEXT,
        "failed; the log has more\n",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_addresses_and_localhost_are_this_host() {
        for host in [
            "localhost",
            "LocalHost:15080",
            "127.0.0.1",
            "127.9.9.9:80",
            "[::1]:80",
        ] {
            assert!(is_this_host(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example:80",
            "192.0.2.1",
            "[2001:db8::1]:80",
            "[::1",
        ] {
            assert!(!is_this_host(host), "{host}");
        }
    }
}
