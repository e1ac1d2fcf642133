//! Exports spans to a collector: OTLP over HTTP, in batches, on a separate thread. If the collector is unavailable, spans
//! that do not fit the queue are dropped. Requests never wait for the collector.

use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::trace::{Span as _, SpanKind, Status, TraceContextExt, Tracer as _, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::{EnvResourceDetector, TelemetryResourceDetector};
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, Tracer};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::Trace;
use crate::clock;
use crate::config::TracesConfig;
use crate::tls;

/// The time limit of the last batch at shutdown.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(3);

static EXPORT: OnceLock<Export> = OnceLock::new();

struct Export {
    provider: SdkTracerProvider,
    tracer: Tracer,
}

/// Starts the export thread and returns the tracer that creates spans.
pub(super) fn start(config: &TracesConfig, endpoint: &str) -> Result<Tracer, String> {
    tls::install_provider();
    let client = client(endpoint)?;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_endpoint(format!("{endpoint}/v1/traces"))
        .build()
        .map_err(|error| error.to_string())?;
    // The system that started a trace decides whether it is sampled.
    let sampler = Sampler::TraceIdRatioBased(f64::from(config.percent) / 100.0);
    let resource = Resource::builder_empty()
        .with_attribute(KeyValue::new("service.name", "patron"))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_detector(Box::new(TelemetryResourceDetector))
        // OTEL_RESOURCE_ATTRIBUTES overrides the attributes above.
        .with_detector(Box::new(EnvResourceDetector::new()))
        .build();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(sampler)))
        .with_resource(resource)
        .build();
    let tracer = provider.tracer("patron");
    let _first = EXPORT.set(Export { provider, tracer: tracer.clone() });
    Ok(tracer)
}

/// The HTTP client of the exporter. It is built on a separate thread, because its runtime can't be started within another.
fn client(endpoint: &str) -> Result<reqwest::blocking::Client, String> {
    let mut builder = reqwest::blocking::Client::builder().redirect(reqwest::redirect::Policy::none());
    if endpoint.starts_with("http://") {
        // Without TLS no root certificates are needed, and the system may have none.
        builder = builder.tls_certs_only([]);
    }
    let client = std::thread::spawn(move || builder.build()).join();
    let client = client.map_err(|_| "the HTTP client can't be started".to_owned())?;
    client.map_err(|error| error.to_string())
}

/// Whether spans are exported.
pub(super) fn is_on() -> bool {
    EXPORT.get().is_some()
}

/// Exports the remaining spans, within a few seconds.
pub(super) async fn stop() {
    let Some(export) = EXPORT.get() else { return };
    let stopped =
        tokio::task::spawn_blocking(|| export.provider.shutdown_with_timeout(SHUTDOWN_TIMEOUT)).await;
    if !matches!(stopped, Ok(Ok(()))) {
        tracing::warn!("the last spans were not exported");
    }
}

/// Sets the parent of a span to `incoming`, and returns the span's own trace context.
pub(super) fn trace_of(span: &Span, incoming: Option<&Trace>) -> Option<Trace> {
    if let Some(Trace(parent)) = incoming {
        // An error means that the filter disabled the span.
        let _disabled = span.set_parent(Context::new().with_remote_span_context(parent.clone()));
    }
    let context = span.context().span().span_context().clone();
    context.is_valid().then_some(Trace(context))
}

/// Ends the span of a request with the attributes of its response, named by the semantic conventions.
pub(super) fn answered(span: &Span, method: &str, route: &str, status: u16) {
    let context = span.context();
    let span = context.span();
    span.update_name(format!("{method} {route}"));
    span.set_attribute(KeyValue::new("http.request.method", method.to_owned()));
    span.set_attribute(KeyValue::new("http.route", route.to_owned()));
    span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
    if status >= 500 {
        span.set_status(Status::error(status.to_string()));
    }
    // Ended explicitly, because a batched query that the request started may hold the span for longer.
    span.end();
}

/// Records the root field of a GraphQL operation in the current span.
pub(super) fn graphql(field: &'static str) {
    Span::current().set_attribute("patron.graphql.field", field);
}

/// Records a statement that has just ended as a child of the current span. Its text has placeholders, no values.
pub(super) fn statement(system: &'static str, sql: &str, failed: bool, elapsed: Duration) {
    let Some(Export { tracer, .. }) = EXPORT.get() else { return };
    let parent = Span::current().context();
    if !parent.span().span_context().is_sampled() {
        return;
    }
    let (started, ended) = clock::elapsed_range(elapsed);
    let operation = sql.split_ascii_whitespace().next().unwrap_or_default().to_owned();
    let builder = tracer.span_builder(operation).with_kind(SpanKind::Client).with_start_time(started);
    let builder = builder.with_attributes([
        KeyValue::new("db.system.name", system),
        KeyValue::new("db.query.text", sql.to_owned()),
    ]);
    let mut span = builder.start_with_context(tracer, &parent);
    if failed {
        span.set_status(Status::error("the statement failed"));
    }
    span.end_with_timestamp(ended);
}
