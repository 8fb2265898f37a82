//! [`Node`]: who we tell the control plane we are.

use crate::node_error::NodeError;
use proto::envoy::config::core::v3 as core;
use proto::envoy::config::core::v3::node::UserAgentVersionType;
use proto::google::protobuf::{Struct, Value, value::Kind};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The id of a cluster in an installation that names none.
pub const CLUSTER_ID_DEFAULT: &str = "Kubernetes";

/// The one node type that istiod sends whole tables to: `ztunnel` gets none, gateways an empty
/// one.
const NODE_TYPE: &str = "sidecar";
const USER_AGENT: &str = "callsign";

/// Longest DNS label (RFC 1123).
const LABEL_MAX: usize = 63;
/// Longest DNS name in text form, without the trailing dot (RFC 1035).
const NAME_MAX: usize = 253;
/// Longest id of a cluster, network or service account. They are free text; this is room enough.
const WORD_MAX: usize = 253;

/// Who a client of the control plane is: the workload it resolves names for.
///
/// The control plane picks the visible hosts by the namespace, the addresses of a Service by the
/// cluster, the endpoints of headless Services by the network, and the families by the addresses.
///
/// ```
/// # use nds_client::{Node, NodeError};
/// let node = Node::new("web-7d9f", "shop", "cluster.local", ["10.244.1.9".parse().unwrap()])?
///     .with_cluster_id("east")?
///     .with_network("network1")?;
/// assert_eq!(node.id(), "sidecar~10.244.1.9~web-7d9f.shop~shop.svc.cluster.local");
/// # Ok::<(), NodeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pod: String,
    namespace: String,
    domain: String,
    /// Never empty.
    addresses: Vec<IpAddr>,
    cluster_id: String,
    network: Option<String>,
    service_account: Option<String>,
    labels: BTreeMap<String, String>,
}

impl Node {
    /// A workload of that pod name and namespace, in a cluster of that domain (normally
    /// `cluster.local`), with its addresses, the main one first.
    ///
    /// # Errors
    /// A name that is none in Kubernetes, no address, or the unspecified one. The `~` that
    /// separates the parts of the id cannot be in any of them.
    pub fn new(
        pod: &str,
        namespace: &str,
        domain: &str,
        addresses: impl IntoIterator<Item = IpAddr>,
    ) -> Result<Self, NodeError> {
        let domain = domain.strip_suffix('.').unwrap_or(domain);
        let addresses: Vec<IpAddr> = addresses.into_iter().collect();
        if !is_name(pod) {
            return Err(NodeError::Pod);
        }
        if !is_label(namespace) {
            return Err(NodeError::Namespace);
        }
        if !is_name(domain) {
            return Err(NodeError::Domain);
        }
        if addresses.is_empty() || addresses.iter().any(IpAddr::is_unspecified) {
            return Err(NodeError::Addresses);
        }
        Ok(Node {
            pod: pod.to_owned(),
            namespace: namespace.to_owned(),
            domain: domain.to_owned(),
            addresses,
            cluster_id: CLUSTER_ID_DEFAULT.to_owned(),
            network: None,
            service_account: None,
            labels: BTreeMap::new(),
        })
    }

    /// In that cluster; [`CLUSTER_ID_DEFAULT`] unless said.
    ///
    /// # Errors
    /// [`NodeError::ClusterId`] if it is empty, too long or has control characters.
    pub fn with_cluster_id(mut self, cluster_id: &str) -> Result<Self, NodeError> {
        self.cluster_id = word(cluster_id).ok_or(NodeError::ClusterId)?;
        Ok(self)
    }

    /// In that network; in a mesh of one network there is none to say.
    ///
    /// # Errors
    /// [`NodeError::Network`] if it is empty, too long or has control characters.
    pub fn with_network(mut self, network: &str) -> Result<Self, NodeError> {
        self.network = Some(word(network).ok_or(NodeError::Network)?);
        Ok(self)
    }

