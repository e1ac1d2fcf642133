//! One name, one thing: no two types have the same name, but for the declared ones.

use std::collections::BTreeMap;

use crate::source::{code, files, word};

/// Names that several types have, with the reason. Types that macros define are not seen.
const SHARED: &[(&str, &[&str])] = &[
    ("sea-orm expects these names in the module of each table", &["Model", "Relation"]),
    (
        "a record as GraphQL returns it, and as REST does",
        &[
            "Admin",
            "Customer",
            "CustomerGroup",
            "Mail",
            "MetafieldDefinition",
            "SavedView",
            "Session",
            "WebhookDelivery",
            "WebhookEndpoint",
        ],
    ),
    (
        "a value, and its description in the schema of an API",
        &["Actor", "FieldType", "MailKind", "MailStatus"],
    ),
    ("the arguments of each command", &["Command", "Options"]),
];

/// The type that a line of code defines. Types of traits and of functions are indented, and have the names that the
/// trait gives them.
fn defined_type(line: &str) -> Option<&str> {
    let item = line.trim_start();
    let item = match item.strip_prefix("pub") {
        Some(restricted) if restricted.starts_with('(') => restricted.split_once(") ")?.1,
        Some(public) => public.trim_start(),
        None => item,
    };
    let (keyword, rest) = item.split_once(' ')?;
    let defines = ["struct", "enum", "trait", "union"].contains(&keyword)
        || keyword == "type" && !line.starts_with(' ');
    Some(word(rest)).filter(|name| defines && !name.is_empty())
}

/// For each name, the files that define a type with it.
fn types() -> BTreeMap<String, Vec<String>> {
    let mut types: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, text) in files() {
        for name in code(&text).lines().filter_map(defined_type) {
            types.entry(name.to_owned()).or_default().push(format!("src/{}", file.display()));
        }
    }
    types
}

#[test]
fn types_have_different_names() {
    let types = types();
    let is_shared = |name: &str| SHARED.iter().any(|(_, names)| names.contains(&name));
    let repeated: Vec<String> = types
        .iter()
        .filter(|(name, files)| files.len() > 1 && !is_shared(name))
        .map(|(name, files)| format!("{name}: {}", files.join(", ")))
        .collect();
    assert!(
        repeated.is_empty(),
        "rename one of the types (or declare the name in tests/contract/names.rs, with the reason):\n{}",
        repeated.join("\n")
    );
}

#[test]
fn declared_names_are_shared() {
    let types = types();
    let declared = SHARED.iter().flat_map(|(_, names)| names.iter().copied());
    let unique: Vec<&str> =
        declared.filter(|name| types.get(*name).is_none_or(|files| files.len() < 2)).collect();
    assert!(unique.is_empty(), "remove these names from tests/contract/names.rs: {unique:?}");
}

#[test]
fn types_are_found() {
    assert!(types().len() > 300);
    assert_eq!(defined_type("pub(in crate::a) struct One<T> {"), Some("One"));
    assert_eq!(defined_type("    enum Two {"), Some("Two"));
    assert_eq!(defined_type("pub type Three = u8;"), Some("Three"));
    assert_eq!(defined_type("    type Error = u8;"), None);
    assert_eq!(defined_type("        pub struct $name;"), None);
    assert_eq!(defined_type("let structure = 1;"), None);
}
