//! Inputs that are lost or broken: what is held, what is frozen, and what is said before the first
//! table.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use hickory_proto::op::ResponseCode;
use std::os::unix::fs::symlink;
use std::path::Path;
use tests::mesh::{CONFIG, configured, entries, host};
use tests::objects::{documents, service_entry_at};
use tests::script::Names;
use tests::{Observed, Script, Upstream};

/// EDE code *Not Ready* (RFC 8914 section 4.15).
const NOT_READY: u16 = 14;

/// Takes the objects away in one way, and expects them to be held, then released by SIGHUP.
fn is_held_until_sighup(take_away: impl FnOnce(&Path)) {
    let launch = configured(CONFIG).unwrap();
    launch
        .write("mesh/a.yaml", &entries(["elm", "oak"]))
        .unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    let before = observed.both_of(&["elm", "oak"]);
    take_away(&launch.folder().join("mesh"));
    observed.until_reason("held: the source is gone or empty; its 2 items are served");
    assert_eq!(observed.both_of(&["elm", "oak"]), before);
    assert!(observed.readiness().is_ready());
    observed.callsign.signal("HUP").unwrap();
    observed.until("released", |o| {
        !o.is_answered("elm") && !o.is_answered("oak")
    });
    assert!(!observed.readiness().says("held"));
}

#[test]
fn an_emptied_folder_is_held_until_sighup() {
    is_held_until_sighup(|mesh| std::fs::remove_file(mesh.join("a.yaml")).unwrap());
}

#[test]
fn an_emptied_file_is_held_until_sighup() {
    is_held_until_sighup(|mesh| std::fs::write(mesh.join("a.yaml"), "").unwrap());
}

#[test]
fn a_path_that_is_gone_is_held_until_sighup() {
    is_held_until_sighup(|mesh| std::fs::remove_dir_all(mesh).unwrap());
}

#[test]
fn a_source_that_comes_back_is_read_without_a_signal() {
    let launch = configured(CONFIG).unwrap();
    let mesh = launch.folder().join("mesh");
    launch
        .write("mesh/a.yaml", &entries(["elm", "oak"]))
        .unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    let before = observed.both_of(&["oak"]);
    std::fs::rename(&mesh, launch.folder().join("away")).unwrap();
    observed.until_reason("held");
    launch
        .write("away/a.yaml", &entries(["oak", "yew"]))
        .unwrap();
    std::fs::rename(launch.folder().join("away"), &mesh).unwrap();
    observed.until("back", |o| o.is_answered("yew") && !o.is_answered("elm"));
    assert_eq!(observed.both_of(&["oak"]), before);
    observed.until_content();
    // It is followed as before.
    launch.write("mesh/b.yaml", &entries(["ash"])).unwrap();
    observed.until("followed", |o| o.is_answered("ash"));
}

/// Starts again after the inputs were taken away, and expects the old answers, marked stale.
fn is_served_from_the_state_folder(take_away: impl FnOnce(&Path), reason: &str) {
    let config = CONFIG.replace("[mesh]", "[mesh, table.json]") + "hosts: [hosts]\n";
    let launch = configured(&config).unwrap();
    launch.write("mesh/a.yaml", &entries(["elm"])).unwrap();
    launch
        .write(
            "table.json",
            r#"{"pushed.mesh.test": {"ips": ["10.1.0.1"]}}"#,
        )
        .unwrap();
    launch
        .write("hosts", "10.2.0.1 listed.mesh.test\n")
        .unwrap();
    let names = ["elm", "pushed", "listed"];
    let observed = Observed::start(&launch).unwrap();
    let before = observed.both_of(&names);
    observed.callsign.kill();
    take_away(launch.folder());
    for _ in 0..2 {
        let observed = Observed::start(&launch).unwrap();
        assert_eq!(observed.both_of(&names), before);
        let readiness = observed.readiness();
        assert!(readiness.is_ready(), "{readiness:?}");
        for source in ["mesh", "table.json", "hosts"] {
            let path = launch.folder().join(source).display().to_string();
            let is_told = |text: &String| text.contains(&path) && text.contains(reason);
            assert!(
                readiness.reasons.iter().any(is_told),
                "{source}: {readiness:#?}"
            );
        }
        let (_, table) = tests::admin::get(observed.admin(), "/debug/table").unwrap();
        let table: serde_json::Value = serde_json::from_str(&table).unwrap();
        assert_eq!(states_of(&table), ["stale"; 3], "{table:#}");
        observed.callsign.kill();
    }
}

