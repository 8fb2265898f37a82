//! Durations as Kubernetes objects write them.

/// Whole seconds of a duration in Go's form, such as `10s`, `1m30s` or `1.5h`; a fraction of a
/// second counts as a whole one. `None` if it is not one, or longer than 136 years.
pub(crate) fn seconds_of(text: &str) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    let mut rest = text;
    let mut nanos = 0.0;
    while !rest.is_empty() {
        let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let (number, after) = rest.split_at(rest.len() - digits.len());
        let unit = after.trim_start_matches(|c: char| c.is_alphabetic());
        let (unit, next) = after.split_at(after.len() - unit.len());
        nanos += number.parse::<f64>().ok()? * nanos_of(unit)?;
        rest = next;
    }
    let secs = (nanos / 1e9).ceil();
    (secs <= f64::from(u32::MAX)).then_some(secs as u32)
}

fn nanos_of(unit: &str) -> Option<f64> {
    match unit {
        "h" => Some(3600e9),
        "m" => Some(60e9),
        "s" => Some(1e9),
        "ms" => Some(1e6),
        "us" | "µs" => Some(1e3),
        "ns" => Some(1.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_its_seconds() {
        for (text, expected) in [
            ("10s", Some(10)),
            ("1m30s", Some(90)),
            ("1.5h", Some(5400)),
            ("200ms", Some(1)),
            ("0s", Some(0)),
            ("", None),
            ("10", None),
            ("s", None),
            ("-1s", None),
            ("10 s", None),
            ("1.2.3s", None),
            ("9999999999h", None),
        ] {
            assert_eq!(seconds_of(text), expected, "{text}");
        }
    }
}
