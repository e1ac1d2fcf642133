//! Why a part of the program can't be built from its settings.

/// Why the program can't be built: each names the setting that would help.
#[derive(Debug, thiserror::Error)]
#[error("{variable}: {message}")]
pub struct BuildError {
    /// The environment variable of the setting.
    pub variable: &'static str,
    /// What went wrong.
    pub message: String,
}

impl BuildError {
    /// What is wrong, with the setting that would help.
    pub fn new(variable: &'static str, error: &impl std::error::Error) -> Self {
        Self { variable, message: error.to_string() }
    }
}
