//! DNS messages as octets: borrow on the way in, append on the way out.
//!
//! ```text
//! octets ──▶ Reader ──▶ Header, Question, Record (borrowed)
//! Header, records ──▶ Writer ──▶ octets appended, cut at a limit
//! ```
//!
//! Nothing here allocates for what a peer sends, and nothing recurses.

pub mod edns;
pub mod error;
pub mod header;
pub mod name;
pub mod reader;
pub mod record;
mod reverse;
pub mod writer;

pub use edns::{Ede, Edns};
pub use error::{ParseError, Reaction};
pub use header::{Header, Opcode, Rcode};
pub use name::{Name, NameBuf, NameError};
pub use reader::{FoldedName, RawRecord, Reader};
pub use record::{Class, Rtype};
pub use writer::Writer;
