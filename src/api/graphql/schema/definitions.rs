//! The schema for validation: the types, fields and arguments of `schema.graphql`.

use std::sync::LazyLock;

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;

/// The parsed schema. It doesn't depend on the settings.
pub(in crate::api::graphql) static DEFINITIONS: LazyLock<Valid<Schema>> =
    LazyLock::new(|| Schema::parse_and_validate(super::sdl(), "schema.graphql").expect("valid SDL"));
