use super::*;
use crate::cli::AgentFlags;
use crate::config::tests::environment;
use tempfile::TempDir;

pub(crate) struct World {
    folder: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        World {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// A ServiceEntry for a host, whose address is allotted.
    pub(crate) fn entry(host: &str) -> String {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
             metadata: {{name: {host}, namespace: shop}}\n\
             spec:\n  hosts: [{host}]\n  ports: [{{number: 80, name: http}}]\n  \
             resolution: STATIC\n  endpoints: [{{address: 192.0.2.1}}]\n---\n"
        )
    }

    pub(crate) fn config(&self, text: &str) -> Config {
        let text = format!("state_dir: state\n{text}");
        let file = self.path("callsign.yaml");
        let flags = AgentFlags::default();
        Config::from_text(text.as_bytes(), &file, &flags, &environment()).unwrap()
    }

    pub(crate) fn start(&self, text: &str) -> Control {
        let config = self.config(text);
        let listen = config.listen.clone();
        Control::start(config, StateAccess::Write, listen, 1).unwrap()
    }

    /// As a command would.
    pub(crate) fn look(&self, text: &str) -> Control {
        Control::start(self.config(text), StateAccess::ReadOnly, Vec::new(), 1).unwrap()
    }
}

pub(super) fn names(control: &Control) -> Vec<String> {
    let status = control.status().load_full();
    let entries = status.table().entries();
    entries.iter().map(|entry| entry.name.to_string()).collect()
}

pub(super) fn notes(control: &Control) -> String {
    control.status().load().notes().join("\n")
}

#[test]
fn who_does_not_own_the_state_folder_keeps_no_last_good_content_in_it() {
    let world = World::new();
    world.write("hosts", "192.0.2.1 a.test\n");
    let owner = LedgerStore::open(&world.path("state"), dns_core::vip::VipConfig::default());
    let text = "hosts: hosts\nupstreams: none\n";
    let mut control = world.start(text);
    control.settle();
    assert_eq!(names(&control), ["a.test"]);
    assert!(!world.path("state/sources").exists());
    drop(owner);
    world.start(text).settle();
    assert!(world.path("state/sources").exists());
}

#[test]
fn a_resolv_conf_without_servers_is_held_until_it_is_confirmed() {
    let world = World::new();
    world.write("resolv.conf", "nameserver 192.0.2.53\n");
    let mut control = world.start("resolv_conf: resolv.conf\n");
    let kept = control.small_files.servers().to_vec();
    assert_eq!(kept.len(), 1);
    world.write("resolv.conf", "\n");
    control.refresh(Holds::Keep);
    assert_eq!(control.small_files.servers(), kept);
    assert!(notes(&control).contains("names no server; its 1 from before are kept"));
    let same = world.config("resolv_conf: resolv.conf\n");
    control.reconfigure(same, Holds::Release).unwrap();
    assert!(control.small_files.servers().is_empty());
    assert_eq!(notes(&control), "");
}

#[test]
fn a_resolv_conf_that_never_had_a_server_is_told() {
    let world = World::new();
    world.write("resolv.conf", "# nobody\n");
    let control = world.start("resolv_conf: resolv.conf\n");
    assert!(notes(&control).contains("names that are not ours are refused"));
}

#[test]
fn small_files_that_leave_the_configuration_leave_nothing_behind() {
    let world = World::new();
    world.write("pods.yaml", "- {ip: 10.1.2.3}\n- {ip: nonsense}\n");
    let text = "resolv_conf: gone\nviews: {pods_file: pods.yaml}\n";
    let mut control = world.start(text);
    assert_eq!(control.small_files.pods().len(), 1);
    assert!(notes(&control).contains("gone: "));
    let without = world.config("upstreams: none\nviews: {default: refuse}\n");
    control.reconfigure(without, Holds::Keep).unwrap();
    assert!(control.small_files.pods().is_empty());
    assert_eq!(notes(&control), "");
}

#[test]
fn a_path_that_becomes_another_kind_of_source_is_read_as_that() {
    let world = World::new();
    world.write("a.yaml", "192.0.2.1 a.test\n");
    let mut control = world.start("tables: a.yaml\nupstreams: none\n");
    assert_eq!(names(&control), Vec::<String>::new());
    let as_hosts = world.config("hosts: a.yaml\nupstreams: none\n");
    control.reconfigure(as_hosts, Holds::Keep).unwrap();
    assert_eq!(names(&control), ["a.test"]);
}

