//! The commands that look at the names of many clusters: from files, from a snapshot, from a
//! running process.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use serde_json::Value;
use std::path::Path;
use tests::command::{Ended, run};
use tests::objects::{documents, service, service_entry, service_entry_at};
use tests::{Launch, Observed};

/// Objects of the cluster that is looked at: a name with a virtual address, one with its own, and a
/// service.
fn own_objects() -> Vec<String> {
    vec![
        service_entry("pay", "pay.example.com"),
        service_entry_at("foo", "foo.funns.global", "240.0.0.2"),
        service("web", "10.96.0.50"),
    ]
}

/// Three clusters, each with its folder.
fn three_clusters() -> Launch {
    let launch = Launch::bare().unwrap();
    launch
        .write("clusters/cluster1/a.yaml", &documents(own_objects()))
        .unwrap();
    for (cluster, address) in [("cluster2", "10.112.0.50"), ("cluster3", "10.128.0.50")] {
        let file = format!("clusters/{cluster}/a.yaml");
        launch.write(&file, &service("web", address)).unwrap();
    }
    launch
}

/// The arguments that look at the files of a launch.
fn files(launch: &Launch) -> Vec<String> {
    let path = |name: &str| launch.folder().join(name).display().to_string();
    let flags = ["--clusters", "--cluster", "--state-dir"].map(str::to_owned);
    let values = [path("clusters"), "cluster1".to_owned(), path("state")];
    flags
        .into_iter()
        .zip(values)
        .flat_map(<[String; 2]>::from)
        .collect()
}

/// An agent that serves those files, on free ports.
fn agent(launch: &Launch) -> Observed {
    let mut agent = launch
        .clone()
        .flag("--listen", "127.0.0.1:0")
        .flag("--upstream", "none");
    for pair in files(launch).chunks(2) {
        agent = agent.flag(&pair[0], &pair[1]);
    }
    Observed::start(&agent).unwrap()
}

fn process(observed: &Observed) -> Vec<String> {
    vec!["--admin".to_owned(), observed.admin().to_string()]
}

fn callsign(words: &str, more: &[String]) -> Ended {
    let words = words.split_whitespace().map(str::to_owned);
    run(words.chain(more.iter().cloned())).unwrap()
}

fn json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", ended.stdout, ended.stderr))
}

fn fine(ended: Ended) -> Ended {
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    ended
}

fn hash(words: &str, more: &[String]) -> String {
    let ended = fine(callsign(&format!("compile --hash {words}"), more));
    let hash = ended.stdout.trim().to_owned();
    assert_eq!(hash.len(), 64, "{hash}");
    hash
}

fn snapshot(launch: &Launch, name: &str) -> String {
    let file = launch.folder().join(name).display().to_string();
    fine(callsign(&format!("snapshot --out {file}"), &files(launch)));
    file
}

fn names(list: &Value) -> Vec<&str> {
    let rows = list.as_array().unwrap();
    rows.iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect()
}

#[test]
fn a_table_is_compiled_alike_from_a_folder_shuffled_files_and_a_snapshot() {
    let launch = three_clusters();
    let table = fine(callsign("compile", &files(&launch))).stdout;
    assert_eq!(fine(callsign("compile", &files(&launch))).stdout, table);
    let entries: Value = serde_json::from_str(&table).unwrap();
    let known = names(&entries);
    for name in [
        "pay.example.com",
        "foo.funns.global",
        "web.shop.svc.cluster.local",
    ] {
        assert!(known.contains(&name), "{name}: {known:?}");
    }
    let expected = hash("", &files(&launch));
    let file = snapshot(&launch, "snap.json");
    assert_eq!(hash(&format!("--from {file}"), &[]), expected);
    let again = fine(callsign(&format!("compile --from {file}"), &[]));
    assert_eq!(again.stdout, table);

    let shuffled = Launch::bare().unwrap();
    for (index, object) in own_objects().iter().rev().enumerate() {
        let file = format!("clusters/cluster1/{index}.yaml");
        shuffled.write(&file, object).unwrap();
    }
    for cluster in ["cluster2", "cluster3"] {
        let file = format!("clusters/{cluster}/a.yaml");
        let text = std::fs::read_to_string(launch.folder().join(&file)).unwrap();
        shuffled
            .write(&file.replace("a.yaml", "z.yaml"), &text)
            .unwrap();
    }
    assert_eq!(hash("", &files(&shuffled)), expected);
}

