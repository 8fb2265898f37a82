//! [`Answers`]: what a name was answered with.

use dns_core::{HostEntry, NameBuf};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What a name was answered with, all its variants together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// The virtual addresses, in order: what stays while endpoints come and go.
    pub addresses: Vec<IpAddr>,
    /// The name it leads to, for an ExternalName.
    pub cname: Option<NameBuf>,
}

/// What names were answered with.
pub type NamedAnswers = BTreeMap<NameBuf, Answers>;

/// What these entries answer, by name; names without any answer are left out.
pub(crate) fn answers_of<'e>(entries: impl IntoIterator<Item = &'e HostEntry>) -> NamedAnswers {
    let mut names = NamedAnswers::new();
    for entry in entries {
        if !entry.is_answerable() {
            continue;
        }
        let answers = names.entry(entry.name.clone()).or_default();
        let virtual_ones = entry.addresses.iter().filter(|ip| ip.origin.is_virtual());
        answers.addresses.extend(virtual_ones.map(|ip| ip.ip));
        if answers.cname.is_none() {
            answers.cname.clone_from(&entry.cname);
        }
    }
    for answers in names.values_mut() {
        answers.addresses.sort_unstable();
        answers.addresses.dedup();
    }
    names
}
