//! Product names from their first source to the end of their grace.

use super::fixture::{NOW_MS, addresses};
use super::world::*;
use crate::mesh::{Carried, Discovery};
use dns_core::vip::RecordState;
use dns_core::{HostKind, NameBuf, NameState};

#[test]
fn a_product_keeps_its_address_through_its_grace_and_comes_back_to_it() {
    let mut mesh = Mesh::with(Discovery::GatewaysOnly)
        .cluster("c1", "")
        .cluster("c2", &gateway("gw", "pay.example.com"));
    let vip = mesh.vip("c1", "pay.example.com");
    let outcome = mesh.set("c2", &gateway("gw", "other.example.com"));
    assert_eq!(mesh.vip("c1", "pay.example.com"), vip);
    let entry = &mesh.entries("c1", "pay.example.com")[0];
    assert_eq!(entry.state, NameState::Grace);
    assert!(entry.endpoints.is_empty());
    assert_eq!(outcome.due_ms, Some(NOW_MS + 3_600_000));
    mesh.now_ms += 3_600_000;
    mesh.compile();
    assert!(mesh.entries("c1", "pay.example.com").is_empty());
    let released = mesh.ledger.record(vip.parse().unwrap()).unwrap();
    assert_eq!(released.state, RecordState::Released);
    mesh.set("c2", &gateway("gw", "pay.example.com"));
    assert_eq!(mesh.vip("c1", "pay.example.com"), vip);
}

#[test]
fn a_grace_goes_on_after_a_restart() {
    let mut before = Mesh::with(Discovery::GatewaysOnly)
        .cluster("c1", "")
        .cluster("c2", &gateway("gw", "pay.example.com"));
    before.set("c2", "");
    let carried: Carried = before.compiler.carried().clone();
    let mut after = Mesh::with(Discovery::GatewaysOnly);
    after.ledger = before.ledger.clone();
    after.compiler.carry(carried);
    let after = after.cluster("c1", "").cluster("c2", "");
    assert_eq!(
        after.vip("c1", "pay.example.com"),
        before.vip("c1", "pay.example.com")
    );
}

#[test]
fn a_product_name_pins_ages_and_lends_its_address_to_its_aliases() {
    let mesh = Mesh::with(Discovery::GatewaysOnly)
        .cluster("c1", PRODUCT)
        .cluster("c2", &gateway("gw", "pay.example.com"));
    let answer = mesh.answer("c2", "pay.example.com");
    assert_eq!(answer[0], "240.240.7.9");
    assert!(answer[1].starts_with("2001:2:0:"), "{answer:?}");
    assert_eq!(mesh.answer("c1", "pay.pay.global"), answer);
    let alias = &mesh.entries("c1", "pay.pay.global")[0];
    assert_eq!(alias.kind, HostKind::Alias);
    assert_eq!(alias.alias_of, NameBuf::parse("pay.example.com").ok());
    assert_eq!(alias.ttl_secs, Some(5));
}

#[test]
fn a_product_on_the_name_of_a_service_leaves_it_its_address() {
    let product = PRODUCT.replace("pay.example.com", REVIEWS);
    let mesh = Mesh::with(Discovery::AllServices)
        .cluster("c1", &(service("reviews", "10.96.0.50", "") + &product));
    assert_eq!(mesh.answer("c1", REVIEWS), ["10.96.0.50"]);
    let entry = &mesh.entries("c1", REVIEWS)[0];
    assert_eq!((entry.kind, entry.ttl_secs), (HostKind::Service, Some(5)));
    assert!(mesh.compiler.conflicts().is_empty());
}

#[test]
fn an_owner_may_have_nothing_answered_while_all_members_are_down() {
    let product = PRODUCT.replace(
        "  ttl: 5\n",
        "  failover: {onAllDown: nodata}\n  members: [{service: {name: api}}]\n",
    );
    let api = service("api", "10.0.0.9", "").replace("namespace: shop", "namespace: pay");
    let mesh = Mesh::with(Discovery::GatewaysOnly).cluster("c1", &(api + &product));
    let entry = &mesh.entries("c1", "pay.example.com")[0];
    assert!(entry.answers.is_withheld);
    assert_eq!(addresses(entry)[0], "240.240.7.9");
}
