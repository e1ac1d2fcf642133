//! A row of the table of settings.

/// A setting, as the help, the documentation and errors describe it.
#[derive(Debug)]
pub struct Setting {
    /// The environment variable.
    pub variable: &'static str,
    /// The key in the TOML file. The flag is the same with `-` for `_`.
    pub key: &'static str,
    /// The value of a setting that is not set; none if the description explains the default.
    pub default: Option<&'static str>,
    /// The description, with the unit.
    pub help: &'static str,
    /// What the value is, such as `SECONDS`, or the possible values with `|` between them.
    pub value: &'static str,
    /// Whether the value is secret. A secret has no flag, since a command line is visible to every process of the
    /// machine. `DATABASE_URL` has a flag for URLs without a password.
    pub secret: bool,
    /// The heading of the group that begins with this setting.
    pub heading: Option<&'static str>,
}

/// A setting with a default.
pub(super) const fn setting(
    variable: &'static str,
    key: &'static str,
    default: &'static str,
    help: &'static str,
) -> Setting {
    Setting { default: Some(default), ..optional(variable, key, help) }
}

/// A setting without a default, or with one that its description explains.
pub(super) const fn optional(variable: &'static str, key: &'static str, help: &'static str) -> Setting {
    Setting { variable, key, default: None, help, value: "VALUE", secret: false, heading: None }
}

/// A setting whose value is secret.
pub(super) const fn secret(variable: &'static str, key: &'static str, help: &'static str) -> Setting {
    Setting { secret: true, ..optional(variable, key, help) }
}

impl Setting {
    /// Names what the value is, such as `SECONDS`.
    pub(super) const fn takes(mut self, value: &'static str) -> Self {
        self.value = value;
        self
    }

    /// Begins a group of settings with this one.
    pub(super) const fn opens(mut self, heading: &'static str) -> Self {
        self.heading = Some(heading);
        self
    }

    /// The flag; none for a secret.
    pub fn flag(&self) -> Option<String> {
        (!self.secret).then(|| format!("--{}", self.key.replace('_', "-")))
    }
}
