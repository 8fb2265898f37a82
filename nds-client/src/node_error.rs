//! [`NodeError`]: why a node cannot be described.

use std::fmt;

/// What is wrong with the description of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeError {
    /// The name of the pod is no DNS subdomain (RFC 1123) in lower case.
    Pod,
    /// The namespace is no DNS label (RFC 1123) in lower case.
    Namespace,
    /// The cluster domain is no DNS name in lower case.
    Domain,
    /// There is no address, or one of them is the unspecified one.
    Addresses,
    /// The cluster id is empty, longer than 253 octets, or has control characters.
    ClusterId,
    /// The network is empty, longer than 253 octets, or has control characters.
    Network,
    /// The service account is no DNS subdomain (RFC 1123) in lower case.
    ServiceAccount,
}

impl NodeError {
    /// Fixed text for output and metrics.
    pub fn label(self) -> &'static str {
        match self {
            NodeError::Pod => "pod",
            NodeError::Namespace => "namespace",
            NodeError::Domain => "domain",
            NodeError::Addresses => "addresses",
            NodeError::ClusterId => "cluster-id",
            NodeError::Network => "network",
            NodeError::ServiceAccount => "service-account",
        }
    }
}

impl fmt::Display for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NodeError::Pod => "the pod's name is not a lower-case DNS name",
            NodeError::Namespace => "the namespace is not a lower-case DNS label",
            NodeError::Domain => "the cluster domain is not a lower-case DNS name",
            NodeError::Addresses => "a node needs addresses, none of them unspecified",
            NodeError::ClusterId => "the cluster id is empty, too long or has control characters",
            NodeError::Network => "the network is empty, too long or has control characters",
            NodeError::ServiceAccount => "the service account is not a lower-case DNS name",
        })
    }
}

impl std::error::Error for NodeError {}
