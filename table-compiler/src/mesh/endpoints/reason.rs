//! [`Reason`]: why an endpoint may not be used.

use dns_core::EndpointState;

/// Why a gateway, or what is behind it, may not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason<'a> {
    /// Nothing leads into the network.
    NoGateway(&'a str),
    /// The gateway has no address yet.
    Unresolved,
    NoMeshPort,
    ProbeFailed,
    NoReadyEndpoints,
}

impl Reason<'_> {
    pub(super) fn state(self) -> EndpointState {
        EndpointState::Unavailable(match self {
            Reason::NoGateway(network) => format!("no-gateway({network})").into(),
            Reason::Unresolved => "gateway-unresolved".into(),
            Reason::NoMeshPort => "no-mesh-port".into(),
            Reason::ProbeFailed => "probe-failed".into(),
            Reason::NoReadyEndpoints => "no-ready-endpoints".into(),
        })
    }
}
