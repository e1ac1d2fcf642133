//! Error codes, by which programs decide what to do.

use axum::http::StatusCode;
use serde::{Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Defines the codes, their wire texts and their statuses. Responses and the OpenAPI document use the same list.
macro_rules! codes {
    ($($name:ident = $text:literal $status:ident,)*) => {
        /// Error code of a failure.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum FailureCode {
            $($name,)*
        }

        impl FailureCode {
            /// All codes.
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)*];

            /// The code as the REST API sends it. The GraphQL API sends it in upper case.
            pub(crate) fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// The usual status of a failure with this code.
            pub(super) fn status(self) -> StatusCode {
                match self {
                    $(Self::$name => StatusCode::$status,)*
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
    ValidationFailed = "validation_failed" BAD_REQUEST,
    MalformedJson = "malformed_json" BAD_REQUEST,
    BadRequest = "bad_request" BAD_REQUEST,
    Unauthenticated = "unauthenticated" UNAUTHORIZED,
    SecondFactorRequired = "second_factor_required" UNAUTHORIZED,
    SecondFactorInvalid = "second_factor_invalid" UNAUTHORIZED,
    Forbidden = "forbidden" FORBIDDEN,
    StepUpRequired = "step_up_required" FORBIDDEN,
    SecondFactorSetupRequired = "second_factor_setup_required" FORBIDDEN,
    NotFound = "not_found" NOT_FOUND,
    MethodNotAllowed = "method_not_allowed" METHOD_NOT_ALLOWED,
    NotAcceptable = "not_acceptable" NOT_ACCEPTABLE,
    EmailTaken = "email_taken" CONFLICT,
    Conflict = "conflict" CONFLICT,
    PreconditionFailed = "precondition_failed" PRECONDITION_FAILED,
    PreconditionRequired = "precondition_required" PRECONDITION_REQUIRED,
    IdempotencyMismatch = "idempotency_mismatch" UNPROCESSABLE_ENTITY,
    PayloadTooLarge = "payload_too_large" PAYLOAD_TOO_LARGE,
    BatchTooLarge = "batch_too_large" BAD_REQUEST,
    UnsupportedMediaType = "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE,
    PositionExpired = "position_expired" GONE,
    RateLimited = "rate_limited" TOO_MANY_REQUESTS,
    Internal = "internal" INTERNAL_SERVER_ERROR,
    Unavailable = "unavailable" SERVICE_UNAVAILABLE,
}
