//! Changes of the inputs while the process runs.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use hickory_proto::op::ResponseCode;
use std::os::unix::fs::symlink;
use tests::Observed;
use tests::mesh::{CONFIG, configured, entries, host};
use tests::objects::{documents, service, service_entry_at};

#[test]
fn an_edited_file_is_answered() {
    let launch = configured(CONFIG).unwrap();
    launch
        .write(
            "mesh/web.yaml",
            &service_entry_at("web", &host("web"), "10.0.0.1"),
        )
        .unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    assert_eq!(observed.addresses(&host("web"), "A").len(), 1);
    for edit in 2..6 {
        let address = format!("10.0.0.{edit}");
        let text = service_entry_at("web", &host("web"), &address);
        if edit % 2 == 0 {
            launch.write("mesh/web.yaml", &text).unwrap();
        } else {
            // In place, as some editors write.
            std::fs::write(launch.folder().join("mesh/web.yaml"), text).unwrap();
        }
        observed.until_addresses(&host("web"), "A", &[&address]);
    }
    observed.until_content();
}

#[test]
fn reordered_renamed_split_and_joined_files_move_no_address() {
    let names = ["ash", "birch", "cedar", "elm", "fir", "oak", "pine", "yew"];
    let launch = configured(CONFIG).unwrap();
    launch.write("mesh/trees.yaml", &entries(names)).unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    let before = observed.both_of(&names);
    let folder = launch.folder().join("mesh");
    // Each step brings a name of its own, by which it is seen that the step has been read.
    launch
        .write(
            "mesh/trees.yaml",
            &entries(names.into_iter().rev().chain(["step1"])),
        )
        .unwrap();
    observed.until("reordered", |o| o.is_answered("step1"));
    assert_eq!(observed.both_of(&names), before);

    std::fs::rename(folder.join("trees.yaml"), folder.join("a.yaml")).unwrap();
    launch.write("mesh/b.yaml", &entries(["step2"])).unwrap();
    observed.until("renamed", |o| o.is_answered("step2"));
    assert_eq!(observed.both_of(&names), before);

    launch
        .write("mesh/0.yaml", &entries(names.into_iter().skip(4)))
        .unwrap();
    launch
        .write(
            "mesh/a.yaml",
            &entries(names.into_iter().take(4).chain(["step3"])),
        )
        .unwrap();
    observed.until("split", |o| o.is_answered("step3"));
    assert_eq!(observed.both_of(&names), before);

    std::fs::remove_file(folder.join("0.yaml")).unwrap();
    launch
        .write("mesh/a.yaml", &entries(names.into_iter().chain(["step4"])))
        .unwrap();
    observed.until("joined", |o| o.is_answered("step4"));
    assert_eq!(observed.both_of(&names), before);
}

#[test]
fn entries_that_come_and_go_move_no_other_address() {
    let stay = ["elm", "oak", "yew"];
    // So few addresses that the names that come and go collide with those that stay.
    let pools = "vips: {pools: {names: [250.0.0.0/26, '2001:2:0:8000::/122']}}\n";
    let launch = configured(&format!("{CONFIG}{pools}")).unwrap();
    launch.write("mesh/stay.yaml", &entries(stay)).unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    let before = observed.both_of(&stay);
    for round in 0..5 {
        let names: Vec<String> = (0..8).map(|n| format!("a{n}-{round}")).collect();
        launch
            .write("mesh/a.yaml", &entries(names.iter().map(String::as_str)))
            .unwrap();
        let last = names.last().unwrap();
        observed.until("the round's names", |o| o.is_answered(last));
        assert_eq!(observed.both_of(&stay), before);
        let all: Vec<&str> = names.iter().map(String::as_str).chain(stay).collect();
        let mut distinct = observed.both_of(&all).concat();
        distinct.sort();
        distinct.dedup();
        assert_eq!(
            distinct.len(),
            2 * all.len(),
            "every name has addresses of its own"
        );
    }
    std::fs::remove_file(launch.folder().join("mesh/a.yaml")).unwrap();
    observed.until("gone", |o| {
        o.rcode(&host("a0-4"), "A") == ResponseCode::NXDomain
    });
    assert_eq!(observed.both_of(&stay), before);
}

