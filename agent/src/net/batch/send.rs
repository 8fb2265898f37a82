//! Datagrams sent together.

use super::address::RawAddress;
use super::calls::{self, Destination};
use super::control::{Control, LocalAddress};
use super::{BATCH_MESSAGES, uninterrupted};
use std::io;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;

/// Capacity in octets that an empty batch keeps: a batch of the largest answers
/// that clients usually allow.
const KEPT_CAPACITY_OCTETS: usize = BATCH_MESSAGES * 4_096;

/// Datagrams of one socket, one behind the other in one buffer: append octets to
/// [`SendBatch::buffer`], address them with [`SendBatch::push`] or take them back with
/// [`SendBatch::discard`], and [`SendBatch::send`] at the end.
#[derive(Debug, Default)]
pub struct SendBatch {
    octets: Vec<u8>,
    datagrams: Vec<Outgoing>,
}

#[derive(Debug)]
struct Outgoing {
    end: usize,
    to: Destination,
}

/// What became of a batch.
#[derive(Debug, Default)]
pub struct SendReport {
    /// Datagrams that the kernel took.
    pub sent: usize,
    /// Datagrams that were dropped because it had no room for more.
    pub dropped_full: usize,
    /// Datagrams that it refused one by one.
    pub dropped_error: usize,
    /// Why it refused the last of those. On a connected socket that may be the fate of an earlier
    /// datagram.
    pub error: Option<io::Error>,
}

impl SendBatch {
    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.datagrams.is_empty()
    }

    /// Where to append the octets of the next datagram. What is in it must stay.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.octets
    }

    /// Addresses what has been appended since the last datagram, to leave from `from` if given.
    pub fn push(&mut self, to: SocketAddr, from: Option<LocalAddress>) {
        self.datagrams.push(Outgoing {
            end: self.octets.len(),
            to: Destination {
                address: RawAddress::from(to),
                control: from.map_or(Control::NONE, Control::leaving_from),
            },
        });
    }

    /// Has what has been appended since the last datagram sent to where the socket is connected.
    pub fn push_connected(&mut self) {
        self.datagrams.push(Outgoing {
            end: self.octets.len(),
            to: Destination {
                address: RawAddress::NONE,
                control: Control::NONE,
            },
        });
    }

    /// Takes back what has been appended since the last datagram.
    pub fn discard(&mut self) {
        let end = self.datagrams.last().map_or(0, |last| last.end);
        self.octets.truncate(end);
    }

    /// Sends the datagrams in order, without waiting, and empties the batch. One that is refused
    /// is skipped; once there is no room the rest is dropped.
    pub fn send(&mut self, fd: BorrowedFd<'_>) -> SendReport {
        let mut report = SendReport::default();
        let mut at = 0;
        while at < self.datagrams.len() {
            match uninterrupted(|| calls::send(fd, self.addressed(at))) {
                Ok(sent) if sent > 0 => {
                    report.sent += sent;
                    at += sent;
                }
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                    report.dropped_error += 1;
                    report.error = Some(error);
                    at += 1;
                }
                _ => {
                    report.dropped_full = self.datagrams.len() - at;
                    break;
                }
            }
        }
        self.clear();
        report
    }

    fn addressed(&self, at: usize) -> impl Iterator<Item = (&[u8], &Destination)> {
        let before = at.checked_sub(1).map_or(0, |last| self.datagrams[last].end);
        let datagrams = self.datagrams[at..].iter();
        datagrams.scan(before, |start, datagram| {
            let message = self.octets.get(*start..datagram.end).unwrap_or_default();
            *start = datagram.end;
            Some((message, &datagram.to))
        })
    }

    fn clear(&mut self) {
        self.datagrams.clear();
        self.octets.clear();
        self.octets.shrink_to(KEPT_CAPACITY_OCTETS);
    }
}
