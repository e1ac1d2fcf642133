//! The trace context of a request (W3C Trace Context).
//!
//! It is read from the request's headers and passed on with work that follows from the request, such as webhooks. If spans
//! are not exported, patron passes it on unchanged. A header that is not well-formed is ignored.

use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{SpanContext, TraceContextExt, TraceFlags};
use opentelemetry_sdk::propagation::TraceContextPropagator;

const TRACEPARENT: &str = "traceparent";
/// The length of the header in version 00.
const LENGTH: usize = 55;

/// A trace context: a span within a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace(pub(super) SpanContext);

impl Trace {
    /// The trace context of a request's headers. `None` if they are missing or not well-formed: then a new trace is started
    /// (3.2.2.5).
    pub fn of<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        let traceparent = header(TRACEPARENT).filter(|value| is_well_formed(value))?;
        let headers = TraceHeaders { traceparent, tracestate: header("tracestate") };
        let context =
            TraceContextPropagator::new().extract_with_context(&opentelemetry::Context::new(), &headers);
        let span_context = context.span().span_context().clone();
        span_context.is_valid().then_some(Self(span_context))
    }

    /// The trace identifier: 32 hexadecimal digits.
    pub fn id(&self) -> String {
        self.0.trace_id().to_string()
    }

    /// The value of the header `traceparent` of outgoing requests.
    pub fn traceparent(&self) -> String {
        let sampled = self.0.trace_flags() & TraceFlags::SAMPLED;
        format!("00-{}-{}-{sampled:02x}", self.0.trace_id(), self.0.span_id())
    }
}

/// Checks the format, because the library also accepts shorter numbers and numbers with a sign.
fn is_well_formed(value: &str) -> bool {
    let parts: Vec<&str> = value.split('-').take(4).collect();
    let lengths = parts.iter().map(|part| part.len()).eq([2, 32, 16, 2]);
    let hex = |part: &&str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    // A later version may have more fields after the first four.
    lengths && parts.iter().all(hex) && (value.len() == LENGTH || parts[0] != "00")
}

struct TraceHeaders<'a> {
    traceparent: &'a str,
    tracestate: Option<&'a str>,
}

impl Extractor for TraceHeaders<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            TRACEPARENT => Some(self.traceparent),
            "tracestate" => self.tracestate,
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT, "tracestate"]
    }
}

#[cfg(test)]
mod tests {
    use super::Trace;

    fn trace(value: &str) -> Option<Trace> {
        Trace::of(|name| (name == "traceparent").then_some(value))
    }

    /// The examples of the specification, 3.2.
    #[test]
    fn only_well_formed_headers_are_accepted() {
        let valid = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let accepted = trace(valid).unwrap();
        assert_eq!(accepted.id(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(accepted.traceparent(), valid);
        let unsampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        assert_eq!(trace(unsampled).unwrap().traceparent(), unsampled);
        // The known fields of a later version are read and passed on as version 00.
        let later = "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-will-be-like";
        assert_eq!(trace(later).unwrap().traceparent(), valid);
        for refused in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-1-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
            "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
        ] {
            assert_eq!(trace(refused), None, "{refused}");
        }
    }
}