/// Kubernetes mounts a ConfigMap as `objects.yaml -> ..data/objects.yaml` and
/// `..data -> ..2026_01`, and replaces `..data` alone.
#[test]
fn a_config_map_that_is_swapped_is_seen() {
    let launch = configured(CONFIG).unwrap();
    let mount = launch.folder().join("mesh");
    launch
        .write("mesh/..1/objects.yaml", &entries(["web", "old"]))
        .unwrap();
    symlink("..1", mount.join("..data")).unwrap();
    symlink("..data/objects.yaml", mount.join("objects.yaml")).unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    let before = observed.both_of(&["web"]);
    for version in 2..5 {
        let new = format!("new{version}");
        launch
            .write(
                &format!("mesh/..{version}/objects.yaml"),
                &entries(["web", &new]),
            )
            .unwrap();
        symlink(format!("..{version}"), mount.join("..data_tmp")).unwrap();
        std::fs::rename(mount.join("..data_tmp"), mount.join("..data")).unwrap();
        std::fs::remove_dir_all(mount.join(format!("..{}", version - 1))).unwrap();
        observed.until("the swap", |o| o.is_answered(&new));
        assert_eq!(observed.both_of(&["web"]), before);
    }
    assert_eq!(observed.rcode(&host("old"), "A"), ResponseCode::NXDomain);
    observed.until_content();
}

#[test]
fn a_source_that_is_one_file_behind_a_symlink_is_followed() {
    let launch = configured(&CONFIG.replace("[mesh]", "[mount/objects.yaml]")).unwrap();
    let mount = launch.folder().join("mount");
    launch
        .write("mount/..1/objects.yaml", &entries(["old"]))
        .unwrap();
    symlink("..1", mount.join("..data")).unwrap();
    symlink("..data/objects.yaml", mount.join("objects.yaml")).unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    assert!(observed.is_answered("old"));
    launch
        .write("mount/..2/objects.yaml", &entries(["new"]))
        .unwrap();
    symlink("..2", mount.join("..data_tmp")).unwrap();
    std::fs::rename(mount.join("..data_tmp"), mount.join("..data")).unwrap();
    observed.until("the swap", |o| {
        o.is_answered("new") && !o.is_answered("old")
    });
}

#[test]
fn one_of_several_files_deleted_is_a_removal() {
    let launch = configured(CONFIG).unwrap();
    launch.write("mesh/a.yaml", &entries(["elm"])).unwrap();
    let b = launch.write("mesh/b.yaml", &entries(["oak"])).unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    let before = observed.both_of(&["elm"]);
    std::fs::remove_file(b).unwrap();
    observed.until("gone", |o| {
        o.rcode(&host("oak"), "A") == ResponseCode::NXDomain
    });
    assert_eq!(observed.both_of(&["elm"]), before);
    observed.until_content();
}

#[test]
fn a_hosts_file_is_followed() {
    let launch = configured("hosts: [hosts]\nzones: [mesh.test]\nupstreams: none\n").unwrap();
    launch.write("hosts", "10.0.0.1 a.mesh.test\n").unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    launch
        .write("hosts", "10.0.0.2 a.mesh.test b.mesh.test # two\n")
        .unwrap();
    observed.until_addresses("a.mesh.test", "A", &["10.0.0.2"]);
    observed.until_addresses("b.mesh.test", "A", &["10.0.0.2"]);
}

