//! Where log lines go: standard error, as text or JSON; and how problems of inputs are told.

use crate::config::{LogConfig, LogFormat};
use crate::problem::Problem;
use std::collections::BTreeSet;
use std::io::{self, IsTerminal};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

/// What is logged when neither the configuration nor the environment says.
const FILTER_DEFAULT: &str = "info";
/// Variable that is asked when the configuration has no `log_level`.
const FILTER_VARIABLE: &str = "RUST_LOG";

/// Starts logging for the whole process. The configuration's filter counts, else `$RUST_LOG`,
/// else `info`. A second call changes nothing.
///
/// # Errors
/// A filter that cannot be understood; nothing is logged then.
pub fn start(config: &LogConfig) -> Result<(), String> {
    let filter = filter(
        config.filter.as_deref(),
        std::env::var(FILTER_VARIABLE).ok().as_deref(),
    )?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        // It would tell of a failed write by printing to standard error, which panics when the
        // reader of that is gone: a dead log collector shall not end the process.
        .log_internal_errors(false)
        .with_ansi(io::stderr().is_terminal());
    let _already_started = match config.format {
        LogFormat::Text => builder.finish().try_init(),
        LogFormat::Json => builder.json().flatten_event(true).finish().try_init(),
    };
    Ok(())
}

/// Logs the problems that were not there before.
pub(crate) fn log_new(before: &[Problem], after: &[Problem]) {
    let known: BTreeSet<String> = before.iter().map(ToString::to_string).collect();
    for problem in after {
        let text = problem.to_string();
        match (known.contains(&text), problem.is_error()) {
            (true, _) => {}
            (false, true) => tracing::error!("{text}"),
            (false, false) => tracing::warn!("{text}"),
        }
    }
}

fn filter(configured: Option<&str>, variable: Option<&str>) -> Result<EnvFilter, String> {
    let text = configured
        .or(variable.filter(|text| !text.is_empty()))
        .unwrap_or(FILTER_DEFAULT);
    EnvFilter::try_new(text).map_err(|error| format!("log filter `{text}`: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_comes_before_the_environment_and_info_is_the_default() {
        let shown = |configured, variable| filter(configured, variable).unwrap().to_string();
        assert_eq!(shown(Some("debug"), Some("trace")), "debug");
        assert_eq!(shown(None, Some("trace")), "trace");
        assert_eq!(shown(None, Some("")), "info");
        assert_eq!(shown(None, None), "info");
    }
}
