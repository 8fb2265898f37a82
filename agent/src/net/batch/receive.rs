//! Datagrams received together.

use super::calls::{self, Envelope};
use super::control::LocalAddress;
use super::{BATCH_MESSAGES, uninterrupted};
use nix::libc;
use std::io;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;

/// Which addresses the kernel is to tell with each datagram. What is not needed is not paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addresses {
    /// None: the socket is connected.
    None,
    /// Who sent it.
    Source,
    /// Who sent it, and to which address of ours. The socket must have `IP_PKTINFO` or
    /// `IPV6_RECVPKTINFO` on.
    SourceAndLocal,
}

/// Room for a batch of datagrams, used again and again.
#[derive(Debug)]
pub struct ReceiveBatch {
    slots: Box<[u8]>,
    slot_octets: usize,
    envelopes: Box<[Envelope; BATCH_MESSAGES]>,
    filled: usize,
}

/// A received datagram.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// What it says, as far as it fits in a slot.
    pub message: &'a [u8],
    /// Who sent it.
    pub source: SocketAddr,
    /// To which address of ours, if that was asked for.
    pub local: Option<LocalAddress>,
    /// Whether all of it fits.
    pub fit: SlotFit,
}

/// Whether a datagram fits in its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotFit {
    /// All of it.
    Whole,
    /// Its end is lost (`MSG_TRUNC`).
    Cut,
}

impl ReceiveBatch {
    /// Room for [`BATCH_MESSAGES`] datagrams of at most `slot_octets` octets, at least one. Memory
    /// is taken from the system as datagrams come.
    pub fn new(slot_octets: usize) -> Self {
        let slot_octets = slot_octets.max(1);
        ReceiveBatch {
            // Zeroed memory is the kernel's until it is written.
            slots: vec![0; BATCH_MESSAGES * slot_octets].into_boxed_slice(),
            slot_octets,
            envelopes: Box::new([Envelope::EMPTY; BATCH_MESSAGES]),
            filled: 0,
        }
    }

    /// Receives what is there in place of what was here before, without waiting. Gives the number
    /// of datagrams; fewer than [`BATCH_MESSAGES`] means that the socket had no more, unless the
    /// next call has an error to report.
    ///
    /// # Errors
    ///
    /// What the socket has to report; having nothing is no error. Datagrams may wait behind it.
    pub fn receive(&mut self, fd: BorrowedFd<'_>, addresses: Addresses) -> io::Result<usize> {
        self.filled = 0;
        let received = uninterrupted(|| {
            let (slots, envelopes) = (&mut self.slots, &mut self.envelopes);
            calls::receive(fd, slots, self.slot_octets, envelopes, addresses)
        });
        match received {
            Ok(received) => self.filled = received,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(self.filled)
    }

    /// Receives from a connected socket; [`ReceiveBatch::messages`] has what came.
    ///
    /// # Errors
    ///
    /// As [`ReceiveBatch::receive`], among them `ConnectionRefused`.
    pub fn receive_connected(&mut self, fd: BorrowedFd<'_>) -> io::Result<usize> {
        self.receive(fd, Addresses::None)
    }

    /// What has been received with [`Addresses::Source`] or [`Addresses::SourceAndLocal`].
    pub fn datagrams(&self) -> impl Iterator<Item = Datagram<'_>> {
        self.received().filter_map(|(message, envelope)| {
            Some(Datagram {
                message,
                source: envelope.source.socket_address()?,
                local: envelope.control.local_address(),
                fit: envelope.fit(),
            })
        })
    }

    /// What has been received, whoever sent it.
    pub fn messages(&self) -> impl Iterator<Item = (&[u8], SlotFit)> {
        self.received()
            .map(|(message, envelope)| (message, envelope.fit()))
    }

    fn received(&self) -> impl Iterator<Item = (&[u8], &Envelope)> {
        let slots = self.slots.chunks_exact(self.slot_octets);
        let filled = self.envelopes[..self.filled].iter();
        filled
            .zip(slots)
            .map(|(envelope, slot)| (&slot[..envelope.length.min(slot.len())], envelope))
    }
}

impl Envelope {
    fn fit(&self) -> SlotFit {
        if self.flags & libc::MSG_TRUNC == 0 {
            SlotFit::Whole
        } else {
            SlotFit::Cut
        }
    }
}
