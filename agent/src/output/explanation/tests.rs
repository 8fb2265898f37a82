//! What is explained is what the engine answers.

use super::*;
use crate::output::fixture;
use dns_core::vip::VipConfig;
use dns_core::{ForwardPolicy, Route};
use serde_json::Value;
use table_compiler::{MeshConfig, Stale, documents};

const CLUSTER1: &str = "\
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: default}
spec: {clusterIP: 10.96.0.50, ports: [{name: http, port: 9080}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: wild, namespace: default}
spec:
  hosts: ['*.shop.global']
  addresses: [240.0.0.9]
  resolution: STATIC
  ports: [{name: http, number: 80, protocol: HTTP}]
  endpoints: [{address: 192.0.2.1}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: secret, namespace: vault}
spec:
  hosts: [secret.global]
  exportTo: ['.']
  addresses: [240.0.0.10]
  resolution: STATIC
  ports: [{name: http, number: 80, protocol: HTTP}]
  endpoints: [{address: 192.0.2.2}]
";

const CLUSTER2: &str = "\
apiVersion: v1
kind: Service
metadata: {name: ratings, namespace: default}
spec: {clusterIP: 10.112.0.51, ports: [{name: http, port: 9080}]}
";

fn explain(name: &str, from: &str) -> Result<Value, NotExplained> {
    let domain = NameBuf::parse("cluster.local").unwrap();
    let mut compiler = Compiler::new(MeshConfig::new(domain.clone()));
    for (id, text) in [("cluster1", CLUSTER1), ("cluster2", CLUSTER2)] {
        let parsed = documents(&format!("{id}.yaml"), text);
        assert_eq!(parsed.problems, []);
        compiler.set_cluster(&Arc::from(id), &parsed.objects, Stale::None);
    }
    let mut ledger = Ledger::new(VipConfig::default());
    compiler.compile(&mut ledger, 0);
    let kind = ClientKind::of_cluster("cluster1");
    let entries = compiler.table(&kind).unwrap().entries();
    let entries = entries.map(|entry| HostEntry::clone(entry)).collect();
    let mut snapshot = fixture::snapshot(entries);
    snapshot.views = Views::single(View::new(domain));
    snapshot.zones = vec![NameBuf::parse("global").unwrap()];
    let upstream = std::net::SocketAddr::from(([192, 0, 2, 53], 53));
    snapshot.forward = ForwardPolicy::new([Route::new(NameBuf::parse(".").unwrap(), [upstream])]);
    let explaining = Explaining {
        compiler: &compiler,
        ledger: &ledger,
        snapshot: &snapshot,
        kind: &kind,
        resolver: &ResolverConfig::default(),
        now_ms: 0,
    };
    let explained = Explained::of(&explaining, name, &from.parse().unwrap())?;
    let json = explained_json(&explained);
    assert!(explained_text(&json).contains(json["name"].as_str().unwrap()));
    Ok(json)
}

#[test]
fn a_short_name_is_that_of_the_clients_namespace() {
    let json = explain("reviews", "cluster1/default").unwrap();
    assert_eq!(json["name"], "reviews.default.svc.cluster.local");
    assert_eq!(json["answer"]["result"], "answered");
    assert_eq!(json["answer"]["addresses"][0], "10.96.0.50");
    assert_eq!(
        json["sources"][0]["object"],
        "Service cluster1/default/reviews"
    );
    assert_eq!(json["sources"][0]["location"], "cluster1.yaml:1");
    let json = explain("reviews", "cluster1/other").unwrap();
    assert_eq!(json["answer"]["result"], "forwarded");
    assert_eq!(json["sources"], Value::Array(Vec::new()));
}

#[test]
fn a_wildcard_answers_for_what_it_covers_and_its_apex_has_nothing() {
    let json = explain("a.shop.global", "cluster1/default").unwrap();
    assert_eq!(json["name"], "*.shop.global");
    assert_eq!(json["answer"]["addresses"][0], "240.0.0.9");
    let apex = explain("shop.global", "cluster1/default").unwrap();
    assert_eq!(apex["answer"]["result"], "nodata");
    let missing = explain("x.global", "cluster1/default").unwrap();
    assert_eq!(missing["answer"]["result"], "nxdomain");
}

#[test]
fn an_entry_of_other_namespaces_is_rejected_by_name() {
    let json = explain("secret.global", "cluster1/default").unwrap();
    assert_eq!(json["answer"]["result"], "nxdomain");
    assert_eq!(
        json["rejected"][0]["object"],
        "ServiceEntry cluster1/vault/secret"
    );
    assert_eq!(
        json["rejected"][0]["reason"],
        "is not visible to the namespace default"
    );
    let json = explain("secret.global", "cluster1/vault").unwrap();
    assert_eq!(json["answer"]["addresses"][0], "240.0.0.10");
}

#[test]
fn a_name_of_another_cluster_says_which_mode_hides_it() {
    let json = explain("ratings", "cluster1/default").unwrap();
    assert_eq!(json["answer"]["result"], "forwarded");
    assert_eq!(json["name"], "ratings.default.svc.cluster.local");
    let reason = json["rejected"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("discovery of cluster2 is"), "{reason}");
    let own = explain("ratings", "cluster2/default").unwrap();
    assert_eq!(own["answer"]["addresses"][0], "10.112.0.51");
}

#[test]
fn what_is_no_name_or_no_cluster_is_not_explained() {
    let bad = explain("a..b", "cluster1/default").unwrap_err();
    assert!(matches!(bad, NotExplained::BadName(_)));
    let unknown = explain("a.b", "cluster9/default").unwrap_err();
    let known = ["cluster1".into(), "cluster2".into()];
    assert_eq!(unknown, NotExplained::UnknownCluster(known.into()));
}
