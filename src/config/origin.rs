//! Where the value of a setting comes from, and how the operator names the setting there.

use std::path::PathBuf;

use super::setting::Setting;

/// Where the value of a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nothing sets it.
    Default,
    /// The settings file at this path.
    File(PathBuf),
    /// The environment.
    Environment,
    /// A flag.
    Flag,
}

impl Origin {
    /// The name of a setting there: its flag, its variable, or the file and its key. A setting that is not set has the name
    /// of its variable.
    pub fn place(&self, setting: &Setting) -> String {
        match self {
            Self::File(path) => format!("{}: {}", path.display(), setting.key),
            Self::Flag => setting.flag().unwrap_or_else(|| setting.variable.to_owned()),
            Self::Default | Self::Environment => setting.variable.to_owned(),
        }
    }
}
