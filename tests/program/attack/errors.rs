//! Documents and bodies with thousands of mistakes, each of which an answer might tell of.

use std::io;
use std::sync::LazyLock;

use super::target::Attacker;
use super::wire::Request;

/// Thousands of operations spread a fragment with a variable that none of them defines.
fn operations(count: usize, name: usize) -> String {
    let name = "v".repeat(name);
    let operations = (0..count).map(|number| format!("query q{number}{{...f}}"));
    let fragment = format!("fragment f on Query{{customer(id: ${name}){{email}}}}");
    format!("{}{fragment}", operations.collect::<Vec<_>>().join(" "))
}

fn unknown_fields(count: usize) -> String {
    format!("{{{}}}", (0..count).map(|number| format!("unknown{number} ")).collect::<String>())
}

/// A body of REST in which no field is known.
fn unknown_keys(count: usize) -> String {
    let fields = (0..count).map(|number| format!("\"unknown{number}\":{number}"));
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

/// Made once: a debug build of this test would be busy with it.
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
    // Another one for each of the four kinds of attackers.
    let request = REQUESTS[(attacker.number / 4 + round) % REQUESTS.len()].clone();
    match request.method {
        "PATCH" => attacker.send_as_it_is(&attacker.as_customer(request)).await,
        _ => attacker.send(request).await,
    }
}