    /// Of that Kubernetes service account, which the control plane compares with the credentials.
    ///
    /// # Errors
    /// [`NodeError::ServiceAccount`] if it is no name in Kubernetes.
    pub fn with_service_account(mut self, service_account: &str) -> Result<Self, NodeError> {
        if !is_name(service_account) {
            return Err(NodeError::ServiceAccount);
        }
        self.service_account = Some(service_account.to_owned());
        Ok(self)
    }

    /// With these labels, by which `Sidecar` resources select workloads.
    pub fn with_labels(mut self, labels: impl IntoIterator<Item = (String, String)>) -> Self {
        self.labels.extend(labels);
        self
    }

    /// The id: type, main address, pod with namespace, and DNS domain, separated by `~`.
    pub fn id(&self) -> String {
        let Node {
            pod,
            namespace,
            domain,
            addresses,
            ..
        } = self;
        format!(
            "{NODE_TYPE}~{}~{pod}.{namespace}~{namespace}.svc.{domain}",
            addresses[0]
        )
    }

    /// The message that the first request of a stream carries.
    pub fn to_proto(&self) -> core::Node {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        core::Node {
            id: self.id(),
            metadata: Some(self.metadata()),
            user_agent_name: USER_AGENT.to_owned(),
            user_agent_version_type: Some(UserAgentVersionType::UserAgentVersion(version)),
            ..core::Node::default()
        }
    }

    /// Istio wants strings where one would expect lists and booleans, and ends the stream
    /// otherwise.
    fn metadata(&self) -> Struct {
        let addresses: Vec<String> = self.addresses.iter().map(IpAddr::to_string).collect();
        let mut fields = BTreeMap::from([
            ("NAME", text(&self.pod)),
            ("NAMESPACE", text(&self.namespace)),
            ("CLUSTER_ID", text(&self.cluster_id)),
            ("INSTANCE_IPS", text(&addresses.join(","))),
            ("DNS_CAPTURE", text("true")),
            ("DNS_AUTO_ALLOCATE", text("true")),
        ]);
        fields.extend(
            self.network
                .as_deref()
                .map(|network| ("NETWORK", text(network))),
        );
        let account = self.service_account.as_deref();
        fields.extend(account.map(|account| ("SERVICE_ACCOUNT", text(account))));
        if !self.labels.is_empty() {
            let labels = self
                .labels
                .iter()
                .map(|(key, label)| (key.clone(), text(label)));
            let labels = Struct {
                fields: labels.collect(),
            };
            fields.insert(
                "LABELS",
                Value {
                    kind: Some(Kind::StructValue(labels)),
                },
            );
        }
        Struct {
            fields: fields
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        }
    }
}

fn text(text: &str) -> Value {
    Value {
        kind: Some(Kind::StringValue(text.to_owned())),
    }
}

fn is_label(text: &str) -> bool {
    let is_edge = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit();
    let octets = text.as_bytes();
    (1..=LABEL_MAX).contains(&octets.len())
        && octets.iter().all(|&octet| is_edge(octet) || octet == b'-')
        && octets.first().copied().is_some_and(is_edge)
        && octets.last().copied().is_some_and(is_edge)
}

fn is_name(text: &str) -> bool {
    text.len() <= NAME_MAX && text.split('.').all(is_label)
}

