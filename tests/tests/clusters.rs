//! Folders of clusters that come, go and break while a process serves them.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use hickory_proto::op::ResponseCode;
use serde_json::Value;
use std::net::IpAddr;
use std::path::Path;
use tests::callsign::Launch;
use tests::command::{Ended, run};
use tests::mesh::configured;
use tests::objects::{documents, service, service_entry};
use tests::{Observed, admin};

/// Clients of `east`, who see every service of every cluster.
const CONFIG: &str = "\
clusters: clusters
cluster: east
families: [ipv4, ipv6]
zones: [cluster.local, mesh.test]
upstreams: none
mesh: {discovery: all-services}
";

const OWN: &str = "web.shop.svc.cluster.local";
const OTHER: &str = "pay.shop.svc.cluster.local";
const HOST: &str = "books.mesh.test";

/// Three clusters: a service and a host of our own, a service of `west`, one of `south`.
fn three() -> Launch {
    let launch = configured(CONFIG).unwrap();
    let east = documents([service("web", "10.96.0.1"), service_entry("books", HOST)]);
    for (file, text) in [
        ("east/a.yaml", east),
        ("west/b.yaml", service("pay", "10.112.0.2")),
        ("south/c.yaml", service("mail", "10.128.0.3")),
    ] {
        launch.write(&format!("clusters/{file}"), &text).unwrap();
    }
    launch
}

/// The addresses of what the three clusters have, of both families.
fn answers(observed: &Observed) -> Vec<Vec<IpAddr>> {
    observed.both([OWN, HOST, OTHER, "mail.shop.svc.cluster.local"])
}

fn is_gone(observed: &Observed, name: &str) -> bool {
    observed.rcode(name, "A") == ResponseCode::NXDomain
}

/// The generation that `/readyz` says may be confirmed. It is worked out once the rest is served.
fn held(observed: &mut Observed) -> String {
    observed.until_reason("confirm ");
    let reasons = observed.readiness().reasons;
    let held = reasons
        .iter()
        .find_map(|reason| reason.split_once("confirm "));
    held.unwrap_or_else(|| panic!("{reasons:#?}")).1.to_owned()
}

fn confirm(word: &str, place: [&str; 2]) -> Ended {
    run(["confirm", word, "-o", "json", place[0], place[1]]).unwrap()
}

/// Whether each name of the table comes from a source that is held.
fn held_names(observed: &Observed) -> Vec<(String, bool)> {
    let (code, body) = admin::get(observed.admin(), "/debug/table").unwrap();
    assert_eq!(code, 200);
    let table: Value = serde_json::from_str(&body).unwrap();
    let entries = table.as_array().unwrap().iter();
    entries
        .map(|entry| {
            let is_held = entry["held_generation"].as_bool().unwrap();
            (entry["name"].as_str().unwrap().to_owned(), is_held)
        })
        .collect()
}

