//! Which checks have lines, and their ids.

use super::*;

#[test]
fn every_line_passes_where_all_is_well() {
    let lines = Mesh::sound().check(&[]);
    let odd: Vec<_> = lines
        .iter()
        .filter(|line| line.verdict != Verdict::Passed)
        .collect();
    assert!(odd.is_empty(), "{odd:#?}");
    for id in [
        CheckId::InputsValid,
        CheckId::NamesConflicts,
        CheckId::LinksCredentials,
        CheckId::GatewaysProbe,
        CheckId::PermissionsListWatch,
    ] {
        assert!(lines.iter().any(|line| line.id == id), "{id}");
    }
}

#[test]
fn what_needs_the_health_document_is_not_run_without_it() {
    let mut mesh = Mesh::sound();
    mesh.health = None;
    let lines = mesh.check(&[]);
    let not_run = lines.iter().filter(|line| line.verdict == Verdict::NotRun);
    let ids: Vec<_> = not_run.map(|line| line.id).collect();
    assert_eq!(
        ids,
        [
            CheckId::GatewaysProbe,
            CheckId::LinksCredentials,
            CheckId::PermissionsListWatch
        ]
    );
    assert_eq!(mesh.failed(), []);
}

#[test]
fn what_has_nothing_to_check_has_a_line_only_when_it_is_asked_for() {
    let mesh = Mesh::sound();
    let all = mesh.check(&[]);
    assert!(all.iter().all(|line| line.id != CheckId::AgentAnswers));
    let asked = mesh.check(&[CheckId::AgentAnswers]);
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].verdict, Verdict::NotRun);
    assert!(asked[0].reason.is_some());
}

#[test]
fn a_broken_object_is_named_with_its_field() {
    let mesh = Mesh::with_west(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\n\
         metadata: {name: pay-gw, namespace: payments}\n\
         spec: {servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: 7}]}\n",
    );
    let line = mesh.only_failure();
    assert_eq!(line.id, CheckId::InputsValid);
    assert_eq!(line.cluster.as_deref(), Some("west"));
    assert_eq!(line.object.as_deref(), Some("Gateway payments/pay-gw"));
    assert_eq!(line.field.as_deref(), Some("spec.servers[0].hosts"));
    assert!(line.location.unwrap().starts_with("west.yaml:"));
}

#[test]
fn a_process_fails_by_what_it_says_of_itself() {
    let mut mesh = Mesh::sound();
    mesh.process = Some(ServingProcess {
        stale: vec!["west: held: gone".to_owned()],
        ..ServingProcess::default()
    });
    assert_eq!(mesh.only_failure().id, CheckId::AgentTableFresh);
    mesh.process = Some(ServingProcess {
        not_ready: vec!["table: not every source has been read yet".to_owned()],
        ..ServingProcess::default()
    });
    assert_eq!(mesh.only_failure().id, CheckId::AgentAnswers);
    mesh.process = Some(ServingProcess {
        journal: Some("read-only file system".to_owned()),
        ..ServingProcess::default()
    });
    assert_eq!(mesh.only_failure().id, CheckId::AgentJournal);
    mesh.process = Some(ServingProcess::default());
    assert_eq!(mesh.failed(), []);
}

#[test]
fn ids_are_found_by_their_labels_and_none_is_twice() {
    for id in CheckId::ALL {
        assert_eq!(CheckId::of(id.label()), Some(id));
    }
    assert_eq!(CheckId::of("names"), None);
}

#[test]
fn the_page_of_checks_has_every_id_in_order_and_no_other() {
    const PAGE: &str = include_str!("../../../../docs/checks.md");
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `"));
    let written: Vec<&str> = rows.filter_map(|row| row.split('`').next()).collect();
    let known: Vec<&str> = CheckId::ALL.iter().map(|id| id.label()).collect();
    assert_eq!(written, known);
}
