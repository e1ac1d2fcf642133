//! Merges the sources of the settings, and converts their texts to types.
//!
//! An invalid value is recorded as a problem and replaced by a fallback, so that all problems are reported at once.
//! Messages never contain the value of a secret.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use url::Url;

use super::file::read_file;
use super::flags::Flags;
use super::mask::without_password;
use super::origin::Origin;
use super::setting_error::SettingError;
use super::settings::{SETTINGS, find};

/// The values of the settings, with their origins, and the problems that were found. The values are wiped on drop: some
/// are secret.
#[derive(Default)]
pub struct Values {
    values: BTreeMap<&'static str, (Zeroizing<String>, Origin)>,
    problems: Vec<SettingError>,
}

/// Omits the values: some are secret.
impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

impl Values {
    /// Reads the file, the environment and the flags, in increasing precedence.
    ///
    /// # Errors
    /// If the file can't be read or contains an unknown setting, or if a variable is not text.
    pub fn gather(flags: &Flags) -> Result<Self, Vec<SettingError>> {
        let mut gathered = Self::default();
        if let Some(path) = &flags.file {
            for (variable, value) in read_file(path)? {
                gathered.set(variable, value, Origin::File(path.clone()));
            }
        }
        for setting in SETTINGS {
            // Shells and compose files set a variable to the empty text to unset it.
            let Some(value) = std::env::var_os(setting.variable).filter(|value| !value.is_empty()) else {
                continue;
            };
            match value.into_string() {
                Ok(value) => gathered.set(setting.variable, value, Origin::Environment),
                Err(_) => gathered.problems.push(SettingError {
                    variable: setting.variable.to_owned(),
                    place: setting.variable.to_owned(),
                    message: "is not valid UTF-8".to_owned(),
                }),
            }
        }
        for (&variable, value) in &flags.values {
            gathered.set(variable, value.clone(), Origin::Flag);
        }
        if gathered.problems.is_empty() { Ok(gathered) } else { Err(gathered.problems) }
    }

    /// Uses only these flags, and ignores the environment; for tests and the demo.
    pub fn only(flags: &Flags) -> Self {
        let mut values = Self::default();
        for (&variable, value) in &flags.values {
            values.set(variable, value.clone(), Origin::Flag);
        }
        values
    }

    fn set(&mut self, variable: &'static str, value: String, origin: Origin) {
        self.values.insert(variable, (Zeroizing::new(value), origin));
    }

    /// Where the value of a variable comes from.
    pub(super) fn origin(&self, variable: &str) -> Origin {
        self.values.get(variable).map_or(Origin::Default, |(_, origin)| origin.clone())
    }

    /// The name under which a variable was set: its flag, its variable, or the file and its key.
    pub(super) fn place(&self, variable: &str) -> String {
        let place = find(variable).map(|setting| self.origin(variable).place(setting));
        place.unwrap_or_else(|| variable.to_owned())
    }

    /// Returns the config, or the problems that were found.
    pub(super) fn finish<T>(self, config: T) -> Result<T, Vec<SettingError>> {
        if self.problems.is_empty() { Ok(config) } else { Err(self.problems) }
    }

    pub(super) fn problem(&mut self, variable: &'static str, message: impl Into<String>) {
        let (place, message) = (self.place(variable), message.into());
        self.problems.push(SettingError { variable: variable.to_owned(), place, message });
    }

    pub(super) fn get(&self, variable: &str) -> Option<&str> {
        self.values.get(variable).map(|(value, _)| value.as_str())
    }

    pub(super) fn sets(&self, variable: &str) -> bool {
        self.values.contains_key(variable)
    }

    pub(super) fn text(&self, variable: &'static str) -> String {
        let default = || find(variable)?.default;
        self.get(variable).or_else(default).unwrap_or_default().to_owned()
    }

    pub(super) fn parsed<T: FromStr + Fallback>(&mut self, variable: &'static str, expected: &str) -> T {
        let text = self.text(variable);
        text.trim().parse().unwrap_or_else(|_| {
            self.problem(variable, format!("`{text}` is not {expected}"));
            T::fallback()
        })
    }

    pub(super) fn at_least(&mut self, variable: &'static str, minimum: u32) -> u32 {
        let is_number = self.text(variable).trim().bytes().all(|byte| byte.is_ascii_digit());
        let expected = if is_number { "a number up to 4294967295" } else { "a whole number" };
        let number = self.parsed(variable, expected);
        if number < minimum && !self.problems.iter().any(|p| p.variable == variable) {
            self.problem(variable, format!("must be at least {minimum}, but is {number}"));
        }
        number
    }

