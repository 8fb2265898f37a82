//! Where questions in flight are kept: places that are used again, so that none is allocated anew.

use super::exchange::next_generation;
use super::pending::Pending;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// A question in flight. An id of one that has ended never names a later one at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PendingId {
    pub(super) place: u32,
    pub(super) generation: u32,
}

/// Questions in flight, by place.
#[derive(Debug, Default)]
pub(super) struct Slab {
    places: Vec<Place>,
    free: Vec<u32>,
    /// Ended questions, kept for their buffers.
    #[expect(clippy::vec_box, reason = "moved to a place and back without a copy")]
    spare: Vec<Box<Pending>>,
}

#[derive(Debug, Default)]
struct Place {
    generation: u32,
    pending: Option<Box<Pending>>,
}

impl Slab {
    /// Questions in flight.
    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// A place for a new question. It counts from now on.
    pub(super) fn reserve(&mut self) -> PendingId {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place::default());
            self.places.len() as u32 - 1
        });
        let generation = self.places[place as usize].generation;
        PendingId { place, generation }
    }

    /// An ended question to be filled anew.
    pub(super) fn blank(&mut self) -> Box<Pending> {
        self.spare.pop().unwrap_or_default()
    }

    /// Takes a question out, to be put back or given up.
    pub(super) fn take(&mut self, id: PendingId) -> Option<Box<Pending>> {
        let place = self.places.get_mut(id.place as usize)?;
        if place.generation != id.generation {
            return None;
        }
        place.pending.take()
    }

    /// Takes out the question at a place.
    pub(super) fn take_at(&mut self, place: u32) -> Option<(PendingId, Box<Pending>)> {
        let entry = self.places.get_mut(place as usize)?;
        let generation = entry.generation;
        let pending = entry.pending.take()?;
        Some((PendingId { place, generation }, pending))
    }

    pub(super) fn put(&mut self, id: PendingId, pending: Box<Pending>) {
        self.places[id.place as usize].pending = Some(pending);
    }

    pub(super) fn get(&self, id: PendingId) -> Option<&Pending> {
        let place = self.places.get(id.place as usize)?;
        let pending = place.pending.as_deref()?;
        (place.generation == id.generation).then_some(pending)
    }

    pub(super) fn get_mut(&mut self, id: PendingId) -> Option<&mut Pending> {
        let place = self.places.get_mut(id.place as usize)?;
        if place.generation != id.generation {
            return None;
        }
        place.pending.as_deref_mut()
    }

    pub(super) fn at(&self, place: u32) -> Option<&Pending> {
        self.places.get(place as usize)?.pending.as_deref()
    }

    /// The id of the question at a place.
    pub(super) fn id_at(&self, place: u32) -> Option<PendingId> {
        let generation = self.places.get(place as usize)?.generation;
        Some(PendingId { place, generation })
    }

    /// Gives the place of an ended question up.
    pub(super) fn release(&mut self, id: PendingId, pending: Box<Pending>) {
        let place = &mut self.places[id.place as usize];
        place.generation = next_generation(place.generation);
        place.pending = None;
        self.free.push(id.place);
        self.spare.push(pending);
    }
}
