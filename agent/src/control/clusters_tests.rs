//! Folders of clusters that come, go and break.

use super::tests::{World, notes, states};
use super::*;
use crate::app::{self, ConfirmError};
use crate::generations::GenerationId;
use crate::sources::CLUSTERS_MAX;

const CONFIG: &str = "clusters: clusters\ncluster: east\nupstreams: none\n";

/// Two clusters with a host each.
fn world() -> World {
    let world = World::new();
    world.write("clusters/east/a.yaml", &World::entry("a.test"));
    world.write("clusters/west/b.yaml", &World::entry("b.test"));
    world
}

fn clusters(control: &Control) -> Vec<String> {
    let compiler = control.insight().compiler;
    compiler.clusters().map(ToString::to_string).collect()
}

fn objects(control: &Control, cluster: &str) -> usize {
    let clusters = control.insight().clusters();
    clusters.get(cluster).map_or(0, |input| input.objects.len())
}

fn held(control: &Control) -> Option<GenerationId> {
    control.insight().generations.held().map(|held| held.id)
}

fn reasons(control: &Control) -> String {
    control.status().load().reasons().join("\n")
}

#[test]
fn every_folder_is_a_cluster_and_a_new_one_is_taken_up() {
    let world = world();
    let mut control = world.start(CONFIG);
    assert_eq!(clusters(&control), ["east", "west"]);
    assert_eq!((reasons(&control), notes(&control)), Default::default());
    world.write("clusters/north/c.yaml", &World::entry("c.test"));
    assert_eq!(control.refresh(Holds::Keep), Refresh::Changed);
    assert_eq!(clusters(&control), ["east", "north", "west"]);
    assert_eq!(control.refresh(Holds::Keep), Refresh::Same);
}

#[test]
fn the_own_cluster_is_read_however_many_come_before_it() {
    let world = World::new();
    for number in 0..CLUSTERS_MAX {
        std::fs::create_dir_all(world.path(&format!("clusters/c{number:04}"))).unwrap();
    }
    world.write("clusters/own/a.yaml", &World::entry("a.test"));
    let control = world.start("clusters: clusters\ncluster: own\nupstreams: none\n");
    assert_eq!(objects(&control, "own"), 1);
}

#[test]
fn objects_of_no_cluster_folder_are_of_the_own_cluster() {
    let world = world();
    world.write("more.yaml", &World::entry("more.test"));
    let control = world.start(&format!("{CONFIG}tables: more.yaml\n"));
    assert_eq!(objects(&control, "east"), 2);
    assert_eq!(objects(&control, "west"), 1);
    let alone = World::new();
    alone.write("more.yaml", &World::entry("more.test"));
    let control = alone.start("tables: more.yaml\nupstreams: none\n");
    let status = control.status().load_full();
    let entries = status.table().entries();
    assert_eq!(
        entries[0].source.cluster, None,
        "a cluster of no name is not shown"
    );
    assert!(
        entries[0]
            .endpoints
            .iter()
            .all(|endpoint| endpoint.cluster.is_none())
    );
}

#[test]
fn a_cluster_that_is_gone_or_empty_is_held_on_its_own_until_it_is_confirmed() {
    for empties in [true, false] {
        let world = world();
        let mut control = world.start(CONFIG);
        control.settle();
        if empties {
            std::fs::remove_file(world.path("clusters/west/b.yaml")).unwrap();
        } else {
            std::fs::remove_dir_all(world.path("clusters/west")).unwrap();
        }
        control.refresh(Holds::Keep);
        assert_eq!(
            (objects(&control, "east"), objects(&control, "west")),
            (1, 1)
        );
        let id = held(&control).unwrap();
        let told = notes(&control);
        assert!(told.contains("clusters/west: held: "), "{told}");
        assert!(told.contains(&format!("confirm {id}")), "{told}");
        assert!(!told.contains("clusters/east"), "{told}");
        assert_eq!(states(&control), ["live"], "the own cluster is well");
        // After a restart it is the same.
        drop(control);
        let mut control = world.start(CONFIG);
        control.settle();
        assert_eq!(objects(&control, "west"), 1);
        assert_eq!(held(&control), Some(id));
        assert_eq!(control.confirm("00000000"), Err(NotConfirmed::Other(id)));
        assert_eq!(control.confirm(&id.to_string()), Ok(id));
        assert_eq!(objects(&control, "west"), 0);
        assert_eq!(control.insight().generations.current().unwrap().id, id);
        assert_eq!(held(&control), None);
        let is_known = clusters(&control).contains(&"west".to_owned());
        assert_eq!(is_known, empties, "a cluster without a folder is forgotten");
        assert_eq!(notes(&control).contains("west: has no objects"), empties);
        drop(control);
        assert_eq!(objects(&world.start(CONFIG), "west"), 0);
    }
}

