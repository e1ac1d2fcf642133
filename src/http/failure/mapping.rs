//! The failure of each domain error. This is the only mapping of errors to HTTP.

use super::detail::Detail;
use super::{Failure, FailureCode};
use crate::error::{Error, MAX_PROBLEMS, POSITION_EXPIRED, Problem};

// The messages of second factors.
const CODE_REQUIRED: &str = "A code of the second factor is required";
const CODE_INVALID: &str = "The code is not valid";
const UNREADABLE: &str = "The second factor can't be read, because PATRON_SEALING_SECRET has changed. On the server, patron admin \
     reset-factor EMAIL removes it";
const STEP_UP: &str = "Confirm it is you: POST /api/user/me/step-up with a code";
const SETUP: &str = "Set up a second factor first: POST /api/user/me/second-factor";

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(problems) => invalid(problems),
            Error::Unauthenticated(message) => Self::new(FailureCode::Unauthenticated, message),
            Error::Forbidden(message) => Self::new(FailureCode::Forbidden, message),
            Error::SecondFactorRequired => Self::new(FailureCode::SecondFactorRequired, CODE_REQUIRED),
            Error::SecondFactorInvalid => Self::new(FailureCode::SecondFactorInvalid, CODE_INVALID),
            Error::SecondFactorUnreadable => Self { message: UNREADABLE.to_owned(), ..Self::unavailable(10) },
            Error::StepUpRequired => Self::new(FailureCode::StepUpRequired, STEP_UP),
            Error::SecondFactorSetupRequired => Self::new(FailureCode::SecondFactorSetupRequired, SETUP),
            Error::NotFound(noun) => Self::not_found(format!("{noun} not found")),
            Error::EmailTaken => Self::new(FailureCode::EmailTaken, "Email is already used"),
            Error::Conflict(message) => Self::new(FailureCode::Conflict, message),
            Error::Outdated => {
                Self::new(FailureCode::Conflict, "The data was changed concurrently; try again")
            }
            Error::PreconditionFailed => Self::new(
                FailureCode::PreconditionFailed,
                "The resource has changed. Fetch the current version and try again.",
            ),
            Error::PreconditionRequired => Self::new(
                FailureCode::PreconditionRequired,
                "Changes require the header If-Match with the version that you read (e.g., If-Match: \"3\")",
            ),
            Error::IdempotencyKeyReused => Self::new(
                FailureCode::IdempotencyMismatch,
                "This Idempotency-Key was already used for a different request",
            ),
            Error::IdempotencyKeyInUse => {
                Self::new(FailureCode::Conflict, "A request with this Idempotency-Key is still in progress")
                    .with_retry_after(1)
            }
            Error::PositionExpired => Self::new(FailureCode::PositionExpired, POSITION_EXPIRED),
            Error::RateLimited { retry_after } => {
                Self::new(FailureCode::RateLimited, "Too many attempts; try again later")
                    .with_retry_after(retry_after)
            }
            Error::Unavailable { reason, retry_after } => {
                tracing::warn!(reason, "unavailable");
                Self::unavailable(retry_after)
            }
            Error::MigrationsPending(pending) => {
                tracing::warn!(pending, "migrations are pending");
                Self::unavailable(10)
            }
            Error::DatabaseUnusable(reason) => {
                tracing::error!(reason, "the database can't be used");
                Self::unavailable(10)
            }
            Error::Internal(reason) => {
                tracing::error!(reason, "internal error");
                Self::internal()
            }
        }
    }
}

fn invalid(problems: Vec<Problem>) -> Failure {
    let message = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
    let details = problems.into_iter().take(MAX_PROBLEMS).map(Detail::from).collect();
    Failure { details, ..Failure::new(FailureCode::ValidationFailed, message) }
}
