//! Documents and bodies with thousands of errors, each of which the response might report.

use std::io;
use std::sync::LazyLock;

use super::target::Attacker;
use super::wire::Request;

/// Operations that spread a fragment with a variable that none of them defines; `name` is the length of its name.
fn operations(count: usize, name: usize) -> String {
    let name = "v".repeat(name);
    let operations = (0..count).map(|number| format!("query q{number}{{...f}}"));
    let fragment = format!("fragment f on Query{{customer(id: ${name}){{email}}}}");
    format!("{}{fragment}", operations.collect::<Vec<_>>().join(" "))
}

fn unknown_fields(count: usize) -> String {
    format!("{{{}}}", (0..count).map(|number| format!("unknown{number} ")).collect::<String>())
}

/// A REST body with unknown fields only.
fn unknown_keys(count: usize) -> String {
    let fields = (0..count).map(|number| format!("\"unknown{number}\":{number}"));
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

/// Built once: building them is slow in a debug build of this test.
static REQUESTS: LazyLock<Vec<Request>> = LazyLock::new(|| {
    let mut requests: Vec<Request> = [
        operations(3000, 120_000),
        operations(9000, 100),
        unknown_fields(15_000),
        format!("{{{}}}", "a".repeat(200_000)),
    ]
    .iter()
    .map(|document| Request::graphql(document))
    .collect();
    let keys = unknown_keys(12_000);
    requests.push(Request::json("PATCH", "/api/customers/me", keys.clone()));
    requests.push(Request::json(
        "PATCH",
        "/api/customers/me/metafields",
        format!("{{\"metafields\":{keys}}}"),
    ));
    requests
});

pub(crate) async fn round(attacker: &Attacker, round: usize) -> io::Result<()> {
    // Each of the four kinds of attackers sends a different request.
    let request = REQUESTS[(attacker.number / 4 + round) % REQUESTS.len()].clone();
    match request.method {
        "PATCH" => attacker.send_without_token(&attacker.as_customer(request)).await,
        _ => attacker.send(request).await,
    }
}
