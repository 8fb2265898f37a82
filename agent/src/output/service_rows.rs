//! What `callsign services` prints.

use super::one_line;
use serde_json::{Value, json};
use std::fmt::Write;
use std::net::IpAddr;
use table_compiler::{ServiceInCluster, ServiceRow};

/// The services as a JSON array.
pub(crate) fn services_json(rows: &[ServiceRow]) -> Value {
    rows.iter().map(row_json).collect()
}

fn row_json(row: &ServiceRow) -> Value {
    let vip = |is_wanted: fn(&IpAddr) -> bool| row.vips.iter().find(|ip| is_wanted(ip));
    let vip = vip(IpAddr::is_ipv4).or_else(|| vip(IpAddr::is_ipv6));
    json!({
        "name": &*row.name,
        "namespace": &*row.namespace,
        "clusters": row.clusters.iter().map(cluster_json).collect::<Value>(),
        "ready": row.ready(),
        "total": row.total(),
        "exported": row.is_exported(),
        "vip": vip.map(ToString::to_string),
        "vips": row.vips.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn cluster_json(cluster: &ServiceInCluster) -> Value {
    json!({
        "cluster": &*cluster.cluster,
        "versions": cluster.versions.iter().map(|version| &**version).collect::<Vec<_>>(),
        "ready": cluster.ready,
        "total": cluster.total,
        "exported": cluster.exported,
    })
}

/// The services in JSON, a line each:
/// `reviews default cluster1: v1,v2 cluster2: v1 ready 3/3 exported yes vip 250.1.2.3`.
pub(crate) fn services_text(rows: &Value) -> String {
    let rows = rows.as_array().map(Vec::as_slice).unwrap_or_default();
    rows.iter().map(row_text).collect()
}

fn row_text(row: &Value) -> String {
    let mut line = format!("{} {}", shown(&row["name"]), shown(&row["namespace"]));
    for cluster in row["clusters"].as_array().into_iter().flatten() {
        let versions = cluster["versions"].as_array().into_iter().flatten();
        let versions: Vec<_> = versions.map(shown).collect();
        let versions = if versions.is_empty() {
            "-".to_owned()
        } else {
            versions.join(",")
        };
        let _ = write!(line, " {}: {versions}", shown(&cluster["cluster"]));
    }
    let exported = if row["exported"] == Value::Bool(true) {
        "yes"
    } else {
        "no"
    };
    let vip = row["vip"].as_str().unwrap_or("-");
    let (ready, total) = (&row["ready"], &row["total"]);
    let _ = writeln!(line, " ready {ready}/{total} exported {exported} vip {vip}");
    line
}

fn shown(value: &Value) -> String {
    one_line(value.as_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_one_line_over_all_its_clusters() {
        let in_cluster = |cluster: &str, versions: &[&str], ready| ServiceInCluster {
            cluster: cluster.into(),
            versions: versions.iter().map(|version| (*version).into()).collect(),
            ready,
            total: ready,
            exported: cluster == "cluster2",
        };
        let row = ServiceRow {
            name: "reviews".into(),
            namespace: "default".into(),
            clusters: vec![
                in_cluster("cluster1", &["v1", "v2"], 2),
                in_cluster("cluster2", &["v1", "v2", "v3"], 3),
                in_cluster("cluster3", &[], 0),
            ],
            vips: vec![
                "2001:2:0:8000::1".parse().unwrap(),
                "250.1.2.3".parse().unwrap(),
            ],
        };
        let json = services_json(&[row]);
        assert_eq!(json[0]["ready"], 5);
        assert_eq!(json[0]["vip"], "250.1.2.3");
        assert_eq!(json[0]["clusters"][1]["versions"][2], "v3");
        assert_eq!(
            services_text(&json),
            "reviews default cluster1: v1,v2 cluster2: v1,v2,v3 cluster3: - ready 5/5 \
             exported yes vip 250.1.2.3\n"
        );
    }
}
