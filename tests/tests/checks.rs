//! `check`, `explain`, `services` and `exports` of the built binary: two linked clusters, each
//! precondition broken in turn.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use serde_json::Value;
use std::path::PathBuf;
use tempfile::TempDir;
use tests::Launch;
use tests::command::{Ended, run};

const ROOT_EAST: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: istio-system, labels: {topology.istio.io/network: east}}
";

const WEB_EAST: &str = "\
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec: {clusterIP: 10.96.3.3, ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 80}]
endpoints: [{addresses: [10.1.0.3], conditions: {ready: true}}]
";

const LINK: &str = "\
apiVersion: multicluster.linkerd.io/v1alpha2
kind: Link
metadata: {name: west, namespace: linkerd-multicluster}
spec:
  targetClusterName: west
  targetClusterDomain: cluster.local
  clusterCredentialsSecret: cluster-credentials-west
  gatewayAddress: 34.16.55.9
  gatewayPort: '4180'
  gatewayIdentity: linkerd-gateway.linkerd-multicluster.serviceaccount.identity.linkerd.cluster.local
  probeSpec: {path: /ready, port: '4191', period: 3s, failureThreshold: '3'}
  selector: {matchLabels: {mirror.linkerd.io/exported: 'true'}}
";

const ROOT_WEST: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: istio-system, labels: {topology.istio.io/network: west}}
";

const CART_WEST: &str = "\
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop, labels: {mirror.linkerd.io/exported: 'true'}}
spec: {clusterIP: 10.112.3.3, ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: cart-1, namespace: shop, labels: {kubernetes.io/service-name: cart}}
addressType: IPv4
ports: [{name: http, port: 80}]
endpoints: [{addresses: [10.2.0.3], conditions: {ready: true}}]
";

const HEALTH: &str = "\
gateways:
- cluster: west
  address: 34.16.55.9
  port: 4180
  probes: [{at: 2026-01-01T10:00:00Z, ok: true, rtt_ms: 12}]
clusters: [{id: east, api: up}, {id: west, api: up}]
credentials: [{from: east, to: west, state: valid}]
permissions: [{cluster: west, verb: list, resource: services, allowed: true}]
trust: [{cluster: east, root: a}, {cluster: west, root: a}]
";

const CONFIG: &str = "\
clusters: clusters
cluster: east
health: health.yaml
state_dir: none
upstreams: none
";

/// A folder of its own with the two clusters.
struct Mesh(TempDir);

impl Mesh {
    fn sound() -> Self {
        let mesh = Mesh(TempDir::new().unwrap());
        mesh.write("callsign.yaml", CONFIG);
        mesh.write("health.yaml", HEALTH);
        mesh.write("clusters/east/root.yaml", ROOT_EAST);
        mesh.write("clusters/east/web.yaml", WEB_EAST);
        mesh.write("clusters/east/link.yaml", LINK);
        mesh.write("clusters/west/root.yaml", ROOT_WEST);
        mesh.write("clusters/west/cart.yaml", CART_WEST);
        mesh
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    fn change(&self, name: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.0.path().join(name)).unwrap();
        assert!(text.contains(from), "{name} has no {from}");
        self.write(name, &text.replace(from, to));
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        let config = self.0.path().join("callsign.yaml");
        let config = config.to_str().unwrap();
        run(arguments.iter().chain(&["--config", config])).unwrap()
    }

    /// The exit code and what is printed with `-o json`.
    fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let ended = self.run(&[arguments, &["-o", "json"]].concat());
        let json = serde_json::from_str(&ended.stdout);
        let json = json.unwrap_or_else(|error| panic!("{error}: {ended:?}"));
        (ended.code.unwrap(), json)
    }
}

fn failed_ids(lines: &Value) -> Vec<&str> {
    let lines = lines.as_array().unwrap().iter();
    let failed = lines.filter(|line| line["ok"] == Value::Bool(false));
    failed.map(|line| line["id"].as_str().unwrap()).collect()
}

