//! Names of exchanges: what a message sent belongs to, in one number.
//!
//! ```text
//! question:  0 | generation, 31 bits | place, 24 bits | number of the message, 8 bits
//! probe:     1 | server, 31 bits     | number of the probe, 32 bits
//! ```

use super::slab::PendingId;
use super::upstreams::ServerId;
use crate::transmit::ExchangeId;

/// Most questions in flight that can be named.
pub(super) const PLACES_MAX: usize = 1 << 24;

const PROBE: u64 = 1 << 63;
const GENERATION: u32 = u32::MAX >> 1;

/// What an exchange belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// The message of that number of a question.
    Question(PendingId, u8),
    /// The probe of that number of a server.
    Probe(ServerId, u32),
}

pub(super) fn of_question(id: PendingId, number: u8) -> ExchangeId {
    let generation = u64::from(id.generation & GENERATION) << 32;
    ExchangeId(generation | u64::from(id.place) << 8 | u64::from(number))
}

pub(super) fn of_probe(server: ServerId, number: u32) -> ExchangeId {
    ExchangeId(PROBE | u64::from(server.0) << 32 | u64::from(number))
}

/// The next generation of a place.
pub(super) fn next_generation(generation: u32) -> u32 {
    (generation + 1) & GENERATION
}

pub(super) fn subject(exchange: ExchangeId) -> Subject {
    let ExchangeId(bits) = exchange;
    let high = (bits >> 32) as u32 & GENERATION;
    if bits & PROBE != 0 {
        return Subject::Probe(ServerId(high), bits as u32);
    }
    let id = PendingId {
        place: bits as u32 >> 8,
        generation: high,
    };
    Subject::Question(id, bits as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_names_its_subject() {
        let id = PendingId {
            place: 0x00ab_cdef,
            generation: GENERATION,
        };
        assert_eq!(subject(of_question(id, 7)), Subject::Question(id, 7));
        let probe = Subject::Probe(ServerId(3), u32::MAX);
        assert_eq!(subject(of_probe(ServerId(3), u32::MAX)), probe);
        assert_eq!(next_generation(GENERATION), 0);
    }
}
