//! Why a forwarded question got no answer.

use super::Defect;
use crate::wire::{Ede, Rcode};

/// Why a forwarded question got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No server answered within the budget.
    TimedOut,
    /// No server could be reached.
    Unreachable,
    /// Servers answered with that code, which is no answer.
    Rcode(Rcode),
    /// Servers answered with messages that cannot be passed on.
    BadResponse(Defect),
    /// Too many questions, or too many askers of this one, were waiting.
    Overloaded,
}

impl Failure {
    /// Fixed text for metrics and logs.
    pub fn label(self) -> &'static str {
        match self {
            Failure::TimedOut => "timed-out",
            Failure::Unreachable => "unreachable",
            Failure::Rcode(_) => "rcode",
            Failure::BadResponse(_) => "bad-response",
            Failure::Overloaded => "overloaded",
        }
    }

    /// The extended error that goes with SERVFAIL.
    pub fn ede(self) -> Ede {
        match self {
            Failure::TimedOut | Failure::Unreachable => Ede::NO_REACHABLE_AUTHORITY,
            Failure::Rcode(_) | Failure::BadResponse(_) => Ede::NETWORK_ERROR,
            Failure::Overloaded => Ede::OTHER,
        }
    }

    /// Of two failures of one question the one that says more: word from a server beats silence,
    /// and later word beats earlier.
    pub(crate) fn or_later(self, later: Failure) -> Failure {
        match later {
            Failure::Rcode(_) | Failure::BadResponse(_) => later,
            Failure::TimedOut | Failure::Unreachable | Failure::Overloaded => match self {
                Failure::Rcode(_) | Failure::BadResponse(_) => self,
                Failure::TimedOut | Failure::Unreachable | Failure::Overloaded => later,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_from_a_server_says_more_than_silence() {
        let refused = Failure::Rcode(Rcode::REFUSED);
        assert_eq!(refused.or_later(Failure::TimedOut), refused);
        assert_eq!(Failure::TimedOut.or_later(refused), refused);
        assert_eq!(
            Failure::TimedOut.or_later(Failure::Unreachable),
            Failure::Unreachable
        );
        assert_eq!(refused.ede(), Ede::NETWORK_ERROR);
        assert_eq!(Failure::TimedOut.ede(), Ede::NO_REACHABLE_AUTHORITY);
    }
}