#[test]
fn objects_count_before_name_tables_and_those_before_hosts() {
    let config = CONFIG.replace("[mesh]", "[table.json, mesh]") + "hosts: [hosts]\n";
    let launch = configured(&config).unwrap();
    let name = "a.mesh.test";
    let object = service_entry_at("a", name, "10.0.0.1");
    launch
        .write("hosts", &format!("10.2.0.1 {name}\n"))
        .unwrap();
    let pushed = format!(r#"{{"{name}": {{"ips": ["10.1.0.1"]}}}}"#);
    launch.write("table.json", &pushed).unwrap();
    launch
        .write("mesh/a.yaml", &documents([object, entries(["stays"])]))
        .unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    observed.until_addresses(name, "A", &["10.0.0.1"]);
    launch.write("mesh/a.yaml", &entries(["stays"])).unwrap();
    observed.until_addresses(name, "A", &["10.1.0.1"]);
    launch
        .write("table.json", r#"{"b.mesh.test": {"ips": ["10.1.0.2"]}}"#)
        .unwrap();
    observed.until_addresses(name, "A", &["10.2.0.1"]);
    launch
        .write("mesh/a.yaml", &service_entry_at("a", name, "10.0.0.4"))
        .unwrap();
    observed.until_addresses(name, "A", &["10.0.0.4"]);
}

#[test]
fn a_pod_that_comes_into_the_pods_file_has_its_view_and_loses_it() {
    let config = format!(
        "{CONFIG}views:\n  default: refuse\n  networks:\n  - {{cidr: 127.9.0.0/16}}\n  \
         pods_file: pods.yaml\n"
    );
    let launch = configured(&config).unwrap();
    launch
        .write("mesh/web.yaml", &service("web", "10.96.0.1"))
        .unwrap();
    launch.write("pods.yaml", "[]\n").unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    // The test's questions come from 127.0.0.1.
    assert_eq!(observed.rcode("web", "A"), ResponseCode::Refused);
    launch
        .write("pods.yaml", "- {ip: 127.0.0.1, namespace: shop}\n")
        .unwrap();
    observed.until_addresses("web", "A", &["10.96.0.1"]);
    launch
        .write("pods.yaml", "- {ip: 127.0.0.1, namespace: bank}\n")
        .unwrap();
    observed.until_addresses("web", "A", &[]);
    assert_eq!(observed.addresses("web.shop", "A").len(), 1);
    // A broken file leaves what it said before.
    let pods = launch
        .write("pods.yaml", "- {ip: 127.0.0.1, namespace: [\n")
        .unwrap();
    observed.until_reason(&format!("{}:1:", pods.display()));
    assert_eq!(observed.addresses("web.shop", "A").len(), 1);
    // So does one that is empty, until it says that there are none.
    launch.write("pods.yaml", "\n").unwrap();
    observed.until_reason("pods.yaml: warning: is empty");
    assert_eq!(observed.addresses("web.shop", "A").len(), 1);
    launch.write("pods.yaml", "[]\n").unwrap();
    observed.until("refused", |o| {
        o.rcode("web.shop", "A") == ResponseCode::Refused
    });
    observed.until_content();
}

/// The list of networks is part of the configuration, which is followed like the other files.
#[test]
fn a_network_that_comes_into_the_views_has_its_view() {
    let config = |networks: &str| format!("{CONFIG}views:\n  networks: [{networks}]\n");
    let launch = configured(&config("{cidr: 127.9.0.0/16}")).unwrap();
    launch
        .write("mesh/web.yaml", &service("web", "10.96.0.1"))
        .unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    assert_eq!(observed.rcode("web", "A"), ResponseCode::Refused);
    let networks = "{cidr: 127.0.0.0/8, namespace: bank}, {cidr: 127.0.0.0/24, namespace: shop}";
    launch.write("callsign.yaml", &config(networks)).unwrap();
    observed.until_addresses("web", "A", &["10.96.0.1"]);
    launch
        .write("callsign.yaml", &config("{cidr: 127.9.0.0/16}"))
        .unwrap();
    observed.until("refused", |o| {
        o.rcode("web.shop", "A") == ResponseCode::Refused
    });
}

#[test]
fn a_source_that_leaves_the_configuration_is_gone_and_not_held() {
    let both = CONFIG.replace("[mesh]", "[mesh, more]");
    let launch = configured(&both).unwrap();
    launch.write("mesh/a.yaml", &entries(["elm"])).unwrap();
    launch.write("more/b.yaml", &entries(["oak"])).unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    let before = observed.both_of(&["elm", "oak"]);
    launch.write("callsign.yaml", CONFIG).unwrap();
    observed.until("gone", |o| {
        o.rcode(&host("oak"), "A") == ResponseCode::NXDomain
    });
    observed.until_content();
    launch.write("callsign.yaml", &both).unwrap();
    observed.until("back", |o| o.is_answered("oak"));
    assert_eq!(observed.both_of(&["elm", "oak"]), before);
}

#[test]
fn of_many_edits_in_a_row_the_last_one_stays() {
    let launch = configured(CONFIG).unwrap();
    launch
        .write(
            "mesh/web.yaml",
            &service_entry_at("web", &host("web"), "10.0.0.1"),
        )
        .unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    for edit in 0..200 {
        let text = service_entry_at("web", &host("web"), &format!("10.0.1.{edit}"));
        launch.write("mesh/web.yaml", &text).unwrap();
    }
    observed.until_addresses(&host("web"), "A", &["10.0.1.199"]);
    observed.until_content();
}

/// The servers of a resolv.conf have port 53, which no test may have; that they are asked is seen
/// by the code: nobody listens there, and nobody to ask is REFUSED.
#[test]
fn a_resolv_conf_is_followed() {
    let launch = configured("resolv_conf: resolv.conf\nzones: [mesh.test]\n").unwrap();
    launch.write("resolv.conf", "# nobody yet\n").unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    assert_eq!(
        observed.rcode("www.example.net", "A"),
        ResponseCode::Refused
    );
    launch
        .write("resolv.conf", "nameserver 127.77.77.77\n")
        .unwrap();
    observed.until("a server to ask", |o| {
        o.rcode("www.example.net", "A") == ResponseCode::ServFail
    });
    // A file that is gone leaves the servers it had.
    std::fs::remove_file(launch.folder().join("resolv.conf")).unwrap();
    observed.until_reason("resolv.conf: ");
    assert_eq!(
        observed.rcode("www.example.net", "A"),
        ResponseCode::ServFail
    );
    // One without servers leaves them, too, until somebody says that it is meant.
    launch.write("resolv.conf", "\n").unwrap();
    observed.until_reason("names no server");
    assert_eq!(
        observed.rcode("www.example.net", "A"),
        ResponseCode::ServFail
    );
    observed.callsign.signal("HUP").unwrap();
    observed.until("nobody to ask", |o| {
        o.rcode("www.example.net", "A") == ResponseCode::Refused
    });
}
