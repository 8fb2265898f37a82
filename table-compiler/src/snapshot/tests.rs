use super::*;
use crate::input::{ObjectId, ObjectKind, Order, documents};
use crate::mesh::{
    Access, CarriedProduct, ClusterConfig, ClusterHealth, Credential, Discovery, GatewayHealth,
    LinkConfig, Members, NameTemplate, ObjectRef, Permission, Probe,
};
use crate::{TableHash, WildcardVips, table_hash};
use dns_core::vip::{Family, GivenBy, PoolKind, VipKey, Want};
use dns_core::{Locality, NameBuf};

fn entry(name: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata:\n  name: {name}\n  \
         namespace: shop\nspec:\n  hosts: [{name}.example.com]\n  resolution: STATIC\n  \
         endpoints:\n  - address: 192.0.2.10\n"
    )
}

fn objects(file: &str, names: &[&str]) -> Vec<ObjectDoc> {
    let texts: Vec<_> = names.iter().map(|name| entry(name)).collect();
    documents(file, &texts.join("---\n")).objects
}

fn snapshot(clusters: [(&str, Vec<ObjectDoc>); 2]) -> Snapshot {
    let cluster = |(id, objects): (&str, Vec<ObjectDoc>)| {
        let stale = Stale::None;
        (id.into(), ClusterObjects { objects, stale })
    };
    Snapshot {
        now_ms: 1_767_225_600_000,
        kind: ClientKind::of_cluster("c1"),
        kinds: Vec::new(),
        mesh: MeshConfig::new(NameBuf::parse("cluster.local").unwrap()),
        clusters: clusters.into_iter().map(cluster).collect(),
        ledger: Ledger::new(VipConfig::default()),
        carried: Carried::default(),
        health: Health::default(),
        occupied: BTreeMap::new(),
    }
}

fn small() -> Snapshot {
    snapshot([
        ("c1", objects("/home/x/c1/a.yaml", &["a", "b"])),
        ("c2", objects("/home/x/c2/a.yaml", &["c"])),
    ])
}

fn full() -> Snapshot {
    let mut full = small();
    let name = |text| NameBuf::parse(text).unwrap();
    full.kinds = vec![ClientKind {
        cluster: "c2".into(),
        network: Some("net2".into()),
        locality: Some(Locality::parse("r/z")),
    }];
    full.mesh = MeshConfig {
        domain: name("a.local"),
        clusterset_domain: name("set.local"),
        root_namespace: "root".into(),
        policy_clusters: ["c1".into()].into(),
        discovery: Some(Discovery::Exported),
        links: vec![LinkConfig {
            from: None,
            to: Some("c2".into()),
            discovery: Discovery::ConfigOnly,
        }],
        order: Order::Clusters(vec!["c2".into()]),
        members: Members::Pods,
        name_templates: vec![NameTemplate::parse("{{svc}}.{{ns}}.x").unwrap()],
        clusters: [(
            "c1".into(),
            ClusterConfig {
                domain: Some(name("c1.local")),
                network: Some("net1".into()),
                locality: Some(Locality::parse("r")),
                reachable_via: Some("c2".into()),
                served_by: Some("c2".into()),
                trust_root: Some("root1".into()),
            },
        )]
        .into(),
        networks: [("net9".into(), "c2".into())].into(),
        name_grace_secs: 7,
        wildcard_vips: WildcardVips::On,
    };
    let ids = [ObjectId::new(ObjectKind::ServiceEntry, "shop", "a")];
    full.clusters.get_mut("c1").unwrap().stale = Stale::Objects(ids.into());
    full.clusters.get_mut("c2").unwrap().stale = Stale::All;
    full.ledger = ledger();
    let source = ObjectRef {
        cluster: "c1".into(),
        role: "Gateway".into(),
        namespace: "n".into(),
        name: "g".into(),
    };
    full.carried.products.insert(
        name("pay.example.com"),
        CarriedProduct {
            source,
            alias_of: Some(name("pay.example.net")),
            withdrawn_ms: Some(9),
        },
    );
    full.health = health();
    let given = Given {
        key: VipKey::of_name(&name("h.example.com")),
        by: GivenBy::Allocator,
    };
    full.occupied = [("250.1.2.3".parse().unwrap(), given)].into();
    full
}