/// Exit 1, and that check alone fails.
#[track_caller]
fn fails_only(mesh: &Mesh, id: &str) -> Value {
    let (code, lines) = mesh.json(&["check"]);
    assert_eq!(failed_ids(&lines), [id], "{lines:#}");
    assert_eq!(code, 1);
    lines
}

#[test]
fn every_line_is_ok_where_all_is_well() {
    let (code, lines) = Mesh::sound().json(&["check"]);
    let rows = lines.as_array().unwrap();
    assert!(rows.len() > 10, "{lines:#}");
    for row in rows {
        assert_eq!(row["ok"], true, "{row:#}");
    }
    assert_eq!(code, 0);
}

#[test]
fn each_broken_precondition_fails_its_own_line() {
    let breakages: [(&str, &str, &str, &str); 7] = [
        (
            "clusters/east/link.yaml",
            "34.16.55.9",
            "not-an-address",
            "links.valid",
        ),
        ("health.yaml", "valid", "expired", "links.credentials"),
        (
            "health.yaml",
            "ok: true, rtt_ms: 12}",
            "ok: false}, {at: 2026-01-01T10:00:03Z, ok: false}, {at: 2026-01-01T10:00:06Z, ok: false}",
            "gateways.probe",
        ),
        (
            "clusters/west/cart.yaml",
            "ready: true",
            "ready: false",
            "exports.have-endpoints",
        ),
        (
            "health.yaml",
            "west, root: a",
            "west, root: b",
            "identity.shared-root",
        ),
        (
            "health.yaml",
            "allowed: true",
            "allowed: false",
            "permissions.list-watch",
        ),
        (
            "health.yaml",
            "west, api: up",
            "west, api: down",
            "clusters.reachable",
        ),
    ];
    for (file, from, to, id) in breakages {
        let mesh = Mesh::sound();
        mesh.change(file, from, to);
        fails_only(&mesh, id);
    }
}

#[test]
fn a_broken_object_is_told_with_cluster_object_field_and_line() {
    let mesh = Mesh::sound();
    mesh.write(
        "clusters/west/gw.yaml",
        "apiVersion: networking.istio.io/v1\nkind: Gateway\n\
         metadata: {name: pay-gw, namespace: payments}\nspec:\n  servers:\n  \
         - port: {number: 443, name: https, protocol: HTTPS}\n    hosts: 7\n",
    );
    let lines = fails_only(&mesh, "inputs.valid");
    let line = &lines[0];
    assert_eq!(line["cluster"], "west");
    assert_eq!(line["object"], "Gateway payments/pay-gw");
    assert_eq!(line["field"], "spec.servers[0].hosts");
    assert!(
        line["location"].as_str().unwrap().ends_with("gw.yaml:7:12"),
        "{line:#}"
    );
}

