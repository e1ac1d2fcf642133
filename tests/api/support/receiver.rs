//! A webhook receiver, and the functions of the worker that deliver to it.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use patron::app::ctx::AdminCtx;
use patron::worker;
use serde_json::{Value, json};
use standardwebhooks::{Webhook, WebhookError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{Actor, TestApp};

/// A received webhook.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}: {self:?}")).to_str().unwrap()
    }

    /// The type of the event and its sequence number.
    pub(crate) fn kind(&self) -> (&str, Option<i64>) {
        (self.body["type"].as_str().unwrap(), self.body["sequence"].as_i64())
    }

    /// Whether the webhook is signed with this secret, according to the official Standard Webhooks library.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let timestamp = self.header("webhook-timestamp").parse().expect("a number of seconds");
        let webhook = Webhook::new(secret).expect("a secret in the format of the specification");
        let expected =
            webhook.sign(self.header("webhook-id"), timestamp, self.text.as_bytes()).expect("a text body");
        self.header("webhook-signature").split(' ').any(|signature| signature == expected)
    }

    /// Verifies the webhook with the official library, which also compares the timestamp with the machine's clock.
    pub(crate) fn verify(&self, secret: &str) -> Result<(), WebhookError> {
        Webhook::new(secret)?.verify(self.text.as_bytes(), &self.headers)
    }
}

/// The reply of the receiver to a webhook.
#[derive(Clone, Debug)]
pub(crate) enum WebhookReply {
    Status(u16),
    StatusWithHeader(u16, &'static str, String),
    /// No response.
    Hang,
}

#[derive(Default)]
struct Shared {
    received: Mutex<Vec<Received>>,
    replies: Mutex<VecDeque<WebhookReply>>,
}

/// A webhook receiver. It responds 204 unless a test sets other replies.
pub(crate) struct Receiver {
    pub(crate) url: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let url = format!("http://{}/hooks", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared::default());
        let routes = Router::new().fallback(receive).with_state(Arc::clone(&shared));
        let server =
            tokio::spawn(async move { axum::serve(listener, routes).await.expect("the receiver serves") });
        Self { url, shared, server }
    }

    /// Sets the replies to the next webhooks, one each.
    pub(crate) fn reply_with(&self, replies: impl IntoIterator<Item = WebhookReply>) {
        self.shared.replies.lock().unwrap().extend(replies);
    }

    /// Responds 204 again.
    pub(crate) fn reset_replies(&self) {
        self.shared.replies.lock().unwrap().clear();
    }

    /// Removes and returns the webhooks received since the last call.
    pub(crate) fn take(&self) -> Vec<Received> {
        std::mem::take(&mut *self.shared.received.lock().unwrap())
    }

    pub(crate) fn stop(self) {
        self.server.abort();
    }
}

async fn receive(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let text = String::from_utf8(body.to_vec()).unwrap();
    let body = serde_json::from_str(&text).unwrap();
    shared.received.lock().unwrap().push(Received { headers, text, body });
    let reply = shared.replies.lock().unwrap().pop_front();
    let status = |status: u16| axum::http::StatusCode::from_u16(status).unwrap();
    match reply {
        None => status(204).into_response(),
        Some(WebhookReply::Status(code)) => status(code).into_response(),
        Some(WebhookReply::StatusWithHeader(code, name, value)) => {
            (status(code), [(name, value)]).into_response()
        }
        Some(WebhookReply::Hang) => {
            // Longer than every timeout.
            tokio::time::sleep(Duration::from_secs(600)).await;
            status(204).into_response()
        }
    }
}

impl TestApp {
    /// Starts another server that may send webhooks to this machine.
    pub(crate) async fn with_webhooks(&self) -> Self {
        self.another_with(|flags| {
            flags.with("PATRON_WEBHOOK_NETWORKS", "127.0.0.0/8").with("PATRON_WEBHOOK_TIMEOUT", "1")
        })
        .await
    }

    /// Creates an endpoint and returns its row, which includes the secret.
    pub(crate) async fn add_endpoint(&self, url: &str, events: &[&str]) -> Value {
        let body = json!({"url": url, "events": events});
        let response = self.log_in_admin().await.post("/api/webhook-endpoints", &body).await;
        assert_eq!(response.status, 201, "{response:?}");
        response.data()
    }

    /// Publishes all committed events and returns their number.
    pub(crate) async fn publish(&self) -> usize {
        let ctx = AdminCtx::system(self.app.clone());
        let mut published = 0;
        // Bounded: a test writes at most a few hundred events.
        for _ in 0..100 {
            match worker::publish(&ctx).await.expect("the database responds") {
                0 => break,
                count => published += count,
            }
        }
        published
    }

    /// Publishes all committed events and sends all due deliveries. Returns the number of attempts.
    pub(crate) async fn deliver_webhooks(&self) -> usize {
        self.publish().await;
        let ctx = AdminCtx::system(self.app.clone());
        let mut attempts = 0;
        for _ in 0..100 {
            match worker::deliver_due(&ctx).await.expect("the database responds") {
                0 => break,
                count => attempts += count,
            }
        }
        attempts
    }
}