    pub(super) fn count(&mut self, variable: &'static str) -> NonZeroU32 {
        NonZeroU32::new(self.at_least(variable, 1)).unwrap_or(NonZeroU32::MIN)
    }

    pub(super) fn between(&mut self, variable: &'static str, min: u32, max: u32) -> u32 {
        let number = self.at_least(variable, min);
        if number > max {
            self.problem(variable, format!("must be at most {max}, but is {number}"));
        }
        number
    }

    pub(super) fn seconds(&mut self, variable: &'static str) -> Duration {
        Duration::from_secs(self.at_least(variable, 1).into())
    }

    pub(super) fn address(&mut self, variable: &'static str, expected: &str) -> Option<SocketAddr> {
        self.get(variable)?;
        Some(self.parsed(variable, expected))
    }

    pub(super) fn threads(&mut self, variable: &'static str) -> NonZeroUsize {
        if self.get(variable).is_some() {
            let number = self.at_least(variable, 1) as usize;
            NonZeroUsize::new(number).unwrap_or(NonZeroUsize::MIN)
        } else {
            std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
        }
    }

    /// Reads an http:// or https:// URL, without slashes at its end.
    pub(super) fn url(&mut self, variable: &'static str) -> Option<String> {
        let text = self.get(variable)?.trim().to_owned();
        let has_scheme = text.starts_with("http://") || text.starts_with("https://");
        if !has_scheme || Url::parse(&text).is_err() {
            let shown = without_password(&text);
            self.problem(variable, format!("`{shown}` is not an http:// or https:// URL"));
        }
        Some(text.trim_end_matches('/').to_owned())
    }

    /// Reads networks in CIDR notation (RFC 4632 3.1, RFC 4291 2.3). A single address is a network of that address.
    pub(super) fn networks(&mut self, variable: &'static str) -> Vec<IpNet> {
        let text = self.text(variable);
        let mut networks = Vec::new();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let single = || entry.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
            match entry.parse::<IpNet>().or_else(|_| single()) {
                Ok(network) if network.prefix_len() == 0 => {
                    self.problem(
                        variable,
                        format!("`{entry}` contains every address; list the networks of the proxies"),
                    );
                }
                // Truncating a mistyped network would silently trust another one.
                Ok(network) if network.trunc() != network => {
                    let truncated = network.trunc();
                    self.problem(
                        variable,
                        format!("`{entry}` is not a network; did you mean `{truncated}`?"),
                    );
                }
                Ok(network) => networks.push(network),
                Err(_) => {
                    self.problem(variable, format!("`{entry}` is not a network such as 10.0.0.0/8"));
                }
            }
        }
        networks
    }

    pub(super) fn switch(&mut self, variable: &'static str) -> bool {
        let text = self.text(variable);
        on_or_off(&text).unwrap_or_else(|| {
            self.problem(
                variable,
                format!("`{text}` is not on or off (yes and no, true and false work as well)"),
            );
            true
        })
    }

    /// Reads on, off or auto; auto is on for `local` servers only.
    pub(super) fn switch_or_local(&mut self, variable: &'static str, local: bool) -> bool {
        let text = self.text(variable);
        if text.trim().eq_ignore_ascii_case("auto") {
            return local;
        }
        on_or_off(&text).unwrap_or_else(|| {
            self.problem(variable, format!("`{text}` is not auto, on or off"));
            false
        })
    }

    pub(super) fn secret(&self, variable: &'static str) -> Option<SecretString> {
        self.get(variable).filter(|secret| !secret.is_empty()).map(|secret| secret.to_owned().into())
    }

    pub(super) fn folder(&mut self, variable: &'static str) -> Option<PathBuf> {
        let folder = PathBuf::from(self.get(variable)?);
        if !folder.is_dir() {
            self.problem(variable, format!("`{}` is not a folder", folder.display()));
        }
        Some(folder)
    }
}

/// Reads the words for on and off, in any case.
pub(super) fn on_or_off(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "on" | "yes" | "true" => Some(true),
        "off" | "no" | "false" => Some(false),
        _ => None,
    }
}

/// The value that replaces an invalid one until the problem is reported.
pub(super) trait Fallback {
    fn fallback() -> Self;
}

impl Fallback for u32 {
    fn fallback() -> Self {
        0
    }
}

impl Fallback for SocketAddr {
    fn fallback() -> Self {
        ([127, 0, 0, 1], 0).into()
    }
}
