//! Serves one connection within its time limits.
//!
//! The connection has one timer. When a deadline has passed, an idle HTTP/2 connection gets a GOAWAY and a grace period,
//! the stream of a stalled response is reset, and any other connection is closed.
//!
//! An HTTP/1.1 connection rests after 100 ms without requests: hyper's connection is dropped with its buffers, and the task
//! waits for the next bytes with little more than the socket. An HTTP/2 connection stays, because client and server share
//! its compression state of headers.

use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::rt::bounds::Http2ServerConnExec;
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::time::sleep;
use tower::{ServiceExt, service_fn};

use super::budget::MemoryBudget;
use super::connection_state::ConnectionState;
use super::deadlines::{Deadlines, Step};
use super::exchange::Exchange;
use super::instrumented_stream::InstrumentedStream;
use super::protocols::Protocols;
use super::response_body::{ResponseBody, send_response};
use super::stream_executor::StreamExecutor;

/// Serves a connection until the client or the server closes it, it times out, or it is evicted.
pub(super) async fn serve(
    protocols: &Protocols,
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
    let service = TowerToHyperService::new(service);
    let mut stream = InstrumentedStream::new(stream, Arc::clone(connection_state));
    let timer = pin!(sleep(Duration::ZERO));
    let mut deadlines = Deadlines::new(connection_state, budget, timer);
    let Ok(Ok(is_http2)) = deadlines.wait(|cx| stream.poll_protocol(cx)).await else { return };
    if is_http2 {
        serve_http2(&protocols.http2, stream, service, &mut deadlines).await;
    } else {
        serve_http1(&protocols.http1, stream, service, &mut deadlines).await;
    }
}

async fn serve_http2<S>(
    protocol: &http2::Builder<StreamExecutor>,
    stream: InstrumentedStream,
    service: S,
    deadlines: &mut Deadlines<'_>,
) where
    S: Service<Request<Incoming>, Response = Response<ResponseBody>, Error = axum::Error>,
    StreamExecutor: Http2ServerConnExec<S::Future, ResponseBody>,
{
    let mut connection = Box::pin(protocol.serve_connection(TokioIo::new(stream), service));
    loop {
        match deadlines.wait(|cx| connection.as_mut().poll(cx)).await {
            Err(Step::ShutDown) => connection.as_mut().graceful_shutdown(),
            Err(Step::Continue | Step::Rest) => {}
            Ok(_) | Err(Step::Close) => return,
        }
    }
}

async fn serve_http1<S>(
    protocol: &http1::Builder,
    mut stream: InstrumentedStream,
    mut service: S,
    deadlines: &mut Deadlines<'_>,
) where
    S: Service<Request<Incoming>, Response = Response<ResponseBody>, Error = axum::Error>,
{
    loop {
        let mut connection = Box::new(protocol.serve_connection(TokioIo::new(stream), service));
        loop {
            match deadlines.wait(|cx| Pin::new(&mut *connection).poll(cx)).await {
                Err(Step::ShutDown) => Pin::new(&mut *connection).graceful_shutdown(),
                Err(Step::Rest) => break,
                Err(Step::Continue) => {}
                Ok(_) | Err(Step::Close) => return,
            }
        }
        (stream, service) = take_apart(*connection);
        let Ok(Ok(())) = deadlines.wait(|cx| stream.poll_readable(cx)).await else { return };
    }
}

/// Drops hyper's connection, except for its stream and its service. Only for an idle connection, all of whose bytes are sent.
fn take_apart<S>(connection: http1::Connection<TokioIo<InstrumentedStream>, S>) -> (InstrumentedStream, S)
where
    S: Service<Request<Incoming>, Response = Response<ResponseBody>, Error = axum::Error>,
{
    let parts = connection.into_parts();
    let mut stream = parts.io.into_inner();
    // The beginning of a request that arrived together with the last one. A copy, because the buffer itself is large.
    stream.unread = Bytes::copy_from_slice(&parts.read_buf);
    (stream, parts.service)
}
