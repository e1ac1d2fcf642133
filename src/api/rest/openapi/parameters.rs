//! Request headers of changes, as parameters of the OpenAPI document.
//!
//! They have no examples: the reference would send the example with every test request, and the same key or an old
//! version is refused from the second one on.

use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::headers::VERSION_TAG;

pub(super) fn idempotency_key() -> Parameter {
    let schema =
        ObjectBuilder::new().schema_type(Type::String).pattern(Some("^([!#-~]{1,255}|\"[!#-~]{1,255}\")$"));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "A key that the client generates, such as a UUID. A request with the same key is executed once within 24 hours. \
             Each repetition gets the first response, with `Idempotency-Replayed: true`.",
        ))
        .schema(Some(schema))
        .build()
}

pub(super) fn if_match() -> Parameter {
    let schema =
        ObjectBuilder::new().schema_type(Type::String).pattern(Some(format!("^(\\*|{VERSION_TAG})$")));
    ParameterBuilder::new()
        .name("If-Match")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "The entity tag of the version that the client has read: its `version` in quotation marks. If the resource has a \
             different version, it is not changed, and the response is 412 (RFC 9110 13.1.1).",
        ))
        .schema(Some(schema))
        .build()
}
