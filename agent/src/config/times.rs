//! Text to durations and TTLs, and durations to text.

use super::walk::Reason;
use std::time::Duration;

/// Largest TTL in seconds, a day: mesh names move, and clients keep what they were told.
const TTL_MAX_SECS: u32 = 86_400;

/// A duration within bounds: numbers with units, for example `2s`, `400ms`, `1h30m`.
pub(crate) fn duration(min: Duration, max: Duration) -> impl Fn(&str) -> Result<Duration, Reason> {
    move |text| {
        let found = parse_duration(text)?;
        let bounds = format!("write a time from {} to {}", show(min), show(max));
        if found < min {
            return Err(Reason::new(format!("{text} is too short"), bounds));
        }
        if found > max {
            return Err(Reason::new(format!("{text} is too long"), bounds));
        }
        Ok(found)
    }
}

/// A duration in milliseconds; what no clock reaches stops at the largest number.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Seconds within bounds: a number, or a duration of whole seconds.
pub(crate) fn seconds(min: u32, max: u32) -> impl Fn(&str) -> Result<u32, Reason> {
    move |text| {
        let bounds = format!(
            "write seconds from {min} to {max}, or a time such as {}",
            show(Duration::from_secs(u64::from(max)))
        );
        let found = whole_seconds(text, &bounds)?;
        match u32::try_from(found).unwrap_or(u32::MAX) {
            found if found < min => Err(Reason::new(format!("{text} is too short"), bounds)),
            found if found > max => Err(Reason::new(format!("{text} is too long"), bounds)),
            found => Ok(found),
        }
    }
}

fn whole_seconds(text: &str, hint: &str) -> Result<u64, Reason> {
    let found = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => parse_duration(text)?,
    };
    if found.subsec_nanos() != 0 {
        let reason = format!("{text} is not a whole number of seconds");
        return Err(Reason::new(reason, hint));
    }
    Ok(found.as_secs())
}

/// A TTL: seconds, or a duration of whole seconds.
pub(crate) fn ttl(text: &str) -> Result<u32, Reason> {
    let hint = "write seconds from 0 to 86400, for example 30";
    u32::try_from(whole_seconds(text, hint)?)
        .ok()
        .filter(|seconds| *seconds <= TTL_MAX_SECS)
        .ok_or_else(|| Reason::new(format!("{text} is more than a day"), hint))
}

fn parse_duration(text: &str) -> Result<Duration, Reason> {
    let bad = || {
        Reason::new(
            format!("`{text}` is not a duration"),
            "write a number and a unit, for example 2s, 400ms, 5m, 48h or 7d",
        )
    };
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let letters = rest[digits..]
            .bytes()
            .take_while(u8::is_ascii_alphabetic)
            .count();
        let number: u64 = rest[..digits].parse().map_err(|_| bad())?;
        let unit_ms = match &rest[digits..digits + letters] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(bad()),
        };
        let part = number.checked_mul(unit_ms).ok_or_else(bad)?;
        total = total
            .checked_add(Duration::from_millis(part))
            .ok_or_else(bad)?;
        rest = &rest[digits + letters..];
    }
    if text.trim().is_empty() {
        Err(bad())
    } else {
        Ok(total)
    }
}

/// A duration in the units of [`duration`].
pub(crate) fn show(duration: Duration) -> String {
    let ms = duration.as_millis();
    match ms {
        0 => "0s".to_owned(),
        ms if ms % 86_400_000 == 0 => format!("{}d", ms / 86_400_000),
        ms if ms % 3_600_000 == 0 => format!("{}h", ms / 3_600_000),
        ms if ms % 60_000 == 0 => format!("{}m", ms / 60_000),
        ms if ms % 1_000 == 0 => format!("{}s", ms / 1_000),
        ms => format!("{ms}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_units_and_may_have_several() {
        let read = duration(Duration::ZERO, Duration::from_secs(1_000_000));
        assert_eq!(read("1h30m"), Ok(Duration::from_secs(5_400)));
        assert_eq!(read("400ms"), Ok(Duration::from_millis(400)));
        for text in [
            "",
            "5",
            "5 s",
            "s",
            "-1s",
            "1.5s",
            "5w",
            "99999999999999999999d",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
