//! Names of a document that answers repeat: for each row, or for each error.

use std::io;
use std::sync::LazyLock;

use axum::body::Bytes;

use super::target::Attacker;
use super::wire::Request;

/// About as long as a body may be.
const LONG: usize = 240_000;
/// What fits into the head of a GET.
const SHORT: usize = 30_000;

/// Made once: a debug build of this test would be busy with it.
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
    // Another one for each of the four kinds of attackers.
    attacker.send(REQUESTS[(attacker.number / 4 + round) % REQUESTS.len()].clone()).await
}
