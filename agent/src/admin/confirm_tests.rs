//! Confirming what is held, over the wire.

use super::tests::{Server, assert_code, cache_with_failures, subject};
use super::*;
use crate::control::{Control, StateAccess, tests::World};
use crate::inquiry;
use crate::output::fixture::{self, snapshot};
use crate::sources::Holds;
use serde_json::{Value, json};

/// A server whose questions `control` answers until the test ends.
async fn server_of(mut control: Control) -> Server {
    let (questions, mut inbox) = inquiry::channel();
    let status = fixture::status(snapshot(Vec::new()));
    let subject = Subject {
        questions,
        ..subject(status, cache_with_failures(&[]))
    };
    tokio::spawn(async move {
        loop {
            inbox.next().await.answer(&mut control);
        }
    });
    Server::of(subject).await
}

async fn post(server: &Server, target: &str, headers: &str) -> (String, String) {
    let request = format!("POST {target} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
    server.say(&request).await
}

fn read(body: &str) -> Value {
    serde_json::from_str(body).unwrap()
}

#[tokio::test]
async fn only_the_generation_that_is_held_is_confirmed() {
    let world = World::new();
    world.write("mesh/a.yaml", &World::entry("a.test"));
    let mut control = world.start("tables: mesh\nupstreams: none\n");
    control.settle();
    let none = server_of(world.look("tables: mesh\nupstreams: none\n")).await;
    let (head, body) = post(&none, "/confirm?generation=held", "").await;
    assert_code(&head, "409");
    assert_eq!(read(&body)["held"], Value::Null);

    std::fs::remove_file(world.path("mesh/a.yaml")).unwrap();
    control.refresh(Holds::Keep);
    let held = control.insight().generations.held().unwrap().id.to_string();
    let served = control.insight().generations.current().unwrap().id;
    let server = server_of(control).await;
    let other = format!("/confirm?generation={served}");
    let (head, body) = post(&server, &other, "").await;
    assert_code(&head, "409");
    let reason = format!("what is held is {held}");
    let expected = json!({"confirmed": null, "held": held, "reason": reason});
    assert_eq!(read(&body), expected);
    let (head, body) = post(&server, &format!("/confirm?generation={held}"), "").await;
    assert_code(&head, "200");
    assert_eq!(
        read(&body),
        json!({"confirmed": held, "held": null, "reason": ""})
    );
    let (head, _) = post(&server, "/confirm?generation=held", "").await;
    assert_code(&head, "409");
}

#[tokio::test]
async fn a_request_that_cannot_be_meant_confirms_nothing() {
    let status = fixture::status(snapshot(Vec::new()));
    let server = Server::of(subject(status, cache_with_failures(&[]))).await;
    for (target, headers, code) in [
        ("/confirm", "", "400"),
        ("/confirm?generation=", "", "400"),
        ("/confirm?generaton=held", "", "400"),
        (
            "/confirm?generation=held",
            "Origin: http://evil.example\r\n",
            "403",
        ),
        // Nobody answers questions.
        ("/confirm?generation=held", "", "503"),
    ] {
        let (head, _) = post(&server, target, headers).await;
        assert_code(&head, code);
    }
    let get = "GET /confirm?generation=held HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_code(&server.say(get).await.0, "405");
}

#[tokio::test]
async fn a_command_that_only_looks_may_confirm_nothing_on_disk() {
    let world = World::new();
    world.write("mesh/a.yaml", &World::entry("a.test"));
    let config = "tables: mesh\nupstreams: none\n";
    world.start(config).settle();
    std::fs::remove_file(world.path("mesh/a.yaml")).unwrap();
    let listen = Vec::new();
    let mut looking =
        Control::start(world.config(config), StateAccess::ReadOnly, listen, 1).unwrap();
    looking.settle();
    let held = looking.insight().generations.held().unwrap().id;
    assert_eq!(looking.confirm("held"), Ok(held));
    let mut again = world.look(config);
    again.settle();
    assert!(again.insight().generations.held().is_some());
}
