//! What a name answers where it does not leave that to the views.

use crate::support::{ask, host, resolver, sidecar, snapshot};
use dns_core::wire::record::Rtype;
use dns_core::{
    AddressOrigin, AnswerMode, Answers, HostAddress, HostEntry, HostKind, Resolver, View,
};

const VIP: &str = "NOERROR aa | pay.example.com/A/30=250.1.2.3 |";
const GATEWAY: &str = "NOERROR aa | pay.example.com/A/5=203.0.113.11 |";
/// Nobody to forward to.
const NOT_THERE: &str = "REFUSED | |";

fn product(answers: Answers) -> HostEntry {
    let vip = "250.1.2.3".parse().unwrap();
    HostEntry {
        addresses: vec![HostAddress::new(vip, AddressOrigin::Allotted)],
        dialled: vec!["203.0.113.11".parse().unwrap()],
        answers,
        ..host("pay.example.com", HostKind::Product, &[])
    }
}

fn in_view(answer: AnswerMode, entries: Vec<HostEntry>) -> Resolver {
    let view = View {
        answer,
        ..sidecar()
    };
    resolver(snapshot(entries, view, &[]))
}

fn asked(answer: AnswerMode, answers: Answers) -> String {
    let mut resolver = in_view(answer, vec![product(answers)]);
    ask(&mut resolver, "pay.example.com", Rtype::A)
}

#[test]
fn a_name_beats_the_view_in_each_of_its_modes() {
    use AnswerMode::{Endpoints, Forward, Vip};
    let outcomes = [(Vip, VIP), (Endpoints, GATEWAY), (Forward, NOT_THERE)];
    for (of_view, left_to_it) in outcomes {
        assert_eq!(asked(of_view, Answers::default()), left_to_it);
        for (own, expected) in outcomes {
            let answers = |mode| Answers {
                mesh: (mode == Vip).then_some(own),
                no_proxy: (mode == Endpoints).then_some(own),
                outside: (mode == Forward).then_some(own),
                is_withheld: false,
            };
            assert_eq!(asked(of_view, answers(of_view)), expected, "{of_view:?}");
            for other in [Vip, Endpoints, Forward] {
                if other != of_view {
                    assert_eq!(asked(of_view, answers(other)), left_to_it, "{of_view:?}");
                }
            }
        }
    }
}

#[test]
fn a_name_whose_addresses_are_withheld_exists_and_has_none() {
    let withheld = Answers {
        is_withheld: true,
        ..Answers::default()
    };
    for mode in [AnswerMode::Vip, AnswerMode::Endpoints] {
        let said = asked(mode, withheld);
        assert!(said.starts_with("NOERROR aa | |"), "{said}");
    }
}

#[test]
fn where_one_name_is_answered_outside_the_others_are_forwarded() {
    let answered = product(Answers {
        outside: Some(AnswerMode::Endpoints),
        ..Answers::default()
    });
    let other = host(
        "web.ns1.svc.cluster.local",
        HostKind::Service,
        &["10.96.0.1"],
    );
    let mut resolver = in_view(AnswerMode::Forward, vec![answered, other]);
    assert_eq!(ask(&mut resolver, "pay.example.com", Rtype::A), GATEWAY);
    for (name, rtype) in [
        ("web.ns1.svc.cluster.local", Rtype::A),
        ("example.com", Rtype::A),
        ("3.2.1.250.in-addr.arpa", Rtype::PTR),
        ("dns-version.cluster.local", Rtype::TXT),
    ] {
        assert_eq!(ask(&mut resolver, name, rtype), NOT_THERE, "{name}");
    }
}

#[test]
fn the_address_of_a_name_that_is_forwarded_does_not_lead_back_to_it() {
    let reverse = |mesh| {
        let answers = Answers {
            mesh,
            ..Answers::default()
        };
        let mut resolver = in_view(AnswerMode::Vip, vec![product(answers)]);
        ask(&mut resolver, "3.2.1.250.in-addr.arpa", Rtype::PTR)
    };
    assert_eq!(reverse(Some(AnswerMode::Forward)), NOT_THERE);
    assert!(reverse(None).starts_with("NOERROR aa | 3.2.1.250.in-addr.arpa/PTR"));
}

#[test]
fn what_is_dialled_keeps_its_order_and_hides_the_endpoints() {
    let mut entry = product(Answers::default());
    let dialled = ["203.0.113.12", "203.0.113.11", "203.0.113.13"];
    entry.dialled = dialled.map(|ip| ip.parse().unwrap()).into();
    let endpoint = dns_core::EndpointAddress::Ip("198.51.100.1".parse().unwrap());
    entry.endpoints = vec![dns_core::Endpoint::new(endpoint, 443)];
    let mut resolver = in_view(AnswerMode::Endpoints, vec![entry]);
    for _ in 0..3 {
        assert_eq!(
            ask(&mut resolver, "pay.example.com", Rtype::A),
            "NOERROR aa | pay.example.com/A/5=203.0.113.12 pay.example.com/A/5=203.0.113.11 \
             pay.example.com/A/5=203.0.113.13 |"
        );
    }
}

#[test]
fn machines_are_answered_for_no_longer_than_their_time() {
    for (own, expected) in [(None, 5), (Some(2), 2), (Some(60), 5)] {
        let mut entry = product(Answers::default());
        entry.ttl_secs = own;
        let mut endpoints = in_view(AnswerMode::Endpoints, vec![entry.clone()]);
        assert_eq!(
            ask(&mut endpoints, "pay.example.com", Rtype::A),
            format!("NOERROR aa | pay.example.com/A/{expected}=203.0.113.11 |")
        );
        let mut vip = in_view(AnswerMode::Vip, vec![entry]);
        let ttl_secs = own.unwrap_or(30);
        assert_eq!(
            ask(&mut vip, "pay.example.com", Rtype::A),
            format!("NOERROR aa | pay.example.com/A/{ttl_secs}=250.1.2.3 |")
        );
    }
}
