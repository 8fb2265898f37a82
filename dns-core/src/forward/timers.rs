//! A wheel of timers, one for each question in flight: setting, moving and taking one off costs
//! the same however many there are.

use crate::transmit::Millis;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Slots of a millisecond each: twice the default budget, so that a timer seldom has to be put
/// back.
const SLOTS: usize = 4_096;
const WORD_BITS: usize = 64;
const WORDS: usize = SLOTS / WORD_BITS;
/// No place.
const NONE: u32 = u32::MAX;

/// Timers by place, exact to the millisecond, in order of their setting within one.
#[derive(Debug)]
pub(super) struct Timers {
    links: Vec<Link>,
    slots: Box<[Slot]>,
    /// Slots that are not empty, and words of it that are not zero.
    occupied: [u64; WORDS],
    summary: u64,
    /// No timer is in a slot of an earlier time.
    base: u64,
    armed: usize,
}

/// The first and the last place of a slot.
#[derive(Clone, Copy, Debug)]
struct Slot {
    first: u32,
    last: u32,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    due: Millis,
    slot: Option<u16>,
    previous: u32,
    next: u32,
}

impl Default for Timers {
    fn default() -> Self {
        let empty = Slot {
            first: NONE,
            last: NONE,
        };
        Timers {
            links: Vec::new(),
            slots: alloc::vec![empty; SLOTS].into_boxed_slice(),
            occupied: [0; WORDS],
            summary: 0,
            base: 0,
            armed: 0,
        }
    }
}

impl Timers {
    /// Sets the timer of a place, in the stead of one it has.
    pub(super) fn set(&mut self, now: Millis, place: u32, due: Millis) {
        self.cancel(place);
        if self.armed == 0 {
            self.base = now.0;
        }
        let unset = Link {
            due,
            slot: None,
            previous: NONE,
            next: NONE,
        };
        if self.links.len() <= place as usize {
            self.links.resize(place as usize + 1, unset);
        }
        self.link(place, due);
    }

    /// Takes off the timer of a place, if it has one.
    pub(super) fn cancel(&mut self, place: u32) {
        let Some(link) = self.links.get_mut(place as usize) else {
            return;
        };
        let Some(slot) = link.slot.take() else {
            return;
        };
        let (previous, next) = (link.previous, link.next);
        let slot = usize::from(slot);
        match self.links.get_mut(previous as usize) {
            Some(link) => link.next = next,
            None => self.slots[slot].first = next,
        }
        match self.links.get_mut(next as usize) {
            Some(link) => link.previous = previous,
            None => self.slots[slot].last = previous,
        }
        self.armed -= 1;
        if self.slots[slot].first == NONE {
            let word = slot / WORD_BITS;
            self.occupied[word] &= !(1 << (slot % WORD_BITS));
            if self.occupied[word] == 0 {
                self.summary &= !(1 << word);
            }
        }
    }

    /// When [`Timers::expire`] has something to give. A timer further away than the wheel reaches
    /// shows as its rim.
    pub(super) fn next(&self) -> Option<Millis> {
        self.first_slot().map(|(at, _)| Millis(at))
    }

    /// Takes off a timer that is due.
    pub(super) fn expire(&mut self, now: Millis) -> Option<u32> {
        while let Some((at, slot)) = self.first_slot() {
            if at > now.0 {
                break;
            }
            self.base = at;
            let place = self.slots[slot].first;
            let due = self.links[place as usize].due;
            self.cancel(place);
            if due <= now {
                return Some(place);
            }
            self.link(place, due);
        }
        None
    }

    fn link(&mut self, place: u32, due: Millis) {
        let rim = self.base + (SLOTS as u64 - 1);
        let slot = (due.0.clamp(self.base, rim) % SLOTS as u64) as usize;
        let last = core::mem::replace(&mut self.slots[slot].last, place);
        match self.links.get_mut(last as usize) {
            Some(link) => link.next = place,
            None => self.slots[slot].first = place,
        }
        self.links[place as usize] = Link {
            due,
            slot: Some(slot as u16),
            previous: last,
            next: NONE,
        };
        self.armed += 1;
        self.occupied[slot / WORD_BITS] |= 1 << (slot % WORD_BITS);
        self.summary |= 1 << (slot / WORD_BITS);
    }

    /// The first slot that is not empty, and its time.
    fn first_slot(&self) -> Option<(u64, usize)> {
        if self.armed == 0 {
            return None;
        }
        let start = (self.base % SLOTS as u64) as usize;
        let (word, bit) = (start / WORD_BITS, start % WORD_BITS);
        let here = self.occupied[word] >> bit << bit;
        let slot = if here != 0 {
            word * WORD_BITS + here.trailing_zeros() as usize
        } else {
            let behind = self.summary & (!1u64 << word);
            let around = if behind != 0 { behind } else { self.summary };
            let word = around.trailing_zeros() as usize;
            word * WORD_BITS + self.occupied[word].trailing_zeros() as usize
        };
        let distance = (slot + SLOTS - start) % SLOTS;
        Some((self.base + distance as u64, slot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    #[test]
    fn timers_fire_in_time_and_never_early_whatever_is_set_moved_and_taken_off() {
        let mut timers = Timers::default();
        let mut model: BTreeMap<u32, u64> = BTreeMap::new();
        let mut dice = 7u64;
        let mut roll = |below: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (dice >> 33) % below
        };
        let mut now = 1_000_000;
        for _ in 0..50_000 {
            let place = roll(64) as u32;
            match roll(4) {
                0 | 1 => {
                    let reach = if roll(8) == 0 { 20_000 } else { 900 };
                    let due = now + roll(reach);
                    timers.set(Millis(now), place, Millis(due));
                    model.insert(place, due);
                }
                2 => {
                    timers.cancel(place);
                    model.remove(&place);
                }
                _ => {
                    now += roll(300);
                    while let Some(place) = timers.expire(Millis(now)) {
                        let due = model.remove(&place);
                        assert!(due.is_some_and(|due| due <= now), "{due:?} at {now}");
                    }
                    assert!(model.values().all(|due| *due > now), "one was forgotten");
                }
            }
            let first = model.values().min().copied();
            let next = timers.next().map(|at| at.0);
            assert_eq!(next.is_some(), first.is_some());
            assert!(
                next <= first.map(|first| first.max(now)),
                "it would be late"
            );
        }
    }

    #[test]
    fn the_next_timeout_is_exact_within_reach() {
        let mut timers = Timers::default();
        timers.set(Millis(10), 0, Millis(2_010));
        timers.set(Millis(10), 1, Millis(410));
        assert_eq!(timers.next(), Some(Millis(410)));
        assert_eq!(timers.expire(Millis(409)), None);
        assert_eq!(timers.expire(Millis(410)), Some(1));
        assert_eq!(timers.next(), Some(Millis(2_010)));
        timers.cancel(0);
        assert_eq!(timers.next(), None);
    }
}
