//! Requests as they come over the wire.

use super::*;
use crate::output::fixture::{self, pay, reviews, snapshot};
use crate::status::Phase;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A server on a port of its own; it ends when the sender goes.
struct Server {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(status: Status) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let status = Arc::new(ArcSwap::from_pointee(status));
        let metrics = Arc::new(Metrics::new(Arc::clone(&status), Vec::new(), Vec::new()));
        let subject = Subject {
            status,
            metrics,
            resolver: ResolverConfig::default(),
        };
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
    async fn say(&self, request: &str) -> (String, String) {
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

async fn server() -> Server {
    Server::start(fixture::status(snapshot(vec![pay(), reviews()]))).await
}

fn draining() -> Status {
    let mut status = fixture::status(snapshot(Vec::new()));
    status.phase = Phase::Draining;
    status
}

fn assert_code(head: &str, code: &str) {
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
