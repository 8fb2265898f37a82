//! Where a workload runs: region, zone and sub-zone, as Kubernetes topology labels name them.

use alloc::sync::Arc;
use core::fmt;

/// A place: region, zone and sub-zone, each possibly empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Locality {
    /// `topology.kubernetes.io/region`.
    pub region: Arc<str>,
    /// `topology.kubernetes.io/zone`.
    pub zone: Arc<str>,
    /// `topology.istio.io/subzone`.
    pub sub_zone: Arc<str>,
}

impl Locality {
    /// Reads Istio's form `region/zone/subzone`; missing parts are empty.
    pub fn parse(text: &str) -> Self {
        let mut parts = text.splitn(3, '/').map(Arc::from);
        Locality {
            region: parts.next().unwrap_or_default(),
            zone: parts.next().unwrap_or_default(),
            sub_zone: parts.next().unwrap_or_default(),
        }
    }
}

/// Istio's form, without empty parts at the end.
impl fmt::Display for Locality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.region)?;
        if !self.zone.is_empty() || !self.sub_zone.is_empty() {
            write!(f, "/{}", self.zone)?;
        }
        if !self.sub_zone.is_empty() {
            write!(f, "/{}", self.sub_zone)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn text_survives_a_round_trip_without_empty_parts_at_the_end() {
        for (text, expected) in [
            ("", ""),
            ("eu/a/r1", "eu/a/r1"),
            ("eu//r1", "eu//r1"),
            ("/a", "/a"),
            ("eu//", "eu"),
        ] {
            assert_eq!(Locality::parse(text).to_string(), expected);
        }
    }
}
