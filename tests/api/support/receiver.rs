//! A receiver of webhooks, and the worker that tells it.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use patron::app::ctx::Ctx;
use patron::worker;
use serde_json::{Value, json};
use standardwebhooks::{Webhook, WebhookError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{Actor, TestApp};

/// A webhook as it came in.
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

    /// The type of the event, and its number.
    pub(crate) fn kind(&self) -> (&str, Option<i64>) {
        (self.body["type"].as_str().unwrap(), self.body["sequence"].as_i64())
    }

    /// Whether it is signed with this secret: the library of the specification's authors computes the signature.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let timestamp = self.header("webhook-timestamp").parse().expect("a number of seconds");
        let webhook = Webhook::new(secret).expect("a secret of the specification's form");
        let expected =
            webhook.sign(self.header("webhook-id"), timestamp, self.text.as_bytes()).expect("it is text");
        self.header("webhook-signature").split(' ').any(|signature| signature == expected)
    }

    /// What a receiver does that uses this library: it reads the headers and compares the timestamp with the machine's
    /// clock as well.
    pub(crate) fn verify(&self, secret: &str) -> Result<(), WebhookError> {
        Webhook::new(secret)?.verify(self.text.as_bytes(), &self.headers)
    }
}

/// What a receiver does next.
#[derive(Clone, Debug)]
pub(crate) enum Mood {
    Answer(u16),
    /// With this header.
    AnswerWith(u16, &'static str, String),
    /// Never answers.
    Hang,
}

#[derive(Default)]
struct Shared {
    received: Mutex<Vec<Received>>,
    moods: Mutex<VecDeque<Mood>>,
}

/// It takes everything, unless it is told otherwise.
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
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.expect("it serves") });
        Self { url, shared, server }
    }

    /// What it does with the next ones, one each.
    pub(crate) fn will(&self, moods: impl IntoIterator<Item = Mood>) {
        self.shared.moods.lock().unwrap().extend(moods);
    }

    /// It takes everything again.
    pub(crate) fn recover(&self) {
        self.shared.moods.lock().unwrap().clear();
    }

    /// What came in since the last time.
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
    let mood = shared.moods.lock().unwrap().pop_front();
    let status = |status: u16| axum::http::StatusCode::from_u16(status).unwrap();
    match mood {
        None => status(204).into_response(),
        Some(Mood::Answer(code)) => status(code).into_response(),
        Some(Mood::AnswerWith(code, name, value)) => (status(code), [(name, value)]).into_response(),
        Some(Mood::Hang) => {
            // Longer than anybody waits.
            tokio::time::sleep(Duration::from_secs(600)).await;
            status(204).into_response()
        }
    }
}

impl TestApp {
    /// One of its own whose webhooks may go to this machine.
    pub(crate) async fn with_webhooks(&self) -> Self {
        self.another_with(|flags| {
            flags.with("PATRON_WEBHOOK_NETWORKS", "127.0.0.0/8").with("PATRON_WEBHOOK_TIMEOUT", "1")
        })
        .await
    }

    /// Makes an endpoint; gives back its row, secret included.
    pub(crate) async fn add_endpoint(&self, url: &str, events: &[&str]) -> Value {
        let body = json!({"url": url, "events": events});
        let made = self.admin_again().await.post("/api/webhook-endpoints", &body).await;
        assert_eq!(made.status, 201, "{made:?}");
        made.data()
    }

    /// Publishes what was committed.
    pub(crate) async fn publish(&self) -> usize {
        let ctx = Ctx::system(self.app.clone());
        let mut published = 0;
        // Bounded: a test writes some hundreds of events at most.
        for _ in 0..100 {
            match worker::publish(&ctx).await.expect("the database answers") {
                0 => break,
                some => published += some,
            }
        }
        published
    }

    /// Publishes what was committed and tells everybody what is due; the number of attempts.
    pub(crate) async fn tell(&self) -> usize {
        self.publish().await;
        let ctx = Ctx::system(self.app.clone());
        let mut tried = 0;
        for _ in 0..100 {
            match worker::deliver_due(&ctx).await.expect("the database answers") {
                0 => break,
                some => tried += some,
            }
        }
        tried
    }
}
