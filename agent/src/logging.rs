//! Where log lines go: standard error, as text or JSON.

use crate::config::{LogConfig, LogFormat};
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
        .with_ansi(io::stderr().is_terminal());
    let _already_started = match config.format {
        LogFormat::Text => builder.finish().try_init(),
        LogFormat::Json => builder.json().flatten_event(true).finish().try_init(),
    };
    Ok(())
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
