//! The trace context in services. `tests/program/cli/traces.rs` tests the exported spans.

use std::sync::Arc;

use patron::app::ctx::{AdminCtx, Ctx};
use patron::telemetry::Trace;

use crate::support::{Backend, TestApp};

/// Without a collector, the trace context of a request is passed on unchanged.
#[tokio::test]
async fn the_trace_context_is_passed_on() {
    let app = TestApp::start(Backend::Sqlite).await;
    let system = AdminCtx::system(Arc::clone(&app.app)).into_inner();
    assert_eq!(system.traceparent(), None);
    let incoming = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let trace = Trace::of(|name| (name == "traceparent").then_some(incoming));
    let request = Ctx { trace, ..system };
    assert_eq!(request.traceparent().as_deref(), Some(incoming));
    drop(request);
    app.stop().await;
}
