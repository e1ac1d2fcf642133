//! Logs, traces and metrics.
//!
//! Logs go to standard error, so that the output of a command can be piped: readable text on a terminal, otherwise one JSON
//! object per line. Spans are exported to a collector if one is configured. Without a collector patron only passes on the
//! `traceparent` of requests.

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
use uuid::Uuid;

use crate::config::{LogConfig, LogFormat, TracesConfig};

pub use trace::Trace;

/// Starts logging and the export of spans. Does nothing if they have been started already.
///
/// # Errors
/// Spans can't be exported with these settings.
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
    // Only a second start can fail, and then the first one is in effect.
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
            // Independent of the log filter, the spans of patron are exported, except those of health probes.
            let own = Targets::new().with_target("patron", Level::INFO);
            let own = own.and(filter_fn(|metadata| metadata.name() != "probe"));
            Registry::default().with(lines.with_filter(filter)).with(spans.with_filter(own)).try_init()
        }
    };
    Ok(())
}

/// Exports the remaining spans, within a few seconds.
pub async fn stop() {
    export::stop().await;
}

/// Creates the span of a request. Also returns its trace: that of its headers, or a new one. The trace is `None` if the
/// headers contain no trace and the span is not exported. The span of a `probe` is never exported.
pub fn start_span<'a>(
    request_id: &str,
    probe: bool,
    header: impl Fn(&str) -> Option<&'a str>,
) -> (Span, Option<Trace>) {
    let incoming = Trace::of(header);
    let (span, trace) = if export::is_on() && !probe {
        let span = tracing::info_span!(
            "request",
            %request_id,
            trace_id = Empty,
            login = Empty,
            audience = Empty,
            account = Empty,
            otel.kind = "server"
        );
        let own = export::trace_of(&span, incoming.as_ref());
        (span, own.or(incoming))
    } else {
        let span = match probe {
            true => tracing::info_span!("probe", %request_id, trace_id = Empty),
            false => tracing::info_span!(
                "request",
                %request_id,
                trace_id = Empty,
                login = Empty,
                audience = Empty,
                account = Empty
            ),
        };
        (span, incoming)
    };
    if let Some(trace) = &trace {
        span.record("trace_id", trace.id());
    }
    (span, trace)
}

/// Ends the span of an answered request.
pub fn end_span(span: &Span, method: &str, route: &str, status: u16) {
    if export::is_on() {
        export::answered(span, method, route, status);
    }
}

/// Records the outcome of a login in the span of the current request, so that the request's line in the log has it: one line
/// is enough for a request. Without an account, none has the e-mail address, or it was not looked up.
pub fn login(audience: &'static str, outcome: &'static str, account: Option<Uuid>) {
    let span = Span::current();
    span.record("login", outcome);
    span.record("audience", audience);
    if let Some(account) = account {
        span.record("account", tracing::field::display(account));
    }
}

/// Records the root field of a GraphQL operation in the current span.
pub fn graphql(field: &'static str) {
    if export::is_on() {
        export::graphql(field);
    }
}

/// Records a statement that has just ended as a span. `system` is the database's name in the semantic conventions.
pub fn statement(system: &'static str, sql: &str, failed: bool, elapsed: Duration) {
    export::statement(system, sql, failed, elapsed);
}

/// The trace context of the current span, to pass on to other systems. `None` if spans are not exported.
pub fn current() -> Option<Trace> {
    if export::is_on() { export::trace_of(&Span::current(), None) } else { None }
}

#[cfg(test)]
mod tests {
    use super::{current, export, start_span};
    use crate::config::TracesConfig;
    use tracing_subscriber::Registry;
    use tracing_subscriber::layer::SubscriberExt;

    /// The trace context of an exported request has the request's own span and the trace of its headers.
    #[test]
    fn the_current_span_belongs_to_the_incoming_trace() {
        let config = TracesConfig { endpoint: None, percent: 100 };
        // The collector does not exist, but no span is exported, because the incoming trace is not sampled.
        let tracer = export::start(&config, "http://127.0.0.1:9").unwrap();
        let subscriber = Registry::default().with(tracing_opentelemetry::layer().with_tracer(tracer));
        tracing::subscriber::with_default(subscriber, || {
            let incoming = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
            let (span, trace) = start_span("1", false, |name| (name == "traceparent").then_some(incoming));
            let trace = trace.unwrap();
            assert_eq!(trace.id(), "0af7651916cd43dd8448eb211c80319c");
            assert_ne!(trace.traceparent(), incoming, "the request has its own span");
            assert_eq!(span.in_scope(current), Some(trace));
            assert_eq!(current(), None);
        });
    }
}
