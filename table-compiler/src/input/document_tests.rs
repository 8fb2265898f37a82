//! Facts about reading files: what is found, what is reported, and where.

use super::document::{Parsed, documents, object_from_value};
use super::problem::Scope;

fn problems(text: &str) -> Vec<String> {
    documents("f.yaml", text)
        .problems
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn names(parsed: &Parsed) -> Vec<String> {
    parsed
        .objects
        .iter()
        .map(|object| object.id.to_string())
        .collect()
}

/// The only problem of a ServiceEntry `default/pay` with that spec, and its scope.
fn entry_problem(spec: &str) -> String {
    let text = format!(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata:\n  name: pay\nspec:\n{spec}"
    );
    let parsed = documents("f.yaml", &text);
    assert_eq!(parsed.problems.len(), 1, "{spec}");
    assert_eq!(parsed.problems[0].scope, Scope::Object);
    assert_eq!(parsed.objects, []);
    parsed.problems[0].to_string()
}

#[test]
fn several_documents_lists_and_json_are_read() {
    let text = "\
# a comment
apiVersion: v1
kind: Service
metadata: {name: a}
---
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Service, metadata: {name: b, namespace: n}}
- apiVersion: v1
  kind: ServiceList
  items: [{metadata: {name: c}}]
---
{\"apiVersion\": \"v1\", \"kind\": \"Namespace\", \"metadata\": {\"name\": \"d\"}}
";
    let parsed = documents("f.yaml", text);
    assert_eq!(parsed.problems, []);
    assert_eq!(
        names(&parsed),
        [
            "Service default/a",
            "Service n/b",
            "Service default/c",
            "Namespace d"
        ]
    );
    assert_eq!(
        parsed.objects.iter().map(|o| o.line).collect::<Vec<_>>(),
        [2, 10, 13, 15]
    );
}

#[test]
fn a_text_without_documents_is_empty_and_fine() {
    for text in ["", "\n", "# only a comment\n", "---\n---\n", "\u{feff}"] {
        assert_eq!(documents("f.yaml", text), Parsed::default(), "{text:?}");
    }
}

#[test]
fn unknown_kinds_and_versions_are_counted_and_skipped() {
    let text = "\
{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: a}}
---
{apiVersion: v1, kind: Event, spec: 7}
---
{apiVersion: v1, kind: EventList, items: [{}, {}]}
---
{apiVersion: v1, kind: ConfigMap}
---
{apiVersion: v1, kind: Secret, data: 7}
---
{apiVersion: example.com/v1, kind: AllowList}
";
    let parsed = documents("f.yaml", text);
    assert_eq!(parsed.problems, []);
    assert_eq!(parsed.objects, []);
    let expected = [
        ("example.com/v1/AllowList", 1),
        ("serving.knative.dev/v1/Service", 1),
        ("v1/ConfigMap", 1),
        ("v1/Event", 3),
        ("v1/Secret", 1),
    ];
    assert_eq!(
        parsed.skipped,
        expected
            .map(|(kind, count)| (kind.to_owned(), count))
            .into()
    );
}

#[test]
fn a_kind_of_ours_in_another_version_is_told_and_not_read() {
    for kind in ["NamePolicy", "ProductName"] {
        let text = format!("apiVersion: names.mesh/v1\nkind: {kind}\nmetadata: {{name: a}}\n");
        let parsed = documents("a.yaml", &text);
        let problem = &parsed.problems[0];
        assert_eq!((problem.scope, parsed.objects.len()), (Scope::Field, 0));
        assert!(
            problem
                .to_string()
                .contains(&format!("version of {kind} is not known"))
        );
    }
}

#[test]
fn unknown_fields_are_ignored() {
    let text = "{apiVersion: v1, kind: Service, x: {y: []}, metadata: {name: a, managedFields: [1]}, spec: {sessionAffinity: None}}";
    assert_eq!(problems(text), [""; 0]);
}

#[test]
fn null_is_as_good_as_absent() {
    let text = "{apiVersion: v1, kind: Service, metadata: {name: a, creationTimestamp: null, labels: null}, spec: {ports: null}, status: }";
    assert_eq!(problems(text), [""; 0]);
}

#[test]
fn a_broken_document_freezes_the_file_while_the_others_are_still_read() {
    let text = "\
{apiVersion: v1, kind: Service, metadata: {name: a}}
---
apiVersion: v1
kind: [
---
{apiVersion: v1, kind: Service, metadata: {name: b}}
";
    let parsed = documents("f.yaml", text);
    assert_eq!(names(&parsed), ["Service default/a", "Service default/b"]);
    assert_eq!(parsed.objects[1].line, 6);
    assert_eq!(
        parsed.problems[0].to_string(),
        "f.yaml:4:7: unclosed bracket '['"
    );
    assert_eq!(parsed.problems[0].scope, Scope::File);
}

#[test]
fn a_document_without_identity_freezes_the_file() {
    for (text, expected) in [
        ("just text", "f.yaml:1:1: \"just text\" is not a mapping"),
        (
            "a: b",
            "f.yaml:1:1: apiVersion: is missing; a Kubernetes object has apiVersion and kind",
        ),
        (
            "apiVersion: v1",
            "f.yaml:1:1: kind: is missing; a Kubernetes object has apiVersion and kind",
        ),
        (
            "apiVersion: v1\nkind: Service",
            "f.yaml:1:1: metadata: is missing; an object needs a name",
        ),
        (
            "apiVersion: v1\nkind: Service\nmetadata: {a: 1}",
            "f.yaml:3:11: metadata.name: is missing; an object needs a name",
        ),
        (
            "apiVersion: v1\nkind: Service\nmetadata: {name: a.b}",
            "f.yaml:3:18: metadata.name: \"a.b\" is not a name",
        ),
        ("a: 1\na: 2", "f.yaml:2:1: duplicate mapping key: a"),
        (
            "apiVersion: v1\nkind: List\nitems: 7",
            "f.yaml:3:8: items: 7 is not a list",
        ),
    ] {
        assert_eq!(problems(text), [expected]);
        assert_eq!(documents("f.yaml", text).problems[0].scope, Scope::File);
    }
}

#[test]
fn an_invalid_field_freezes_its_object_and_says_where_and_why() {
    for (spec, expected) in [
        (
            "  hosts:\n  - ok.example\n  - a..b\n",
            "f.yaml:8:5: ServiceEntry default/pay: spec.hosts[1]: \"a..b\" has an empty label; write a DNS name or *.suffix",
        ),
        (
            "  hosts: []\n",
            "f.yaml:6:10: ServiceEntry default/pay: spec.hosts: is empty; name at least one host",
        ),
        (
            "  ports: []\n",
            "f.yaml:6:3: ServiceEntry default/pay: spec.hosts: is missing; name at least one host",
        ),
        (
            "  hosts: ['*']\n",
            "f.yaml:6:11: ServiceEntry default/pay: spec.hosts[0]: \"*\" has a wildcard that is not its whole first label; write a DNS name or *.suffix",
        ),
        (
            "  hosts: [1]\n",
            "f.yaml:6:11: ServiceEntry default/pay: spec.hosts[0]: 1 is not a string; put it in quotes",
        ),
        (
            "  hosts: [a]\n  addresses: [10.0.0.256]\n",
            "f.yaml:7:15: ServiceEntry default/pay: spec.addresses[0]: \"10.0.0.256\" is not an IP address or a CIDR",
        ),
        (
            "  hosts: [a]\n  ports: [{number: 70000}]\n",
            "f.yaml:7:20: ServiceEntry default/pay: spec.ports[0].number: 70000 is not a port number from 1 to 65535",
        ),
        (
            "  hosts: [a]\n  ports: [{name: http}]\n",
            "f.yaml:7:11: ServiceEntry default/pay: spec.ports[0].number: is missing; write its number",
        ),
        (
            "  hosts: [a]\n  resolution: MAGIC\n",
            "f.yaml:7:15: ServiceEntry default/pay: spec.resolution: \"MAGIC\" is not a resolution; write NONE, STATIC, DNS, DNS_ROUND_ROBIN or DYNAMIC_DNS",
        ),
        (
            "  hosts: [a]\n  resolution: STATIC\n  endpoints:\n  - address: b.example\n",
            "f.yaml:9:14: ServiceEntry default/pay: spec.endpoints[0].address: \"b.example\" is not an IP address; resolution STATIC needs one; use DNS for host names",
        ),
        (
            "  hosts: [a]\n  endpoints: [{ports: {a: 1}}]\n",
            "f.yaml:7:15: ServiceEntry default/pay: spec.endpoints[0].address: is missing; write an address or a network",
        ),
        (
            "  hosts: [a]\n  endpoints: [{address: ''}]\n",
            "f.yaml:7:25: ServiceEntry default/pay: spec.endpoints[0].address: \"\" is not an address",
        ),
        (
            "  hosts: [a]\n  endpoints: [{address: 10.0.0.1, ports: {a: x}}]\n",
            "f.yaml:7:46: ServiceEntry default/pay: spec.endpoints[0].ports.a: \"x\" is not a port number from 1 to 65535",
        ),
        (
            "  hosts: [a]\n  exportTo: ['a b']\n",
            "f.yaml:7:14: ServiceEntry default/pay: spec.exportTo[0]: \"a b\" is not a namespace; write a namespace, `.`, `*` or `~`",
        ),
    ] {
        assert_eq!(entry_problem(spec), expected);
    }
}

#[test]
fn an_invalid_object_does_not_touch_its_neighbours() {
    let text = "\
{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {clusterIP: nowhere}}
---
{apiVersion: v1, kind: Service, metadata: {name: b}, spec: {clusterIP: 10.0.0.1}}
";
    let parsed = documents("f.yaml", text);
    assert_eq!(names(&parsed), ["Service default/b"]);
    assert_eq!(
        problems(text),
        [
            "f.yaml:1:72: Service default/a: spec.clusterIP: \"nowhere\" is not an IP address or None"
        ]
    );
}

#[test]
fn fields_of_services_and_slices_are_checked() {
    let service =
        |rest: &str| format!("{{apiVersion: v1, kind: Service, metadata: {{name: a}}, {rest}}}");
    let slice = |rest: &str| {
        format!(
            "{{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {{name: a}}, {rest}}}"
        )
    };
    for (text, field) in [
        (service("spec: {type: Magic}"), "spec.type"),
        (service("spec: {type: ExternalName}"), "spec.externalName"),
        (
            service("spec: {type: ExternalName, externalName: 'a b'}"),
            "spec.externalName",
        ),
        (
            service("spec: {ports: [{port: 80, protocol: QUIC}]}"),
            "spec.ports[0].protocol",
        ),
        (service("spec: {ports: [{port: 0}]}"), "spec.ports[0].port"),
        (
            service("spec: {publishNotReadyAddresses: maybe}"),
            "spec.publishNotReadyAddresses",
        ),
        (service("spec: {externalIPs: [x]}"), "spec.externalIPs[0]"),
        (
            service("status: {loadBalancer: {ingress: [{ip: x}]}}"),
            "status.loadBalancer.ingress[0].ip",
        ),
        (service("spec: [1]"), "spec"),
        (slice("endpoints: []"), "addressType"),
        (slice("addressType: IPX"), "addressType"),
        (
            slice("addressType: IPv4, endpoints: [{addresses: ['2001:db8::1']}]"),
            "endpoints[0].addresses[0]",
        ),
        (
            slice("addressType: IPv4, endpoints: [{hostname: a.b}]"),
            "endpoints[0].hostname",
        ),
        (
            slice("addressType: IPv4, endpoints: [{conditions: {ready: 'yes'}}]"),
            "endpoints[0].conditions.ready",
        ),
        (
            slice("addressType: IPv4, ports: [{port: -1}]"),
            "ports[0].port",
        ),
    ] {
        let parsed = documents("f.yaml", &text);
        let fields: Vec<_> = parsed.problems.iter().map(|p| p.field.as_deref()).collect();
        assert_eq!(fields, [Some(field)], "{text}");
        assert_eq!(parsed.problems[0].scope, Scope::Object);
        assert!(
            parsed.problems[0].line == 1 && parsed.problems[0].column > 0,
            "{text}"
        );
    }
    let metadata =
        "{apiVersion: v1, kind: Service, metadata: {name: a, creationTimestamp: yesterday}}";
    assert_eq!(
        documents("f.yaml", metadata).problems[0].field.as_deref(),
        Some("metadata.creationTimestamp")
    );
}

#[test]
fn a_word_that_looks_like_a_truth_value_is_a_name() {
    let parsed = documents(
        "f.yaml",
        "{apiVersion: v1, kind: Service, metadata: {name: no, namespace: on}}",
    );
    assert_eq!(names(&parsed), ["Service on/no"]);
}

#[test]
fn an_object_survives_the_way_through_its_raw_form() {
    let text = "{apiVersion: v1, kind: ServiceList, items: [{metadata: {name: a}, spec: {clusterIP: 10.0.0.1, x: 1}}]}";
    let object = &documents("f.yaml", text).objects[0];
    assert_eq!(object.raw["spec"]["x"], 1);
    assert_eq!(
        &object_from_value(&object.raw, &object.file, object.line).unwrap(),
        object
    );
}

#[test]
fn a_raw_form_that_is_no_longer_valid_is_a_problem() {
    let value = serde_json::json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": 7});
    let problem = object_from_value(&value, "f.yaml", 9).unwrap_err();
    assert_eq!(
        problem.to_string(),
        "f.yaml:9: Service default/a: spec: 7 is not a mapping"
    );
    let other = serde_json::json!({"apiVersion": "v1", "kind": "Event"});
    assert!(object_from_value(&other, "f.yaml", 9).is_err());
}

#[test]
fn aliases_that_explode_and_nesting_without_end_are_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..10 {
        let alias = format!("*a{}", i - 1);
        bomb += &format!("a{i}: &a{i} [{}]\n", [&*alias; 10].join(", "));
    }
    for text in [
        bomb,
        "[".repeat(100_000),
        "- ".repeat(100_000),
        "{a: ".repeat(100_000),
    ] {
        let parsed = documents("f.yaml", &text);
        assert_eq!(parsed.problems[0].scope, Scope::File);
        assert!(parsed.problems[0].line > 0);
    }
}