#[test]
fn a_confirmation_is_for_what_was_looked_at() {
    let world = world();
    let mut control = world.start(CONFIG);
    control.settle();
    std::fs::remove_dir_all(world.path("clusters/west")).unwrap();
    control.refresh(Holds::Keep);
    let looked_at = held(&control).unwrap();
    world.write("clusters/east/more.yaml", &World::entry("more.test"));
    let now = match control.confirm(&looked_at.to_string()) {
        Err(NotConfirmed::Other(now)) => now,
        other => panic!("{other:?}"),
    };
    assert_eq!(held(&control), Some(now));
    assert_eq!(objects(&control, "west"), 1);
}

#[test]
fn without_an_agent_the_state_folder_takes_the_confirmation() {
    let world = world();
    let config = world.config(CONFIG);
    let mut control = world.start(CONFIG);
    control.settle();
    std::fs::remove_dir_all(world.path("clusters/west")).unwrap();
    control.refresh(Holds::Keep);
    let id = held(&control).unwrap();
    let refused = app::confirm(&config, "held");
    assert!(
        matches!(refused, Err(ConfirmError::InUse(_))),
        "an agent runs"
    );
    drop(control);
    assert_eq!(app::confirm(&config, &id.to_string()).unwrap(), id);
    let again = app::confirm(&config, "held");
    let nothing = NotConfirmed::NothingHeld;
    assert!(matches!(again, Err(ConfirmError::NotConfirmed(found)) if found == nothing));
    let mut control = world.start(CONFIG);
    control.settle();
    assert_eq!((held(&control), objects(&control, "west")), (None, 0));
}

#[test]
fn a_broken_object_is_served_as_it_was_and_named_with_its_cluster() {
    let world = world();
    let mut control = world.start(CONFIG);
    control.settle();
    let broken = World::entry("a.test").replace("192.0.2.1", "nonsense/9");
    let broken = broken.replace("hosts: [a.test]", "hosts: ['a..test']");
    world.write("clusters/east/a.yaml", &broken);
    control.refresh(Holds::Keep);
    let told = notes(&control);
    assert!(told.contains("clusters/east/a.yaml:5:"), "{told}");
    assert!(
        told.contains("east: ServiceEntry shop/a.test: spec.hosts[0]: "),
        "{told}"
    );
    assert_eq!(states(&control), ["stale"]);
    assert_eq!(objects(&control, "east"), 1);
    assert_eq!(held(&control), None);
}

#[test]
fn an_own_cluster_without_a_folder_is_served_and_is_not_ready() {
    let world = world();
    std::fs::remove_dir_all(world.path("clusters/east")).unwrap();
    let mut control = world.start(CONFIG);
    assert!(
        reasons(&control).contains("cluster east: "),
        "{}",
        reasons(&control)
    );
    assert_eq!(objects(&control, "west"), 1);
    world.write("clusters/east/a.yaml", &World::entry("a.test"));
    control.refresh(Holds::Keep);
    assert_eq!(reasons(&control), "");
}

#[test]
fn a_folder_of_clusters_that_is_not_there_keeps_the_process_from_being_ready() {
    let control = World::new().start(CONFIG);
    assert!(
        reasons(&control).contains("clusters: cannot be read"),
        "{}",
        reasons(&control)
    );
}

#[test]
fn what_belongs_to_no_cluster_is_told() {
    let world = world();
    world.write("clusters/stray.yaml", &World::entry("stray.test"));
    let control = world.start(CONFIG);
    assert!(notes(&control).contains("stray.yaml: clusters: belongs to no cluster"));
    assert_eq!(reasons(&control), "");
}

#[test]
fn clusters_leave_with_the_configuration() {
    let world = world();
    let mut control = world.start(CONFIG);
    world.write("others/south/d.yaml", &World::entry("d.test"));
    let others = world.config(&CONFIG.replace("clusters: clusters", "clusters: others"));
    control.reconfigure(others, Holds::Keep).unwrap();
    assert_eq!(clusters(&control), ["east", "south"]);
    assert_eq!(held(&control), None);
}
