//! The headers that changes are sent with.

use serde_json::json;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

pub(super) fn idempotency_key() -> Parameter {
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

pub(super) fn if_match() -> Parameter {
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
