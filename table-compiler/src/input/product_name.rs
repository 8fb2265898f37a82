//! Our ProductName (names.mesh): a name that belongs to a product, not to a cluster.

use super::duration;
use super::field::{Invalid, Read};
use super::metadata::Metadata;
use super::order::Order;
use super::yaml::{Yaml, YamlValue};
use dns_core::NameBuf;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// A ProductName; its namespace is its owner.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ProductName {
    pub(crate) metadata: Metadata,
    pub(crate) hosts: Vec<NameBuf>,
    /// Further names, with the addresses of the first host.
    pub(crate) aliases: Vec<NameBuf>,
    pub(crate) vip_sharing: VipSharing,
    /// Empty stands for the gateways that expose the hosts.
    pub(crate) members: Vec<ProductMember>,
    pub(crate) order: Option<Order>,
    pub(crate) weights: Vec<MemberWeight>,
    pub(crate) failover: Failover,
    pub(crate) answers: ProductAnswers,
    pub(crate) ttl_secs: Option<u32>,
    pub(crate) vip: VipPin,
}

/// Whether several hosts have one virtual address (`alias`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VipSharing {
    /// Each has its own.
    Own,
    /// All have that of the first.
    Shared,
}

/// An item of `spec.members`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ProductMember {
    Gateways(GatewayMembers),
    Service(ServiceMember),
}

/// The discovered gateways that expose the hosts, all of them or some.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct GatewayMembers {
    pub(crate) cluster: Option<Arc<str>>,
    pub(crate) namespace: Option<Arc<str>>,
    pub(crate) name: Option<Arc<str>>,
}

/// A Service of one cluster.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ServiceMember {
    /// Every cluster that has it if absent.
    pub(crate) cluster: Option<Arc<str>>,
    /// The product's own if absent.
    pub(crate) namespace: Option<Arc<str>>,
    pub(crate) name: Arc<str>,
    /// All of its ports if absent.
    pub(crate) port: Option<u16>,
}

/// An item of `spec.weights`: a weight for the members that match.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MemberWeight {
    pub(crate) cluster: Option<Arc<str>>,
    pub(crate) labels: BTreeMap<Arc<str>, Arc<str>>,
    pub(crate) weight: u32,
}

/// `spec.failover`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failover {
    pub(crate) spill: Spill,
    pub(crate) hold_secs: u32,
    pub(crate) on_all_down: OnAllDown,
}

/// When the members of the next rank are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spill {
    /// When no member is ready.
    OnEmpty,
    /// When less than this share of the members is ready.
    Below { percent: u8 },
}

/// What is answered while no member is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnAllDown {
    /// The virtual address.
    Vip,
    /// That the name has no address.
    NoData,
    /// The last good addresses.
    LastGood,
}

/// `spec.answers`: what each kind of client is answered, where it is not the default.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ProductAnswers {
    pub(crate) mesh: Option<ProductAnswer>,
    pub(crate) no_proxy: Option<ProductAnswer>,
    pub(crate) outside: Option<ProductAnswer>,
}

/// What a product name is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProductAnswer {
    /// The virtual address.
    Vip,
    /// The addresses of the best members.
    Endpoints,
    /// What the upstream says.
    Forward,
}

/// `spec.vip`: addresses the name must have.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct VipPin {
    pub(crate) v4: Option<Ipv4Addr>,
    pub(crate) v6: Option<Ipv6Addr>,
}

/// Keys of an object of ours. `status` is what a cluster writes, and is not read.
pub(super) const ROOT_KEYS: [&str; 5] = ["apiVersion", "kind", "metadata", "spec", "status"];

/// Keys of `spec`.
const SPEC_KEYS: [&str; 10] = [
    "hosts", "alias", "aliases", "members", "order", "weights", "failover", "answers", "ttl", "vip",
];

/// How long a member must be ready again before it is used first.
const HOLD_DEFAULT_SECS: u32 = 10;

/// Longest time to live that DNS has (RFC 2181 section 8).
const TTL_MAX_SECS: u32 = i32::MAX as u32;

const ON_ALL_DOWN: [(&str, OnAllDown); 3] = [
    ("vip", OnAllDown::Vip),
    ("nodata", OnAllDown::NoData),
    ("last-good", OnAllDown::LastGood),
];

const ANSWERS: [(&str, ProductAnswer); 3] = [
    ("vip", ProductAnswer::Vip),
    ("endpoints", ProductAnswer::Endpoints),
    ("forward", ProductAnswer::Forward),
];

impl ProductName {
    pub(crate) fn read(root: &Yaml, metadata: Metadata) -> Read<'_, Self> {
        root.has_only(&ROOT_KEYS)?;
        let spec = root.required("spec", "name at least its hosts")?;
        spec.has_only(&SPEC_KEYS)?;
        let shares_vip = spec.flag("alias")?.unwrap_or(false);
        Ok(ProductName {
            metadata,
            hosts: spec.each_required("hosts", "name at least one host", Yaml::host)?,
            aliases: spec.each("aliases", Yaml::host)?,
            vip_sharing: if shares_vip {
                VipSharing::Shared
            } else {
                VipSharing::Own
            },
            members: spec.each("members", ProductMember::read)?,
            order: spec.field("order")?.map(order).transpose()?,
            weights: spec.each("weights", MemberWeight::read)?,
            failover: Failover::read(spec.section("failover")?)?,
            answers: ProductAnswers::read(spec.section("answers")?)?,
            ttl_secs: spec.field("ttl")?.map(ttl).transpose()?,
            vip: VipPin::read(spec.section("vip")?)?,
        })
    }
}

