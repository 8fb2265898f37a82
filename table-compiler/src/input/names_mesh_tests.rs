//! Facts about reading our own kinds.

use super::document::documents;
use super::fixture::{check_problems, problem_with, text_map, typed};
use super::name_policy::{ChangeVerb, Denial};
use super::object::Object;
use super::object_kind::ObjectKind;
use super::order::Order;
use super::product_name::{
    Failover, OnAllDown, ProductAnswer, ProductMember, ProductName, Spill, VipSharing,
};
use super::text_pattern::TextPattern;
use serde_json::json;

fn product(spec: &str) -> ProductName {
    let text = format!(
        "{{apiVersion: names.mesh/v1alpha1, kind: ProductName, metadata: {{name: a}}, spec: {{{spec}}}}}"
    );
    let parsed = documents("f", &text);
    assert_eq!(parsed.problems, [], "{spec}");
    match &parsed.objects[0].object {
        Object::ProductName(product) => product.clone(),
        _ => panic!("another kind"),
    }
}

#[test]
fn a_product_name_is_read_whole() {
    let Object::ProductName(product) = typed(ObjectKind::ProductName) else {
        panic!("another kind");
    };
    let hosts: Vec<_> = product.hosts.iter().map(ToString::to_string).collect();
    assert_eq!(hosts, ["pay.example.com", "buy.example.com"]);
    assert_eq!(product.aliases[0].to_string(), "pay.payments.global");
    assert_eq!(product.vip_sharing, VipSharing::Shared);
    let [
        ProductMember::Gateways(gateways),
        ProductMember::Service(service),
    ] = product.members.as_slice()
    else {
        panic!("other members");
    };
    assert_eq!(gateways.cluster.as_deref(), Some("cluster2"));
    assert_eq!(gateways.namespace.as_deref(), Some("payments"));
    assert_eq!(gateways.name.as_deref(), Some("pay-gw"));
    assert_eq!(service.cluster.as_deref(), Some("cluster1"));
    assert_eq!((&*service.name, service.port), ("pay-api", Some(443)));
    assert_eq!(product.order, Some(Order::default()));
    let weights = &product.weights;
    assert_eq!((weights[0].weight, weights[1].weight), (75, 25));
    assert_eq!(weights[0].labels, text_map([("version", "v3")]));
    let failover = Failover {
        spill: Spill::Below { percent: 70 },
        hold_secs: 90,
        on_all_down: OnAllDown::LastGood,
    };
    assert_eq!(product.failover, failover);
    assert_eq!(product.answers.mesh, Some(ProductAnswer::Vip));
    assert_eq!(product.answers.no_proxy, Some(ProductAnswer::Endpoints));
    assert_eq!(product.answers.outside, Some(ProductAnswer::Forward));
    assert_eq!(product.ttl_secs, Some(5));
    assert_eq!(product.vip.v4, Some("240.240.7.9".parse().unwrap()));
    assert_eq!(product.vip.v6, Some("2001:2::9".parse().unwrap()));
}

#[test]
fn a_product_name_needs_nothing_but_a_host() {
    let product = product("hosts: [a.example]");
    assert_eq!(product.vip_sharing, VipSharing::Own);
    assert_eq!((product.members.len(), product.weights.len()), (0, 0));
    assert_eq!((product.order, product.ttl_secs), (None, None));
    let failover = Failover {
        spill: Spill::OnEmpty,
        hold_secs: 10,
        on_all_down: OnAllDown::Vip,
    };
    assert_eq!(product.failover, failover);
}

#[test]
fn an_order_may_be_of_clusters_or_none_at_all() {
    let clusters = product("hosts: [a.example], order: [c2, c1]").order;
    assert_eq!(
        clusters,
        Some(Order::Clusters(vec!["c2".into(), "c1".into()]))
    );
    let none = product("hosts: [a.example], order: [none]").order;
    assert_eq!(none, Some(Order::Keys(Vec::new())));
}

#[test]
fn a_product_name_may_select_all_gateways() {
    let product = product("hosts: [a.example], members: [{gateways: {}}]");
    let all = ProductMember::Gateways(Default::default());
    assert_eq!(product.members, [all]);
}

