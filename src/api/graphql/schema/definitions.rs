//! The schema as validation has it: the types, fields and arguments that `schema.graphql` defines.

use std::sync::LazyLock;

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;

/// What is defined. It is the same whatever the settings.
pub(in crate::api::graphql) static DEFINITIONS: LazyLock<Valid<Schema>> = LazyLock::new(|| {
    Schema::parse_and_validate(super::sdl(), "schema.graphql").expect("the library writes a valid schema")
});
