//! Messages that wait for the end of the turn.

use std::ops::Range;

/// Messages to be sent, each by the socket in that slot.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    octets: Vec<u8>,
    messages: Vec<Message>,
}

#[derive(Debug)]
struct Message {
    slot: usize,
    range: Range<usize>,
}

impl Unsent {
    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Adds a message.
    pub(super) fn push(&mut self, slot: usize, message: &[u8]) {
        let start = self.octets.len();
        self.octets.extend_from_slice(message);
        let range = start..self.octets.len();
        self.messages.push(Message { slot, range });
    }

    /// The messages of each slot, in the order in which they were added.
    pub(super) fn batches(&mut self) -> impl Iterator<Item = (usize, Batch<'_>)> {
        self.messages.sort_by_key(|message| message.slot);
        let octets = &self.octets;
        self.messages
            .chunk_by(|a, b| a.slot == b.slot)
            .filter_map(move |messages| {
                let slot = messages.first()?.slot;
                Some((slot, Batch { octets, messages }))
            })
    }

    /// Forgets all messages and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.messages.clear();
        self.octets.clear();
    }
}

/// The messages of one slot.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    octets: &'a [u8],
    messages: &'a [Message],
}

impl<'a> Iterator for Batch<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (message, rest) = self.messages.split_first()?;
        self.messages = rest;
        Some(&self.octets[message.range.clone()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_by_slot_and_in_order() {
        let mut unsent = Unsent::default();
        for (slot, message) in [(3, "a"), (1, "b"), (3, "c")] {
            unsent.push(slot, message.as_bytes());
        }
        let batches: Vec<(usize, Vec<&[u8]>)> = unsent
            .batches()
            .map(|(slot, batch)| (slot, batch.collect()))
            .collect();
        assert_eq!(batches, [(1, vec![&b"b"[..]]), (3, vec![b"a", b"c"])]);
        unsent.clear();
        assert!(unsent.is_empty());
    }
}
