//! Spans on their way to a collector: OTLP over HTTP, in batches, from a thread of its own. A collector that is away
//! costs spans and nothing else: what does not fit the queue is dropped, and requests don't wait for it.

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

/// How long the last batch may take at the end.
const LONGEST_STOP: Duration = Duration::from_secs(3);

static EXPORT: OnceLock<Export> = OnceLock::new();

struct Export {
    provider: SdkTracerProvider,
    tracer: Tracer,
}

/// Starts the thread that sends, and gives what makes spans.
pub(super) fn start(config: &TracesConfig, endpoint: &str) -> Result<Tracer, String> {
    // The client needs it, and is made before the rest of the program. An error means that there is one.
    let _first = rustls::crypto::ring::default_provider().install_default();
    let client = client(endpoint)?;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_endpoint(format!("{endpoint}/v1/traces"))
        .build()
        .map_err(|error| error.to_string())?;
    // Whether a trace is kept is up to whoever began it.
    let share = Sampler::TraceIdRatioBased(f64::from(config.percent) / 100.0);
    let resource = Resource::builder_empty()
        .with_attribute(KeyValue::new("service.name", "patron"))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_detector(Box::new(TelemetryResourceDetector))
        // OTEL_RESOURCE_ATTRIBUTES goes before all of them.
        .with_detector(Box::new(EnvResourceDetector::new()))
        .build();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(share)))
        .with_resource(resource)
        .build();
    let tracer = provider.tracer("patron");
    let _first = EXPORT.set(Export { provider, tracer: tracer.clone() });
    Ok(tracer)
}

/// The client that sends, made on a thread of its own: it has a runtime in it, which can't begin inside another.
fn client(endpoint: &str) -> Result<reqwest::blocking::Client, String> {
    let mut builder = reqwest::blocking::Client::builder().redirect(reqwest::redirect::Policy::none());
    if endpoint.starts_with("http://") {
        // A system without root certificates can send without TLS.
        builder = builder.tls_certs_only([]);
    }
    let made = std::thread::spawn(move || builder.build()).join();
    let made = made.map_err(|_| "the HTTP client can't be started".to_owned())?;
    made.map_err(|error| error.to_string())
}

/// Whether spans are sent anywhere.
pub(super) fn is_on() -> bool {
    EXPORT.get().is_some()
}

/// Sends what is left, within some seconds.
pub(super) async fn stop() {
    let Some(export) = EXPORT.get() else { return };
    let stopped = tokio::task::spawn_blocking(|| export.provider.shutdown_with_timeout(LONGEST_STOP)).await;
    if !matches!(stopped, Ok(Ok(()))) {
        tracing::warn!("the last spans were not sent");
    }
}

/// Has a span follow from `incoming`, and gives its own place.
pub(super) fn place(span: &Span, incoming: Option<&Trace>) -> Option<Trace> {
    if let Some(Trace(parent)) = incoming {
        // An error means that the log filter left the span out.
        let _left_out = span.set_parent(Context::new().with_remote_span_context(parent.clone()));
    }
    let place = span.context().span().span_context().clone();
    place.is_valid().then_some(Trace(place))
}

/// Ends the span of a request and notes how it was answered, by the names of the semantic conventions.
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
    // Not when its last holder lets go of it: a query that it began for many goes on for the others.
    span.end();
}

/// Notes the root field of a GraphQL operation in the present span.
pub(super) fn graphql(field: &'static str) {
    Span::current().set_attribute("patron.graphql.field", field);
}

/// Makes a span of a statement that has just ended, within the present one. Its text has placeholders, no values.
pub(super) fn statement(system: &'static str, sql: &str, failed: bool, took: Duration) {
    let Some(Export { tracer, .. }) = EXPORT.get() else { return };
    let parent = Span::current().context();
    if !parent.span().span_context().is_sampled() {
        return;
    }
    let (began, ended) = clock::elapsed_range(took);
    let operation = sql.split_ascii_whitespace().next().unwrap_or_default().to_owned();
    let builder = tracer.span_builder(operation).with_kind(SpanKind::Client).with_start_time(began);
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
