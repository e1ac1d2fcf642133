//! The other client: one who sends what everybody may, and has to be served in time.

use std::time::Duration;

use patron::clock::Timer;
use serde_json::{Value, json};

use super::limits;
use super::target::{GOOD, PASSWORD};
use crate::support::client_builder;

/// How long it waits for an answer at most, so that the report says how late it was.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
}

impl Client {
    pub(crate) fn new(url: &str) -> Self {
        let http = client_builder().timeout(PATIENCE).build().expect("a client");
        Self { http, url: url.to_owned() }
    }

    /// Status and body of an answer; 0 when there is none.
    pub(crate) async fn post(&self, path: &str, body: &Value, token: Option<&str>) -> (u16, Value) {
        let request = self.http.post(format!("{}{path}", self.url)).json(body);
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        Self::answer(request).await
    }

    /// The same of a change.
    pub(crate) async fn patch(&self, path: &str, body: &Value, token: &str) -> (u16, Value) {
        let request = self.http.patch(format!("{}{path}", self.url)).json(body);
        Self::answer(request.bearer_auth(token)).await
    }

    async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
        match request.send().await {
            Ok(answer) => (answer.status().as_u16(), answer.json().await.unwrap_or_default()),
            Err(error) => (0, format!("{error:?}").into()),
        }
    }

    /// What is wrong with the answer to a query, if anything; and how long it took.
    pub(crate) async fn query(&self) -> (Option<String>, Duration) {
        let body = json!({"query": "{__typename}"});
        self.served("{__typename}", "/api/graphql", &body, limits::QUERY).await
    }

    /// The same of a login with the right password.
    pub(crate) async fn log_in(&self) -> (Option<String>, Duration) {
        let body = json!({"email": GOOD, "password": PASSWORD});
        self.served("a right login", "/api/customer/tokens", &body, limits::LOGIN).await
    }

    async fn served(
        &self,
        what: &str,
        path: &str,
        body: &Value,
        limit: Duration,
    ) -> (Option<String>, Duration) {
        let stopwatch = Timer::start();
        let (status, answer) = self.post(path, body, None).await;
        let took = stopwatch.elapsed();
        let late = took > limits::of_this_build(limit);
        let wrong = status != 200 || answer["data"].is_null() || late;
        (wrong.then(|| format!("{what} was answered {status} after {took:.1?}: {answer:.200}")), took)
    }
}
