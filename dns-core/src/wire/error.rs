//! Why a message cannot be read, and what a server does about it.

use core::fmt;

/// Why a message cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// Ends before what it announces.
    Short,
    /// A label length of the reserved kinds `01` or `10` (RFC 1035 section 4.1.4).
    BadLabel,
    /// A name over 255 octets.
    NameTooLong,
    /// A compression pointer that does not point backwards (RFC 1035 section 4.1.4), or more of
    /// them than a name has labels.
    BadPointer,
    /// It is a response.
    NotAQuery,
    /// An opcode other than QUERY.
    Opcode,
    /// A question count other than one (RFC 9619).
    QuestionCount,
    /// Records in the answer or authority section of a query.
    UnexpectedRecords,
    /// A question for OPT, or another type that cannot be asked for.
    BadType,
    /// More than one OPT, or one that breaks RFC 6891 section 6.1.
    BadOpt,
    /// EDNS of a version above 0 (RFC 6891 section 6.1.3).
    EdnsVersion,
    /// Octets after the last record.
    TrailingOctets,
    /// A class other than IN.
    Class,
    /// A zone transfer.
    Transfer,
}

/// What a server does about a message it will not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Nothing: a reply could start a loop, or there is nobody to reply to.
    Silence,
    /// FORMERR (RFC 1035 section 4.1.1).
    FormErr,
    /// NOTIMP (RFC 8906 section 3.1.4).
    NotImp,
    /// BADVERS with an OPT of version 0 (RFC 6891 section 6.1.3).
    BadVers,
    /// REFUSED.
    Refused,
}

impl ParseError {
    /// The one place where a fault of a query meets the wire.
    pub fn reaction(self) -> Reaction {
        match self {
            ParseError::NotAQuery => Reaction::Silence,
            ParseError::Opcode => Reaction::NotImp,
            ParseError::EdnsVersion => Reaction::BadVers,
            ParseError::Class | ParseError::Transfer => Reaction::Refused,
            ParseError::Short
            | ParseError::BadLabel
            | ParseError::NameTooLong
            | ParseError::BadPointer
            | ParseError::QuestionCount
            | ParseError::UnexpectedRecords
            | ParseError::BadType
            | ParseError::BadOpt
            | ParseError::TrailingOctets => Reaction::FormErr,
        }
    }

    /// Fixed text for metrics.
    pub fn label(self) -> &'static str {
        match self {
            ParseError::Short => "short",
            ParseError::BadLabel => "bad-label",
            ParseError::NameTooLong => "name-too-long",
            ParseError::BadPointer => "bad-pointer",
            ParseError::NotAQuery => "not-a-query",
            ParseError::Opcode => "opcode",
            ParseError::QuestionCount => "question-count",
            ParseError::UnexpectedRecords => "unexpected-records",
            ParseError::BadType => "bad-type",
            ParseError::BadOpt => "bad-opt",
            ParseError::EdnsVersion => "edns-version",
            ParseError::TrailingOctets => "trailing-octets",
            ParseError::Class => "class",
            ParseError::Transfer => "transfer",
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl core::error::Error for ParseError {}