#[test]
fn a_snapshot_has_the_table_of_every_cluster() {
    let launch = three_clusters();
    let file = snapshot(&launch, "snap.json");
    let of = |cluster: &str| hash(&format!("--from {file} --cluster {cluster}"), &[]);
    assert_ne!(of("cluster1"), of("cluster2"));
    let unknown = callsign(&format!("compile --from {file} --cluster nowhere"), &[]);
    assert_eq!(unknown.code, Some(1));
    assert!(
        unknown
            .stderr
            .contains("there is cluster1, cluster2, cluster3"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn the_hash_in_json_names_its_generation() {
    let launch = three_clusters();
    let told = json(&fine(callsign("compile --hash -o json", &files(&launch))));
    let hash = told["hash"].as_str().unwrap();
    assert_eq!(told["generation"].as_str().unwrap(), &hash[..16]);
    assert_eq!(told["cluster"], "cluster1");
    assert!(told["names"].as_u64().unwrap() >= 3);
}

#[test]
fn a_snapshot_that_is_damaged_is_refused_by_file_and_field() {
    let launch = three_clusters();
    let file = snapshot(&launch, "snap.json");
    let whole = std::fs::read_to_string(&file).unwrap();
    for (text, part) in [
        (
            whole.replacen("\"version\":1", "\"version\":9", 1),
            "version: is 9",
        ),
        (
            whole.replacen("\"now_ms\"", "\"nov_ms\"", 1),
            "nov_ms: unknown field",
        ),
        (
            whole.replacen("[\"pay.example.com\"]", "[\"pay..example.com\"]", 1),
            "objects[",
        ),
        (whole[..whole.len() / 2].to_owned(), "EOF"),
    ] {
        assert_ne!(text, whole, "{part}");
        std::fs::write(&file, text).unwrap();
        let ended = callsign(&format!("compile --from {file}"), &[]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{part}");
        assert!(
            ended.stderr.contains(&file) && ended.stderr.contains(part),
            "{part}: {}",
            ended.stderr
        );
    }
    let missing = callsign("compile --from nothing.json --hash", &[]);
    assert_eq!(missing.code, Some(1));
    assert!(
        missing.stderr.contains("nothing.json"),
        "{}",
        missing.stderr
    );
}

#[test]
fn commands_that_are_not_told_where_to_look_are_bad_flags() {
    for words in [
        "compile",
        "snapshot --out x.json",
        "diff current held",
        "confirm held",
        "vips",
        "vips import x.json",
        "vips migrate --plan",
    ] {
        let ended = callsign(words, &[]);
        assert_eq!(ended.code, Some(2), "{words}: {}", ended.stderr);
        assert!(
            ended.stderr.contains("--admin"),
            "{words}: {}",
            ended.stderr
        );
    }
}

#[test]
fn broken_objects_are_told_and_the_rest_is_compiled() {
    let launch = three_clusters();
    launch
        .write("clusters/cluster1/b.yaml", "kind: [\n")
        .unwrap();
    let ended = callsign("compile --hash", &files(&launch));
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("b.yaml"), "{}", ended.stderr);
    assert_eq!(ended.stdout.trim().len(), 64);
}

#[test]
fn two_snapshots_or_tables_are_compared() {
    let launch = three_clusters();
    let before = snapshot(&launch, "before.json");
    let mut objects = own_objects();
    objects[1] = service_entry_at("foo", "foo.funns.global", "240.0.0.3");
    objects[2] = service_entry_at("new", "new.example.com", "240.0.0.4");
    launch
        .write("clusters/cluster1/a.yaml", &documents(objects))
        .unwrap();
    let table = fine(callsign("compile", &files(&launch))).stdout;
    let after = launch.write("after.json", &table).unwrap();
    let diff = json(&fine(callsign(
        &format!("diff {before} {} -o json", after.display()),
        &[],
    )));
    assert_eq!(diff["vips_changed"], 1, "{diff}");
    assert_eq!(diff["changed"][0]["name"], "foo.funns.global");
    assert_eq!(
        diff["changed"][0]["before"],
        serde_json::json!(["240.0.0.2"])
    );
    assert!(
        diff["added"]
            .as_array()
            .unwrap()
            .contains(&"new.example.com".into())
    );
    assert!(diff["names_total"].as_u64().unwrap() >= 2);
    let text = fine(callsign(&format!("diff {before} {}", after.display()), &[])).stdout;
    assert!(text.contains("240.0.0.2 -> 240.0.0.3"), "{text}");
    let same = json(&fine(callsign(
        &format!("diff {before} {before} -o json"),
        &[],
    )));
    for key in ["names_added", "names_removed", "vips_changed", "cut"] {
        assert_eq!(same[key], 0, "{key}");
    }
}

#[test]
fn generations_are_compared_in_a_process_and_in_its_state_folder() {
    let launch = three_clusters();
    let mut observed = agent(&launch);
    let before = observed.addresses("pay.example.com", "A");
    assert_eq!(before.len(), 1);
    let mut objects = own_objects();
    objects[2] = service_entry_at("new", "new.example.com", "192.0.2.77");
    launch
        .write("clusters/cluster1/a.yaml", &documents(objects))
        .unwrap();
    observed.until_addresses("new.example.com", "A", &["192.0.2.77"]);
    let words = "diff --generations previous,current --cluster cluster1 -o json";
    let of_process = json(&fine(callsign(words, &process(&observed))));
    assert!(
        of_process["added"]
            .as_array()
            .unwrap()
            .contains(&"new.example.com".into()),
        "{of_process}"
    );
    assert_eq!(of_process["vips_changed"], 0);
    observed.callsign.kill();
    let words = "diff --generations previous,current -o json";
    let of_files = json(&fine(callsign(words, &files(&launch))));
    assert_eq!(of_files, of_process);
    let unknown = callsign("diff 0123456789abcdef current", &files(&launch));
    assert_eq!(unknown.code, Some(1));
    assert!(
        unknown.stderr.contains("no generation or file"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn what_is_held_is_compared_and_confirmed() {
    let launch = three_clusters();
    let mut observed = agent(&launch);
    std::fs::write(launch.folder().join("clusters/cluster1/a.yaml"), "").unwrap();
    observed.until_reason("held");
    let admin = process(&observed);
    let table = json(&callsign("table -o json", &admin));
    let held = table.as_array().unwrap().iter();
    let held: Vec<&Value> = held
        .filter(|entry| entry["held_generation"] == true)
        .collect();
    assert!(
        held.iter().any(|entry| entry["name"] == "pay.example.com"),
        "{table}"
    );
    let diff = json(&fine(callsign("diff current held -o json", &admin)));
    let removed = diff["removed"].as_array().unwrap();
    assert!(removed.contains(&"pay.example.com".into()), "{diff}");
    let other = callsign("confirm 0123456789abcdef -o json", &admin);
    assert_eq!(other.code, Some(1));
    assert_eq!(json(&other)["confirmed"], Value::Null);
    let id = json(&other)["held"].as_str().unwrap().to_owned();
    assert_eq!(observed.addresses("pay.example.com", "A").len(), 1);
    let confirmed = json(&fine(callsign(&format!("confirm {id} -o json"), &admin)));
    assert_eq!(confirmed["confirmed"], id.as_str());
    observed.until("confirmed", |o| {
        o.addresses("pay.example.com", "A").is_empty()
    });
    let nothing = callsign(&format!("confirm {id}"), &admin);
    assert_eq!(nothing.code, Some(1));
    assert!(
        nothing.stderr.contains("nothing is held"),
        "{}",
        nothing.stderr
    );
}

fn row<'v>(rows: &'v Value, name: &str) -> &'v Value {
    let mut known = rows.as_array().unwrap().iter();
    known
        .find(|row| row["name"] == name)
        .unwrap_or_else(|| panic!("no {name} in {rows}"))
}

#[test]
fn addresses_are_listed_alike_from_a_process_and_its_files() {
    let launch = three_clusters();
    let mut observed = agent(&launch);
    let of_process = json(&fine(callsign("vips -o json", &process(&observed))));
    assert_eq!(
        json(&fine(callsign("vips -o json", &files(&launch)))),
        of_process
    );
    let pay = row(&of_process, "pay.example.com");
    for key in [
        "name",
        "key",
        "v4",
        "v6",
        "pool",
        "state",
        "since",
        "former",
        "addresses",
    ] {
        assert!(pay.get(key).is_some(), "{key}");
    }
    assert_eq!(pay["state"], "allotted");
    assert_eq!(pay["pool"], "names");
    let answered = observed.addresses("pay.example.com", "A")[0].to_string();
    assert_eq!(pay["v4"], answered.as_str());

    let mut objects = own_objects();
    objects.remove(0);
    objects[0] = service_entry_at("foo", "foo.funns.global", "240.0.0.3");
    launch
        .write("clusters/cluster1/a.yaml", &documents(objects))
        .unwrap();
    observed.until_addresses("foo.funns.global", "A", &["240.0.0.3"]);
    let rows = json(&fine(callsign("vips -o json", &process(&observed))));
    let pay = row(&rows, "pay.example.com");
    assert_eq!(pay["state"], "released");
    assert_eq!(pay["v4"], answered.as_str());
    let foo = json(&fine(callsign(
        "vips --name Foo.funns.global. -o json",
        &process(&observed),
    )));
    assert_eq!(foo.as_array().unwrap().len(), 1);
    assert_eq!(foo[0]["state"], "pinned");
    assert_eq!(foo[0]["v4"], "240.0.0.3");
    assert_eq!(foo[0]["former"], serde_json::json!(["240.0.0.2"]));
    let text = fine(callsign("vips", &process(&observed))).stdout;
    assert!(text.starts_with("NAME  "), "{text}");
    let unknown = callsign("vips --name no.such.example -o json", &files(&launch));
    assert_eq!((unknown.code, unknown.stdout.trim()), (Some(1), "[]"));
}

const MAP: &str = r#"[
  {"name": "pay.example.com", "v4": "240.240.7.7", "state": "allotted"},
  {"name": "other.example.com", "v4": "240.240.7.8", "state": "allotted"}
]"#;

#[test]
fn addresses_are_imported_into_a_state_folder_that_nobody_uses() {
    let launch = three_clusters();
    let map = launch.write("map.json", MAP).unwrap();
    let words = format!("vips import {} -o json", map.display());
    let tried = json(&fine(callsign(
        &format!("{words} --dry-run"),
        &files(&launch),
    )));
    assert_eq!(
        (&tried["imported"], &tried["dry_run"]),
        (&2.into(), &true.into())
    );
    assert!(!Path::new(&launch.folder().join("state/vips.journal")).exists());
    let imported = json(&fine(callsign(&words, &files(&launch))));
    assert_eq!(imported["imported"], 2);
    let rows = json(&fine(callsign("vips -o json", &files(&launch))));
    let pay = row(&rows, "pay.example.com");
    assert_eq!(
        (&pay["v4"], &pay["state"]),
        (&"240.240.7.7".into(), &"imported".into())
    );
    let again = json(&fine(callsign(&words, &files(&launch))));
    assert_eq!(
        (&again["imported"], &again["unchanged"]),
        (&0.into(), &2.into())
    );

    let taken = MAP.replace("pay.example.com", "thief.example.com");
    let map = launch.write("map.json", &taken).unwrap();
    let words = format!("vips import {} -o json", map.display());
    let conflict = callsign(&words, &files(&launch));
    assert_eq!(conflict.code, Some(1), "{}", conflict.stderr);
    let conflict = json(&conflict);
    assert_eq!(conflict["conflicts"][0]["name"], "thief.example.com");
    assert_eq!(conflict["conflicts"][0]["with"], "pay.example.com");
    let no_map = launch.write("no-map.json", "{\"a\": 1}").unwrap();
    let words = format!("vips import {}", no_map.display());
    let ended = callsign(&words, &files(&launch));
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("no-map.json"), "{}", ended.stderr);
}

#[test]
fn a_running_agent_takes_an_import_and_its_state_folder_is_not_touched() {
    let launch = three_clusters();
    let mut observed = agent(&launch);
    let map = launch.write("map.json", MAP).unwrap();
    let words = format!("vips import {} -o json", map.display());
    let refused = callsign(&words, &files(&launch));
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains("another process"),
        "{}",
        refused.stderr
    );
    let imported = json(&fine(callsign(&words, &process(&observed))));
    assert_eq!(imported["imported"], 2);
    observed.until_addresses("pay.example.com", "A", &["240.240.7.7"]);
    let rows = json(&fine(callsign(
        "vips --name pay.example.com -o json",
        &process(&observed),
    )));
    assert_eq!(rows[0]["state"], "imported");
    assert_eq!(rows[0]["former"].as_array().unwrap().len(), 1, "{rows}");
}

#[test]
fn a_change_of_the_pools_is_planned_and_moves_nothing() {
    let launch = three_clusters();
    let mut observed = agent(&launch);
    let before = observed.addresses("pay.example.com", "A")[0].to_string();
    observed.until_content();
    observed.callsign.kill();
    let config = "vips:\n  pools:\n    names: [\"10.250.0.0/16\", \"2001:2:0:8000::/50\"]\n";
    let config = launch.write("callsign.yaml", config).unwrap();
    let mut flags = files(&launch);
    flags.extend(["--config".to_owned(), config.display().to_string()]);
    let moves = json(&fine(callsign("vips migrate --plan -o json", &flags)));
    assert_eq!(moves.as_array().unwrap().len(), 1, "{moves}");
    assert_eq!(moves[0]["name"], "pay.example.com");
    assert_eq!(moves[0]["from"], before.as_str());
    assert!(
        moves[0]["to"].as_str().unwrap().starts_with("10.250."),
        "{moves}"
    );
    let rows = json(&fine(callsign(
        "vips --name pay.example.com -o json",
        &flags,
    )));
    assert_eq!(rows[0]["v4"], before.as_str());
}

#[test]
fn the_table_of_a_process_is_taken_as_a_snapshot() {
    let launch = three_clusters();
    let observed = agent(&launch);
    let expected = hash("", &files(&launch));
    assert_eq!(hash("", &process(&observed)), expected);
    let file = launch.folder().join("running.json").display().to_string();
    let words = format!("snapshot --out {file} -o json");
    let told = json(&fine(callsign(&words, &process(&observed))));
    assert_eq!(
        told["clusters"],
        serde_json::json!(["cluster1", "cluster2", "cluster3"])
    );
    assert_eq!(told["objects"], 5);
    drop(observed);
    assert_eq!(hash(&format!("--from {file}"), &[]), expected);
    let printed = fine(callsign("snapshot --out -", &files(&launch))).stdout;
    assert!(printed.starts_with("{\"version\":1,"), "{printed}");
}

#[test]
fn a_table_is_printed_as_a_cluster_sees_it() {
    let launch = three_clusters();
    let table = json(&fine(callsign("table -o json", &files(&launch))));
    assert!(names(&table).contains(&"pay.example.com"));
    assert_eq!(row(&table, "pay.example.com")["held_generation"], false);
    assert_eq!(row(&table, "pay.example.com")["name_state"], "live");
    let ndsz = json(&fine(callsign("table -o ndsz", &files(&launch))));
    assert_eq!(
        ndsz["web.shop.svc.cluster.local"]["ips"],
        serde_json::json!(["10.96.0.50"])
    );
}

#[test]
fn a_snapshot_has_no_secrets() {
    let launch = three_clusters();
    let secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: istio-remote-secret-cluster2\n  \
                  namespace: istio-system\n  labels: {istio/multiCluster: \"true\"}\n\
                  stringData:\n  cluster2: hunter2\n";
    launch
        .write("clusters/cluster1/secret.yaml", secret)
        .unwrap();
    let file = snapshot(&launch, "snap.json");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("istio-remote-secret-cluster2"));
    assert!(!text.contains("hunter2"));
    assert_eq!(
        hash(&format!("--from {file}"), &[]),
        hash("", &files(&launch))
    );
}
