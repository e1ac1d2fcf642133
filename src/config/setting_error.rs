//! The error of an invalid setting.

/// An invalid setting.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct SettingError {
    /// The environment variable of the setting, also if the value comes from elsewhere; `--config` for the settings file.
    pub variable: String,
    /// The flag, variable, or key of the file that was used.
    pub place: String,
    /// What is wrong, and what is valid. Never contains the value of a secret.
    pub message: String,
}