fn word(text: &str) -> Option<String> {
    let is_word = (1..=WORD_MAX).contains(&text.len()) && !text.chars().any(char::is_control);
    is_word.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node() -> Node {
        new("web-7d9f", "shop", "cluster.local").unwrap()
    }

    fn new(pod: &str, namespace: &str, domain: &str) -> Result<Node, NodeError> {
        Node::new(pod, namespace, domain, ips(&["10.244.1.9", "fd00::9"]))
    }

    fn ips(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn metadata(node: &Node, key: &str) -> Option<Kind> {
        node.metadata().fields.get(key)?.kind.clone()
    }

    fn string(text: &str) -> Option<Kind> {
        Some(Kind::StringValue(text.to_owned()))
    }

    #[test]
    fn the_id_has_four_parts_and_the_first_address() {
        assert_eq!(
            node().id(),
            "sidecar~10.244.1.9~web-7d9f.shop~shop.svc.cluster.local"
        );
    }

    #[test]
    fn a_trailing_dot_of_the_domain_is_not_part_of_the_id() {
        assert_eq!(new("web-7d9f", "shop", "cluster.local."), Ok(node()));
    }

    #[test]
    fn names_that_would_break_the_id_are_refused() {
        for bad in ["", "a~b", "A", "a..b", "a b", "-a", "a-", "a_b", "a\u{e9}"] {
            assert_eq!(
                new(bad, "shop", "cluster.local"),
                Err(NodeError::Pod),
                "{bad}"
            );
            assert_eq!(
                new("web", bad, "cluster.local"),
                Err(NodeError::Namespace),
                "{bad}"
            );
            assert_eq!(new("web", "shop", bad), Err(NodeError::Domain), "{bad}");
        }
        let long = "a".repeat(LABEL_MAX + 1);
        assert_eq!(
            new("web", &long, "cluster.local"),
            Err(NodeError::Namespace)
        );
        assert_eq!(
            new("web", "a.b", "cluster.local"),
            Err(NodeError::Namespace)
        );
        assert!(new("web.0", "shop", "cluster.local").is_ok());
    }

    #[test]
    fn a_node_needs_addresses_of_its_own() {
        for bad in [&[][..], &["0.0.0.0"], &["10.0.0.1", "::"]] {
            let node = Node::new("web", "shop", "cluster.local", ips(bad));
            assert_eq!(node, Err(NodeError::Addresses), "{bad:?}");
        }
    }

    #[test]
    fn addresses_and_switches_are_strings_as_istio_wants_them() {
        assert_eq!(
            metadata(&node(), "INSTANCE_IPS"),
            string("10.244.1.9,fd00::9")
        );
        assert_eq!(metadata(&node(), "DNS_CAPTURE"), string("true"));
        assert_eq!(metadata(&node(), "DNS_AUTO_ALLOCATE"), string("true"));
        assert_eq!(metadata(&node(), "NAMESPACE"), string("shop"));
    }

    #[test]
    fn the_cluster_has_a_default_and_the_rest_is_absent_unless_said() {
        assert_eq!(metadata(&node(), "CLUSTER_ID"), string("Kubernetes"));
        for key in [
            "NETWORK",
            "SERVICE_ACCOUNT",
            "LABELS",
            "GENERATOR",
            "AUTO_REGISTER_GROUP",
        ] {
            assert_eq!(metadata(&node(), key), None, "{key}");
        }
    }

    #[test]
    fn what_is_said_is_in_the_metadata() {
        let label = ("app".to_owned(), "web".to_owned());
        let node = node().with_labels([label]).with_cluster_id("east").unwrap();
        let node = node
            .with_network("network1")
            .unwrap()
            .with_service_account("web")
            .unwrap();
        assert_eq!(metadata(&node, "CLUSTER_ID"), string("east"));
        assert_eq!(metadata(&node, "NETWORK"), string("network1"));
        assert_eq!(metadata(&node, "SERVICE_ACCOUNT"), string("web"));
        let Some(Kind::StructValue(labels)) = metadata(&node, "LABELS") else {
            unreachable!("labels are an object")
        };
        assert_eq!(labels.fields["app"], text("web"));
    }

    #[test]
    fn empty_and_odd_words_are_refused() {
        for bad in ["", "a\nb", &"a".repeat(WORD_MAX + 1)] {
            assert_eq!(node().with_cluster_id(bad), Err(NodeError::ClusterId));
            assert_eq!(node().with_network(bad), Err(NodeError::Network));
            assert_eq!(
                node().with_service_account(bad),
                Err(NodeError::ServiceAccount)
            );
        }
    }

    #[test]
    fn the_message_says_who_asks() {
        let message = node().to_proto();
        assert_eq!(message.id, node().id());
        assert_eq!(message.user_agent_name, "callsign");
        assert_eq!(message.metadata, Some(node().metadata()));
    }
}
