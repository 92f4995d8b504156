//! Flat JSON log lines with the keys people know from Powertools for AWS Lambda.

use json_subscriber::JsonLayer;
use landing_zone::mask_addresses;
use std::io::{self, Write};
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    layer::SubscriberExt as _,
    registry::Registry,
    util::SubscriberInitExt as _,
};

/// Sets up logging once, at start. `AWS_LAMBDA_LOG_LEVEL` (the function's logging configuration) wins over
/// `POWERTOOLS_LOG_LEVEL`; the default is INFO.
pub(crate) fn init(service: &'static str) {
    let level = ["AWS_LAMBDA_LOG_LEVEL", "POWERTOOLS_LOG_LEVEL"]
        .iter()
        .find_map(|variable| std::env::var(variable).ok())
        .and_then(|text| text.parse::<LevelFilter>().ok())
        .unwrap_or(LevelFilter::INFO);
    let mut layer = JsonLayer::<Registry, _>::stdout().with_writer(|| Masked(io::stdout()));
    layer.add_static_field("service", service.into());
    layer.with_timer("timestamp", tracing_subscriber::fmt::time::SystemTime);
    layer.with_level("level");
    layer.with_flattened_event();
    layer.with_top_level_flattened_span_list();
    // A second call (tests) keeps the first subscriber.
    let _ = tracing_subscriber::registry().with(layer).with(filter(level)).try_init();
}

/// What is logged. The runtime repeats every error that a handler returns there, without ids and also passing trouble as
/// an error; [`crate::run()`] has logged it already, and a panic shows on standard error.
fn filter(level: LevelFilter) -> Targets {
    Targets::new().with_default(level).with_target("lambda_runtime::layers::panic", LevelFilter::OFF)
}

/// Writes lines without the e-mail addresses that reasons, callers and names may quote. The layer writes each line
/// at once.
struct Masked<W>(W);

impl<W: Write> Write for Masked<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if line.contains(&b'@') {
            self.0.write_all(mask_addresses(&String::from_utf8_lossy(line)).as_bytes())?;
        } else {
            self.0.write_all(line)?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_runtimes_repetitions_are_left_out() {
        let filter = filter(LevelFilter::INFO);
        assert!(!filter.would_enable("lambda_runtime::layers::panic", &tracing::Level::ERROR));
        assert!(filter.would_enable("lambda_runtime::layers::api_client", &tracing::Level::ERROR));
        assert!(filter.would_enable("settle", &tracing::Level::INFO));
        assert!(!filter.would_enable("settle", &tracing::Level::DEBUG));
    }

    #[test]
    fn lines_are_written_whole_and_masked() {
        let mut written = Vec::new();
        Masked(&mut written).write_all(b"{\"reason\":\"jane@example.com is taken\"}\n{}\n").unwrap();
        assert_eq!(written, b"{\"reason\":\"j***@example.com is taken\"}\n{}\n");
    }
}
