//! Where a request stands in a trace that goes through several programs (W3C Trace Context).
//!
//! Read from a request and passed on with what follows from it. Whether spans are exported or not: without, patron is
//! as a pipe, and passes on what it got.

use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{SpanContext, TraceContextExt, TraceFlags};
use opentelemetry_sdk::propagation::TraceContextPropagator;

/// The name of the header.
const TRACEPARENT: &str = "traceparent";
/// Its length in version 00.
const LENGTH: usize = 55;

/// A place in a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace(pub(super) SpanContext);

impl Trace {
    /// That of a request, by its headers. One that is not as the specification says is none (3.2.2.5: the trace
    /// begins anew).
    pub fn of<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        let found = header(TRACEPARENT).filter(|value| is_well_formed(value))?;
        let headers = Headers { traceparent: found, tracestate: header("tracestate") };
        let context =
            TraceContextPropagator::new().extract_with_context(&opentelemetry::Context::new(), &headers);
        let place = context.span().span_context().clone();
        place.is_valid().then_some(Self(place))
    }

    /// The identifier of the whole trace: 32 hexadecimal digits.
    pub fn id(&self) -> String {
        self.0.trace_id().to_string()
    }

    /// The value of the header `traceparent` of a request that follows from here.
    pub fn traceparent(&self) -> String {
        let sampled = self.0.trace_flags() & TraceFlags::SAMPLED;
        format!("00-{}-{}-{sampled:02x}", self.0.trace_id(), self.0.span_id())
    }
}

/// The library takes shorter numbers as well, and signs before them.
fn is_well_formed(value: &str) -> bool {
    let parts: Vec<&str> = value.split('-').take(4).collect();
    let lengths = parts.iter().map(|part| part.len()).eq([2, 32, 16, 2]);
    let hex = |part: &&str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    // A later version may have more after the four.
    lengths && parts.iter().all(hex) && (value.len() == LENGTH || parts[0] != "00")
}

struct Headers<'a> {
    traceparent: &'a str,
    tracestate: Option<&'a str>,
}

impl Extractor for Headers<'_> {
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
    fn what_is_taken_over() {
        let valid = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let found = trace(valid).unwrap();
        assert_eq!(found.id(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(found.traceparent(), valid);
        let unsampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        assert_eq!(trace(unsampled).unwrap().traceparent(), unsampled);
        // Of a later version what is known is read, and passed on as this version has it.
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
