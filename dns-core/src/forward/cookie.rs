//! Cookies towards upstream servers (RFC 7873): a spoofer who sees nothing cannot know them.

use crate::server::Server;
use crate::wire::Reader;
use core::hash::{Hash, Hasher};
use siphasher::sip::SipHasher24;

/// Number of the option (RFC 7873 section 4).
pub(super) const COOKIE_OPTION: u16 = 10;
/// Octets of a client cookie.
pub(super) const COOKIE_LEN: usize = 8;
/// Octets of a server cookie, least and most.
const SERVER_COOKIE_MIN: usize = 8;
const SERVER_COOKIE_MAX: usize = 32;

/// Replies without a cookie in a row after which it is not expected any more. Each has the id, the
/// port and the letters of its question right: nobody guesses so many.
const MISSED_MAX: u8 = 16;

/// A client cookie: the same for one server as long as the process lives.
pub(super) type Cookie = [u8; COOKIE_LEN];

/// The cookie for a server, which says nothing of those for others.
pub(super) fn cookie_for(secret: (u64, u64), server: &Server) -> Cookie {
    let mut hasher = SipHasher24::new_with_keys(secret.0, secret.1);
    server.hash(&mut hasher);
    hasher.finish().to_be_bytes()
}

/// What is known of a server's cookies.
#[derive(Clone, Debug)]
pub(super) struct CookieJar {
    /// The client cookie, then the server's as far as it is known.
    octets: [u8; COOKIE_LEN + SERVER_COOKIE_MAX],
    len: usize,
    /// Replies in a row without a cookie, right in all else.
    missed: u8,
}

/// What a reply says of cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// Nothing, or not in the form of a cookie.
    Nothing,
    /// Another client's.
    Wrong,
    /// Ours, with the server's behind it.
    Ours,
}

impl CookieJar {
    pub(super) fn new(cookie: Cookie) -> Self {
        let mut octets = [0; COOKIE_LEN + SERVER_COOKIE_MAX];
        octets[..COOKIE_LEN].copy_from_slice(&cookie);
        CookieJar {
            octets,
            len: COOKIE_LEN,
            missed: 0,
        }
    }

    /// Notes a reply over UDP without a cookie; after many in a row the server is taken to have
    /// stopped sending them.
    pub(super) fn miss(&mut self) {
        self.missed = self.missed.saturating_add(1);
        if self.missed >= MISSED_MAX {
            self.forget();
        }
    }

    /// The data of the option to send.
    pub(super) fn as_octets(&self) -> &[u8] {
        &self.octets[..self.len]
    }

    /// Whether the server has sent a right one: from then on all its datagrams must.
    pub(super) fn is_learnt(&self) -> bool {
        self.len > COOKIE_LEN
    }

    /// Forgets the server's part.
    pub(super) fn forget(&mut self) {
        self.len = COOKIE_LEN;
        self.missed = 0;
    }

    /// What the options of a reply show; a server cookie behind ours is kept.
    pub(super) fn read(&mut self, options: &[u8]) -> Shown {
        let Some(data) = cookie_option(options) else {
            return Shown::Nothing;
        };
        let Some((client, server)) = data.split_at_checked(COOKIE_LEN) else {
            return Shown::Nothing;
        };
        if client != &self.octets[..COOKIE_LEN] {
            return Shown::Wrong;
        }
        if !(SERVER_COOKIE_MIN..=SERVER_COOKIE_MAX).contains(&server.len()) {
            return Shown::Nothing;
        }
        self.len = COOKIE_LEN + server.len();
        self.missed = 0;
        self.octets[COOKIE_LEN..self.len].copy_from_slice(server);
        Shown::Ours
    }
}

/// The data of the first cookie option.
fn cookie_option(options: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader::at_offset(options, 0);
    loop {
        let code = reader.u16().ok()?;
        let len = usize::from(reader.u16().ok()?);
        let data = reader.octets(len).ok()?;
        if code == COOKIE_OPTION {
            return Some(data);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn option(code: u16, data: &[u8]) -> Vec<u8> {
        let len = data.len() as u16;
        [&code.to_be_bytes()[..], &len.to_be_bytes(), data].concat()
    }

    #[test]
    fn a_server_cookie_is_learnt_only_behind_ours() {
        let mut jar = CookieJar::new(*b"our own!");
        assert_eq!(jar.read(b""), Shown::Nothing);
        assert_eq!(jar.read(&option(10, b"our own!")), Shown::Nothing);
        assert_eq!(jar.read(&option(10, b"another!serversc")), Shown::Wrong);
        assert!(!jar.is_learnt());
        let both = [option(3, b"x"), option(10, b"our own!servers cookie")].concat();
        assert_eq!(jar.read(&both), Shown::Ours);
        assert_eq!(jar.as_octets(), b"our own!servers cookie");
        assert!(jar.is_learnt());
        assert_eq!(jar.read(&both[..9]), Shown::Nothing, "cut");
    }

    #[test]
    fn each_server_has_its_own_cookie() {
        let server = |port| Server::plain(core::net::SocketAddr::from(([192, 0, 2, 1], port)));
        let cookie = cookie_for((1, 2), &server(53));
        assert_ne!(cookie, cookie_for((1, 2), &server(54)));
        assert_ne!(cookie, cookie_for((1, 3), &server(53)));
        assert_eq!(cookie, cookie_for((1, 2), &server(53)));
    }
}
