//! [`Drafts`]: endpoints while they are collected, before their priorities and weights are known.

use super::Subject;
use super::rank::{Standing, rank};
use crate::input::Order;
use crate::mesh::mesh_view::{Mesh, MeshView};
use crate::mesh::relation::Relation;
use dns_core::{Endpoint, EndpointState, NameBuf};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most that weights are multiplied by to stay whole numbers. Beyond, shares are rounded to a
/// millionth.
const SCALE_MAX: u64 = 1_000_000;

/// Endpoints while they are collected.
pub(super) struct Drafts<'a> {
    pub(super) mesh: &'a Mesh<'a>,
    pub(super) relations: &'a BTreeMap<Arc<str>, Relation>,
    pub(super) name: &'a NameBuf,
    ranking: Ranking<'a>,
    endpoints: Vec<Endpoint>,
    /// What is known about the endpoint of the same index.
    notes: Vec<Note>,
}

enum Ranking<'a> {
    ByOrder(&'a Order),
    /// Weights have put all into one priority; endpoints keep the order of the weights.
    Equal {
        seat: usize,
    },
}

#[derive(Clone, Copy)]
struct Note {
    rank: usize,
    seat: usize,
    is_other_cluster: bool,
    is_ready: bool,
    weight: Fraction,
}

/// A weight that may have to be shared.
#[derive(Clone, Copy)]
struct Fraction {
    number: u64,
    over: u64,
}

impl<'a> Drafts<'a> {
    pub(super) fn new(view: &'a MeshView<'a>, subject: &Subject<'a>) -> Self {
        Drafts {
            mesh: &view.mesh,
            relations: view.relations,
            name: subject.name,
            ranking: Ranking::ByOrder(subject.order),
            endpoints: Vec::with_capacity(subject.members.len()),
            notes: Vec::with_capacity(subject.members.len()),
        }
    }

    /// From here on all are equal, in the order of these seats.
    pub(super) fn take_seat(&mut self, seat: usize) {
        self.ranking = Ranking::Equal { seat };
    }

    pub(super) fn len(&self) -> usize {
        self.endpoints.len()
    }

    /// Adds an endpoint, with its own weight.
    pub(super) fn push(&mut self, endpoint: Endpoint, standing: &Standing<'_>) {
        let (rank, seat) = match self.ranking {
            Ranking::ByOrder(order) => (rank(order, standing), 0),
            Ranking::Equal { seat } => (0, seat),
        };
        self.notes.push(Note {
            rank,
            seat,
            is_other_cluster: !standing.relation.is_own,
            is_ready: endpoint.state == EndpointState::Ready,
            weight: Fraction {
                number: u64::from(endpoint.weight),
                over: 1,
            },
        });
        self.endpoints.push(endpoint);
    }

    /// Gives the usable endpoints from the `start`th on one weight together, in equal parts.
    pub(super) fn divide(&mut self, start: usize) {
        let notes = &mut self.notes[start..];
        let parts = notes.iter().filter(|note| note.is_ready).count() as u64;
        for note in notes.iter_mut().filter(|note| note.is_ready) {
            note.weight.over *= parts;
        }
    }

    /// Gives the usable endpoints from the `start`th on a weight together, in the proportions that
    /// they have.
    pub(super) fn share_out(&mut self, start: usize, weight: u32) {
        let notes = &mut self.notes[start..];
        let scale = scale_of(notes);
        let ready = notes.iter().filter(|note| note.is_ready);
        let sum: u64 = ready.map(|note| note.weight.times(scale)).sum();
        for note in notes {
            note.weight = if note.is_ready {
                let part = note.weight.times(scale);
                Fraction::reduced(part.saturating_mul(u64::from(weight)), sum.max(1))
            } else {
                Fraction {
                    number: u64::from(weight),
                    over: 1,
                }
            };
        }
    }

    /// The endpoints, best first, with dense priorities and whole weights.
    pub(super) fn into_endpoints(mut self) -> Vec<Endpoint> {
        if let ([endpoint], [note]) = (&mut *self.endpoints, &*self.notes) {
            endpoint.weight = whole(note.weight.times(note.weight.over));
            return self.endpoints;
        }
        self.settle();
        let places = sorted_places(&self.notes);
        if places.is_sorted() {
            return self.endpoints;
        }
        let mut endpoints: Vec<Option<Endpoint>> = self.endpoints.into_iter().map(Some).collect();
        let in_order = places.into_iter().filter_map(|at| endpoints[at].take());
        in_order.collect()
    }

    /// Gives each its priority and weight.
    fn settle(&mut self) {
        let scale = scale_of(&self.notes);
        let ready = self.notes.iter().filter(|note| note.is_ready);
        let mut ranks: Vec<usize> = ready.map(|note| note.rank).collect();
        ranks.sort_unstable();
        ranks.dedup();
        for (endpoint, note) in self.endpoints.iter_mut().zip(&self.notes) {
            let better = ranks.partition_point(|rank| *rank < note.rank);
            endpoint.priority = u32::try_from(better).unwrap_or(u32::MAX);
            endpoint.weight = whole(note.weight.times(scale));
        }
    }
}

/// Where each endpoint stands, best first. Those of the own cluster come before others of the same
/// rank; the rest stay as they were added.
fn sorted_places(notes: &[Note]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..notes.len()).collect();
    places.sort_by_key(|&at| {
        let note = &notes[at];
        (note.rank, note.seat, note.is_other_cluster)
    });
    places
}

impl Fraction {
    fn reduced(number: u64, over: u64) -> Self {
        let divisor = gcd(number, over).max(1);
        Fraction {
            number: number / divisor,
            over: over / divisor,
        }
    }

    /// The whole number next to it when all are multiplied so; what has a weight keeps one.
    fn times(self, scale: u64) -> u64 {
        let product = u128::from(self.number) * u128::from(scale) / u128::from(self.over);
        let least = u64::from(self.number > 0);
        u64::try_from(product).unwrap_or(u64::MAX).max(least)
    }
}

/// What to multiply all weights by so that they are whole numbers.
fn scale_of(notes: &[Note]) -> u64 {
    notes.iter().fold(1, |scale, note| {
        let over = note.weight.over;
        let common = scale / gcd(scale, over).max(1) * over;
        common.min(SCALE_MAX)
    })
}

fn whole(weight: u64) -> u32 {
    u32::try_from(weight).unwrap_or(u32::MAX)
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
