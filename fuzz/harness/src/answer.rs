//! What a route answers with.

use serde_json::Value;

/// An answer, which was made sure to be of the documented form.
#[derive(Debug)]
pub(crate) struct Answer {
    status: u16,
    body: Value,
}

impl Answer {
    /// Takes an answer, whatever it was an answer to.
    ///
    /// # Panics
    /// When it isn't JSON, tells of a defect of the server, or has another form than its status asks for.
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

    /// What was asked for; none when it was refused.
    ///
    /// # Panics
    /// When it was neither.
    pub(crate) fn data(&self) -> Option<&Value> {
        match self.status {
            200 | 201 => Some(self.body.get("data").unwrap_or_else(|| panic!("no data: {}", self.body))),
            400 | 409 | 413 => None,
            other => panic!("{other}: {}", self.body),
        }
    }

    /// The same, of an answer to what has to be accepted.
    ///
    /// # Panics
    /// When it was refused.
    pub(crate) fn accepted(&self) -> &Value {
        self.data().unwrap_or_else(|| panic!("refused: {}", self.body))
    }

    /// The fields that were found wrong.
    pub(crate) fn wrong_fields(&self) -> Vec<&str> {
        let details = self.body["error"]["details"].as_array().map(Vec::as_slice).unwrap_or_default();
        details.iter().filter_map(|detail| detail["field"].as_str()).collect()
    }

    /// Its status.
    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// The answer as a whole.
    pub(crate) fn body(&self) -> &Value {
        &self.body
    }
}
