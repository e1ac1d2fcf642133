//! Traces, as services pass them on; what a collector is sent is in tests/program/cli/traces.rs.

use std::sync::Arc;

use patron::app::ctx::Ctx;
use patron::telemetry::Trace;

use crate::support::{Backend, TestApp};

/// Without a collector what came with a request goes on with what follows from it, unchanged.
#[tokio::test]
async fn what_a_service_passes_on() {
    let app = TestApp::start(Backend::Sqlite).await;
    let system = Ctx::system(Arc::clone(&app.app));
    assert_eq!(system.traceparent(), None);
    let incoming = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let trace = Trace::of(|name| (name == "traceparent").then_some(incoming));
    let request = Ctx { trace, ..system };
    assert_eq!(request.traceparent().as_deref(), Some(incoming));
    drop(request);
    app.stop().await;
}
