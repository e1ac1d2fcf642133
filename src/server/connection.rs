//! One connection, from its first byte to its last, within its time limits.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::time::sleep;
use tower::{ServiceExt, service_fn};

use super::budget::Budget;
use super::connection_state::{ConnectionState, Next, Overdue};
use super::exchange::Exchange;
use super::held::Stalled;
use super::instrumented_stream::InstrumentedStream;
use super::limits::Limits;
use super::stream_executor::StreamExecutor;

/// How long a connection that has been told that it ends may take to do so.
const LINGER: Duration = Duration::from_secs(1);
/// Streams that are open at once on a connection; fewer RFC 9113 (6.5.2) advises against.
const MAX_STREAMS: u32 = 100;
/// Streams of a connection that were reset by the client before they were looked at ("rapid reset", CVE-2023-44487), or
/// by us for what was wrong with them. Beyond it the connection ends (ENHANCE_YOUR_CALM).
const MAX_RESET_BY_CLIENT: usize = 20;
const MAX_RESET_BY_US: usize = 100;

/// What speaks HTTP, within these limits. Reading headers is timed by [`ConnectionState`]: hyper's own limit takes the rest
/// between two requests for a part of the headers, and doesn't begin before the first byte.
pub(super) fn protocol(limits: &Limits) -> Builder<StreamExecutor> {
    let mut builder = Builder::new(StreamExecutor);
    builder.http1().header_read_timeout(None).max_buf_size(limits.header_bytes as usize);
    // What may be on its way unasked, of bodies that nobody has to have room for: by default a MiB.
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

/// Serves a connection until one of the two ends it, its time is over, or it has to make room.
pub(super) async fn serve(
    protocol: &Builder<StreamExecutor>,
    budget: &Arc<Budget>,
    (stream, peer): (TcpStream, SocketAddr),
    connection_state: &Arc<ConnectionState>,
    routes: Router,
) {
    let (limits, metrics) = (&budget.limits, &budget.meters);
    let (shared, watched) = (Arc::clone(budget), Arc::clone(connection_state));
    let service = service_fn(move |request: Request<Incoming>| {
        let mut exchange = Exchange::begin(&watched, &shared, &request);
        let mut request = request.map(|body| exchange.counted(body));
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = routes.clone().oneshot(request);
        async move {
            exchange.wait_for_room().await;
            let Ok(response) = answer.await;
            exchange.answer(response).await
        }
    });
    let stream =
        InstrumentedStream { stream, connection_state: Arc::clone(connection_state), is_read_out: false };
    let connection = protocol.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut connection = pin!(connection);
    let mut timer = pin!(sleep(Duration::ZERO));
    // When the timer wakes: at the deadline, or before it and then again.
    let (mut wakes_at, mut leaves_at) = (None, None);
    poll_fn(|cx| {
        loop {
            if connection.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            let (deadline, why) = match connection_state.next(cx, limits) {
                Next::Work => return Poll::Pending,
                Next::Wait(deadline, why) => (deadline, why),
                Next::Stop => {
                    connection.as_mut().graceful_shutdown();
                    continue;
                }
                Next::End => return Poll::Ready(()),
            };
            let deadline = match leaves_at {
                Some(leaves_at) if why == Overdue::Idle => deadline.min(leaves_at),
                _ => deadline,
            };
            if wakes_at.is_none_or(|at| at > deadline) {
                wakes_at = Some(deadline);
                timer.set(sleep(deadline.saturating_sub(connection_state.now())));
            }
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            wakes_at = None;
            if connection_state.now() < deadline {
                continue;
            }
            if why == Overdue::Answer
                && let Stalled::StreamsReset(count) = connection_state.reset_overdue(limits)
            {
                metrics.reset("stream", "stalled", count);
                continue;
            }
            tracing::debug!(?why, "the time of a connection is over");
            if why == Overdue::Answer {
                metrics.reset("connection", "stalled", 1);
            }
            if why != Overdue::Idle || leaves_at.is_some() {
                return Poll::Ready(());
            }
            // Over HTTP/2 the client is told first, so that it sends no request into a connection that ends.
            leaves_at = Some(connection_state.now() + LINGER);
            connection.as_mut().graceful_shutdown();
        }
    })
    .await;
}
