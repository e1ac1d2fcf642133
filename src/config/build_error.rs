//! The error of a part of the program that can't be built from its settings.

/// A part of the program can't be built. Names the setting to correct.
#[derive(Debug, thiserror::Error)]
#[error("{variable}: {message}")]
pub struct BuildError {
    /// The environment variable of the setting to correct.
    pub variable: &'static str,
    /// Why the part can't be built.
    pub message: String,
}

impl BuildError {
    /// Wraps an error, with the variable of the setting to correct.
    pub fn new(variable: &'static str, error: &impl std::error::Error) -> Self {
        Self { variable, message: error.to_string() }
    }
}
