//! A legitimate client: its queries and logins have to succeed in time during the attacks.

use std::time::Duration;

use patron::clock::Timer;
use serde_json::{Value, json};

use super::limits;
use super::target::{GOOD, PASSWORD};
use crate::support::client_builder;

/// Timeout of a request: longer than the limits of a response time, so that failures report how late the response was.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
}

impl Client {
    pub(crate) fn new(url: &str) -> Self {
        let http = client_builder().timeout(REQUEST_TIMEOUT).build().expect("a client");
        Self { http, url: url.to_owned() }
    }

    /// Sends a POST; returns the status and the body of the response, or 0 and the error.
    pub(crate) async fn post(&self, path: &str, body: &Value, token: Option<&str>) -> (u16, Value) {
        let request = self.http.post(format!("{}{path}", self.url)).json(body);
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        Self::send(request).await
    }

    /// Like `post`, with PATCH.
    pub(crate) async fn patch(&self, path: &str, body: &Value, token: &str) -> (u16, Value) {
        let request = self.http.patch(format!("{}{path}", self.url)).json(body);
        Self::send(request.bearer_auth(token)).await
    }

    async fn send(request: reqwest::RequestBuilder) -> (u16, Value) {
        match request.send().await {
            Ok(response) => (response.status().as_u16(), response.json().await.unwrap_or_default()),
            Err(error) => (0, format!("{error:?}").into()),
        }
    }

    /// Sends a query; returns the failure, if there is one, and the response time.
    pub(crate) async fn query(&self) -> (Option<String>, Duration) {
        let body = json!({"query": "{__typename}"});
        self.measure("{__typename}", "/api/graphql", &body, limits::QUERY).await
    }

    /// Logs in with the right password; returns the failure, if there is one, and the response time.
    pub(crate) async fn log_in(&self) -> (Option<String>, Duration) {
        let body = json!({"email": GOOD, "password": PASSWORD});
        self.measure("a login", "/api/customer/tokens", &body, limits::LOGIN).await
    }

    async fn measure(
        &self,
        description: &str,
        path: &str,
        body: &Value,
        limit: Duration,
    ) -> (Option<String>, Duration) {
        let timer = Timer::start();
        let (status, response) = self.post(path, body, None).await;
        let elapsed = timer.elapsed();
        let is_late = elapsed > limits::of_this_build(limit);
        let failed = status != 200 || response["data"].is_null() || is_late;
        (failed.then(|| format!("{description} got {status} after {elapsed:.1?}: {response:.200}")), elapsed)
    }
}
