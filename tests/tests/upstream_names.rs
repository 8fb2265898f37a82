//! Upstream servers that are given by name.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RData;
use hickory_proto::rr::rdata::A;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use tests::mesh::configured;
use tests::script::{Names, Spoken};
use tests::{Launch, Observed, Script, Upstream};

/// A server that has this address for one name.
fn server(name: &str, address: Ipv4Addr) -> Upstream {
    let spoken = Spoken {
        answers: vec![(None, 300, RData::A(A(address)))],
        ..Spoken::default()
    };
    let names = Names {
        names: BTreeMap::from([(name.to_owned(), spoken)]),
        ..Names::default()
    };
    Upstream::start(Script::Names(names)).unwrap()
}

/// A launch that asks `dns.test` at the port of `upstream`, and `bootstrap` for its address.
fn launch(upstream: &Upstream, bootstrap: &Upstream) -> Launch {
    let port = upstream.address().port();
    let bootstrap = bootstrap.address();
    configured(&format!(
        "upstreams: ['dns.test:{port}']\nbootstrap: ['{bootstrap}']\n"
    ))
    .unwrap()
}

#[test]
fn a_server_given_by_name_is_asked_at_the_address_of_the_name() {
    let upstream = server("web.example.com.", Ipv4Addr::new(192, 0, 2, 1));
    let bootstrap = server("dns.test.", Ipv4Addr::LOCALHOST);
    let mut observed = Observed::start(&launch(&upstream, &bootstrap)).unwrap();
    assert_eq!(observed.addresses("web.example.com", "A").len(), 1);
    // Only the name of the server goes there.
    assert_eq!(bootstrap.asked_total(), 2);
    observed.until_content();
}

#[test]
fn a_name_that_cannot_be_looked_up_is_told_and_holds_nothing_up() {
    let upstream = server("web.example.com.", Ipv4Addr::new(192, 0, 2, 1));
    let bootstrap = Upstream::start(Script::Always(ResponseCode::ServFail)).unwrap();
    let mut observed = Observed::start(&launch(&upstream, &bootstrap)).unwrap();
    observed.until_reason("dns.test has no address yet");
    assert!(observed.readiness().is_ready());
    assert_eq!(
        observed.rcode("web.example.com", "A"),
        ResponseCode::Refused
    );
}
