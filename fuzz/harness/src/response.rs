//! Responses of routes.

use serde_json::Value;

/// A response in the documented format.
#[derive(Debug)]
pub(crate) struct Response {
    status: u16,
    body: Value,
}

impl Response {
    /// Checks a response, whatever the request was.
    ///
    /// # Panics
    /// If it is not JSON, reports a server error, or does not have the format of its status.
    pub(crate) fn new(status: u16, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let body: Value =
            serde_json::from_slice(body).unwrap_or_else(|error| panic!("{status}, {error}: {text}"));
        assert!(status < 500, "{status}: {text}");
        if status >= 400 && body.get("errors").is_none() {
            let error = &body["error"];
            let has_text = |name: &str| error[name].as_str().is_some_and(|text| !text.is_empty());
            assert!(error["status"] == status && has_text("message") && has_text("code"), "{status}: {text}");
            let details = error["details"].as_array().unwrap_or_else(|| panic!("no list of details: {text}"));
            for detail in details {
                let has_text = |name: &str| detail[name].as_str().is_some_and(|text| !text.is_empty());
                assert!(has_text("message"), "a detail without a message: {text}");
            }
        }
        Self { status, body }
    }

    /// The data of a successful response; none if the request was refused.
    ///
    /// # Panics
    /// If the response has any other status.
    pub(crate) fn data(&self) -> Option<&Value> {
        match self.status {
            200 | 201 => Some(self.body.get("data").unwrap_or_else(|| panic!("no data: {}", self.body))),
            400 | 409 | 413 => None,
            other => panic!("{other}: {}", self.body),
        }
    }

    /// The data of a response that must be successful.
    ///
    /// # Panics
    /// If the request was refused.
    pub(crate) fn accepted(&self) -> &Value {
        self.data().unwrap_or_else(|| panic!("refused: {}", self.body))
    }

    /// The fields with validation errors.
    pub(crate) fn invalid_fields(&self) -> Vec<&str> {
        let details = self.body["error"]["details"].as_array().map(Vec::as_slice).unwrap_or_default();
        details.iter().filter_map(|detail| detail["field"].as_str()).collect()
    }

    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// The whole response body.
    pub(crate) fn body(&self) -> &Value {
        &self.body
    }
}
