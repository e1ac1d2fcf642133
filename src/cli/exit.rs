//! The failures of commands, with their messages on standard error and their exit codes (sysexits.h).

use std::io::Write;
use std::process::ExitCode;

use super::text::count;
use crate::config::{BuildError, Flags, SettingError, with_place};
use crate::error::Error;

/// The exit codes, as the help lists them.
pub(super) const EXIT_CODES: [(&str, &str); 7] = [
    ("0", "success"),
    ("1", "the command failed"),
    ("2", "invalid command line"),
    ("65", "lines of a file were refused"),
    ("69", "the database is unavailable, or another server uses its file; `patron health`: not ready"),
    ("70", "internal error"),
    ("78", "invalid setting, or a database that patron can't use"),
];

/// A command failed.
#[derive(Debug)]
pub(super) enum CommandFailure {
    /// Invalid settings (78).
    Settings(Vec<String>),
    /// The database is unavailable (69).
    Unavailable(String),
    /// The command was refused (1).
    Refused(String),
    /// Some lines of a file were refused, the others succeeded (65).
    Partial(String),
    /// An internal error (70).
    Internal(String),
}

impl CommandFailure {
    /// Names settings as the operator set them: by the flag, or by the settings file and its key, instead of the variable.
    pub(super) fn with_places(self, flags: &Flags) -> Self {
        match self {
            Self::Settings(lines) => {
                Self::Settings(lines.iter().map(|line| with_place(line, flags)).collect())
            }
            Self::Unavailable(line) => Self::Unavailable(with_place(&line, flags)),
            other => other,
        }
    }

    /// Prints the failure to standard error and returns its exit code.
    pub(super) fn report(self) -> ExitCode {
        let (lines, code) = match self {
            Self::Settings(lines) => (lines, 78),
            Self::Unavailable(line) => (vec![line], 69),
            Self::Refused(line) => (vec![line], 1),
            Self::Partial(line) => (vec![line], 65),
            Self::Internal(line) => (vec![line], 70),
        };
        for line in lines {
            print_error(&format!("patron: {line}"));
        }
        ExitCode::from(code)
    }
}

impl From<Vec<SettingError>> for CommandFailure {
    fn from(errors: Vec<SettingError>) -> Self {
        Self::Settings(errors.iter().map(SettingError::to_string).collect())
    }
}

impl From<BuildError> for CommandFailure {
    fn from(error: BuildError) -> Self {
        Self::Settings(vec![error.to_string()])
    }
}

impl From<Error> for CommandFailure {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(problems) => {
                let messages: Vec<String> = problems.into_iter().map(|problem| problem.message).collect();
                Self::Refused(messages.join("; "))
            }
            Error::Conflict(reason) => Self::Refused(reason.into_owned()),
            Error::EmailTaken => Self::Refused("Email is already used".to_owned()),
            Error::Unavailable { reason, .. } => {
                Self::Unavailable(format!("DATABASE_URL: the database is unavailable: {reason}"))
            }
            Error::MigrationsPending(pending) => Self::Settings(vec![format!(
                "the database's schema is {} behind: run `patron migrate up`, or `patron serve --migrate`",
                count(pending, "migration", "migrations")
            )]),
            Error::DatabaseUnusable(reason) => Self::Settings(vec![format!("DATABASE_URL: {reason}")]),
            Error::Internal(reason) => Self::Internal(format!("internal error: {reason}")),
            other => Self::Refused(other.to_string()),
        }
    }
}

/// Prints to standard output. A closed pipe (`patron schema | head -1`) is not a failure.
pub(super) fn print(text: &str) -> Result<(), CommandFailure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(CommandFailure::Refused(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints a line to standard error. If nothing reads it (`patron … 2>&1 | head -1`), the exit code still has the outcome.
pub(super) fn print_error(line: &str) {
    let _closed = writeln!(std::io::stderr(), "{line}");
}
