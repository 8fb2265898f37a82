//! The system calls, and all the `unsafe` code that there is.
//!
//! The headers that the kernel wants are made on the stack for each call, from borrowed memory:
//! nothing points anywhere between calls. That costs a few nanoseconds and needs no promises.

#![allow(unsafe_code)]

use super::BATCH_MESSAGES;
use super::address::RawAddress;
use super::control::Control;
use super::receive::Addresses;
use nix::libc;
use std::io;
use std::mem;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

/// What the kernel tells of a datagram besides its octets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Envelope {
    pub(super) source: RawAddress,
    pub(super) control: Control,
    /// Octets of the datagram that fit in its slot.
    pub(super) length: usize,
    /// `MSG_TRUNC` and the like.
    pub(super) flags: i32,
}

impl Envelope {
    /// An envelope to be filled.
    pub(super) const EMPTY: Self = Envelope {
        source: RawAddress::NONE,
        control: Control::NONE,
        length: 0,
        flags: 0,
    };
}

/// Where a datagram goes, and from where; neither on a connected socket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Destination {
    pub(super) address: RawAddress,
    pub(super) control: Control,
}

/// Receives what is there, without waiting: each datagram into a slot of `slot_octets` of `slots`
/// and its envelope. Gives their number, at least one.
///
/// # Errors
///
/// `WouldBlock` if there is none, or what the socket has to report.
pub(super) fn receive(
    fd: BorrowedFd<'_>,
    slots: &mut [u8],
    slot_octets: usize,
    envelopes: &mut [Envelope; BATCH_MESSAGES],
    addresses: Addresses,
) -> io::Result<usize> {
    let mut vectors = [NO_VECTOR; BATCH_MESSAGES];
    let mut headers = no_headers();
    let mut count = 0;
    let parts = headers.iter_mut().zip(&mut vectors);
    let rooms = slots.chunks_exact_mut(slot_octets).zip(&mut *envelopes);
    for ((header, vector), (slot, envelope)) in parts.zip(rooms) {
        vector.iov_base = slot.as_mut_ptr().cast();
        vector.iov_len = slot.len();
        let header = &mut header.msg_hdr;
        header.msg_iov = vector;
        header.msg_iovlen = 1;
        if addresses != Addresses::None {
            header.msg_name = envelope.source.octets.as_mut_ptr().cast();
            header.msg_namelen = envelope.source.octets.len() as libc::socklen_t;
        }
        if addresses == Addresses::SourceAndLocal {
            header.msg_control = envelope.control.octets.as_mut_ptr().cast();
            header.msg_controllen = envelope.control.octets.len() as _;
        }
        count += 1;
    }
    // SAFETY: the first `count` headers each point to one vector, and each vector, name and control
    // to memory of the given length; all of it is borrowed mutably or owned here until the call
    // has returned, no two overlap, and octets of any value are valid there. The descriptor is open
    // as long as `fd` is borrowed, and no time-out is given.
    let received = unsafe {
        libc::recvmmsg(
            fd.as_raw_fd(),
            headers.as_mut_ptr(),
            count,
            libc::MSG_DONTWAIT as _,
            ptr::null_mut(),
        )
    };
    let received = usize::try_from(received).map_err(|_| io::Error::last_os_error())?;
    for (header, envelope) in headers.iter().zip(envelopes).take(received) {
        envelope.length = header.msg_len as usize;
        envelope.flags = header.msg_hdr.msg_flags;
        envelope.source.length = header.msg_hdr.msg_namelen;
        envelope.control.length = header.msg_hdr.msg_controllen as usize;
    }
    Ok(received)
}

/// Sends the first [`BATCH_MESSAGES`] of `datagrams`, without waiting, until one cannot be sent.
/// Gives the number that was sent, at least one.
///
/// # Errors
///
/// Why the first one cannot be sent.
pub(super) fn send<'a>(
    fd: BorrowedFd<'_>,
    datagrams: impl Iterator<Item = (&'a [u8], &'a Destination)>,
) -> io::Result<usize> {
    let mut vectors = [NO_VECTOR; BATCH_MESSAGES];
    let mut headers = no_headers();
    let mut count = 0;
    let parts = headers.iter_mut().zip(&mut vectors);
    for ((header, vector), (message, to)) in parts.zip(datagrams) {
        vector.iov_base = message.as_ptr().cast_mut().cast();
        vector.iov_len = message.len();
        let header = &mut header.msg_hdr;
        header.msg_iov = vector;
        header.msg_iovlen = 1;
        if to.address.length > 0 {
            header.msg_name = to.address.octets.as_ptr().cast_mut().cast();
            header.msg_namelen = to.address.length;
        }
        if to.control.length > 0 {
            header.msg_control = to.control.octets.as_ptr().cast_mut().cast();
            header.msg_controllen = to.control.length as _;
        }
        count += 1;
    }
    // SAFETY: the first `count` headers each point to one vector, and each vector, name and control
    // to memory of at least the given length, which is borrowed for `'a` and so outlives the call;
    // the kernel reads it and writes nothing but the headers, which are ours. The descriptor is
    // open as long as `fd` is borrowed.
    let sent = unsafe {
        libc::sendmmsg(
            fd.as_raw_fd(),
            headers.as_mut_ptr(),
            count,
            libc::MSG_DONTWAIT as _,
        )
    };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

const NO_VECTOR: libc::iovec = libc::iovec {
    iov_base: ptr::null_mut(),
    iov_len: 0,
};

fn no_headers() -> [libc::mmsghdr; BATCH_MESSAGES] {
    // SAFETY: the structure is integers and raw pointers, for which zeroes are values: lengths of
    // zero and null. It has private padding on some systems, so that it cannot be written out.
    unsafe { mem::zeroed() }
}
