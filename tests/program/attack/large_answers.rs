//! Documents that are legal and short, whose answers are large; and variables that are deep.

use std::io;
use std::sync::LazyLock;

use super::target::Attacker;
use super::wire::Request;

/// All countries with all their provinces: the largest answer of a document this short.
pub(crate) const COUNTRIES: &str = "{countries{code name provinces{code name}}}";

/// What tools ask of a schema.
const SCHEMA: &str =
    "{__schema{types{name fields{name type{name ofType{name ofType{name}}} args{name description}}}}}";

fn aliases(count: usize) -> String {
    let lists = (0..count).map(|number| format!("a{number}:countries{{provinces{{name code}}}}"));
    format!("{{{}}}", lists.collect::<String>())
}

/// Made once: a debug build of this test would be busy with it.
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
    // Another one for each of the four kinds of attackers.
    attacker.send(REQUESTS[(attacker.number / 4 + round) % REQUESTS.len()].clone()).await
}
