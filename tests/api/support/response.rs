//! A response of the server.

use reqwest::header::HeaderMap;
use serde_json::Value;

#[derive(Debug)]
pub(crate) struct TestResponse {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The body, when it is JSON.
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl TestResponse {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("the body is text");
        let body = serde_json::from_str(&text).unwrap_or_default();
        Self { status, headers, body, text }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The `data` of a success.
    pub(crate) fn data(&self) -> Value {
        assert!(self.body["error"].is_null() && self.body["errors"].is_null(), "not a success: {self:?}");
        self.body["data"].clone()
    }

    pub(crate) fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap_or_default()
    }

    /// The fields and messages of a REST failure, in order.
    pub(crate) fn details(&self) -> Vec<(&str, &str)> {
        let details = self.body["error"]["details"].as_array().expect("a failure has details");
        details
            .iter()
            .map(|detail| {
                let text = |name: &str| detail[name].as_str().unwrap_or_default();
                (text("field"), text("message"))
            })
            .collect()
    }

    /// Asserts that this is a REST failure with the documented envelope and the request id, without internal details.
    #[track_caller]
    pub(crate) fn assert_failure(&self, status: u16, code: &str) {
        let error = &self.body["error"];
        assert_eq!((self.status, error["code"].as_str()), (status, Some(code)), "{self:?}");
        assert_eq!(error["status"], status);
        assert_eq!(error["request_id"].as_str(), self.header("x-request-id"), "{self:?}");
        if let Some(first) = error["details"].get(0) {
            assert_eq!(error["message"], first["message"], "the message is the first detail's");
        }
        assert!(self.message().len() > 5, "{self:?}");
        for leak in [
            "argon2",
            "SELECT",
            "sqlx",
            "customer_email_key",
            "customer_group_name_key",
            "metafield_definition_owner_type",
            "patron.db",
            "src/",
            "panicked",
        ] {
            assert!(!self.text.contains(leak), "leaks {leak}: {self:?}");
        }
    }

    /// The code of the first GraphQL error.
    pub(crate) fn graphql_code(&self) -> &str {
        self.body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
    }
}
