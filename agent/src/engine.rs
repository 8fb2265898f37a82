//! The resolver of a worker, with a count of the answers it still owes.

use dns_core::{Client, Disposition, ExchangeId, Millis, Random, Resolver, Transmit};
use rand::rngs::{StdRng, SysRng};
use rand::{Rng, SeedableRng};
use std::io;

/// A resolver and the number of queries it has yet to answer.
pub(crate) struct Engine {
    resolver: Resolver,
    pending: usize,
}

impl Engine {
    /// Drives that resolver.
    pub(crate) fn new(resolver: Resolver) -> Self {
        Engine {
            resolver,
            pending: 0,
        }
    }

    /// The resolver, for what owes nobody an answer.
    pub(crate) fn resolver(&mut self) -> &mut Resolver {
        &mut self.resolver
    }

    /// Queries without answer so far.
    pub(crate) fn pending(&self) -> usize {
        self.pending
    }

    /// See [`Resolver::warm`].
    pub(crate) fn warm<'m>(&mut self, messages: impl Iterator<Item = &'m [u8]>) {
        self.resolver.warm(messages);
    }

    /// See [`Resolver::handle_query`].
    pub(crate) fn handle_query(
        &mut self,
        now: Millis,
        client: Client,
        message: &[u8],
        out: &mut Vec<u8>,
    ) -> Disposition {
        let disposition = self.resolver.handle_query(now, client, message, out);
        self.pending += usize::from(disposition == Disposition::Pending);
        disposition
    }

    /// See [`Resolver::handle_reply`].
    pub(crate) fn handle_reply(&mut self, now: Millis, exchange: ExchangeId, message: &[u8]) {
        self.resolver.handle_reply(now, exchange, message);
    }

    /// See [`Resolver::handle_unsent`].
    pub(crate) fn handle_unsent(&mut self, now: Millis, exchange: ExchangeId) {
        self.resolver.handle_unsent(now, exchange);
    }

    /// See [`Resolver::handle_unreachable`].
    pub(crate) fn handle_unreachable(&mut self, now: Millis, exchange: ExchangeId) {
        self.resolver.handle_unreachable(now, exchange);
    }

    /// Calls [`Resolver::handle_timeout`] if it is due.
    pub(crate) fn handle_time(&mut self, now: Millis) {
        if self.resolver.poll_timeout().is_some_and(|due| due <= now) {
            self.resolver.handle_timeout(now);
        }
    }

    /// Takes what other workers found out, if there is any.
    pub(crate) fn handle_mail(&mut self, now: Millis) {
        if self.resolver.has_mail() {
            self.resolver.handle_mail(now);
        }
    }

    /// See [`Resolver::poll_transmit`].
    pub(crate) fn poll_transmit(&mut self, out: &mut Vec<u8>) -> Option<Transmit> {
        let transmit = self.resolver.poll_transmit(out)?;
        if matches!(transmit, Transmit::Answer(_)) {
            self.pending = self.pending.saturating_sub(1);
        }
        Some(transmit)
    }

    /// See [`Resolver::poll_timeout`].
    pub(crate) fn poll_timeout(&self) -> Option<Millis> {
        self.resolver.poll_timeout()
    }
}

/// A cryptographic generator (ChaCha) that the operating system has seeded.
pub(crate) struct SeededRandom(StdRng);

impl SeededRandom {
    /// A generator with a seed of its own.
    ///
    /// # Errors
    ///
    /// The system has no randomness to give.
    pub(crate) fn from_system() -> io::Result<Self> {
        StdRng::try_from_rng(&mut SysRng)
            .map(SeededRandom)
            .map_err(io::Error::other)
    }

    /// A number of 64 bits.
    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}

impl Random for SeededRandom {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_generators_do_not_say_the_same() {
        let mut generators = [(); 2].map(|()| SeededRandom::from_system().unwrap());
        let [a, b] = generators
            .each_mut()
            .map(|random| [(); 4].map(|()| random.next_u32()));
        assert_ne!(a, b);
    }
}
