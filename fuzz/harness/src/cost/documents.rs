//! Generates GraphQL documents, most of them valid, with names of every length, aliases, fragments, operations, variables
//! and directives.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use super::MAX_BYTES;

/// Fields with selections, and the fields that may be selected.
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
/// Lengths of names.
const LENGTHS: [usize; 5] = [1, 10, 127, 2_000, 60_000];
/// Numbers of repetitions.
const COUNTS: [usize; 5] = [1, 2, 20, 90, 2_000];

/// Generates a document; the same seed gives the same document.
pub(super) fn generate(seed: &str) -> String {
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

fn selections(parent: &str, depth: usize, random: &mut StdRng) -> String {
    let fields = OBJECTS.iter().find(|(name, _)| *name == parent).map_or(&["name"][..], |(_, fields)| fields);
    let field = fields.choose(random).copied().unwrap_or("name");
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
    let mut selections = String::new();
    for number in 0..count {
        if selections.len() > MAX_BYTES / 8 {
            break;
        }
        match &alias {
            Some(alias) => selections += &format!("{alias}{number}: {field}{directive}{inner} "),
            None => selections += &format!("{field}{directive}{inner} "),
        }
    }
    if parent == "countries" && random.random_ratio(1, 4) {
        selections += "...f ...g";
    }
    selections
}

fn name(letter: char, random: &mut StdRng) -> String {
    letter.to_string().repeat(pick(&LENGTHS, random))
}

/// Picks one of the choices; earlier ones are more likely.
fn pick(choices: &[usize], random: &mut StdRng) -> usize {
    let at = random.random_range(0..choices.len()).min(random.random_range(0..choices.len()));
    choices[at]
}

#[cfg(test)]
mod tests {
    use super::generate;

    #[test]
    fn documents_are_repeatable_and_differ() {
        let documents: Vec<String> = (0..200).map(|seed| generate(&format!("seed {seed}"))).collect();
        assert!((0..200).all(|seed| documents[seed] == generate(&format!("seed {seed}"))));
        assert!(documents.iter().any(|document| document.len() > 100_000), "some are long");
        let distinct: std::collections::HashSet<_> = documents.iter().collect();
        assert!(distinct.len() > 100, "{}", distinct.len());
    }
}
