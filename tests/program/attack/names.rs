//! Long names in documents, which responses might repeat for each row or each error.

use std::io;
use std::sync::LazyLock;

use axum::body::Bytes;

use super::target::Attacker;
use super::wire::Request;

/// Close to the maximum size of a body.
const LONG: usize = 240_000;
/// Fits into the head of a GET request.
const SHORT: usize = 30_000;

/// Built once: building them is slow in a debug build of this test.
static REQUESTS: LazyLock<Vec<Request>> = LazyLock::new(|| {
    let name = "A".repeat(LONG);
    let variants: [fn(&str) -> String; 8] = [
        |name: &str| format!("{{countries{{provinces{{{name}: name}}}}}}"),
        |name: &str| format!("{{__schema{{types{{fields{{{name}: name}}}}}}}}"),
        |name: &str| format!("query {name} {{countries{{provinces{{...on {name} {{name}}}}}}}}"),
        |name: &str| format!("fragment {name} on Province {{name}} {{countries{{provinces{{...{name}}}}}}}"),
        |name: &str| format!("query ($x: Int) {{countries{{provinces{{name @include(if: ${name})}}}}}}"),
        |name: &str| format!("{{countries{{provinces{{name @{name}}}}}}}"),
        |name: &str| format!("{{countries{{code{name}}}}}"),
        |name: &str| format!("{{customer(id: \"{name}\") {{{name}: email}}}}"),
    ];
    let mut requests: Vec<Request> = variants.map(|query| Request::graphql(&query(&name))).into();
    let query = format!("%7Bcountries%7Bprovinces%7B{}:name%7D%7D%7D", &name[..SHORT]);
    let path = format!("/api/graphql?query={query}");
    requests.push(Request { method: "GET", path, headers: Vec::new(), body: Bytes::new() });
    requests
});

pub(crate) async fn round(attacker: &Attacker, round: usize) -> io::Result<()> {
    // Each of the four kinds of attackers sends a different request.
    attacker.send(REQUESTS[(attacker.number / 4 + round) % REQUESTS.len()].clone()).await
}
