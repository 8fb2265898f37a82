//! SVCB and HTTPS data in presentation form (RFC 9460 section 2.1), quoted as dig quotes it.

use super::presentation;
use hickory_proto::rr::rdata::SVCB;
use hickory_proto::rr::rdata::svcb::{SvcParamKey, SvcParamValue};

/// The data, or `None` if it has a parameter that is left to the generic form.
pub(super) fn record_data(binding: &SVCB) -> Option<String> {
    let mut text = format!(
        "{} {}",
        binding.svc_priority,
        presentation::name(&binding.target_name)
    );
    for (key, value) in &binding.svc_params {
        text.push(' ');
        text.push_str(&parameter(*key, value)?);
    }
    Some(text)
}

fn parameter(key: SvcParamKey, value: &SvcParamValue) -> Option<String> {
    let value = match value {
        SvcParamValue::Mandatory(keys) => joined(&keys.0),
        SvcParamValue::Alpn(ids) => format!("\"{}\"", plain(&ids.0)?),
        SvcParamValue::NoDefaultAlpn => return Some(key.to_string()),
        SvcParamValue::Port(port) => port.to_string(),
        SvcParamValue::Ipv4Hint(addresses) => joined(&addresses.0),
        SvcParamValue::Ipv6Hint(addresses) => joined(&addresses.0),
        SvcParamValue::EchConfigList(_) | SvcParamValue::Unknown(_) => return None,
    };
    Some(format!("{key}={value}"))
}

fn joined(items: &[impl ToString]) -> String {
    items
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(",")
}

/// Protocol ids with commas between; ids that need escapes are left to the generic form.
fn plain(ids: &[String]) -> Option<String> {
    let is_plain = |id: &String| {
        id.bytes()
            .all(|c| c.is_ascii_alphanumeric() || b"-./_".contains(&c))
    };
    ids.iter().all(is_plain).then(|| ids.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::Name;
    use hickory_proto::rr::rdata::A;
    use hickory_proto::rr::rdata::svcb::{Alpn, IpHint};

    fn binding(params: Vec<(SvcParamKey, SvcParamValue)>) -> Option<String> {
        record_data(&SVCB::new(1, Name::root(), params))
    }

    #[test]
    fn parameters_follow_priority_and_target() {
        let params = vec![
            (
                SvcParamKey::Alpn,
                SvcParamValue::Alpn(Alpn(vec!["h2".into(), "h3".into()])),
            ),
            (SvcParamKey::Port, SvcParamValue::Port(8443)),
            (
                SvcParamKey::Ipv4Hint,
                SvcParamValue::Ipv4Hint(IpHint(vec![A::new(1, 2, 3, 4)])),
            ),
        ];
        let expected = r#"1 . alpn="h2,h3" port=8443 ipv4hint=1.2.3.4"#;
        assert_eq!(binding(params).as_deref(), Some(expected));
        let odd = SvcParamValue::Alpn(Alpn(vec!["a,b".into()]));
        assert_eq!(binding(vec![(SvcParamKey::Alpn, odd)]), None);
    }
}
