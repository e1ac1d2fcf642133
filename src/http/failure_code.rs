//! The codes of failures, for programs.

use serde::{Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Defines the codes, each with its text: the type is what is sent and what the OpenAPI document lists.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// The codes of all failures.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "a code says what it means")]
        pub enum FailureCode {
            $($(#[$doc])* $name,)*
        }

        impl FailureCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The code as REST sends it; GraphQL sends it in capitals.
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
            .description(Some("The codes of all failures."))
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