#[test]
fn bad_fields_of_a_product_name_are_named() {
    const SHARE: &str = "is not a share from 1% to 100%";
    check_problems(
        ObjectKind::ProductName,
        &[
            ("/spec/hosts", json!([]), "spec.hosts", "is empty"),
            (
                "/spec/hosts/0",
                json!("*.a"),
                "spec.hosts[0]",
                "\"*.a\" is a wildcard",
            ),
            (
                "/spec/alias",
                json!("yes"),
                "spec.alias",
                "\"yes\" is not true or false",
            ),
            (
                "/spec/members/0",
                json!({}),
                "spec.members[0]",
                "is neither one nor the other kind of member",
            ),
            (
                "/spec/members/1/service/name",
                json!(null),
                "spec.members[1].service.name",
                "is missing",
            ),
            (
                "/spec/order",
                json!(["cluster", "cluster1"]),
                "spec.order",
                "mixes keys (cluster, network, region, zone) with ids of clusters",
            ),
            (
                "/spec/order",
                json!("cluster"),
                "spec.order",
                "\"cluster\" is not a list",
            ),
            (
                "/spec/weights/0/weight",
                json!(null),
                "spec.weights[0].weight",
                "is missing",
            ),
            (
                "/spec/failover/spill/below",
                json!("170%"),
                "spec.failover.spill.below",
                &format!("\"170%\" {SHARE}"),
            ),
            (
                "/spec/failover/spill",
                json!("never"),
                "spec.failover.spill",
                "\"never\" is not a rule",
            ),
            (
                "/spec/failover/hold",
                json!("soon"),
                "spec.failover.hold",
                "\"soon\" is not a duration such as 10s",
            ),
            (
                "/spec/failover/onAllDown",
                json!("panic"),
                "spec.failover.onAllDown",
                "\"panic\" is not vip, nodata or last-good",
            ),
            (
                "/spec/answers/noProxy",
                json!("x"),
                "spec.answers.noProxy",
                "\"x\" is not vip, endpoints or forward",
            ),
            (
                "/spec/ttl",
                json!(2_147_483_648_u32),
                "spec.ttl",
                "2147483648 is not a time to live in seconds, at most 2147483647",
            ),
            (
                "/spec/vip/v4",
                json!("::1"),
                "spec.vip.v4",
                "\"::1\" is not an IPv4 address",
            ),
        ],
    );
}

#[test]
fn an_unknown_field_is_an_error_that_names_the_nearest_one() {
    let text = "\
apiVersion: names.mesh/v1alpha1
kind: ProductName
metadata: {name: a}
spec:
  hosts: [a.example]
  failover:
    onAlldown: vip
";
    assert_eq!(
        documents("f", text).problems[0].to_string(),
        "f:7:16: ProductName default/a: spec.failover.onAlldown: \"onAlldown\" is not a field \
         here; did you mean onAllDown?"
    );
    let (field, _) = problem_with(ObjectKind::NamePolicy, "/spec/deny", json!([]));
    assert_eq!(field, "spec.deny");
}

#[test]
fn a_name_policy_says_who_may_publish_resolve_and_change() {
    let Object::NamePolicy(policy) = typed(ObjectKind::NamePolicy) else {
        panic!("another kind");
    };
    let publish = &policy.publish[0];
    assert_eq!(publish.hosts[0].to_string(), "*.example.com");
    assert_eq!(publish.from[0].cluster, TextPattern::Any);
    assert_eq!(
        publish.from[0].namespace,
        TextPattern::Exact("payments".into())
    );
    let resolve = &policy.resolve[0];
    assert_eq!(resolve.hosts.len(), 3);
    assert_eq!(resolve.to[0].namespace, TextPattern::Prefix("team-".into()));
    assert_eq!(resolve.to[0].namespace_labels, text_map([("tier", "prod")]));
    assert_eq!(resolve.otherwise, Denial::Nxdomain);
    let change = &policy.change[0];
    assert_eq!(change.subjects, ["team-a".into()]);
    assert_eq!(
        change.verbs,
        [ChangeVerb::Order, ChangeVerb::Weights].into()
    );
    assert_eq!(change.clusters, [TextPattern::Exact("cluster1".into())]);
}

#[test]
fn bad_fields_of_a_name_policy_are_named() {
    check_problems(
        ObjectKind::NamePolicy,
        &[
            (
                "/spec/publish/0/hosts/0",
                json!("a*b"),
                "spec.publish[0].hosts[0]",
                "\"a*b\" has a wildcard that is not its whole first label",
            ),
            (
                "/spec/publish/0/from",
                json!(null),
                "spec.publish[0].from",
                "is missing",
            ),
            (
                "/spec/publish/0/from/0/cluster",
                json!("a*b"),
                "spec.publish[0].from[0].cluster",
                "\"a*b\" is not a pattern",
            ),
            (
                "/spec/resolve/0/otherwise",
                json!("refused"),
                "spec.resolve[0].otherwise",
                "\"refused\" is not nxdomain",
            ),
            (
                "/spec/change/0/verbs/0",
                json!("delete"),
                "spec.change[0].verbs[0]",
                "\"delete\" is not hosts, aliases, members, order, weights, failover, answers, ttl or vip",
            ),
        ],
    );
}
