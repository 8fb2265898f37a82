//! The twelve octets in front of every message (RFC 1035 section 4.1.1).

/// Length of a header in octets.
pub const HEADER_LEN: usize = 12;

const QR: u16 = 0x8000;
const AA: u16 = 0x0400;
const TC: u16 = 0x0200;
const RD: u16 = 0x0100;
const RA: u16 = 0x0080;
const AD: u16 = 0x0020;
const CD: u16 = 0x0010;

/// A message header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Message id.
    pub id: u16,
    /// The flag word, with opcode and rcode, as on the wire.
    pub flags: u16,
    /// Questions.
    pub qdcount: u16,
    /// Answer records.
    pub ancount: u16,
    /// Authority records.
    pub nscount: u16,
    /// Additional records.
    pub arcount: u16,
}

impl Header {
    /// Reads the header of a message; `None` if it is shorter than one.
    pub fn parse(message: &[u8]) -> Option<Self> {
        let octets: &[u8; HEADER_LEN] = message.first_chunk()?;
        let word = |at: usize| u16::from_be_bytes([octets[at], octets[at + 1]]);
        Some(Header {
            id: word(0),
            flags: word(2),
            qdcount: word(4),
            ancount: word(6),
            nscount: word(8),
            arcount: word(10),
        })
    }

    /// The header as octets.
    pub fn to_wire(self) -> [u8; HEADER_LEN] {
        let mut octets = [0; HEADER_LEN];
        let words = [
            self.id,
            self.flags,
            self.qdcount,
            self.ancount,
            self.nscount,
            self.arcount,
        ];
        for (slot, word) in octets.chunks_exact_mut(2).zip(words) {
            slot.copy_from_slice(&word.to_be_bytes());
        }
        octets
    }

    /// The header of a reply to this query: same id and opcode, RD and CD copied, all else clear
    /// (RFC 1035 section 4.1.1, RFC 6840 section 5.9).
    pub fn reply(self) -> Self {
        const OPCODE: u16 = 0x7800;
        Header {
            id: self.id,
            flags: QR | self.flags & (OPCODE | RD | CD),
            ..Header::default()
        }
    }

    /// Whether it is a response.
    pub fn is_response(self) -> bool {
        self.flags & QR != 0
    }

    /// Whether the answer is authoritative.
    pub fn is_authoritative(self) -> bool {
        self.flags & AA != 0
    }

    /// Whether the message was cut.
    pub fn is_truncated(self) -> bool {
        self.flags & TC != 0
    }

    /// Whether recursion is desired.
    pub fn recursion_desired(self) -> bool {
        self.flags & RD != 0
    }

    /// Whether recursion is available.
    pub fn recursion_available(self) -> bool {
        self.flags & RA != 0
    }

    /// Whether DNSSEC checking is disabled.
    pub fn checking_disabled(self) -> bool {
        self.flags & CD != 0
    }

    /// Whether the data is authentic, or, in a query, whether that is of interest.
    pub fn authentic_data(self) -> bool {
        self.flags & AD != 0
    }

    /// The kind of query.
    pub fn opcode(self) -> Opcode {
        Opcode((self.flags >> 11) as u8 & 15)
    }

    /// The lower four bits of the response code.
    pub fn rcode(self) -> Rcode {
        Rcode(self.flags & 15)
    }

    /// With the lower four bits of that response code.
    #[must_use]
    pub fn with_rcode(mut self, rcode: Rcode) -> Self {
        self.flags = self.flags & !15 | rcode.0 & 15;
        self
    }

    /// With AA set.
    #[must_use]
    pub fn with_authoritative(mut self) -> Self {
        self.flags |= AA;
        self
    }

    /// With TC set.
    #[must_use]
    pub fn with_truncated(mut self) -> Self {
        self.flags |= TC;
        self
    }

    /// With RA set.
    #[must_use]
    pub fn with_recursion_available(mut self) -> Self {
        self.flags |= RA;
        self
    }

    /// With AD set.
    #[must_use]
    pub fn with_authentic_data(mut self) -> Self {
        self.flags |= AD;
        self
    }

    /// With RD set.
    #[must_use]
    pub fn with_recursion_desired(mut self) -> Self {
        self.flags |= RD;
        self
    }

    /// With CD set.
    #[must_use]
    pub fn with_checking_disabled(mut self) -> Self {
        self.flags |= CD;
        self
    }
}

/// Kind of query (RFC 1035 section 4.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opcode(pub u8);

impl Opcode {
    /// A standard query.
    pub const QUERY: Opcode = Opcode(0);
}

/// Response code, with the upper bits of an extended one (RFC 1035 section 4.1.1, RFC 6891
/// section 6.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rcode(pub u16);

impl Rcode {
    /// No error.
    pub const NOERROR: Rcode = Rcode(0);
    /// The query could not be read.
    pub const FORMERR: Rcode = Rcode(1);
    /// The server failed.
    pub const SERVFAIL: Rcode = Rcode(2);
    /// The name does not exist.
    pub const NXDOMAIN: Rcode = Rcode(3);
    /// Kind of query not implemented.
    pub const NOTIMP: Rcode = Rcode(4);
    /// Refused by policy.
    pub const REFUSED: Rcode = Rcode(5);
    /// EDNS version not supported (RFC 6891 section 9).
    pub const BADVERS: Rcode = Rcode(16);

    /// The mnemonic, or `OTHER`.
    pub fn label(self) -> &'static str {
        match self {
            Rcode::NOERROR => "NOERROR",
            Rcode::FORMERR => "FORMERR",
            Rcode::SERVFAIL => "SERVFAIL",
            Rcode::NXDOMAIN => "NXDOMAIN",
            Rcode::NOTIMP => "NOTIMP",
            Rcode::REFUSED => "REFUSED",
            Rcode::BADVERS => "BADVERS",
            _ => "OTHER",
        }
    }
}