fn health() -> Health {
    let gateway = GatewayHealth {
        cluster: Some("c2".into()),
        probes: vec![Probe {
            at_ms: 1,
            round_trip_ms: Some(12),
        }],
        failure_threshold: Some(2),
    };
    let permission = Permission {
        cluster: "c1".into(),
        verb: "list".into(),
        resource: "services".into(),
    };
    Health {
        gateways: [(("192.0.2.1".parse().unwrap(), 15443), gateway)].into(),
        clusters: [(
            "c1".into(),
            ClusterHealth {
                api: "down".into(),
                since_ms: 3,
            },
        )]
        .into(),
        credentials: [(
            ("c1".into(), "c2".into()),
            Credential {
                state: "expired".into(),
                at_ms: 4,
            },
        )]
        .into(),
        permissions: [(permission, Access::Denied)].into(),
        trust_roots: [("c1".into(), "root1".into())].into(),
    }
}

fn ledger() -> Ledger {
    let mut ledger = Ledger::new(VipConfig::default());
    let want = |name| Want {
        key: VipKey::of_name(&NameBuf::parse(name).unwrap()),
        family: Family::V4,
        pool: PoolKind::Names,
    };
    let wants = ["a.example.com", "b.example.com"].map(want);
    ledger.assign(1_000, wants, &BTreeMap::new());
    ledger
}

fn written(snapshot: &Snapshot) -> String {
    let mut octets = Vec::new();
    snapshot.write(&mut octets).unwrap();
    String::from_utf8(octets).unwrap()
}

fn hash(snapshot: &Snapshot) -> TableHash {
    let recompiled = snapshot.compile();
    let table = recompiled.compiler.table(&snapshot.kind).unwrap();
    table_hash(table.entries().map(AsRef::as_ref))
}

#[test]
fn what_is_written_is_read_again_whole() {
    for snapshot in [small(), full()] {
        let text = written(&snapshot);
        let read = Snapshot::read(text.as_bytes()).unwrap();
        assert_eq!(read, snapshot);
        assert_eq!(written(&read), text);
    }
}

#[test]
fn a_snapshot_compiles_to_the_same_tables() {
    let original = small();
    let read = Snapshot::read(written(&original).as_bytes()).unwrap();
    let [a, b] = [&original, &read].map(Snapshot::compile);
    assert_eq!(a.ledger, b.ledger);
    assert_eq!(a.outcome, b.outcome);
    let entries = |recompiled: &Recompiled| -> Vec<_> {
        let table = recompiled.compiler.table(&original.kind).unwrap();
        table.entries().cloned().collect()
    };
    assert!(!entries(&a).is_empty());
    assert_eq!(entries(&a), entries(&b));
}

#[test]
fn neither_files_nor_their_order_nor_folders_change_the_hash() {
    let moved = snapshot([
        (
            "c1",
            [objects("z.yaml", &["b"]), objects("y.yaml", &["a"])].concat(),
        ),
        ("c2", objects("elsewhere/a.yaml", &["c"])),
    ]);
    assert_eq!(hash(&moved), hash(&small()));
}

#[test]
fn another_object_ledger_time_or_key_is_another_snapshot() {
    let text = written(&small());
    let changes: [fn(&mut Snapshot); 4] = [
        |s| drop(s.clusters.get_mut("c1").unwrap().objects.pop()),
        |s| s.ledger = ledger(),
        |s| s.now_ms += 1,
        |s| s.mesh.name_grace_secs += 1,
    ];
    for change in changes {
        let mut other = small();
        change(&mut other);
        assert_ne!(written(&other), text);
    }
}

#[test]
fn a_later_version_is_named() {
    let text = written(&small()).replacen("\"version\":1", "\"version\":2,\"more\":1", 1);
    let error = Snapshot::read(text.as_bytes()).unwrap_err();
    assert_eq!(error, SnapshotError::Version(2));
    assert!(error.to_string().contains("version: is 2"), "{error}");
}

#[test]
fn damage_is_named_by_its_field() {
    let text = written(&full()).replacen("\\tactive\\t", "\\tactiva\\t", 1);
    let cases = [
        (text, "ledger[0]: is damaged"),
        (
            written(&full()).replace("\"exported\"", "\"some\""),
            "mesh.discovery: ",
        ),
        (
            written(&full()).replace("root_namespace", "rot"),
            "mesh.rot: unknown field",
        ),
        (
            written(&full()).replace("250.0.0.0/8", "250.0.0.0/32"),
            "vips.pools.names: ",
        ),
        (
            written(&small()).replacen("a.example.com", "a..example.com", 1),
            "clusters.c1.objects[0]: ",
        ),
        (written(&small())[..300].to_owned(), "EOF"),
        ("{}".to_owned(), "missing field `version`"),
        ("[]\n".to_owned(), "no JSON object"),
        ("{no".to_owned(), "line 1 column 2"),
    ];
    for (text, part) in cases {
        let error = Snapshot::read(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(part), "{part}: {error}");
    }
}