/// The `state` of every name that a table prints.
fn states_of(table: &serde_json::Value) -> Vec<&str> {
    let entries = table.as_array().unwrap().iter();
    entries
        .map(|entry| entry["name_state"].as_str().unwrap_or("no state"))
        .collect()
}

#[test]
fn after_a_restart_a_source_that_is_gone_is_served_from_the_state_folder() {
    let take_away = |folder: &Path| {
        std::fs::remove_dir_all(folder.join("mesh")).unwrap();
        std::fs::remove_file(folder.join("table.json")).unwrap();
        std::fs::remove_file(folder.join("hosts")).unwrap();
    };
    is_served_from_the_state_folder(take_away, "held");
}

#[test]
fn after_a_restart_a_source_that_is_empty_is_served_from_the_state_folder() {
    let take_away = |folder: &Path| {
        for file in ["mesh/a.yaml", "table.json", "hosts"] {
            std::fs::write(folder.join(file), "").unwrap();
        }
    };
    is_served_from_the_state_folder(take_away, "");
}

#[test]
fn after_a_restart_a_source_that_does_not_parse_is_served_from_the_state_folder() {
    let take_away = |folder: &Path| {
        std::fs::write(folder.join("mesh/a.yaml"), "kind: [").unwrap();
        std::fs::write(folder.join("table.json"), "{").unwrap();
        std::fs::write(folder.join("hosts"), "nonsense\n").unwrap();
    };
    is_served_from_the_state_folder(take_away, "");
}

