//! The files that the program generates are current: the GraphQL schema, the OpenAPI document.

/// Compares, and names the command that makes them alike.
#[track_caller]
fn assert_current(file: &str, committed: &str, generated: &str, command: &str) {
    let line = committed.lines().zip(generated.lines()).position(|(old, new)| old != new);
    assert!(
        committed == generated,
        "{file} is out of date (line {}): run `cargo run -- {command} > {file}`",
        line.map_or_else(|| "at the end".to_owned(), |line| (line + 1).to_string()),
    );
}

#[test]
fn schema_graphql() {
    assert_current(
        "schema.graphql",
        include_str!("../../schema.graphql"),
        &patron::api::graphql::sdl(),
        "schema",
    );
}

#[test]
fn openapi_json() {
    let committed = include_str!("../../docs/openapi.json");
    assert_current("docs/openapi.json", committed, patron::router::openapi(), "openapi");
}
