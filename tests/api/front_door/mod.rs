//! The front door of a running EverShop: its login, its session cookies and the protection of changes with them.

mod changes;
mod logins;
mod sessions;
mod settings;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::{Actor, CUSTOMER_PASSWORD, TestApp, TestResponse};

const SECRET: &str = "the cookie secret of the shop";

async fn start() -> TestApp {
    start_with(&[]).await
}

async fn start_with(settings: &[(&'static str, &str)]) -> TestApp {
    let app = TestApp::start_shared_with(|flags| {
        let flags = flags.with("PATRON_COMPAT", "evershop").with("PATRON_EVERSHOP_COOKIE_SECRET", SECRET);
        settings.iter().fold(flags, |flags, (variable, value)| flags.with(variable, *value))
    })
    .await;
    // EverShop's carts, which are not customer data, so the schema of other tests does not have them.
    app.run_as_shop(
        "CREATE TABLE cart (cart_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, sid varchar)",
    )
    .await;
    app
}

/// The value of a session cookie as EverShop signs it.
fn signed(sid: &str, secret: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(sid.as_bytes());
    let signature = STANDARD_NO_PAD.encode(mac.finalize().into_bytes());
    // As `encodeURIComponent` in JavaScript.
    format!("s:{sid}.{signature}").replace(':', "%3A").replace('+', "%2B").replace('/', "%2F")
}

/// A browser with a cookie, on a page of the shop.
struct Browser<'a> {
    app: &'a TestApp,
    cookie: String,
}

impl<'a> Browser<'a> {
    fn new(app: &'a TestApp, name: &str, sid: &str) -> Self {
        Self { app, cookie: format!("theme=dark; {name}={}; cart=ö", signed(sid, SECRET)) }
    }

    /// A request without headers of the page.
    fn bare(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.app.anonymous().request(method, path).header("cookie", self.cookie.as_bytes())
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.bare(method, path).header("origin", &self.app.url)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> TestResponse {
        self.app.anonymous().send(request).await
    }

    async fn post(&self, path: &str, body: &Value) -> TestResponse {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    async fn patch(&self, path: &str, body: &Value) -> TestResponse {
        self.send(self.request(Method::PATCH, path).json(body)).await
    }

    async fn delete(&self, path: &str) -> TestResponse {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// The status of a change that the session allows.
    async fn status(&self) -> u16 {
        self.patch("/api/customers/me", &json!({"full_name": "John Smith"})).await.status
    }
}

/// Creates a session as EverShop does. `account` is a member of the session, such as `"customerID": 1`.
async fn shop_session(app: &TestApp, sid: &str, account: &str, seconds: i64) {
    let expires = (app.now() + chrono::TimeDelta::seconds(seconds)).to_rfc3339();
    let sess = format!("{{\"cookie\": {{\"originalMaxAge\": 86400000, \"path\": \"/\"}}{account}}}");
    app.run_as_shop(&format!(
        "INSERT INTO session (sid, sess, expire) VALUES ('{sid}', '{sess}', '{expires}'::timestamptz AT TIME ZONE 'UTC')"
    ))
    .await;
}

/// A browser in which a customer is logged in at EverShop.
async fn customer_of_shop<'a>(app: &'a TestApp, sid: &str, customer: &Value) -> Browser<'a> {
    shop_session(app, sid, &format!(", \"customerID\": {}", customer["customer_id"]), 3600).await;
    Browser::new(app, "sid", sid)
}

/// Logs in at the storefront, with the headers of the browser's page.
async fn log_in(browser: &Browser<'_>, email: &str) -> TestResponse {
    browser.post("/customer/login", &json!({"email": email, "password": CUSTOMER_PASSWORD})).await
}

/// The identifier of the session that a login returned.
fn sid(response: &TestResponse) -> String {
    response.data()["sid"].as_str().expect("an identifier").to_owned()
}

/// The only value of a query, as text; empty without a row.
async fn value(app: &TestApp, select: &str) -> String {
    let statement = Statement::from_string(DbBackend::Postgres, select);
    let row = app.app.db.reader().query_one_raw(statement).await.expect("the database responds");
    row.map(|row| row.try_get_by_index(0).expect("a text")).unwrap_or_default()
}

async fn count(app: &TestApp, condition: &str) -> String {
    value(app, &format!("SELECT count(*)::text FROM {condition}")).await
}
