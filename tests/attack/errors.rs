//! Documents and bodies with thousands of mistakes, each of which an answer might tell of.

use std::io;

use crate::target::Attacker;
use crate::wire::Request;

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

pub(crate) async fn round(attacker: &Attacker, round: usize) -> io::Result<()> {
    let request = match (attacker.number + round) % 6 {
        0 => Request::graphql(&operations(3000, 120_000)),
        1 => Request::graphql(&operations(9000, 100)),
        2 => Request::graphql(&unknown_fields(15_000)),
        3 => Request::graphql(&format!("{{{}}}", "a".repeat(200_000))),
        4 => {
            let body = unknown_keys(12_000);
            return attacker
                .send_as_it_is(&attacker.as_customer(Request::json("PATCH", "/api/customers/me", body)))
                .await;
        }
        _ => {
            let body = format!("{{\"metafields\":{}}}", unknown_keys(12_000));
            let request = Request::json("PATCH", "/api/customers/me/metafields", body);
            return attacker.send_as_it_is(&attacker.as_customer(request)).await;
        }
    };
    attacker.send(request).await
}
