//! SMI TrafficSplit (split.smi-spec.io).

use super::field::Read;
use super::metadata::Metadata;
use super::yaml::{Yaml, YamlValue};
use std::sync::Arc;

/// A TrafficSplit: shares of a Service's traffic.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TrafficSplit {
    pub(crate) metadata: Metadata,
    /// The Service that clients ask for.
    pub(crate) service: Arc<str>,
    pub(crate) backends: Vec<SplitBackend>,
}

/// An item of `spec.backends`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SplitBackend {
    pub(crate) service: Arc<str>,
    /// Weight in thousandths: the first versions write quantities such as `500m`.
    pub(crate) weight_milli: u64,
}

impl TrafficSplit {
    pub(crate) fn read(root: &Yaml, metadata: Metadata) -> Read<'_, Self> {
        let spec = root.required("spec", "")?;
        Ok(TrafficSplit {
            metadata,
            service: spec.required_name("service", "name a Service")?,
            backends: spec.each("backends", backend)?,
        })
    }
}

fn backend(item: &Yaml) -> Read<'_, SplitBackend> {
    Ok(SplitBackend {
        service: item.required_name("service", "name a Service")?,
        weight_milli: item.field("weight")?.map_or(Ok(0), weight_milli)?,
    })
}

fn weight_milli(weight: &Yaml) -> Read<'_, u64> {
    let milli = match &weight.value {
        YamlValue::Number(number) => milli_of(&number.to_string()),
        YamlValue::Text(text) => milli_of(text),
        _ => None,
    };
    milli.ok_or_else(|| weight.is_not("a weight such as 50 or \"500m\""))
}

/// Thousandths of a decimal number or a quantity in thousandths or thousands.
fn milli_of(text: &str) -> Option<u64> {
    let (digits, scale) = match (text.strip_suffix('m'), text.strip_suffix('k')) {
        (Some(digits), _) => (digits, 1),
        (None, Some(digits)) => (digits, 1_000_000),
        (None, None) => (text, 1000),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if !(fraction.bytes().all(|octet| octet.is_ascii_digit()) && fraction.len() <= 9) {
        return None;
    }
    let divisor = 10_u64.pow(u32::try_from(fraction.len()).ok()?);
    let fraction = format!("0{fraction}").parse::<u64>().ok()?;
    let whole = whole.parse::<u64>().ok()?.checked_mul(scale)?;
    whole.checked_add(fraction.checked_mul(scale)? / divisor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_read_in_thousandths() {
        for (text, expected) in [
            ("50", Some(50_000)),
            ("0", Some(0)),
            ("500m", Some(500)),
            ("0.25", Some(250)),
            ("1.5k", Some(1_500_000)),
            ("1", Some(1000)),
            ("", None),
            ("m", None),
            ("-1", None),
            ("half", None),
            ("1.x", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(milli_of(text), expected, "{text}");
        }
    }
}