#[test]
fn a_loss_of_more_than_half_and_more_than_a_hundred_is_held_until_sighup() {
    let names: Vec<String> = (0..201).map(|n| format!("n{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let launch = configured(CONFIG).unwrap();
    launch
        .write("mesh/a.yaml", &entries(names.iter().copied()))
        .unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    // A hundred may go at once.
    launch
        .write(
            "mesh/a.yaml",
            &entries(names.iter().copied().skip(1).chain(["x"])),
        )
        .unwrap();
    observed.until("one for another", |o| {
        o.is_answered("x") && !o.is_answered("n0")
    });
    let before = observed.both_of(&["n1", "n200", "x"]);
    launch
        .write("mesh/a.yaml", &entries(names.iter().copied().skip(102)))
        .unwrap();
    observed.until_reason("held: 102 of 201 items are gone");
    assert_eq!(observed.both_of(&["n1", "n200", "x"]), before);
    observed.callsign.signal("HUP").unwrap();
    observed.until("released", |o| !o.is_answered("n1"));
    assert_eq!(observed.both_of(&["n200"]), before[2..4]);
    observed.until_content();
}

#[test]
fn a_loss_of_a_hundred_or_of_half_is_taken_at_once() {
    let names: Vec<String> = (0..210).map(|n| format!("n{n}")).collect();
    let launch = configured(CONFIG).unwrap();
    let write = |skipped: usize| {
        let names = names.iter().map(String::as_str).skip(skipped);
        launch.write("mesh/a.yaml", &entries(names)).unwrap();
    };
    write(0);
    let mut observed = Observed::start(&launch).unwrap();
    for skipped in [105, 205] {
        write(skipped);
        let last_gone = &names[skipped - 1];
        observed.until("gone", |o| !o.is_answered(last_gone));
        assert!(observed.is_answered("n209"));
    }
}

#[test]
fn an_object_with_an_invalid_field_keeps_its_last_good_form_alone() {
    let launch = configured(CONFIG).unwrap();
    let text = |elm: &str, oak: &str| {
        let elm = service_entry_at("elm", &host("elm"), elm);
        documents([
            elm,
            service_entry_at("oak", &host("oak"), oak),
            entries(["yew"]),
        ])
    };
    let file = launch
        .write("mesh/a.yaml", &text("10.0.0.1", "10.0.1.1"))
        .unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    let yew = observed.both_of(&["yew"]);
    launch
        .write("mesh/a.yaml", &text("10.0.0.256", "10.0.1.2"))
        .unwrap();
    observed.until_addresses(&host("oak"), "A", &["10.0.1.2"]);
    observed.until_addresses(&host("elm"), "A", &["10.0.0.1"]);
    assert_eq!(observed.both_of(&["yew"]), yew);
    let readiness = observed.readiness();
    assert!(readiness.is_ready(), "{readiness:?}");
    let said = format!(
        "{}:13:15: ServiceEntry shop/elm: spec.addresses[0]: ",
        file.display()
    );
    assert_eq!(readiness.reasons.len(), 1, "{readiness:?}");
    assert!(readiness.reasons[0].starts_with(&said), "{readiness:?}");
    launch
        .write("mesh/a.yaml", &text("10.0.0.3", "10.0.1.2"))
        .unwrap();
    observed.until_addresses(&host("elm"), "A", &["10.0.0.3"]);
    observed.until_content();
}

#[test]
fn a_document_that_does_not_parse_freezes_its_file_alone() {
    let launch = configured(CONFIG).unwrap();
    launch
        .write("mesh/a.yaml", &entries(["elm", "oak"]))
        .unwrap();
    launch.write("mesh/b.yaml", &entries(["yew"])).unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    let before = observed.both_of(&["elm", "oak", "yew"]);
    let broken = documents([entries(["elm"]), "kind: [\n".to_owned(), entries(["new"])]);
    let file = launch.write("mesh/a.yaml", &broken).unwrap();
    launch
        .write("mesh/b.yaml", &entries(["yew", "ash"]))
        .unwrap();
    observed.until_reason(&format!("{}:14:", file.display()));
    observed.until("the other file is read", |o| o.is_answered("ash"));
    assert_eq!(observed.both_of(&["elm", "oak", "yew"]), before);
    assert!(!observed.is_answered("new"));
    launch
        .write("mesh/a.yaml", &entries(["elm", "new"]))
        .unwrap();
    observed.until("mended", |o| o.is_answered("new") && !o.is_answered("oak"));
    observed.until_content();
}

/// Two unreadable versions in a row: what is said is what the newer one has wrong.
#[test]
fn a_file_that_stays_unreadable_is_told_by_its_newest_fault() {
    let launch = configured(CONFIG).unwrap();
    let file = launch.write("mesh/a.yaml", &entries(["elm"])).unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    for lines in [1, 4, 2] {
        let mut octets = b"#\n".repeat(lines);
        octets.push(0xff);
        std::fs::write(&file, octets).unwrap();
        observed.until_reason(&format!("{}:{}:1: is not UTF-8", file.display(), lines + 1));
        assert!(observed.is_answered("elm"));
    }
}

#[test]
fn a_path_that_stays_unreadable_is_told_by_its_newest_fault() {
    let launch = configured(CONFIG).unwrap();
    let mesh = launch.folder().join("mesh");
    launch.write("mesh/a.yaml", &entries(["elm"])).unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    std::fs::remove_dir_all(&mesh).unwrap();
    observed.until_reason("No such file");
    // A link to itself.
    symlink("mesh", &mesh).unwrap();
    observed.until("the newer fault", |o| {
        let readiness = o.readiness();
        readiness.says("cannot be read") && !readiness.says("No such file")
    });
    assert!(observed.is_answered("elm"));
}

#[test]
fn a_name_table_entry_loses_the_bad_address_alone() {
    let launch = configured(&CONFIG.replace("[mesh]", "[table.json]")).unwrap();
    let text = |bad: &str| {
        format!(
            "{{\"table\": {{\n\"a.mesh.test\": {{\"ips\": [\"10.0.0.1\", \"{bad}\"]}},\n\
             \"b.mesh.test\": {{\"ips\": [\"10.0.0.9\"]}}}}}}\n"
        )
    };
    let file = launch.write("table.json", &text("10.0.0.2")).unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    assert_eq!(observed.addresses("a.mesh.test", "A").len(), 2);
    launch.write("table.json", &text("10.0.0")).unwrap();
    observed.until_addresses("a.mesh.test", "A", &["10.0.0.1"]);
    assert_eq!(observed.addresses("b.mesh.test", "A").len(), 1);
    let readiness = observed.readiness();
    assert!(readiness.is_ready(), "{readiness:?}");
    assert!(
        readiness.says(&format!("{}:2:37: warning: ", file.display())),
        "{readiness:?}"
    );
}

#[test]
fn before_the_first_table_our_names_fail_and_the_rest_is_forwarded() {
    let upstream = Upstream::start(Script::Names(Names::default())).unwrap();
    let config = CONFIG.replace("none", &upstream.address().to_string());
    let launch = configured(&config).unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    for name in ["web.mesh.test", "mesh.test", "web.shop.svc.cluster.local"] {
        let mut question = tests::Question::new(name, "A").unwrap();
        question.edns_udp_size = Some(1232);
        let reply = question
            .ask(observed.callsign.address(), dns_core::Transport::Udp)
            .unwrap();
        assert_eq!(
            reply.message.metadata.response_code,
            ResponseCode::ServFail,
            "{name}"
        );
        assert_eq!(reply.extended_error(), Some(NOT_READY), "{name}");
    }
    assert_eq!(upstream.asked_total(), 0);
    assert_eq!(
        observed.rcode("www.example.net", "A"),
        ResponseCode::NXDomain
    );
    assert_eq!(upstream.asked_total(), 1);
    let readiness = observed.readiness();
    assert_eq!(readiness.code, 503);
    let mesh = launch.folder().join("mesh").display().to_string();
    assert!(readiness.says(&mesh), "{readiness:?}");
    let (code, text) = tests::admin::get(observed.admin(), "/readyz").unwrap();
    assert!(code == 503 && text.contains(&mesh), "{text}");
    assert_eq!(
        tests::admin::get(observed.admin(), "/livez").unwrap().0,
        200
    );

    launch.write("mesh/a.yaml", &entries(["web"])).unwrap();
    observed.until("served", |o| o.is_answered("web"));
    observed.until_content();
    assert_eq!(
        observed.rcode("none.mesh.test", "A"),
        ResponseCode::NXDomain
    );
    assert_eq!(
        observed.rcode("none.shop.svc.cluster.local", "A"),
        ResponseCode::NXDomain
    );
    assert_eq!(upstream.asked_total(), 2);
}

/// One source is missing at the first start, the other is there: what is known is answered.
#[test]
fn a_source_that_was_never_there_does_not_hide_the_others() {
    let launch = configured(&CONFIG.replace("[mesh]", "[mesh, later]")).unwrap();
    launch.write("mesh/a.yaml", &entries(["elm"])).unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    assert!(observed.is_answered("elm"));
    assert_eq!(observed.rcode(&host("oak"), "A"), ResponseCode::ServFail);
    let readiness = observed.readiness();
    assert_eq!(readiness.code, 503, "{readiness:?}");
    launch.write("later/b.yaml", &entries(["oak"])).unwrap();
    observed.until("the later source", |o| o.is_answered("oak"));
    observed.until_content();
    assert_eq!(observed.rcode(&host("fir"), "A"), ResponseCode::NXDomain);
}

/// A broken input at the first start: what parses is served, and it is not ready.
#[test]
fn a_first_start_serves_what_parses_and_is_not_ready() {
    let launch = configured(CONFIG).unwrap();
    let bad = service_entry_at("bad", &host("bad"), "10.0.0");
    let file = launch
        .write("mesh/a.yaml", &documents([entries(["elm"]), bad]))
        .unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    assert!(observed.is_answered("elm"));
    let readiness = observed.readiness();
    assert_eq!(readiness.code, 503, "{readiness:?}");
    let place = format!(
        "{}:26:15: ServiceEntry shop/bad: spec.addresses[0]",
        file.display()
    );
    assert!(readiness.says(&place), "{readiness:?}");
    launch
        .write("mesh/a.yaml", &entries(["elm", "bad"]))
        .unwrap();
    observed.until_content();
    assert!(observed.is_answered("bad"));
}
