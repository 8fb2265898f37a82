//! [`Viewpoint`]s of the kinds of clients, and which of them see a name alike.

use super::config::MeshConfig;
use super::ground::Ground;
use super::kind::ClientKind;
use super::relation::Relation;
use super::relations::{domain_of, relations_of};
use dns_core::NameBuf;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How clients of one kind see the mesh.
#[derive(Debug)]
pub(super) struct Viewpoint {
    pub(super) kind: ClientKind,
    /// Domain of their cluster.
    pub(super) domain: NameBuf,
    pub(super) relations: BTreeMap<Arc<str>, Relation>,
    /// A number for each relation, by the number of its cluster; equal relations to one cluster
    /// have equal numbers.
    numbers: Vec<u32>,
}

impl Viewpoint {
    /// The viewpoint of a kind of clients alone.
    pub(super) fn of(kind: ClientKind, ground: &Ground, config: &MeshConfig) -> Self {
        Viewpoint {
            domain: domain_of(&kind, ground, config).clone(),
            relations: relations_of(&kind, ground, config),
            kind,
            numbers: Vec::new(),
        }
    }
}

/// The viewpoints of all kinds of clients.
#[derive(Debug, Default)]
pub(super) struct Viewpoints {
    all: Vec<Viewpoint>,
    cluster_numbers: BTreeMap<Arc<str>, usize>,
}

impl Viewpoints {
    /// The viewpoints of the kinds, in their order.
    pub(super) fn of(kinds: Vec<ClientKind>, ground: &Ground, config: &MeshConfig) -> Self {
        let mut known: Vec<BTreeMap<Relation, u32>> = vec![BTreeMap::new(); ground.clusters.len()];
        let viewpoint = |kind: ClientKind| {
            let viewpoint = Viewpoint::of(kind, ground, config);
            let number = |(known, relation): (&mut BTreeMap<Relation, u32>, &Relation)| {
                let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
                *known.entry(relation.clone()).or_insert(next)
            };
            let of_clusters = ground.clusters.keys();
            let of_clusters = of_clusters.filter_map(|id| viewpoint.relations.get(id));
            let numbers = known.iter_mut().zip(of_clusters).map(number).collect();
            Viewpoint {
                numbers,
                ..viewpoint
            }
        };
        Viewpoints {
            all: kinds.into_iter().map(viewpoint).collect(),
            cluster_numbers: (ground.clusters.keys().cloned()).zip(0..).collect(),
        }
    }

    pub(super) fn all(&self) -> &[Viewpoint] {
        &self.all
    }

    /// The index of a kind of client.
    pub(super) fn index_of(&self, kind: &ClientKind) -> Option<usize> {
        self.all
            .iter()
            .position(|viewpoint| viewpoint.kind == *kind)
    }

    /// Which kinds see the same of these clusters: for each kind the number of its class, and for
    /// each class the kind that stands for it.
    pub(super) fn classes<'a>(
        &self,
        clusters: impl Iterator<Item = &'a Arc<str>>,
    ) -> (Vec<usize>, Vec<usize>) {
        let mut numbers: Vec<usize> = clusters
            .filter_map(|cluster| self.cluster_numbers.get(cluster).copied())
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        let is_alike = |a: &Viewpoint, b: &Viewpoint| {
            let mut relations = numbers.iter();
            relations.all(|&at| a.numbers.get(at) == b.numbers.get(at)) && a.domain == b.domain
        };
        let mut representatives: Vec<usize> = Vec::new();
        let mut class_of = Vec::with_capacity(self.all.len());
        for (at, viewpoint) in self.all.iter().enumerate() {
            let class = representatives
                .iter()
                .position(|&other| is_alike(&self.all[other], viewpoint));
            class_of.push(class.unwrap_or(representatives.len()));
            if class.is_none() {
                representatives.push(at);
            }
        }
        (class_of, representatives)
    }

    /// Every kind as a class of its own.
    pub(super) fn each(&self) -> (Vec<usize>, Vec<usize>) {
        let all: Vec<usize> = (0..self.all.len()).collect();
        (all.clone(), all)
    }
}
