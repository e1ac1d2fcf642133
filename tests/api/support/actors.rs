//! The roles that send requests: anonymous clients, admins and customers.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use serde_json::{Value, json};

use super::documented::assert_documented;
use super::{TestApp, TestResponse};

pub(super) const ADMIN_SECRET: &str = "the secret of admins in tests, 32 bytes";
pub(crate) const CUSTOMER_SECRET: &str = "the secret of customers in tests, 32 bytes";

pub(crate) struct Anonymous<'a>(pub(super) &'a TestApp);

pub(crate) struct Admin<'a> {
    pub(super) app: &'a TestApp,
    pub(super) token: String,
}

pub(crate) struct Customer<'a> {
    app: &'a TestApp,
    pub(crate) token: String,
    pub(crate) refresh_token: String,
    /// The row at the registration.
    pub(crate) row: Value,
}

/// Signs claims with the server's key for this role, `admin` or `customer`.
pub(crate) fn sign(role: &str, claims: &Value) -> String {
    let secret = if role == "admin" { ADMIN_SECRET } else { CUSTOMER_SECRET };
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key).expect("the claims are signed")
}

impl<'a> Customer<'a> {
    pub(super) fn new(app: &'a TestApp, row: &Value, pair: &Value) -> Self {
        let text = |name: &str| pair[name].as_str().expect("a token").to_owned();
        Self { app, token: text("accessToken"), refresh_token: text("refreshToken"), row: row.clone() }
    }

    /// The same customer with other tokens.
    pub(crate) fn with_tokens(&self, pair: &Value) -> Self {
        Self::new(self.app, &self.row, pair)
    }

    /// With a token of EverShop, which has no session and no generation.
    pub(crate) fn with_evershop_token(app: &'a TestApp, row: &Value) -> Self {
        let now = app.now().timestamp();
        let claims = json!({
            "customer": {
                "customer_id": row["customer_id"], "group_id": row["group_id"], "uuid": row["uuid"], "email": row["email"],
                "full_name": row["full_name"], "status": row["status"], "created_at": row["created_at"],
                "updated_at": row["updated_at"],
            },
            "tokenType": "customer", "tokenKind": "access", "aud": "customer", "iss": "evershop",
            "iat": now, "exp": now + 1800,
        });
        Self { app, token: sign("customer", &claims), refresh_token: String::new(), row: row.clone() }
    }
}

pub(crate) trait Actor: Sync {
    fn app(&self) -> &TestApp;
    fn token(&self) -> Option<&str>;

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.app().client.request(method, format!("{}{path}", self.app().url));
        match self.token() {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> TestResponse {
        let request = request.build().expect("a valid request");
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let response = self.app().client.execute(request).await.expect("the server responds");
        assert_documented(&method, &path, response.status().as_u16());
        TestResponse::read(response).await
    }

    async fn get(&self, path: &str) -> TestResponse {
        self.send(self.request(Method::GET, path)).await
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

    async fn query(&self, query: &str) -> TestResponse {
        self.post("/api/graphql", &json!({"query": query})).await
    }

    async fn query_with(&self, query: &str, variables: Value) -> TestResponse {
        self.post("/api/graphql", &json!({"query": query, "variables": variables})).await
    }
}

impl Actor for Anonymous<'_> {
    fn app(&self) -> &TestApp {
        self.0
    }
    fn token(&self) -> Option<&str> {
        None
    }
}

impl Actor for Admin<'_> {
    fn app(&self) -> &TestApp {
        self.app
    }
    fn token(&self) -> Option<&str> {
        Some(&self.token)
    }
}

impl Actor for Customer<'_> {
    fn app(&self) -> &TestApp {
        self.app
    }
    fn token(&self) -> Option<&str> {
        Some(&self.token)
    }
}
