//! The codes of GraphQL errors, which programs read in `extensions.code`.

use crate::http::FailureCode;

/// Defines the codes that only GraphQL has, each with its text.
macro_rules! codes {
    ($($name:ident = $text:literal,)*) => {
        /// The code of an error.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum ErrorCode {
            /// A code that REST has as well.
            Failure(FailureCode),
            $($name,)*
        }

        /// The texts of the codes that only GraphQL has.
        const OWN: &[&str] = &[$($text,)*];

        impl ErrorCode {
            /// The code as it is sent.
            pub(super) fn text(self) -> String {
                match self {
                    Self::Failure(code) => code.as_str().to_ascii_uppercase(),
                    $(Self::$name => $text.to_owned(),)*
                }
            }
        }
    };
}

codes! {
    ParseFailed = "GRAPHQL_PARSE_FAILED",
    ValidationFailed = "GRAPHQL_VALIDATION_FAILED",
    QueryTooLarge = "QUERY_TOO_LARGE",
    ResponseTooLarge = "ANSWER_TOO_LARGE",
    IntrospectionDisabled = "INTROSPECTION_DISABLED",
    PersistedQueryNotSupported = "PERSISTED_QUERY_NOT_SUPPORTED",
    PersistedQueryMismatch = "PERSISTED_QUERY_MISMATCH",
    PersistedQueryNotFound = "PERSISTED_QUERY_NOT_FOUND",
}

impl ErrorCode {
    /// The value of a field, a directive or a variable is invalid.
    pub(super) const INVALID_VALUE: Self = Self::Failure(FailureCode::ValidationFailed);
}

/// Every code that an error may have: the codes that REST has as well, and the codes that only GraphQL has.
pub fn error_codes() -> impl Iterator<Item = String> {
    let of_failures = FailureCode::ALL.iter().map(|code| ErrorCode::Failure(*code).text());
    of_failures.chain(OWN.iter().map(|text| (*text).to_owned()))
}
