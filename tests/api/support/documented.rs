//! Compares the status of each response with the OpenAPI document.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use reqwest::Method;
use serde_json::Value;

struct Operation {
    method: String,
    path: Vec<String>,
    statuses: BTreeSet<u16>,
}

static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let document = include_str!("../../../docs/openapi.json");
    let document: Value = serde_json::from_str(document).expect("the document is JSON");
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("operations") {
            let statuses = operation["responses"].as_object().expect("responses").keys();
            operations.push(Operation {
                method: method.to_uppercase(),
                path: path.split('/').map(str::to_owned).collect(),
                statuses: statuses.map(|status| status.parse().expect("a status")).collect(),
            });
        }
    }
    operations
});

impl Operation {
    fn is_at(&self, path: &[&str]) -> bool {
        let matches = |(part, actual): (&String, &&str)| part.starts_with('{') || part == actual;
        self.path.len() == path.len() && self.path.iter().zip(path).all(matches)
    }

    fn placeholders(&self) -> usize {
        self.path.iter().filter(|part| part.starts_with('{')).count()
    }
}

/// Asserts that the document has this status for the operation, if it has the operation.
pub(super) fn assert_documented(method: &Method, path: &str, status: u16) {
    let path: Vec<&str> = path.split('/').collect();
    let at =
        OPERATIONS.iter().filter(|operation| operation.method == method.as_str() && operation.is_at(&path));
    // A path with `me` takes precedence over one with a placeholder.
    if let Some(operation) = at.min_by_key(|operation| operation.placeholders()) {
        let name = operation.path.join("/");
        assert!(
            operation.statuses.contains(&status),
            "{method} {name} returned {status}, which is not documented"
        );
    }
}
