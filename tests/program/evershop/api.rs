//! A client of the APIs of both programs.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{HeaderMap, SET_COOKIE};
use serde_json::{Value, json};

use crate::support::{ADMIN, client_builder};

/// A program that does not respond is a failure.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A client of one of the programs, with the headers of its caller.
#[derive(Clone)]
pub(super) struct Api {
    client: reqwest::Client,
    url: String,
    headers: Vec<(&'static str, String)>,
}

/// A response. A body that is not JSON is a text.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

/// The tokens of a login.
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) refresh: String,
}

/// EverShop allows eight logins and registrations per client address. Each request has a new one, in the header that EverShop
/// trusts.
fn client_address() -> String {
    static REQUESTS: AtomicU32 = AtomicU32::new(0);
    let [_, a, b, c] = REQUESTS.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    format!("10.{a}.{b}.{c}")
}

impl Api {
    pub(super) fn new(url: &str) -> Self {
        let client = client_builder().timeout(TIMEOUT).build().expect("a client");
        Self { client, url: url.to_owned(), headers: Vec::new() }
    }

    /// The same client with one more header.
    pub(super) fn with(&self, name: &'static str, value: &str) -> Self {
        let mut other = self.clone();
        other.headers.push((name, value.to_owned()));
        other
    }

    /// The same client with an access token.
    pub(super) fn with_token(&self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    /// Sends a request, such as `PATCH /api/customers/me`. Without a body if it is null.
    pub(super) async fn send(&self, request: &str, body: Value) -> Reply {
        self.respond(request, body).await.unwrap_or_else(|error| panic!("{request}: {error:?}"))
    }

    /// Sends a request and reads the response.
    async fn respond(&self, request: &str, body: Value) -> reqwest::Result<Reply> {
        let (method, path) = request.split_once(' ').expect("a method and a path");
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut builder = self.client.request(method, format!("{}{path}", self.url));
        builder = builder.header("x-forwarded-for", client_address());
        for (name, value) in &self.headers {
            builder = builder.header(*name, value);
        }
        if !body.is_null() {
            builder = builder.json(&body);
        }
        let response = builder.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Reply { status, headers, body })
    }

    /// Sends a GraphQL document, which must succeed, and returns its data.
    pub(super) async fn query(&self, document: &str) -> Value {
        let reply = self.send("POST /api/graphql", json!({"query": document})).await;
        assert!(reply.status == 200 && reply.body.get("errors").is_none(), "{document}: {reply:?}");
        reply.body["data"].clone()
    }

    /// Logs in over `POST /api/customer/tokens`.
    pub(super) async fn log_in(&self, email: &str, password: &str) -> Reply {
        let body = json!({"email": email, "password": password});
        self.send("POST /api/customer/tokens", body).await
    }

    /// The client of a customer that logs in with a token.
    pub(super) async fn customer(&self, email: &str, password: &str) -> Self {
        self.with_token(&self.log_in(email, password).await.tokens().access)
    }

    /// The client of the admin, with a token.
    pub(super) async fn admin(&self) -> Self {
        let body = json!({"email": ADMIN[0], "password": ADMIN[1]});
        self.with_token(&self.send("POST /api/user/tokens", body).await.tokens().access)
    }

    /// Registers a customer, who is named like the address, and returns its row.
    pub(super) async fn register(&self, email: &str, password: &str) -> Value {
        let body = json!({"full_name": email, "email": email, "password": password});
        let reply = self.send("POST /api/customers", body).await;
        // EverShop responds with 200, patron with 201.
        assert!([200, 201].contains(&reply.status), "{email}: {reply:?}");
        reply.body["data"].clone()
    }
}

impl Reply {
    /// The data of a response with this status.
    pub(super) fn data(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body["data"].clone()
    }

    /// The message of a failure.
    pub(super) fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap_or_default()
    }

    /// The tokens of a successful login.
    pub(super) fn tokens(self) -> Tokens {
        let data = self.data(200);
        let token =
            |name: &str| data[name].as_str().unwrap_or_else(|| panic!("no {name}: {data}")).to_owned();
        Tokens { access: token("accessToken"), refresh: token("refreshToken") }
    }

    /// The cookie of this name that the response sets, as browsers return it: `name=value`.
    pub(super) fn cookie(&self, name: &str) -> String {
        let lines = self.headers.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut cookies = lines.filter_map(|line| line.split(';').next());
        let prefix = format!("{name}=");
        let cookie = cookies.find(|cookie| cookie.starts_with(&prefix));
        cookie.unwrap_or_else(|| panic!("no cookie {name}: {self:?}")).to_owned()
    }
}

/// A postal address that both programs accept.
pub(super) fn address(street: &str) -> Value {
    json!({
        "full_name": "Ada Lovelace", "telephone": "+1 555 0100", "address_1": street, "city": "San Francisco",
        "postcode": "94103", "province": "US-CA", "country": "US",
    })
}

/// Repeats an action until it returns a value: patron's worker runs every few seconds.
pub(super) async fn eventually<T>(what: &str, action: impl AsyncFn() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(value) = action().await {
            return value;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("not within a minute: {what}");
}
