//! Where a value stands in its object, for complaints about values that were read as a Kubernetes
//! type and so have left the tree.

use super::field::{Invalid, Read, quoted};
use super::host::{HostPattern, dns_name};
use super::yaml::{Yaml, YamlValue};
use dns_core::NameBuf;
use std::str::FromStr;

/// A path through an object. It is made on the stack as a reader goes down, and followed only
/// when something is wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'p, 'a> {
    root: &'a Yaml,
    parent: Option<&'p Place<'p, 'a>>,
    step: Step,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Here,
    Key(&'static str),
    Item(usize),
}

impl<'p, 'a> Place<'p, 'a> {
    /// The object itself.
    pub(crate) fn at(root: &'a Yaml) -> Self {
        Place {
            root,
            parent: None,
            step: Step::Here,
        }
    }

    /// A field of the object itself.
    pub(crate) fn of(root: &'a Yaml, key: &'static str) -> Self {
        Place {
            root,
            parent: None,
            step: Step::Key(key),
        }
    }

    pub(crate) fn key(&'p self, key: &'static str) -> Place<'p, 'a> {
        self.child(Step::Key(key))
    }

    pub(crate) fn item(&'p self, index: usize) -> Place<'p, 'a> {
        self.child(Step::Item(index))
    }

    fn child(&'p self, step: Step) -> Place<'p, 'a> {
        Place {
            root: self.root,
            parent: Some(self),
            step,
        }
    }

    /// The value there, or else the innermost one on the way.
    fn value(&self) -> &'a Yaml {
        let parent = self.parent.map_or(self.root, Place::value);
        match self.step {
            Step::Here => parent,
            Step::Key(key) => parent.field(key).ok().flatten().unwrap_or(parent),
            Step::Item(index) => match &parent.value {
                YamlValue::List(items) => items.get(index).unwrap_or(parent),
                _ => parent,
            },
        }
    }

    /// The complaint about a field that is missing, or is not what it should be.
    pub(crate) fn missing_or_not(
        &self,
        key: &'static str,
        hint: &'static str,
        what: &str,
    ) -> Invalid<'a> {
        match self.value().field(key) {
            Ok(Some(value)) => value.is_not(what),
            Ok(None) | Err(_) => Invalid::missing(self.value(), key, hint),
        }
    }

    /// The complaint that the value is not what it should be.
    pub(crate) fn is_not(&self, what: &str) -> Invalid<'a> {
        self.value().is_not(what)
    }

    pub(crate) fn invalid(&self, reason: String, hint: &'static str) -> Invalid<'a> {
        Invalid::new(self.value(), reason, hint)
    }

    /// The complaint that a field of the value is missing.
    pub(crate) fn missing(&self, key: &'static str, hint: &'static str) -> Invalid<'a> {
        Invalid::missing(self.value(), key, hint)
    }

    pub(crate) fn parsed<T: FromStr>(&self, text: &str, what: &str) -> Read<'a, T> {
        text.parse().map_err(|_| self.is_not(what))
    }

    pub(crate) fn host(&self, text: &str) -> Read<'a, NameBuf> {
        dns_name(text, HostPattern::Exact).map_err(|reason| {
            self.invalid(format!("{} {reason}", quoted(text)), "write a DNS name")
        })
    }

    /// A port number from 1 to 65535.
    pub(crate) fn port(&self, number: i32) -> Read<'a, u16> {
        port_of(number).ok_or_else(|| self.is_not(PORT))
    }

    /// The port number in a field that must be there.
    pub(crate) fn required_port(&self, key: &'static str, number: i32) -> Read<'a, u16> {
        port_of(number).ok_or_else(|| self.missing_or_not(key, "write its number", PORT))
    }
}

const PORT: &str = "a port number from 1 to 65535";

fn port_of(number: i32) -> Option<u16> {
    u16::try_from(number).ok().filter(|&port| port > 0)
}
