//! [`Text`]: values that are one text in a snapshot.

use crate::input::OrderKey;
use crate::mesh::{Access, Discovery, Members, NameTemplate};
use dns_core::vip::{GivenBy, VipKey};
use dns_core::{Locality, NameBuf};
use ipnet::IpNet;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt::Display;

/// A value that is one text in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Text<T>(pub(super) T);

/// How a value is written as a text, and read again.
pub(super) trait Textual: Sized {
    fn to_text(&self) -> String;

    /// The value, or why the text is none.
    fn of_text(text: &str) -> Result<Self, String>;
}

impl<T: Textual> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_text())
    }
}

impl<'de, T: Textual> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let value = T::of_text(&text);
        value
            .map(Text)
            .map_err(|reason| D::Error::custom(format!("{text:?} {reason}")))
    }
}

impl Textual for NameBuf {
    fn to_text(&self) -> String {
        self.to_string()
    }

    fn of_text(text: &str) -> Result<Self, String> {
        NameBuf::parse(text).map_err(text_of)
    }
}

impl Textual for NameTemplate {
    fn to_text(&self) -> String {
        self.as_str().to_owned()
    }

    fn of_text(text: &str) -> Result<Self, String> {
        NameTemplate::parse(text)
    }
}

impl Textual for Locality {
    fn to_text(&self) -> String {
        self.to_string()
    }

    fn of_text(text: &str) -> Result<Self, String> {
        Ok(Locality::parse(text))
    }
}

impl Textual for IpNet {
    fn to_text(&self) -> String {
        self.to_string()
    }

    fn of_text(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| "is no block of addresses".to_owned())
    }
}

impl Textual for VipKey {
    fn to_text(&self) -> String {
        self.to_string()
    }

    fn of_text(text: &str) -> Result<Self, String> {
        VipKey::parse(text).map_err(text_of)
    }
}

/// The key of the hash, as 32 hexadecimal digits.
impl Textual for [u8; 16] {
    fn to_text(&self) -> String {
        self.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    fn of_text(text: &str) -> Result<Self, String> {
        let number = u128::from_str_radix(text, 16).ok();
        let number = number.filter(|_| text.len() == 32 && !text.starts_with('+'));
        let number = number.ok_or_else(|| "has not 32 hexadecimal digits".to_owned())?;
        Ok(number.to_be_bytes())
    }
}

impl Textual for Discovery {
    fn to_text(&self) -> String {
        self.label().to_owned()
    }

    fn of_text(text: &str) -> Result<Self, String> {
        one_of(&Discovery::ALL, Discovery::label, text)
    }
}

impl Textual for Members {
    fn to_text(&self) -> String {
        self.label().to_owned()
    }

    fn of_text(text: &str) -> Result<Self, String> {
        one_of(&Members::ALL, Members::label, text)
    }
}

impl Textual for GivenBy {
    fn to_text(&self) -> String {
        given_label(*self).to_owned()
    }

    fn of_text(text: &str) -> Result<Self, String> {
        one_of(&[GivenBy::User, GivenBy::Allocator], given_label, text)
    }
}

fn given_label(by: GivenBy) -> &'static str {
    match by {
        GivenBy::User => "user",
        GivenBy::Allocator => "allocator",
    }
}

impl Textual for Access {
    fn to_text(&self) -> String {
        access_label(*self).to_owned()
    }

    fn of_text(text: &str) -> Result<Self, String> {
        one_of(&[Access::Allowed, Access::Denied], access_label, text)
    }
}

fn access_label(access: Access) -> &'static str {
    match access {
        Access::Allowed => "allowed",
        Access::Denied => "denied",
    }
}

impl Textual for OrderKey {
    fn to_text(&self) -> String {
        order_label(*self).to_owned()
    }

    fn of_text(text: &str) -> Result<Self, String> {
        let known = [
            OrderKey::Cluster,
            OrderKey::Network,
            OrderKey::Region,
            OrderKey::Zone,
        ];
        one_of(&known, order_label, text)
    }
}

fn order_label(key: OrderKey) -> &'static str {
    match key {
        OrderKey::Cluster => "cluster",
        OrderKey::Network => "network",
        OrderKey::Region => "region",
        OrderKey::Zone => "zone",
    }
}

fn one_of<T: Copy>(
    known: &[T],
    label: impl Fn(T) -> &'static str,
    text: &str,
) -> Result<T, String> {
    let found = known.iter().copied().find(|value| label(*value) == text);
    found.ok_or_else(|| {
        let labels: Vec<_> = known.iter().map(|value| label(*value)).collect();
        format!("is none of {}", labels.join(", "))
    })
}

fn text_of(error: impl Display) -> String {
    error.to_string()
}
