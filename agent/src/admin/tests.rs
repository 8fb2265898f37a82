//! Requests as they come over the wire.

use super::*;
use crate::output::fixture::{self, pay, reviews, snapshot};
use crate::status::Phase;
use crate::worker::Clock;
use dns_core::question::{QuestionFlags, QuestionKey};
use dns_core::reply::Failure;
use dns_core::wire::Rtype;
use dns_core::wire::edns::DnssecOk;
use dns_core::{CacheConfig, Millis, Shared};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A server on a port of its own; it ends when the sender goes.
pub(super) struct Server {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    pub(super) async fn start(status: Status) -> Self {
        let cache = cache_with_failures(&["gone.example", "a.gone.example"]);
        Server::start_with(status, cache).await
    }

    async fn start_with(status: Status, cache: CacheAccess) -> Self {
        Server::of(subject(status, cache)).await
    }

    pub(super) async fn of(subject: Subject) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async { stopped.await.unwrap_or(()) };
        let task = tokio::spawn(serve(listener, subject, shutdown));
        Server {
            address,
            stop,
            task,
        }
    }

    /// Head and body of the answer to those octets.
    pub(super) async fn say(&self, request: &str) -> (String, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    async fn read(&self, target: &str) -> (String, String) {
        self.say(&format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
            .await
    }
}

pub(super) fn subject(status: Status, cache: CacheAccess) -> Subject {
    let status = Arc::new(ArcSwap::from_pointee(status));
    let metrics = Metrics::new(
        Arc::clone(&status),
        Vec::new(),
        Vec::new(),
        Arc::new(Shared::new(0, None, 0)),
    );
    Subject {
        status,
        questions: crate::inquiry::channel().0,
        metrics: Arc::new(metrics),
        resolver: ResolverConfig::default(),
        cache,
    }
}

async fn server() -> Server {
    Server::start(fixture::status(snapshot(vec![pay(), reviews()]))).await
}

/// Keeps word that an IPv4 address of `name` could not be had.
pub(crate) fn keep_failure(shared: &Shared, name: &str, now: Millis) {
    let flags = QuestionFlags {
        dnssec_ok: DnssecOk::Clear,
        checking_disabled: false,
        recursion_desired: true,
    };
    let key = QuestionKey::new(fixture::name(name).as_name(), Rtype::A, flags, 7);
    let cache = shared.cache().unwrap();
    cache.keep_failure(now, &key, Failure::TimedOut);
}

/// A cache with failures of those names.
pub(crate) fn cache_with_failures(names: &[&str]) -> CacheAccess {
    let clock = Clock::start();
    let shared = Shared::new(1, Some(CacheConfig::default()), 7);
    for name in names {
        keep_failure(&shared, name, clock.now());
    }
    CacheAccess::new(Arc::new(shared), clock)
}

fn draining() -> Status {
    let mut status = fixture::status(snapshot(Vec::new()));
    status.phase = Phase::Draining;
    status
}

pub(super) fn assert_code(head: &str, code: &str) {
    assert!(head.starts_with(&format!("HTTP/1.1 {code}")), "{head}");
}

#[tokio::test]
async fn a_live_and_ready_process_says_ok() {
    let server = server().await;
    for target in ["/livez", "/readyz"] {
        let (head, body) = server.read(target).await;
        assert_code(&head, "200");
        assert_eq!(body, "ok\n");
        assert!(!head.to_lowercase().contains("access-control"), "{head}");
    }
}

#[tokio::test]
async fn a_process_that_is_not_ready_says_why_a_line_each() {
    let server = Server::start(draining()).await;
    let (head, body) = server.read("/readyz").await;
    assert_code(&head, "503");
    assert_eq!(body, "draining: the process is going down\n");
    assert_code(&server.read("/livez").await.0, "200");
}

#[tokio::test]
async fn readiness_comes_as_json_for_who_asks() {
    let mut status = draining();
    status.vips_exhausted = 2;
    let server = Server::start(status).await;
    let by_header = "GET /readyz HTTP/1.1\r\nHost: [::1]\r\nAccept: application/json\r\n\r\n";
    for (head, body) in [
        server.read("/readyz?format=json").await,
        server.say(by_header).await,
    ] {
        assert_code(&head, "503");
        let read: Value = serde_json::from_str(&body).unwrap();
        let expected = json!({
            "ready": false,
            "reasons": ["draining: the process is going down"],
            "notes": ["vips: 2 names found their pool full; add a pool"],
        });
        assert_eq!(read, expected);
    }
}

#[tokio::test]
async fn a_ready_process_adds_what_an_operator_should_know() {
    let mut status = fixture::status(snapshot(Vec::new()));
    status.journal = crate::status::JournalStatus::Failed("line\nbreak".to_owned());
    let server = Server::start(status).await;
    let (head, body) = server.read("/readyz").await;
    assert_code(&head, "200");
    assert_eq!(
        body,
        "ok\njournal: line?break; virtual addresses are lost with the process\n"
    );
}

#[tokio::test]
async fn metrics_come_in_the_format_asked_for() {
    let server = server().await;
    let (head, body) = server.read("/metrics").await;
    assert!(head.contains("text/plain; version=0.0.4"), "{head}");
    assert!(body.contains("\ncallsign_table_names 2.0\n"), "{body}");
    let accept = "Accept: application/openmetrics-text;version=1.0.0";
    let request = format!("GET /metrics HTTP/1.1\r\nHost: localhost\r\n{accept}\r\n\r\n");
    let (head, body) = server.say(&request).await;
    assert!(head.contains("application/openmetrics-text"), "{head}");
    assert!(body.ends_with("# EOF\n"));
}

#[tokio::test]
async fn the_table_and_the_name_table_are_those_of_the_view() {
    let server = server().await;
    let table: Value = serde_json::from_str(&server.read("/debug/table").await.1).unwrap();
    assert_eq!(table[0]["name"], "pay.example.com");
    let hosts: Value = serde_json::from_str(&server.read("/debug/ndsz").await.1).unwrap();
    assert_eq!(
        hosts["table"]["reviews.default.svc.cluster.local"]["shortname"],
        "reviews"
    );
    let (head, _) = server.read("/debug/table?client=192.0.2.1").await;
    assert_code(&head, "200");
    let (head, body) = server.read("/debug/table?client=me").await;
    assert_code(&head, "400");
    assert!(body.starts_with("client: "), "{body}");
}

fn names(body: &str) -> Vec<String> {
    let listing: Value = serde_json::from_str(body).unwrap();
    let entries = listing["entries"].as_array().unwrap().iter();
    entries
        .map(|entry| entry["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_cache_is_shown_in_order_of_names_as_far_as_is_asked_for() {
    let server = server().await;
    for (query, expected) in [
        ("", &["gone.example", "a.gone.example"][..]),
        ("?name=GONE.example.", &["gone.example"]),
        ("?suffix=a.gone%2Eexample", &["a.gone.example"]),
        ("?suffix=.&type=A", &["gone.example", "a.gone.example"]),
        ("?type=AAAA", &[]),
        ("?name=example", &[]),
    ] {
        let (head, body) = server.read(&format!("/cache{query}")).await;
        assert_code(&head, "200");
        assert_eq!(names(&body), expected, "{query}");
    }
    let (_, body) = server.read("/cache?limit=1").await;
    let listing: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&listing["cut"], &listing["limit"]),
        (&json!(true), &json!(1))
    );
    let entry = &listing["entries"][0];
    assert_eq!(entry["state"], "failure");
    assert_eq!(entry["outcome"], "timed-out");
    assert_eq!(entry["group"], "0000000000000007");
}

#[tokio::test]
async fn the_cache_is_flushed_by_post_from_no_web_page_and_never_by_get() {
    let server = server().await;
    let entries = async || names(&server.read("/cache").await.1).len();
    let flush = "/cache/flush?name=gone.example";
    let (head, _) = server.read(flush).await;
    assert_code(&head, "405");
    assert!(head.to_lowercase().contains("allow: post"), "{head}");
    let origin = "Origin: http://127.0.0.1:8080";
    for (headers, code) in [
        ("Host: evil.example".to_owned(), "403"),
        (format!("Host: localhost\r\n{origin}"), "403"),
    ] {
        let request = format!("POST {flush} HTTP/1.1\r\n{headers}\r\n\r\n");
        assert_code(&server.say(&request).await.0, code);
    }
    assert_eq!(entries().await, 2);
    let post = async |target: &str| {
        let request = format!("POST {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        server.say(&request).await
    };
    assert_eq!(post(flush).await.1, r#"{"flushed":1}"#);
    assert_eq!(entries().await, 1);
    for misread in [
        "nmae=x",
        "name",
        "suffix=",
        "limit=1",
        "name=x&",
        "type=A&type=AAAA",
    ] {
        let (head, body) = post(&format!("/cache/flush?{misread}")).await;
        assert_code(&head, "400");
        assert!(
            body.contains("write ") || body.contains("there is name"),
            "{body}"
        );
        assert_eq!(entries().await, 1, "{misread}");
    }
    assert_code(&post("/cache").await.0, "405");
    assert_eq!(post("/cache/flush").await.1, r#"{"flushed":1}"#);
    assert_eq!(entries().await, 0);
}

#[tokio::test]
async fn what_cannot_be_asked_of_the_cache_is_said() {
    let server = server().await;
    for (query, reason) in [
        ("name=a..b", "name: `a..b` has an empty label"),
        ("name=a&suffix=b", "one of them is enough"),
        ("type=XYZ", "type: `XYZ` is not a type"),
        ("nmae=x", "there is name, suffix, type, limit"),
        ("name", "write name=VALUE"),
        ("limit=0", "limit: not a number from 1 to 10000"),
        ("limit=10001", "limit: "),
    ] {
        let (head, body) = server.read(&format!("/cache?{query}")).await;
        assert_code(&head, "400");
        assert!(body.contains(reason), "{body}");
    }
    let off = CacheAccess::new(Arc::new(Shared::new(1, None, 0)), Clock::start());
    let server = Server::start_with(draining(), off).await;
    let (head, body) = server.read("/cache").await;
    assert_code(&head, "404");
    assert!(body.contains("no_cache"), "{body}");
}

#[tokio::test(start_paused = true)]
async fn one_listing_at_a_time_lives_until_it_is_sent_and_others_are_turned_away_in_the_end() {
    let (status, cache) = (draining(), cache_with_failures(&["gone.example"]));
    let subject = subject(status, cache);
    let pages = Pages::new(subject);
    let request = |target: &str| {
        hyper::Request::get(target)
            .body(http_body_util::Empty::<hyper::body::Bytes>::new())
            .unwrap()
    };
    let first = pages.respond(request("/cache")).await;
    assert_eq!(first.status(), 200);
    for target in ["/cache", "/debug/table", "/debug/ndsz"] {
        let second = pages.respond(request(target)).await;
        assert_eq!(second.status(), 503, "{target}");
    }
    drop(first);
    assert_eq!(pages.respond(request("/cache")).await.status(), 200);
}

#[tokio::test]
async fn other_methods_and_paths_are_told_what_there_is() {
    let server = server().await;
    let (head, _) = server
        .say("POST /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await;
    assert_code(&head, "405");
    assert!(head.to_lowercase().contains("allow: get"), "{head}");
    let (head, body) = server.read("/").await;
    assert_code(&head, "404");
    assert!(
        body.contains("\n/readyz\n") && body.contains("\n/debug/ndsz\n"),
        "{body}"
    );
}

#[tokio::test]
async fn a_request_for_another_host_is_refused() {
    let server = server().await;
    let requests = [
        "GET /debug/table HTTP/1.1\r\nHost: evil.example:15080\r\n\r\n",
        "GET /debug/table HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        "GET http://evil.example/debug/table HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ];
    for request in requests {
        let (head, body) = server.say(request).await;
        assert_code(&head, "403");
        assert!(
            body.contains("evil.example") && body.contains("is not this host"),
            "{body}"
        );
    }
    let bare = server.say("GET /livez HTTP/1.0\r\n\r\n").await;
    assert_eq!(bare.1, "ok\n");
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let server = server().await;
    let padding = "x".repeat(HEAD_OCTETS_MAX);
    let request = format!("GET /livez HTTP/1.1\r\nHost: localhost\r\nX: {padding}");
    let (head, _) = server.say(&request).await;
    assert_code(&head, "431");
}

#[tokio::test]
async fn a_connection_more_than_there_are_slots_waits_for_one() {
    let server = server().await;
    let mut held = Vec::new();
    for _ in 0..CONNECTIONS_MAX {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(b"GET /livez").await.unwrap();
        held.push(stream);
    }
    let late = server.read("/livez");
    let mut late = pin!(late);
    // All others are idle: whatever could happen has happened when the runtime yields to us.
    for _ in 0..100 {
        tokio::select! {
            biased;
            _ = &mut late => panic!("served beyond the limit"),
            () = tokio::task::yield_now() => {}
        }
    }
    held.pop();
    assert_eq!(late.await.1, "ok\n");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_does_not_arrive_is_not_waited_for() {
    let server = server().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET /livez HTTP/1.1\r\n").await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn the_server_ends_when_told_and_its_port_is_free() {
    let server = server().await;
    server.stop.send(()).unwrap();
    server.task.await.unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[test]
fn the_client_reads_a_page_and_says_when_nobody_is_there() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let server = runtime.block_on(server());
    let (code, body) = fetch(server.address, "/livez").unwrap();
    assert_eq!((code.as_u16(), &body[..]), (200, &b"ok\n"[..]));
    runtime.block_on(async {
        server.stop.send(()).unwrap();
        server.task.await.unwrap();
    });
    let error = fetch(server.address, "/livez").unwrap_err().to_string();
    assert!(
        error.contains("no answer from") && error.contains("--admin"),
        "{error}"
    );
}

#[tokio::test]
async fn addresses_are_imported_by_post_from_no_web_page_and_only_as_a_list() {
    let server = server().await;
    let (head, _) = server.read("/vips/import").await;
    assert_code(&head, "405");
    let post = async |target: &str, headers: &str, body: &str| {
        let length = body.len();
        let request = format!(
            "POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\
             {headers}\r\n{body}"
        );
        server.say(&request).await
    };
    let origin = "Origin: http://127.0.0.1:8080\r\n";
    let (head, _) = post("/vips/import", origin, "[]").await;
    assert_code(&head, "403");
    for (target, body, hint) in [
        ("/vips/import", "{}", "no list of addresses"),
        (
            "/vips/import",
            r#"[{"name": "a.x"}]"#,
            "missing field `address`",
        ),
        (
            "/vips/import",
            r#"[{"name": "a..x", "address": "::1"}]"#,
            "a..x",
        ),
        ("/vips/import?dry_run=maybe", "[]", "dry_run=true"),
        ("/vips/import?dryrun=true", "[]", "dryrun"),
    ] {
        let (head, text) = post(target, "", body).await;
        assert_code(&head, "400");
        assert!(text.contains(hint), "{target} {body}: {text}");
    }
}

#[tokio::test]
async fn pages_that_ask_the_control_task_say_when_it_has_ended() {
    let server = server().await;
    for target in [
        "/snapshot",
        "/vips",
        "/vips/migrate",
        "/generation?id=current",
    ] {
        let (head, body) = server.read(target).await;
        assert_code(&head, "503");
        assert!(body.contains("going down"), "{target}: {body}");
    }
    for (target, hint) in [
        ("/vips?nmae=a", "nmae"),
        ("/snapshot?x=1", "`x`"),
        ("/generation", "?id=current"),
    ] {
        let (head, body) = server.read(target).await;
        assert_code(&head, "400");
        assert!(body.contains(hint), "{target}: {body}");
    }
}
