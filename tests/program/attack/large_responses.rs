//! Short, legal documents with large responses, and deeply nested variables.

use std::io;
use std::sync::LazyLock;

use super::target::Attacker;
use super::wire::Request;

/// All countries with all their provinces: a short document with one of the largest responses.
pub(crate) const COUNTRIES: &str = "{countries{code name provinces{code name}}}";

/// An introspection query as tools send it.
const SCHEMA: &str =
    "{__schema{types{name fields{name type{name ofType{name ofType{name}}} args{name description}}}}}";

fn aliases(count: usize) -> String {
    let lists = (0..count).map(|number| format!("a{number}:countries{{provinces{{name code}}}}"));
    format!("{{{}}}", lists.collect::<String>())
}

/// Built once: building them is slow in a debug build of this test.
static REQUESTS: LazyLock<Vec<Request>> = LazyLock::new(|| {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep = format!("{{\"query\":\"{{__typename}}\",\"variables\":{{\"a\":{deep}}}}}");
    vec![
        Request::graphql(COUNTRIES),
        Request::graphql(&aliases(99)),
        Request::graphql(&aliases(30)),
        Request::graphql(SCHEMA),
        Request::json("POST", "/api/graphql", deep),
    ]
});

pub(crate) async fn round(attacker: &Attacker, round: usize) -> io::Result<()> {
    // Each of the four kinds of attackers sends a different request.
    attacker.send(REQUESTS[(attacker.number / 4 + round) % REQUESTS.len()].clone()).await
}
