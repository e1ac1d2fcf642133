//! The committed GraphQL schema and OpenAPI document are equal to what the program generates.

/// Compares the contents; the error names the first difference and the command that updates the file.
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
fn schema_graphql_is_current() {
    assert_current(
        "schema.graphql",
        include_str!("../../schema.graphql"),
        &patron::api::graphql::sdl(),
        "schema",
    );
}

#[test]
fn openapi_json_is_current() {
    let committed = include_str!("../../docs/openapi.json");
    assert_current("docs/openapi.json", committed, patron::router::openapi(), "openapi");
}