impl ProductMember {
    fn read(item: &Yaml) -> Read<'_, Self> {
        item.has_only(&["gateways", "service"])?;
        match (item.field("gateways")?, item.field("service")?) {
            (Some(gateways), None) => GatewayMembers::read(gateways).map(ProductMember::Gateways),
            (None, Some(service)) => ServiceMember::read(service).map(ProductMember::Service),
            _ => Err(Invalid::new(
                item,
                "is neither one nor the other kind of member".to_owned(),
                "write either gateways or service",
            )),
        }
    }
}

impl GatewayMembers {
    fn read(section: &Yaml) -> Read<'_, Self> {
        section.has_only(&["cluster", "namespace", "name"])?;
        Ok(GatewayMembers {
            cluster: section.name_field("cluster")?,
            namespace: section.name_field("namespace")?,
            name: section.name_field("name")?,
        })
    }
}

impl ServiceMember {
    fn read(section: &Yaml) -> Read<'_, Self> {
        section.has_only(&["cluster", "namespace", "name", "port"])?;
        Ok(ServiceMember {
            cluster: section.name_field("cluster")?,
            namespace: section.name_field("namespace")?,
            name: section.required_name("name", "name a Service")?,
            port: section.port_field("port")?,
        })
    }
}

impl MemberWeight {
    fn read(item: &Yaml) -> Read<'_, Self> {
        item.has_only(&["match", "weight"])?;
        let matched = item.section("match")?;
        matched.has_only(&["cluster", "labels"])?;
        Ok(MemberWeight {
            cluster: matched.name_field("cluster")?,
            labels: matched.text_map("labels")?,
            weight: item
                .required("weight", "write a number")?
                .number("a weight")?,
        })
    }
}

impl Failover {
    fn read(section: &Yaml) -> Read<'_, Self> {
        section.has_only(&["spill", "hold", "onAllDown"])?;
        let hold = section.field("hold")?.map(hold).transpose()?;
        let on_all_down = section.word_field("onAllDown", &ON_ALL_DOWN)?;
        Ok(Failover {
            spill: section
                .field("spill")?
                .map_or(Ok(Spill::OnEmpty), Spill::read)?,
            hold_secs: hold.unwrap_or(HOLD_DEFAULT_SECS),
            on_all_down: on_all_down.unwrap_or(OnAllDown::Vip),
        })
    }
}

impl Spill {
    fn read(spill: &Yaml) -> Read<'_, Self> {
        const HINT: &str = "write on-empty or {below: 70%}";
        if matches!(&spill.value, YamlValue::Text(text) if text == "on-empty") {
            return Ok(Spill::OnEmpty);
        }
        if !matches!(&spill.value, YamlValue::Map(_)) {
            let reason = spill.is_not("a rule").reason().to_owned();
            return Err(Invalid::new(spill, reason, HINT));
        }
        spill.has_only(&["below"])?;
        let below = spill.required("below", HINT)?;
        let percent = below.text()?.strip_suffix('%').and_then(percent_of);
        let percent = percent.ok_or_else(|| below.is_not("a share from 1% to 100%"))?;
        Ok(Spill::Below { percent })
    }
}

impl ProductAnswers {
    fn read(section: &Yaml) -> Read<'_, Self> {
        section.has_only(&["mesh", "noProxy", "outside"])?;
        Ok(ProductAnswers {
            mesh: section.word_field("mesh", &ANSWERS)?,
            no_proxy: section.word_field("noProxy", &ANSWERS)?,
            outside: section.word_field("outside", &ANSWERS)?,
        })
    }
}

impl VipPin {
    fn read(section: &Yaml) -> Read<'_, Self> {
        section.has_only(&["v4", "v6"])?;
        let (v4, v6) = (section.field("v4")?, section.field("v6")?);
        Ok(VipPin {
            v4: v4.map(|v4| v4.parsed("an IPv4 address")).transpose()?,
            v6: v6.map(|v6| v6.parsed("an IPv6 address")).transpose()?,
        })
    }
}

fn order(field: &Yaml) -> Read<'_, Order> {
    let YamlValue::List(items) = &field.value else {
        return Err(field.is_not("a list"));
    };
    let items: Vec<&str> = items.iter().map(Yaml::text).collect::<Result<_, _>>()?;
    Order::parse(&items).map_err(|reason| Invalid::new(field, reason, ""))
}

fn ttl(field: &Yaml) -> Read<'_, u32> {
    const TTL: &str = "a time to live in seconds, at most 2147483647";
    match field.number(TTL)? {
        secs if secs <= TTL_MAX_SECS => Ok(secs),
        _ => Err(field.is_not(TTL)),
    }
}

fn hold(field: &Yaml) -> Read<'_, u32> {
    duration::seconds_of(field.text()?).ok_or_else(|| field.is_not("a duration such as 10s"))
}

fn percent_of(text: &str) -> Option<u8> {
    let is_digits = text.bytes().all(|octet| octet.is_ascii_digit());
    let percent = is_digits.then(|| text.parse().ok()).flatten()?;
    (1..=100).contains(&percent).then_some(percent)
}
