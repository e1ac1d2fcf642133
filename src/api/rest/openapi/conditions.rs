//! What every change may be told: the key it is done once for, and the version it is meant for.

use serde_json::json;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Required, Response, ResponseBuilder};

/// Completes a change, POST, PATCH or DELETE.
pub(super) fn describe(path: &str, is_post: bool, operation: &mut Operation) {
    let parameters = operation.parameters.get_or_insert_default();
    parameters.push(idempotency_key().into());
    let mut failures =
        vec![("422", "The Idempotency-Key came with another request before (`idempotency_mismatch`)")];
    if has_versions(path) && !is_post {
        parameters.push(if_match().into());
        failures.extend([
            ("412", "It was changed meanwhile (`precondition_failed`)"),
            ("428", "The server is set to change nothing without `If-Match` (`precondition_required`)"),
        ]);
    }
    let responses = &mut operation.responses.responses;
    for (status, description) in failures {
        responses.insert(status.to_owned(), failure(description).into());
    }
    const IN_USE: &str = "a request with this Idempotency-Key is being answered (`conflict`)";
    match responses.get_mut("409") {
        Some(RefOr::T(response)) => response.description = format!("{}; or {IN_USE}", response.description),
        _ => {
            responses.insert("409".to_owned(), failure(&IN_USE.replacen('a', "A", 1)).into());
        }
    }
    // Whatever the key is spelled like has to be said somewhere.
    if !responses.contains_key("400") {
        responses.insert("400".to_owned(), failure("A header breaks rules (`validation_failed`)").into());
    }
}

/// Whether what is changed there has versions: customers, their addresses and custom fields.
pub(super) fn has_versions(path: &str) -> bool {
    let rest = path.strip_prefix("/api/customers").unwrap_or("/none");
    matches!(rest, "" | "/{uuid}" | "/me" | "/{uuid}/metafields" | "/me/metafields")
        || rest.contains("/addresses")
}

fn failure(description: &str) -> Response {
    let envelope = Ref::from_schema_name("FailureEnvelope");
    let content = ContentBuilder::new().schema(Some(envelope)).build();
    ResponseBuilder::new().description(description).content("application/json", content).build()
}

fn idempotency_key() -> Parameter {
    let schema =
        ObjectBuilder::new().schema_type(Type::String).pattern(Some("^([!#-~]{1,255}|\"[!#-~]{1,255}\")$"));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "A key of the client's own, a UUID for instance: however often the request is sent with it within 24 hours, \
             it is done once, and answered as the first time, with `Idempotency-Replayed: true`.",
        ))
        .schema(Some(schema))
        .example(Some(json!("5f0c6a52-8f0d-4e25-9a43-0c1f3f0f5f5e")))
        .build()
}

fn if_match() -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^(\\*|\"[0-9]+\")$"));
    ParameterBuilder::new()
        .name("If-Match")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "The entity tag of the version that was read, which is its `version` in quotation marks: another version is \
             not changed, 412 (RFC 9110 13.1.1).",
        ))
        .schema(Some(schema))
        .example(Some(json!("\"3\"")))
        .build()
}
