//! Record types and classes (RFC 1035 section 3.2 and the IANA registry).

use core::fmt;

/// A record or query type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rtype(pub u16);

macro_rules! rtypes {
    ($($(#[$doc:meta])* $name:ident = $value:literal,)*) => {
        impl Rtype {
            $($(#[$doc])* pub const $name: Rtype = Rtype($value);)*

            /// The mnemonic, if it is one we name.
            pub fn mnemonic(self) -> Option<&'static str> {
                match self {
                    $(Rtype::$name => Some(stringify!($name)),)*
                    _ => None,
                }
            }

            /// Reads a mnemonic or `TYPEnnn` (RFC 3597 section 5), whatever the case.
            pub fn parse(text: &str) -> Option<Self> {
                $(if text.eq_ignore_ascii_case(stringify!($name)) {
                    return Some(Rtype::$name);
                })*
                let number = text.get(4..).filter(|_| text[..4].eq_ignore_ascii_case("TYPE"))?;
                number.parse().ok().map(Rtype)
            }
        }
    };
}

rtypes! {
    /// IPv4 address.
    A = 1,
    /// Name server.
    NS = 2,
    /// Canonical name.
    CNAME = 5,
    /// Start of authority.
    SOA = 6,
    /// Pointer, for reverse lookups.
    PTR = 12,
    /// Host information; the answer to ANY (RFC 8482).
    HINFO = 13,
    /// Mail exchange.
    MX = 15,
    /// Text.
    TXT = 16,
    /// IPv6 address (RFC 3596).
    AAAA = 28,
    /// Service location (RFC 2782).
    SRV = 33,
    /// Naming authority pointer.
    NAPTR = 35,
    /// Redirection of a subtree (RFC 6672).
    DNAME = 39,
    /// EDNS (RFC 6891).
    OPT = 41,
    /// Delegation signer.
    DS = 43,
    /// Signature.
    RRSIG = 46,
    /// Denial of existence.
    NSEC = 47,
    /// Public key.
    DNSKEY = 48,
    /// Service binding (RFC 9460).
    SVCB = 64,
    /// Service binding for HTTPS (RFC 9460).
    HTTPS = 65,
    /// Transaction signature (RFC 8945).
    TSIG = 250,
    /// Incremental zone transfer.
    IXFR = 251,
    /// Zone transfer.
    AXFR = 252,
    /// All types.
    ANY = 255,
    /// Certification authority authorization.
    CAA = 257,
}

/// The mnemonic, or `TYPEnnn` (RFC 3597 section 5).
impl fmt::Display for Rtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mnemonic() {
            Some(mnemonic) => f.write_str(mnemonic),
            None => write!(f, "TYPE{}", self.0),
        }
    }
}

/// A class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Class(pub u16);

impl Class {
    /// The Internet.
    pub const IN: Class = Class(1);
}
