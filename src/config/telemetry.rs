//! Settings of metrics, logs and traces.

use std::net::SocketAddr;

use super::Values;

/// Where metrics are served.
#[derive(Clone, Debug)]
pub struct MetricsConfig {
    /// `PATRON_METRICS`: whether every client of the API can read them.
    pub public: bool,
    /// `PATRON_METRICS_LISTEN`: another address that serves only metrics and health.
    pub listen: Option<SocketAddr>,
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// `PATRON_LOG`: a `tracing` filter.
    pub filter: String,
    /// `PATRON_LOG_FORMAT`.
    pub format: LogFormat,
}

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Readable text on a terminal, JSON otherwise.
    Auto,
    /// Readable text.
    Human,
    /// One JSON object per line.
    Json,
}

/// Where traces are sent.
#[derive(Clone, Debug)]
pub struct TracesConfig {
    /// `PATRON_OTLP_ENDPOINT`, without a trailing slash; none sends no traces.
    pub endpoint: Option<String>,
    /// `PATRON_OTLP_PERCENT`: the percentage of traces that is sent, of those that patron starts.
    pub percent: u32,
}

impl MetricsConfig {
    pub(super) fn from_values(v: &mut Values, local: bool) -> Self {
        Self {
            public: v.switch_or_local("PATRON_METRICS", local),
            listen: v.address("PATRON_METRICS_LISTEN", "an address and port such as 127.0.0.1:9464"),
        }
    }
}

impl LogConfig {
    pub(super) fn from_values(v: &mut Values) -> Self {
        Self { filter: v.log_filter("PATRON_LOG"), format: v.log_format("PATRON_LOG_FORMAT") }
    }
}

impl TracesConfig {
    pub(super) fn from_values(v: &mut Values) -> Self {
        Self { endpoint: v.url("PATRON_OTLP_ENDPOINT"), percent: v.between("PATRON_OTLP_PERCENT", 0, 100) }
    }
}

impl Values {
    fn log_filter(&mut self, variable: &'static str) -> String {
        let filter = self.text(variable);
        if let Err(error) = tracing_subscriber::EnvFilter::builder().parse(&filter) {
            self.problem(variable, format!("`{filter}` is not a log filter: {error}"));
        }
        filter
    }

    fn log_format(&mut self, variable: &'static str) -> LogFormat {
        match self.text(variable).as_str() {
            "auto" => LogFormat::Auto,
            "human" => LogFormat::Human,
            "json" => LogFormat::Json,
            other => {
                self.problem(variable, format!("`{other}` is not auto, human or json"));
                LogFormat::Auto
            }
        }
    }
}