fn remove(path: &Path) {
    if path.is_dir() {
        std::fs::remove_dir_all(path).unwrap();
    } else {
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_service_of_another_cluster_has_a_virtual_address_and_a_new_cluster_is_taken_up() {
    let launch = three();
    let mut observed = Observed::start(&launch).unwrap();
    let own: IpAddr = "10.96.0.1".parse().unwrap();
    assert_eq!(observed.addresses(OWN, "A"), [own]);
    let other = observed.addresses(OTHER, "A");
    assert!(
        matches!(other[..], [IpAddr::V4(ip)] if ip.octets()[0] == 250),
        "{other:?}"
    );
    let before = answers(&observed);
    let north = "ticket.shop.svc.cluster.local";
    assert!(is_gone(&observed, north));
    launch
        .write("clusters/north/d.yaml", &service("ticket", "10.144.0.4"))
        .unwrap();
    observed.until("north", |o| o.addresses(north, "A").len() == 1);
    assert_eq!(answers(&observed), before, "no address has moved");
    observed.until_content();
}

/// A cluster whose folder `lose` takes away is served as it was, also after a restart, until that is
/// confirmed.
fn is_held_until_confirmed(lost: &str) {
    let launch = three();
    let mut observed = Observed::start(&launch).unwrap();
    let before = answers(&observed);
    remove(&launch.folder().join(lost));
    observed.until_reason("clusters/west: held: ");
    assert!(observed.readiness().is_ready());
    assert_eq!(answers(&observed), before);
    let generation = held(&mut observed);
    observed.callsign.kill();

    let mut observed = Observed::start(&launch).unwrap();
    observed.until_reason("clusters/west: held: ");
    assert_eq!(answers(&observed), before);
    assert_eq!(held(&mut observed), generation);
    for (name, is_held) in held_names(&observed) {
        assert_eq!(is_held, name == OTHER, "{name}");
    }
    let place = ["--admin", &observed.admin().to_string()];
    let refused = confirm("0123456789abcdef", place);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stdout.contains(&generation), "{refused:?}");
    assert_eq!(answers(&observed), before);
    let confirmed = confirm(&generation, place);
    assert_eq!(confirmed.code, Some(0), "{confirmed:?}");
    assert!(is_gone(&observed, OTHER));
    assert_eq!(observed.both([OWN, HOST]), before[..4]);
    observed.callsign.kill();
    let observed = Observed::start(&launch).unwrap();
    assert!(
        is_gone(&observed, OTHER),
        "a restart does not bring it back"
    );
}

#[test]
fn a_cluster_without_a_folder_is_held_until_it_is_confirmed() {
    is_held_until_confirmed("clusters/west");
}

#[test]
fn a_cluster_without_objects_is_held_until_it_is_confirmed() {
    is_held_until_confirmed("clusters/west/b.yaml");
}

#[test]
fn a_cluster_that_comes_back_is_held_no_more() {
    let launch = three();
    let mut observed = Observed::start(&launch).unwrap();
    let before = answers(&observed);
    remove(&launch.folder().join("clusters/west"));
    observed.until_reason("clusters/west: held: ");
    launch
        .write("clusters/west/b.yaml", &service("pay", "10.112.0.2"))
        .unwrap();
    observed.until_content();
    assert_eq!(answers(&observed), before);
}

#[test]
fn sighup_confirms_what_is_held() {
    let launch = three();
    let mut observed = Observed::start(&launch).unwrap();
    remove(&launch.folder().join("clusters/west"));
    observed.until_reason("clusters/west: held: ");
    observed.callsign.signal("HUP").unwrap();
    observed.until("released", |o| is_gone(o, OTHER));
    observed.until_content();
}

#[test]
fn what_is_held_is_confirmed_without_a_process_too() {
    let launch = three();
    let mut observed = Observed::start(&launch).unwrap();
    remove(&launch.folder().join("clusters/west"));
    observed.until_reason("clusters/west: held: ");
    let generation = held(&mut observed);
    let file = launch.folder().join("callsign.yaml");
    let state = launch.folder().join("state");
    let arguments = [
        "confirm".as_ref(),
        generation.as_ref(),
        "--config".as_ref(),
        file.as_os_str(),
        "--state-dir".as_ref(),
        state.as_os_str(),
    ];
    let busy = run(arguments).unwrap();
    assert_eq!(busy.code, Some(1), "an agent runs: {busy:?}");
    observed.callsign.kill();
    let confirmed = run(arguments).unwrap();
    assert_eq!(confirmed.code, Some(0), "{confirmed:?}");
    let mut observed = Observed::start(&launch).unwrap();
    assert!(is_gone(&observed, OTHER));
    observed.until_content();
}

#[test]
fn a_broken_object_is_frozen_alone_and_named_with_its_cluster() {
    let launch = three();
    let mut observed = Observed::start(&launch).unwrap();
    let before = answers(&observed);
    let broken = service("pay", "nonsense") + "---\n" + &service("more", "10.112.0.5");
    launch.write("clusters/west/b.yaml", &broken).unwrap();
    observed.until("more", |o| {
        o.addresses("more.shop.svc.cluster.local", "A").len() == 1
    });
    observed.until_reason("clusters/west/b.yaml:7:14: west: Service shop/pay: spec.clusterIP");
    assert_eq!(answers(&observed), before);
    launch
        .write("clusters/west/b.yaml", &service("pay", "10.112.0.2"))
        .unwrap();
    observed.until_content();
    assert_eq!(answers(&observed), before);
}

#[test]
fn an_empty_state_folder_gives_the_same_addresses_and_holds_nothing() {
    let launch = three();
    let observed = Observed::start(&launch).unwrap();
    let before = answers(&observed);
    observed.callsign.kill();
    remove(&launch.folder().join("state"));
    remove(&launch.folder().join("clusters/south"));
    let mut observed = Observed::start(&launch).unwrap();
    assert_eq!(answers(&observed)[..6], before[..6]);
    assert!(is_gone(&observed, "mail.shop.svc.cluster.local"));
    observed.until_content();
}

#[test]
fn an_own_cluster_without_a_folder_is_a_reason_and_the_others_are_served() {
    let launch = three();
    remove(&launch.folder().join("clusters/east"));
    let mut observed = Observed::start(&launch).unwrap();
    let readiness = observed.readiness();
    assert!(
        !readiness.is_ready() && readiness.says("cluster east: "),
        "{readiness:?}"
    );
    assert_eq!(observed.addresses(OTHER, "A").len(), 1);
    launch
        .write("clusters/east/a.yaml", &service("web", "10.96.0.1"))
        .unwrap();
    observed.until_content();
}
