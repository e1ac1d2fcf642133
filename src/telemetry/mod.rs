//! Logs, and traces.
//!
//! Logs are lines for people on a terminal, one JSON object a line otherwise; always to standard error, so that what a
//! command prints can be piped. Traces go to a collector when a setting says where it is.

mod export;
pub mod metrics;
mod trace;

use std::io::IsTerminal;
use std::time::Duration;

use tracing::field::Empty;
use tracing::{Level, Span};
use tracing_subscriber::filter::{FilterExt, Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::config::{LogConfig, LogFormat, TracesConfig};

pub use trace::Trace;

/// Starts logging, and sending traces. Does nothing when it has started already.
///
/// # Errors
/// Why traces can't be sent as the settings say.
pub fn start(log: &LogConfig, traces: &TracesConfig) -> Result<(), String> {
    let filter = EnvFilter::builder().parse_lossy(&log.filter);
    let json = match log.format {
        LogFormat::Auto => !std::io::stderr().is_terminal(),
        LogFormat::Human => false,
        LogFormat::Json => true,
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = if json {
        lines.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed()
    } else {
        lines.with_target(false).with_ansi(std::io::stderr().is_terminal()).boxed()
    };
    // Only the second start can fail, and the first one is in force then.
    let _already_started = match &traces.endpoint {
        None => Registry::default().with(lines).with(filter).try_init(),
        Some(endpoint) => {
            let tracer = export::start(traces, endpoint)?;
            let spans = tracing_opentelemetry::layer()
                .with_tracer(tracer)
                .with_context_activation(false)
                .with_location(false)
                .with_threads(false)
                .with_target(false)
                .with_tracked_inactivity(false);
            // Whatever is logged, spans are of what patron does, and not of who asks whether it does.
            let own = Targets::new().with_target("patron", Level::INFO);
            let own = own.and(filter_fn(|metadata| metadata.name() != "probe"));
            Registry::default().with(lines.with_filter(filter)).with(spans.with_filter(own)).try_init()
        }
    };
    Ok(())
}

/// Sends the spans that are left, within some seconds.
pub async fn stop() {
    export::stop().await;
}

/// A request begins: its span, and its place in the trace that its headers tell of, or that is begun here. None when it
/// has no trace, and its span isn't sent; that of a `probe` never is.
pub fn begin<'a>(
    request_id: &str,
    probe: bool,
    header: impl Fn(&str) -> Option<&'a str>,
) -> (Span, Option<Trace>) {
    let incoming = Trace::of(header);
    let (span, place) = if export::is_on() && !probe {
        let span = tracing::info_span!("request", %request_id, trace_id = Empty, otel.kind = "server");
        let own = export::place(&span, incoming.as_ref());
        (span, own.or(incoming))
    } else {
        let span = match probe {
            true => tracing::info_span!("probe", %request_id, trace_id = Empty),
            false => tracing::info_span!("request", %request_id, trace_id = Empty),
        };
        (span, incoming)
    };
    if let Some(trace) = &place {
        span.record("trace_id", trace.id());
    }
    (span, place)
}

/// A request was answered.
pub fn answered(span: &Span, method: &str, route: &str, status: u16) {
    if export::is_on() {
        export::answered(span, method, route, status);
    }
}

/// An operation of GraphQL runs in the present span, which has no other name than that of its route.
pub fn graphql(field: &'static str) {
    if export::is_on() {
        export::graphql(field);
    }
}

/// A statement of the database has ended; `system` is its name in the semantic conventions.
pub fn statement(system: &'static str, sql: &str, failed: bool, took: Duration) {
    export::statement(system, sql, failed, took);
}

/// The place of what runs now, when its span is sent: what follows from it is to name it.
pub fn current() -> Option<Trace> {
    if export::is_on() { export::place(&Span::current(), None) } else { None }
}

#[cfg(test)]
mod tests {
    use super::{begin, current, export};
    use crate::config::TracesConfig;
    use tracing_subscriber::Registry;
    use tracing_subscriber::layer::SubscriberExt;

    /// What follows from a request that is exported names the request's own span, within the trace that it came with.
    #[test]
    fn what_follows_from_a_request() {
        let config = TracesConfig { endpoint: None, percent: 100 };
        // Nobody listens there, and nothing is sent: the spans are not sampled.
        let tracer = export::start(&config, "http://127.0.0.1:9").unwrap();
        let subscriber = Registry::default().with(tracing_opentelemetry::layer().with_tracer(tracer));
        tracing::subscriber::with_default(subscriber, || {
            let incoming = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
            let (span, place) = begin("1", false, |name| (name == "traceparent").then_some(incoming));
            let place = place.unwrap();
            assert_eq!(place.id(), "0af7651916cd43dd8448eb211c80319c");
            assert_ne!(place.traceparent(), incoming, "it is a span of its own");
            assert_eq!(span.in_scope(current), Some(place));
            assert_eq!(current(), None);
        });
    }
}
