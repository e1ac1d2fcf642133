//! Documents of GraphQL that are made up: mostly legal, of names of every length, aliases, fragments, operations,
//! variables and directives.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use super::MAX_BYTES;

/// Selections that hold others, with what they may hold.
const OBJECTS: [(&str, &[&str]); 10] = [
    (
        "",
        &[
            "countries",
            "country(code: \"US\")",
            PAGE,
            "__schema",
            "currentCustomer{email}",
            "customerGroups{groupName}",
        ],
    ),
    ("countries", &["provinces", "code", "name", "__typename"]),
    ("country(code: \"US\")", &["provinces", "code", "name"]),
    ("provinces", &["code", "name", "country", "__typename"]),
    ("country", &["code", "name", "provinces"]),
    (PAGE, &["nodes", "edges", "totalCount", "pageInfo{endCursor}"]),
    ("nodes", &["email", "fullName", "metaData", "group{groupName}", "addresses{city}", "__typename"]),
    ("edges", &["cursor", "node{email fullName}"]),
    ("__schema", &["types", "queryType{name}", "directives{name}"]),
    ("types", &["name", "description", "fields{name type{name}}", "__typename"]),
];
const PAGE: &str = "customersConnection(first: 100)";
/// How long a name is.
const LENGTHS: [usize; 5] = [1, 10, 127, 2_000, 60_000];
/// How many there are of something.
const COUNTS: [usize; 5] = [1, 2, 20, 90, 2_000];

/// A document that follows from a text.
pub(super) fn make(seed: &str) -> String {
    let seed = seed.bytes().fold(0_u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
    let mut random = StdRng::seed_from_u64(seed);
    let mut document = String::new();
    let operations = if random.random_ratio(3, 4) { 1 } else { pick(&COUNTS, &mut random) };
    for number in 0..operations {
        if document.len() > MAX_BYTES / 2 {
            break;
        }
        let name = name('q', &mut random);
        document += &format!("query {name}{number} {{{}}}\n", selections("", 4, &mut random));
    }
    if random.random_ratio(1, 3) {
        let fragment = selections("countries", 3, &mut random);
        document += &format!("fragment f on Country {{{fragment}}} fragment g on Country {{...f ...f}}");
    }
    document
}

fn selections(of: &str, depth: usize, random: &mut StdRng) -> String {
    let inside = OBJECTS.iter().find(|(name, _)| *name == of).map_or(&["name"][..], |(_, inside)| inside);
    let field = inside.choose(random).copied().unwrap_or("name");
    let count = if random.random_ratio(2, 3) { 1 } else { pick(&COUNTS, random) };
    let inner = match OBJECTS.iter().any(|(name, _)| *name == field) && depth > 0 {
        true => format!("{{{} __typename}}", selections(field, depth - 1, random)),
        false => String::new(),
    };
    let directive = match random.random_range(0..8) {
        0 => format!(" @include(if: ${})", name('v', random)),
        1 => format!(" @{}", name('d', random)),
        2 => " @skip(if: false)".to_owned(),
        _ => String::new(),
    };
    let alias = random.random_ratio(1, 2).then(|| name('a', random));
    let mut made = String::new();
    for number in 0..count {
        if made.len() > MAX_BYTES / 8 {
            break;
        }
        match &alias {
            Some(alias) => made += &format!("{alias}{number}: {field}{directive}{inner} "),
            None => made += &format!("{field}{directive}{inner} "),
        }
    }
    if of == "countries" && random.random_ratio(1, 4) {
        made += "...f ...g";
    }
    made
}

fn name(letter: char, random: &mut StdRng) -> String {
    letter.to_string().repeat(pick(&LENGTHS, random))
}

/// One of them, the smaller ones more often.
fn pick(choices: &[usize], random: &mut StdRng) -> usize {
    let at = random.random_range(0..choices.len()).min(random.random_range(0..choices.len()));
    choices[at]
}

#[cfg(test)]
mod tests {
    use super::make;

    #[test]
    fn documents_are_repeatable_and_differ() {
        let made: Vec<String> = (0..200).map(|seed| make(&format!("seed {seed}"))).collect();
        assert!((0..200).all(|seed| made[seed] == make(&format!("seed {seed}"))));
        assert!(made.iter().any(|document| document.len() > 100_000), "some are long");
        let different: std::collections::HashSet<_> = made.iter().collect();
        assert!(different.len() > 100, "{}", different.len());
    }
}
