//! A running process with what a test looks at: its answers, its readiness, its lines.

use crate::admin::Readiness;
use crate::callsign::{Callsign, Launch};
use crate::client::{Question, Reply};
use crate::mesh::host;
use dns_core::Transport;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RData;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// Longest wait for a change: files are read within a second.
const CHANGE_MAX: Duration = Duration::from_secs(5);

/// Longest wait for a line before the expectation is tried again. Most changes are logged, so it
/// is rarely waited out.
const LINE_MAX: Duration = Duration::from_millis(50);

/// A process that was started with an admin server.
#[derive(Debug)]
pub struct Observed {
    /// The process.
    pub callsign: Callsign,
    admin: SocketAddr,
}

impl Observed {
    /// Starts it with an admin server on a free port.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(launch: &Launch) -> Result<Self, String> {
        let mut callsign = launch.clone().flag("--admin", "127.0.0.1:0").start()?;
        match callsign.admin_address() {
            Some(admin) => Ok(Observed { callsign, admin }),
            None => Err(format!("no admin address:\n{}", callsign.said())),
        }
    }

    /// Where its admin server is.
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// The reply to a plain question over UDP.
    ///
    /// # Panics
    /// Without one.
    pub fn reply(&self, name: &str, rtype: &str) -> Reply {
        let question = Question::new(name, rtype).expect("the test asks for a proper name");
        question
            .ask(self.callsign.address(), Transport::Udp)
            .expect("a reply")
    }

    /// Code of the reply to a question.
    pub fn rcode(&self, name: &str, rtype: &str) -> ResponseCode {
        self.reply(name, rtype).message.metadata.response_code
    }

    /// The addresses of a name, sorted; none if there is no such name.
    pub fn addresses(&self, name: &str, rtype: &str) -> Vec<IpAddr> {
        addresses_of(&self.reply(name, rtype))
    }

    /// The addresses of names, of both families.
    pub fn both<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Vec<Vec<IpAddr>> {
        let types = ["A", "AAAA"];
        let asked = names
            .into_iter()
            .flat_map(|name| types.map(|rtype| (name, rtype)));
        asked
            .map(|(name, rtype)| self.addresses(name, rtype))
            .collect()
    }

    /// The addresses of the hosts of a [`mesh`](crate::mesh), of both families.
    pub fn both_of(&self, names: &[&str]) -> Vec<Vec<IpAddr>> {
        let hosts: Vec<String> = names.iter().map(host).collect();
        self.both(hosts.iter().map(String::as_str))
    }

    /// Whether the host of a name has an IPv4 address.
    pub fn is_answered(&self, name: &str) -> bool {
        self.addresses(&host(name), "A").len() == 1
    }

    /// What `/readyz` says.
    ///
    /// # Panics
    /// When there is no such page.
    pub fn readiness(&self) -> Readiness {
        Readiness::of(self.admin).expect("a readyz page")
    }

    /// Waits until the expectation holds; `what` names it.
    ///
    /// # Panics
    /// When it does not in five seconds, with all that the process has said.
    pub fn until(&mut self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let end = Instant::now() + CHANGE_MAX;
        while !holds(self) {
            if Instant::now() >= end {
                let (readiness, said) = (self.readiness(), self.callsign.said());
                panic!("not in {CHANGE_MAX:?}: {what}\n{readiness:#?}\n{said}");
            }
            self.callsign.wait_for(LINE_MAX, |_| Some(()));
        }
    }

    /// Waits until a name has these addresses.
    ///
    /// # Panics
    /// As [`Observed::until`].
    pub fn until_addresses(&mut self, name: &str, rtype: &str, expected: &[&str]) {
        let mut expected: Vec<IpAddr> = expected
            .iter()
            .map(|text| text.parse().expect("an address"))
            .collect();
        expected.sort();
        let what = format!("{name} {rtype} is {expected:?}");
        self.until(&what, |observed| {
            observed.addresses(name, rtype) == expected
        });
    }

    /// Waits for a reason on `/readyz` that has this in it.
    ///
    /// # Panics
    /// As [`Observed::until`].
    pub fn until_reason(&mut self, part: &str) {
        self.until(&format!("a reason with {part}"), |observed| {
            observed.readiness().says(part)
        });
    }

    /// Waits until it is ready and has nothing to say.
    ///
    /// # Panics
    /// As [`Observed::until`].
    pub fn until_content(&mut self) {
        self.until("nothing to say", |observed| {
            let readiness = observed.readiness();
            readiness.is_ready() && readiness.reasons.is_empty()
        });
    }

    /// Waits for a line of its output that has this in it and has not been read before.
    ///
    /// # Panics
    /// When it does not come in five seconds.
    pub fn until_line(&mut self, part: &str) -> String {
        let line = self.callsign.wait_for(CHANGE_MAX, |line| {
            line.contains(part).then(|| line.to_owned())
        });
        line.unwrap_or_else(|| panic!("no line with {part}:\n{}", self.callsign.said()))
    }
}

/// The addresses in a reply, sorted.
pub fn addresses_of(reply: &Reply) -> Vec<IpAddr> {
    let answers = reply.message.answers.iter();
    let mut addresses: Vec<IpAddr> = answers
        .filter_map(|record| match &record.data {
            RData::A(a) => Some(IpAddr::V4(a.0)),
            RData::AAAA(aaaa) => Some(IpAddr::V6(aaaa.0)),
            _ => None,
        })
        .collect();
    addresses.sort();
    addresses
}
