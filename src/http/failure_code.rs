//! Error codes, by which programs decide what to do.

use serde::{Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Defines the codes and their wire texts. Responses and the OpenAPI document use the same list.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// Error code of a failure.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the name of a code says what it means")]
        pub enum FailureCode {
            $($(#[$doc])* $name,)*
        }

        impl FailureCode {
            /// All codes.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The code as the REST API sends it. The GraphQL API sends it in upper case.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

impl Serialize for FailureCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl PartialSchema for FailureCode {
    fn schema() -> RefOr<Schema> {
        let codes = Self::ALL.iter().map(|code| code.as_str());
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("Error code. Programs decide by it; `message` is for people."))
            .enum_values(Some(codes))
            .build()
            .into()
    }
}

impl ToSchema for FailureCode {}

codes! {
    ValidationFailed = "validation_failed",
    MalformedJson = "malformed_json",
    BadRequest = "bad_request",
    Unauthenticated = "unauthenticated",
    Forbidden = "forbidden",
    NotFound = "not_found",
    MethodNotAllowed = "method_not_allowed",
    NotAcceptable = "not_acceptable",
    EmailTaken = "email_taken",
    Conflict = "conflict",
    PreconditionFailed = "precondition_failed",
    PreconditionRequired = "precondition_required",
    IdempotencyMismatch = "idempotency_mismatch",
    PayloadTooLarge = "payload_too_large",
    BatchTooLarge = "batch_too_large",
    UnsupportedMediaType = "unsupported_media_type",
    PositionExpired = "position_expired",
    RateLimited = "rate_limited",
    Internal = "internal",
    Unavailable = "unavailable",
}