#[test]
fn name_tables_are_read_again_for_another_domain() {
    let world = World::new();
    let host = r#"{"ips": ["10.96.0.1"], "registry": "Kubernetes", "altHosts": ["web.test"]}"#;
    let table = format!(r#"{{"table": {{"web.shop.svc.mesh.test": {host}}}}}"#);
    world.write("table.json", &table);
    let mut control = world.start("tables: table.json\nupstreams: none\n");
    assert_eq!(names(&control), ["web.shop.svc.mesh.test"]);
    let moved = world.config("tables: table.json\nupstreams: none\ndomain: mesh.test\n");
    control.reconfigure(moved, Holds::Keep).unwrap();
    let only_hosts_below_the_domain_have_aliases = ["web.shop.svc.mesh.test", "web.test"];
    assert_eq!(names(&control), only_hosts_below_the_domain_have_aliases);
}

#[test]
fn keys_that_need_a_restart_are_named_until_there_is_one() {
    let world = World::new();
    let mut control = world.start("upstreams: none\n");
    let changed = "upstreams: none\nworkers: 7\nlimits: {tcp_idle: 30s}\n";
    for _ in 0..2 {
        let fixed = control.reconfigure(world.config(changed), Holds::Keep);
        assert_eq!(fixed.unwrap(), ["workers", "limits of sockets"]);
    }
}

#[test]
fn an_upstream_where_we_listen_since_the_start_is_refused_by_a_reload() {
    let world = World::new();
    let mut control = world.start("listen: 127.0.0.1:15053\nupstreams: none\n");
    let circular = "listen: 127.0.0.1:15054\nzones: a.test\nupstreams: 127.0.0.1:15053\n";
    let refused = control.reconfigure(world.config(circular), Holds::Keep);
    assert!(refused.unwrap_err().reason.contains("this process itself"));
    assert!(control.config.zones.is_empty());
}

const HOSTS: &str = "hosts: hosts\nupstreams: none\n";

pub(super) fn states(control: &Control) -> Vec<&'static str> {
    let status = control.status().load_full();
    let entries = status.table().entries();
    entries.iter().map(|entry| entry.state.label()).collect()
}

#[test]
fn a_hosts_file_that_is_gone_is_served_stale_now_and_after_a_restart() {
    let world = World::new();
    world.write("hosts", "192.0.2.1 a.test\n192.0.2.2 a.test b.test\n");
    let mut control = world.start(HOSTS);
    control.settle();
    assert_eq!(states(&control), ["live", "live"]);
    std::fs::remove_file(world.path("hosts")).unwrap();
    control.refresh(Holds::Keep);
    assert_eq!(states(&control), ["stale", "stale"]);
    drop(control);
    let again = world.start(HOSTS);
    assert_eq!(names(&again), ["a.test", "b.test"]);
    assert_eq!(states(&again), ["stale", "stale"]);
}

#[test]
fn a_hosts_file_confirmed_to_be_gone_does_not_come_back_with_a_restart() {
    let world = World::new();
    world.write("hosts", "192.0.2.1 a.test\n");
    let mut control = world.start(HOSTS);
    control.settle();
    std::fs::remove_file(world.path("hosts")).unwrap();
    control.refresh(Holds::Release);
    control.refresh(Holds::Release);
    assert_eq!(names(&control), Vec::<String>::new());
    drop(control);
    assert_eq!(names(&world.start(HOSTS)), Vec::<String>::new());
}

#[test]
fn a_hosts_file_that_breaks_while_nobody_looks_is_served_as_it_was() {
    let world = World::new();
    world.write("hosts", "192.0.2.1 a.test\n");
    world.start(HOSTS).settle();
    world.write("hosts", "192.0.2.1 a.test b.test\nnonsense\n");
    let control = world.start(HOSTS);
    assert_eq!(names(&control), ["a.test"]);
    assert_eq!(states(&control), ["stale"]);
    assert!(notes(&control).contains("hosts:2:1: "));
}

#[test]
fn a_loss_of_hosts_names_is_counted_in_names_and_not_in_lines() {
    let world = World::new();
    let lines = |names: u32| -> String {
        let lines = (0..names).flat_map(|i| {
            ["192.0.2", "198.51.100"].map(|net| format!("{net}.{} n{i}.test\n", i % 256))
        });
        lines.collect()
    };
    world.write("hosts", &lines(300));
    let mut control = world.start(HOSTS);
    world.write("hosts", &lines(140));
    control.refresh(Holds::Keep);
    assert!(notes(&control).contains("held: 160 of 300 items are gone"));
    assert_eq!(control.table.len(), 300);
    control.refresh(Holds::Release);
    assert_eq!(control.table.len(), 140);
    // More than half of the lines, but not more than a hundred names.
    world.write("hosts", &lines(40));
    control.refresh(Holds::Keep);
    assert_eq!(control.table.len(), 40);
}

#[test]
fn hosts_names_are_not_placed_again_when_another_file_changes() {
    let world = World::new();
    world.write("hosts", "192.0.2.1 a.test\n");
    world.write("table.json", "{}");
    let mut control = world.start("tables: table.json\nhosts: hosts\nupstreams: none\n");
    let before = Arc::clone(&control.table.hosts_lists()[0]);
    world.write("table.json", r#"{"b.test": {"ips": ["192.0.2.2"]}}"#);
    control.refresh(Holds::Keep);
    assert_eq!(names(&control), ["a.test", "b.test"]);
    assert!(Arc::ptr_eq(&before, &control.table.hosts_lists()[0]));
}

#[test]
fn replaced_tables_are_freed_by_the_next_look() {
    let world = World::new();
    world.write("hosts", "192.0.2.1 a.test\n");
    let mut control = world.start(HOSTS);
    let replaced = Arc::downgrade(&control.snapshots.load_full());
    world.write("hosts", "192.0.2.1 a.test b.test\n");
    control.refresh(Holds::Keep);
    assert!(replaced.upgrade().is_some(), "workers may still hold it");
    control.refresh(Holds::Keep);
    assert!(replaced.upgrade().is_none());
}
