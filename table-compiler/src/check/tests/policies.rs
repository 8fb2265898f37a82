//! Who may publish and who may change names.

use super::*;

const POLICY: &str = "apiVersion: names.mesh/v1alpha1\nkind: NamePolicy\nmetadata: {name: teams}\n\
     spec:\n  publish: [{hosts: ['*.example.com'], from: [{cluster: '*', namespace: payments}]}]\n  \
     change: [{subjects: [team-a], verbs: [weights], clusters: [east]}]\n";

#[test]
fn a_host_that_a_policy_keeps_for_others_fails_with_the_rule() {
    let gateway = |namespace: &str| {
        format!(
            "{POLICY}---\napiVersion: networking.istio.io/v1\nkind: Gateway\n\
             metadata: {{name: gw, namespace: {namespace}}}\n\
             spec: {{servers: [{{port: {{number: 443, name: https, protocol: HTTPS}}, \
             hosts: [pay.example.com]}}]}}\n"
        )
    };
    assert_eq!(Mesh::with_east(&gateway("payments")).failed(), []);
    let line = Mesh::with_east(&gateway("thieves")).only_failure();
    assert_eq!(line.id, CheckId::PoliciesPublish);
    assert_eq!(line.field.as_deref(), Some("spec.servers[0].hosts[0]"));
    assert_eq!(
        line.rule.as_deref(),
        Some("NamePolicy east/teams spec.publish[0]")
    );
}

#[test]
fn a_part_that_its_editor_may_not_change_fails_with_the_rule() {
    let product = |subject: &str, cluster: &str| {
        format!(
            "{POLICY}---\napiVersion: names.mesh/v1alpha1\nkind: ProductName\n\
             metadata: {{name: pay, namespace: payments, \
             annotations: {{names.mesh/changed-by: {subject}}}}}\n\
             spec: {{hosts: [pay.example.com], \
             weights: [{{match: {{cluster: {cluster}}}, weight: 75}}]}}\n"
        )
    };
    assert_eq!(Mesh::with_east(&product("team-a", "east")).failed(), []);
    for (subject, cluster) in [("team-a", "west"), ("team-b", "east")] {
        let line = Mesh::with_east(&product(subject, cluster)).only_failure();
        assert_eq!(line.id, CheckId::PoliciesChange);
        assert_eq!(line.subject.as_deref(), Some(subject));
        assert_eq!(line.target.as_deref(), Some(cluster));
        assert_eq!(line.field.as_deref(), Some("spec.weights[0]"));
        assert_eq!(
            line.rule.as_deref(),
            Some("NamePolicy east/teams spec.change[0]")
        );
    }
    let nameless = product("team-a", "west").replace("names.mesh/changed-by", "other");
    let lines = Mesh::with_east(&nameless).check(&[CheckId::PoliciesChange]);
    assert_eq!(lines[0].verdict, Verdict::NotRun);
}
