//! Suite `istio-autoalloc-v1`: the addresses that istiod's first allocator gave, as the function that
//! takes them over computes them.

use super::document::{Document, parse};
use super::report::Verdict;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};
use table_compiler::{IstioV1Address, IstioV1Service, istio_v1_addresses};

const NO_ADDRESS: &str = "0.0.0.0";
/// Stands for any address of the range that no other service has.
const ANY: &str = "*any valid, distinct*";
const AS_IT_STANDS: &str = "as it stands: addresses that are taken over are those that were given";

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseText {
    #[serde(rename = "suite")]
    _suite: String,
    #[serde(rename = "name")]
    _name: String,
    #[serde(rename = "origin")]
    _origin: String,
    #[serde(rename = "class")]
    _class: String,
    given: GivenText,
    expect: ExpectText,
    better: Option<Value>,
    #[serde(rename = "notes")]
    _notes: Option<Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenText {
    services: Vec<Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceText {
    hostname: String,
    namespace: String,
    resolution: String,
    default_address: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GeneratorText {
    generator: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectText {
    addresses: Value,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AddressText {
    v4: String,
    v6: Option<String>,
}

/// What holds of all addresses together.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WholeText {
    distinct_v4: Option<usize>,
    distinct_v6: Option<usize>,
    last_v4: Option<Ipv4Addr>,
    #[serde(default)]
    never: Vec<Ipv4Addr>,
    all_in: Option<String>,
}

/// Runs a case.
pub(super) fn run(document: &Document, case: &Value) -> Result<Verdict, String> {
    let case: CaseText = parse(document.resolved(case)?)?;
    let services = case.given.services()?;
    let got = addresses(&services);
    let found = match case.expect.addresses {
        list @ Value::Array(_) => of_each(&parse::<Vec<AddressText>>(list)?, &got),
        whole => of_all(&parse(whole)?, &got)?,
    };
    if !found.is_empty() {
        return Err(found.join("; "));
    }
    Ok(match case.better {
        Some(_) => Verdict::HeldOverridden(AS_IT_STANDS.to_owned()),
        None => Verdict::Held,
    })
}

/// The address of each service; none for those that istiod gave none.
fn addresses(services: &[ServiceText]) -> Vec<Option<IstioV1Address>> {
    let is_given_one = |s: &&ServiceText| s.default_address == NO_ADDRESS && s.resolution != "NONE";
    let asked: Vec<_> = services
        .iter()
        .filter(is_given_one)
        .map(|service| IstioV1Service {
            namespace: &service.namespace,
            host: &service.hostname,
        })
        .collect();
    let mut given = istio_v1_addresses(&asked).into_iter();
    let address = |service: &ServiceText| is_given_one(&service).then(|| given.next()?).flatten();
    services.iter().map(address).collect()
}

fn of_each(wanted: &[AddressText], got: &[Option<IstioV1Address>]) -> Vec<String> {
    if wanted.len() != got.len() {
        let (wanted, got) = (wanted.len(), got.len());
        return vec![format!("expected {wanted} addresses / got {got}")];
    }
    let pairs = wanted.iter().zip(got).enumerate();
    let differing = pairs.filter(|(_, (wanted, address))| !wanted.fits(**address, got));
    differing
        .map(|(index, (wanted, got))| format!("service {index}: expected {wanted:?} / got {got:?}"))
        .collect()
}

fn of_all(wanted: &WholeText, got: &[Option<IstioV1Address>]) -> Result<Vec<String>, String> {
    if !matches!(wanted.all_in.as_deref(), None | Some("240.240.0.0/16")) {
        return Err("expect.addresses.all_in: only 240.240.0.0/16 is understood".to_owned());
    }
    let v4: BTreeSet<Ipv4Addr> = got.iter().flatten().map(|address| address.v4).collect();
    let v6: BTreeSet<Ipv6Addr> = got.iter().flatten().map(|address| address.v6).collect();
    let last = got.last().copied().flatten().map(|address| address.v4);
    let mut found = Vec::new();
    let mut expect = |what: &str, holds: bool| {
        if !holds {
            found.push(format!(
                "{what}: expected {wanted:?} / got {}, {}, {last:?}",
                v4.len(),
                v6.len()
            ));
        }
    };
    expect(
        "distinct_v4",
        wanted.distinct_v4.is_none_or(|count| count == v4.len()),
    );
    expect(
        "distinct_v6",
        wanted.distinct_v6.is_none_or(|count| count == v6.len()),
    );
    expect(
        "last_v4",
        wanted.last_v4.is_none_or(|wanted| last == Some(wanted)),
    );
    expect(
        "never",
        wanted.never.iter().all(|never| !v4.contains(never)),
    );
    expect(
        "all_in",
        wanted.all_in.is_none() || v4.iter().all(is_in_range),
    );
    Ok(found)
}

fn is_in_range(address: &Ipv4Addr) -> bool {
    matches!(address.octets(), [240, 240, ..])
}

impl AddressText {
    /// Whether it is that address, which is one of `all`.
    fn fits(&self, got: Option<IstioV1Address>, all: &[Option<IstioV1Address>]) -> bool {
        let Some(got) = got else {
            return self.v4.is_empty() && self.v6.as_deref().is_none_or(str::is_empty);
        };
        let is_v4 = if self.v4 == ANY {
            let owners = all.iter().flatten().filter(|other| other.v4 == got.v4);
            is_in_range(&got.v4) && !matches!(got.v4.octets()[3], 0 | 255) && owners.count() == 1
        } else {
            self.v4.parse() == Ok(got.v4)
        };
        is_v4 && self.v6.as_ref().is_none_or(|v6| v6.parse() == Ok(got.v6))
    }
}

impl GivenText {
    fn services(&self) -> Result<Vec<ServiceText>, String> {
        let mut services = Vec::new();
        for text in &self.services {
            if text.get("generator").is_some() {
                let text: GeneratorText = parse(text.clone())?;
                services.extend(generated(&text.generator)?);
            } else {
                services.push(parse(text.clone())?);
            }
        }
        Ok(services)
    }
}

/// `foo{i}.com for i in 0..65023, namespace empty, resolution STATIC, no address, in that order`:
/// both ends are among them.
fn generated(text: &str) -> Result<Vec<ServiceText>, String> {
    const REST: &str = ", namespace empty, resolution STATIC, no address, in that order";
    let parts = || {
        let (pattern, range) = text.strip_suffix(REST)?.split_once(" for i in ")?;
        let (first, last) = range.split_once("..")?;
        let (first, last) = (first.parse::<u32>().ok()?, last.parse::<u32>().ok()?);
        Some((pattern, first, last))
    };
    let (pattern, first, last) = parts().ok_or(format!("generator {text} is not understood"))?;
    let service = |i: u32| ServiceText {
        hostname: pattern.replace("{i}", &i.to_string()),
        namespace: String::new(),
        resolution: "STATIC".to_owned(),
        default_address: NO_ADDRESS.to_owned(),
    };
    Ok((first..=last).map(service).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generator_makes_both_ends_of_its_range() {
        let rest = ", namespace empty, resolution STATIC, no address, in that order";
        let services = generated(&format!("a{{i}}.b for i in 1..3{rest}")).unwrap();
        let hosts: Vec<_> = services.iter().map(|s| s.hostname.as_str()).collect();
        assert_eq!(hosts, ["a1.b", "a2.b", "a3.b"]);
        assert!(generated("some services").is_err());
    }

    #[test]
    fn a_service_with_an_address_takes_none() {
        let service = |hostname: &str, default_address: &str| ServiceText {
            hostname: hostname.to_owned(),
            namespace: String::new(),
            resolution: "DNS".to_owned(),
            default_address: default_address.to_owned(),
        };
        let alone = addresses(&[service("foo.com", NO_ADDRESS)]);
        let both = [
            service("own.com", "9.9.9.9"),
            service("foo.com", NO_ADDRESS),
        ];
        assert_eq!(addresses(&both), [None, alone[0]]);
    }
}