#[test]
fn an_id_picks_its_check_and_an_unknown_one_is_a_bad_flag() {
    let mesh = Mesh::sound();
    let (code, lines) = mesh.json(&["check", "--id", "inputs.valid", "--id", "agent.answers"]);
    assert_eq!(code, 0);
    assert_eq!(lines[0]["id"], "inputs.valid");
    assert_eq!(lines[1]["ok"], Value::Null);
    assert_eq!(lines.as_array().unwrap().len(), 2);
    let unknown = mesh.run(&["check", "--id", "input.valid"]);
    assert_eq!(unknown.code, Some(2));
    assert!(
        unknown.stderr.contains("inputs.valid"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn exports_are_served_without_their_namespace_and_say_so() {
    let mesh = Mesh::sound();
    let (code, rows) = mesh.json(&["exports"]);
    assert_eq!(code, 0);
    assert_eq!(rows[0]["target"], "west");
    assert_eq!(rows[0]["service"], "shop/cart");
    assert_eq!(rows[0]["name"], "cart-west.shop.svc.cluster.local");
    assert_eq!(rows[0]["served"], true);
    assert_eq!(rows[0]["note"], "namespace shop absent in east");
}

#[test]
fn services_of_all_clusters_are_listed() {
    let mesh = Mesh::sound();
    let (code, rows) = mesh.json(&["services"]);
    assert_eq!(code, 0);
    let names: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["name"])
        .collect();
    assert_eq!(names, ["web", "cart"]);
    assert_eq!(rows[1]["exported"], true);
    let text = mesh.run(&["services"]).stdout;
    assert!(
        text.starts_with("web default east: - ready 1/1 exported no"),
        "{text}"
    );
}

#[test]
fn an_explained_answer_goes_with_any_object_that_it_cites() {
    const ASK: [&str; 4] = ["explain", "cart-west.shop", "--from", "east/default"];
    let (code, before) = Mesh::sound().json(&ASK);
    assert_eq!(code, 0);
    assert_eq!(before["name"], "cart-west.shop.svc.cluster.local");
    assert_eq!(before["endpoints"][0]["address"], "34.16.55.9");
    assert_eq!(
        before["endpoints"][0]["authority"],
        "cart.shop.svc.cluster.local"
    );
    let sources = before["sources"].as_array().unwrap();
    assert!(!sources.is_empty());
    for source in sources {
        let mesh = Mesh::sound();
        let object = source["object"].as_str().unwrap();
        let location = source["location"].as_str().unwrap();
        delete_object(&mesh, location);
        let (_, after) = mesh.json(&ASK);
        let said = |json: &Value| {
            let keys = ["answer", "endpoints", "members", "kind"];
            keys.map(|key| json[key].clone())
        };
        assert_ne!(said(&after), said(&before), "{object} is cited for nothing");
    }
}

/// Takes the document away that begins on that line of that file.
fn delete_object(mesh: &Mesh, location: &str) {
    let (path, line) = location.rsplit_once(':').unwrap();
    let (folder, file) = path.rsplit_once('/').unwrap();
    let cluster = folder.rsplit('/').next().unwrap();
    let name = format!("clusters/{cluster}/{file}");
    let text = std::fs::read_to_string(mesh.0.path().join(&name)).unwrap();
    let mut at = 1;
    let kept: Vec<&str> = text
        .split("---\n")
        .filter(|document| {
            let begins = at.to_string() == line;
            at += document.lines().count() + 1;
            !begins
        })
        .collect();
    assert!(kept.len() < text.split("---\n").count(), "{location}");
    mesh.write(&name, &kept.join("---\n"));
}

#[test]
fn a_name_without_answer_exits_with_1_and_what_is_no_name_with_2() {
    let mesh = Mesh::sound();
    let (code, json) = mesh.json(&["explain", "nobody.example", "--from", "east/default"]);
    assert_eq!(code, 1);
    assert_eq!(json["answer"]["result"], "refused");
    let bad = mesh.run(&["explain", "a..b", "--from", "east/default"]);
    assert_eq!(bad.code, Some(2));
    let unknown = mesh.run(&["explain", "web", "--from", "south/default"]);
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.stderr.contains("east, west"), "{}", unknown.stderr);
}

#[test]
fn a_process_and_its_files_say_the_same() {
    let mesh = Mesh::sound();
    let config = mesh.0.path().join("callsign.yaml");
    let launch = Launch::bare()
        .unwrap()
        .flag("--config", config)
        .flag("--listen", "127.0.0.1:0")
        .flag("--admin", "127.0.0.1:0");
    let mut callsign = launch.start().unwrap();
    let admin = callsign.admin_address().unwrap().to_string();
    for ask in [
        &["exports"][..],
        &["explain", "web", "--from", "east/default"],
        &["check", "--id", "links.credentials"],
    ] {
        let of_files = mesh.run(ask);
        let of_process = run(ask.iter().chain(&["--admin", &admin])).unwrap();
        assert_eq!(of_process.stdout, of_files.stdout, "{}", of_process.stderr);
        assert_eq!(of_process.code, of_files.code);
    }
    let ended = run(["check", "-o", "json", "--admin", &admin]).unwrap();
    let lines: Value = serde_json::from_str(&ended.stdout).unwrap();
    let mut ids = lines.as_array().unwrap().iter().map(|line| &line["id"]);
    assert!(ids.any(|id| id == "agent.table-fresh"), "{lines:#}");
}
