//! EDNS(0): the OPT record (RFC 6891) and extended errors (RFC 8914).

/// Largest UDP message we send or ask for (RFC 9715 section 3).
pub const UDP_PAYLOAD_MAX: u16 = 1232;
/// Largest UDP message to a client without EDNS (RFC 1035 section 4.2.1).
pub const UDP_PAYLOAD_MIN: u16 = 512;
/// Octets of an OPT record without options.
pub const OPT_LEN: usize = 11;

const DO: u32 = 0x8000;
const EDE_OPTION: u16 = 15;

/// What the OPT record of a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edns {
    /// Largest UDP message its sender takes, never under 512.
    pub payload_size: u16,
    /// Version.
    pub version: u8,
    /// Upper eight bits of the response code.
    pub extended_rcode: u8,
    /// Whether DNSSEC records are wanted (RFC 3225).
    pub dnssec_ok: bool,
}

impl Edns {
    /// From class and TTL of an OPT record. Flags other than DO are ignored (RFC 6891 section
    /// 6.1.4).
    pub fn from_record(class: u16, ttl: u32) -> Self {
        Edns {
            payload_size: class.max(UDP_PAYLOAD_MIN),
            version: (ttl >> 16) as u8,
            extended_rcode: (ttl >> 24) as u8,
            dnssec_ok: ttl & DO != 0,
        }
    }

    /// Our own OPT record without options: 1232 octets, version 0, that DO bit.
    #[inline]
    pub(crate) fn plain_opt(dnssec_ok: DnssecOk) -> [u8; OPT_LEN] {
        let [size_high, size_low] = UDP_PAYLOAD_MAX.to_be_bytes();
        let flags = match dnssec_ok {
            DnssecOk::Set => 0x80,
            DnssecOk::Clear => 0,
        };
        [0, 0, 41, size_high, size_low, 0, 0, flags, 0, 0, 0]
    }

    /// Our own OPT record as octets: 1232 octets, version 0, that DO bit and, if given, an
    /// extended rcode and an extended error without text.
    pub fn opt_record(dnssec_ok: DnssecOk, extended_rcode: u8, ede: Option<Ede>) -> OptRecord {
        let mut octets = [0; OptRecord::CAPACITY];
        octets[..OPT_LEN].copy_from_slice(&Self::plain_opt(dnssec_ok));
        octets[5] = extended_rcode;
        let mut len = OPT_LEN;
        if let Some(Ede(code)) = ede {
            octets[10] = 6;
            octets[11..13].copy_from_slice(&EDE_OPTION.to_be_bytes());
            octets[13..15].copy_from_slice(&2u16.to_be_bytes());
            octets[15..17].copy_from_slice(&code.to_be_bytes());
            len += 6;
        }
        OptRecord { octets, len }
    }
}

/// The DO bit of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DnssecOk {
    /// DNSSEC records are wanted.
    Set,
    /// They are not.
    Clear,
}

impl From<bool> for DnssecOk {
    fn from(set: bool) -> Self {
        if set { DnssecOk::Set } else { DnssecOk::Clear }
    }
}

/// An OPT record of ours as octets.
#[derive(Clone, Copy, Debug)]
pub struct OptRecord {
    octets: [u8; Self::CAPACITY],
    len: usize,
}

impl OptRecord {
    const CAPACITY: usize = OPT_LEN + 6;

    /// The record.
    pub fn as_wire(&self) -> &[u8] {
        &self.octets[..self.len]
    }
}

/// An extended error code (RFC 8914 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ede(pub u16);

impl Ede {
    /// The answer is stale: no upstream could be asked in time.
    pub const STALE_ANSWER: Ede = Ede(3);
    /// The server is not ready: no table has arrived yet.
    pub const NOT_READY: Ede = Ede(14);
    /// The client may not ask here.
    pub const PROHIBITED: Ede = Ede(18);
    /// Nobody to forward to, and not our zone.
    pub const NOT_AUTHORITATIVE: Ede = Ede(20);
    /// No upstream could be reached in time.
    pub const NO_REACHABLE_AUTHORITY: Ede = Ede(22);
    /// An upstream could be reached but gave no usable answer.
    pub const NETWORK_ERROR: Ede = Ede(23);
    /// Other trouble: a limit of ours was reached.
    pub const OTHER: Ede = Ede(0);
}
