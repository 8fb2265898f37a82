//! [`CheckId`]: what is checked, by the name that scripts rely on.

use std::fmt;

/// A check. The names are stable: scripts and alerts rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckId {
    /// Every input is read whole.
    InputsValid,
    /// Every exported service has a name by every template.
    TemplatesValid,
    /// No two objects claim one name.
    NamesConflicts,
    /// Every cluster has a network, or none has.
    NetworksLabelled,
    /// All clusters are in one network: said, never wrong.
    NetworksSingle,
    /// Clusters of one network have no addresses in common.
    NetworksOverlap,
    /// Every network that clients look into from outside has a gateway.
    GatewaysPresent,
    /// Every gateway that is used from outside has a port for the mesh.
    GatewaysMeshPort,
    /// Every gateway answers its probes.
    GatewaysProbe,
    /// Every Link can be followed.
    LinksValid,
    /// The credentials of every link are of use.
    LinksCredentials,
    /// Every cluster's source is there and its API answers.
    ClustersReachable,
    /// Nothing may not be read.
    PermissionsListWatch,
    /// All clusters have the same trust root.
    IdentitySharedRoot,
    /// Every exported service has a ready endpoint.
    ExportsHaveEndpoints,
    /// Namespaces of exported services that a consumer lacks: said, never wrong.
    ExportsNamespace,
    /// Every mirror that Linkerd made has its Link and its service.
    MirrorsOrphaned,
    /// Nothing publishes a name that a NamePolicy keeps for others.
    PoliciesPublish,
    /// No ProductName has parts that its last editor may not change.
    PoliciesChange,
    /// No pool of virtual addresses holds an address that something else has.
    VipsPoolsOverlap,
    /// No two hosts are pinned to one address and port.
    VipsSharedPins,
    /// No name found its pool full.
    VipsExhausted,
    /// What the process serves is what its inputs say.
    AgentTableFresh,
    /// The process answers from a whole table.
    AgentAnswers,
    /// The process records virtual addresses.
    AgentJournal,
}

impl CheckId {
    /// All of them, in the order they are run and listed.
    pub const ALL: [CheckId; 25] = [
        CheckId::InputsValid,
        CheckId::TemplatesValid,
        CheckId::NamesConflicts,
        CheckId::NetworksLabelled,
        CheckId::NetworksSingle,
        CheckId::NetworksOverlap,
        CheckId::GatewaysPresent,
        CheckId::GatewaysMeshPort,
        CheckId::GatewaysProbe,
        CheckId::LinksValid,
        CheckId::LinksCredentials,
        CheckId::ClustersReachable,
        CheckId::PermissionsListWatch,
        CheckId::IdentitySharedRoot,
        CheckId::ExportsHaveEndpoints,
        CheckId::ExportsNamespace,
        CheckId::MirrorsOrphaned,
        CheckId::PoliciesPublish,
        CheckId::PoliciesChange,
        CheckId::VipsPoolsOverlap,
        CheckId::VipsSharedPins,
        CheckId::VipsExhausted,
        CheckId::AgentTableFresh,
        CheckId::AgentAnswers,
        CheckId::AgentJournal,
    ];

    /// The id, as printed and as `--id` takes it.
    pub fn label(self) -> &'static str {
        match self {
            CheckId::InputsValid => "inputs.valid",
            CheckId::TemplatesValid => "templates.valid",
            CheckId::NamesConflicts => "names.conflicts",
            CheckId::NetworksLabelled => "networks.labelled",
            CheckId::NetworksSingle => "networks.single",
            CheckId::NetworksOverlap => "networks.overlap",
            CheckId::GatewaysPresent => "gateways.present",
            CheckId::GatewaysMeshPort => "gateways.mesh-port",
            CheckId::GatewaysProbe => "gateways.probe",
            CheckId::LinksValid => "links.valid",
            CheckId::LinksCredentials => "links.credentials",
            CheckId::ClustersReachable => "clusters.reachable",
            CheckId::PermissionsListWatch => "permissions.list-watch",
            CheckId::IdentitySharedRoot => "identity.shared-root",
            CheckId::ExportsHaveEndpoints => "exports.have-endpoints",
            CheckId::ExportsNamespace => "exports.namespace",
            CheckId::MirrorsOrphaned => "mirrors.orphaned",
            CheckId::PoliciesPublish => "policies.publish",
            CheckId::PoliciesChange => "policies.change",
            CheckId::VipsPoolsOverlap => "vips.pools-overlap",
            CheckId::VipsSharedPins => "vips.shared-pins",
            CheckId::VipsExhausted => "vips.exhausted",
            CheckId::AgentTableFresh => "agent.table-fresh",
            CheckId::AgentAnswers => "agent.answers",
            CheckId::AgentJournal => "agent.journal",
        }
    }

    /// The check of that id.
    pub fn of(label: &str) -> Option<Self> {
        CheckId::ALL.into_iter().find(|id| id.label() == label)
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}
