//! Serves one connection within its time limits.
//!
//! The connection has one timer. When a deadline has passed, an idle HTTP/2 connection gets a GOAWAY and a grace period,
//! the stream of a stalled response is reset, and any other connection is closed.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};
use tower::{ServiceExt, service_fn};

use super::budget::MemoryBudget;
use super::connection_state::{Action, ConnectionState, Overdue};
use super::exchange::Exchange;
use super::held_memory::Stalled;
use super::instrumented_stream::InstrumentedStream;
use super::limits::Limits;
use super::response_body::send_response;
use super::stream_executor::StreamExecutor;

/// How long a client may take to close a connection after GOAWAY.
const GOAWAY_GRACE: Duration = Duration::from_secs(1);
/// Concurrent streams of a connection. RFC 9113 (6.5.2) advises against a lower limit.
const MAX_STREAMS: u32 = 100;
/// Streams that the client may reset before the server accepts them ("rapid reset", CVE-2023-44487). One more closes the
/// connection (ENHANCE_YOUR_CALM).
const MAX_RESET_BY_CLIENT: usize = 20;
/// Streams that the server may reset because of protocol errors. One more closes the connection.
const MAX_RESET_BY_US: usize = 100;

/// The HTTP implementation, configured with the limits. [`ConnectionState`] times the reading of headers, because hyper's
/// own limit also counts the idle time between two requests, and starts only at the first byte.
pub(super) fn protocol(limits: &Limits) -> Builder<StreamExecutor> {
    let mut builder = Builder::new(StreamExecutor);
    builder.http1().header_read_timeout(None).max_buf_size(limits.header_bytes as usize);
    // How much of its bodies a client may send before the server reads them. hyper's default is 1 MiB.
    let body = u32::try_from(limits.body_bytes).unwrap_or(u32::MAX);
    builder
        .http2()
        .max_concurrent_streams(MAX_STREAMS)
        .max_pending_accept_reset_streams(MAX_RESET_BY_CLIENT)
        .max_local_error_reset_streams(MAX_RESET_BY_US)
        .max_header_list_size(limits.header_bytes)
        .initial_stream_window_size(body)
        .initial_connection_window_size(body.saturating_mul(2));
    builder
}

/// Serves a connection until the client or the server closes it, it times out, or it is evicted.
pub(super) async fn serve(
    protocol: &Builder<StreamExecutor>,
    budget: &Arc<MemoryBudget>,
    (stream, peer): (TcpStream, SocketAddr),
    connection_state: &Arc<ConnectionState>,
    routes: Router,
) {
    let (shared, state) = (Arc::clone(budget), Arc::clone(connection_state));
    let service = service_fn(move |request: Request<Incoming>| {
        let mut exchange = Exchange::begin(&state, &shared, &request);
        let mut request = request.map(|body| exchange.count_body(body));
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = routes.clone().oneshot(request);
        async move {
            exchange.wait_for_capacity().await;
            let Ok(response) = response.await;
            send_response(exchange, response).await
        }
    });
    let stream =
        InstrumentedStream { stream, connection_state: Arc::clone(connection_state), is_drained: false };
    let connection = protocol.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut connection = pin!(connection);
    let timer = pin!(sleep(Duration::ZERO));
    let mut deadlines = Deadlines { connection_state, budget, timer, fires_at: None, closes_at: None };
    poll_fn(|cx| {
        loop {
            if connection.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            match ready!(deadlines.poll(cx)) {
                Step::Continue => {}
                Step::ShutDown => connection.as_mut().graceful_shutdown(),
                Step::Close => return Poll::Ready(()),
            }
        }
    })
    .await;
}

/// What a connection does after a signal or a deadline.
enum Step {
    Continue,
    /// Shut down after the running requests; over HTTP/2 with a GOAWAY.
    ShutDown,
    Close,
}

/// The deadlines of a connection, with its timer.
struct Deadlines<'a> {
    connection_state: &'a ConnectionState,
    budget: &'a MemoryBudget,
    timer: Pin<&'a mut Sleep>,
    /// When the timer fires: at the deadline, or earlier, and then it is set again.
    fires_at: Option<Duration>,
    /// When an idle connection is closed that got a GOAWAY.
    closes_at: Option<Duration>,
}

impl Deadlines<'_> {
    /// Waits for a signal or the current deadline.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        let (deadline, reason) = match self.connection_state.next_action(cx, &self.budget.limits) {
            Action::Run => return Poll::Pending,
            Action::Wait(deadline, reason) => (deadline, reason),
            Action::ShutDown => return Poll::Ready(Step::ShutDown),
            Action::Close => return Poll::Ready(Step::Close),
        };
        let deadline = match self.closes_at {
            Some(closes_at) if reason == Overdue::Idle => deadline.min(closes_at),
            _ => deadline,
        };
        if self.fires_at.is_none_or(|at| at > deadline) {
            self.fires_at = Some(deadline);
            self.timer.set(sleep(deadline.saturating_sub(self.connection_state.now())));
        }
        ready!(self.timer.as_mut().poll(cx));
        self.fires_at = None;
        let is_over = self.connection_state.now() >= deadline;
        Poll::Ready(if is_over { self.expire(reason) } else { Step::Continue })
    }

    /// Handles a deadline that is over.
    fn expire(&mut self, reason: Overdue) -> Step {
        let MemoryBudget { limits, metrics, .. } = self.budget;
        if reason == Overdue::Response
            && let Stalled::StreamsReset(count) = self.connection_state.reset_overdue(limits)
        {
            metrics.reset("stream", "stalled", count);
            return Step::Continue;
        }
        tracing::debug!(why = ?reason, "a connection timed out");
        if reason == Overdue::Response {
            metrics.reset("connection", "stalled", 1);
        }
        if reason != Overdue::Idle || self.closes_at.is_some() {
            return Step::Close;
        }
        // HTTP/2: a GOAWAY first, so that the client sends no request on a connection that is about to close.
        self.closes_at = Some(self.connection_state.now() + GOAWAY_GRACE);
        Step::ShutDown
    }
}
