//! Merges the sources of the settings, and converts their texts to types.
//!
//! An invalid value is recorded as a problem and replaced by a fallback, so that all problems are reported at once.
//! Messages never contain the value of a secret.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use sea_orm::sqlx::postgres::PgConnectOptions;
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use url::Url;

use super::settings::{Flags, SETTINGS, SettingError, read_file};
use crate::config::{FirstAdmin, LogFormat, MIN_SIGNING_SECRET, ProxyHeader, SigningSecrets};
use crate::types::{EmailAddress, Password};

/// The values of the settings, with their origins, and the problems that were found. The values are wiped on drop: some
/// are secret.
#[derive(Default)]
pub struct Values {
    values: BTreeMap<&'static str, (Zeroizing<String>, Option<String>)>,
    problems: Vec<SettingError>,
}

/// Omits the values: some are secret.
impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

impl Values {
    /// Reads the environment, the file and the flags, in increasing precedence.
    ///
    /// # Errors
    /// If the file can't be read, or contains an unknown setting.
    pub fn gather(flags: &Flags) -> Result<Self, Vec<SettingError>> {
        let mut values = BTreeMap::new();
        for setting in SETTINGS {
            // Shells and compose files set a variable to the empty text to unset it.
            if let Ok(value) = std::env::var(setting.variable)
                && !value.is_empty()
            {
                values.insert(setting.variable, (Zeroizing::new(value), None));
            }
        }
        if let Some(path) = &flags.file {
            for (variable, value) in read_file(path)? {
                values.insert(variable, (Zeroizing::new(value), Some(path.display().to_string())));
            }
        }
        for (variable, value) in &flags.values {
            values.insert(*variable, (Zeroizing::new(value.clone()), Some("a flag".to_owned())));
        }
        Ok(Self { values, problems: Vec::new() })
    }

    /// Uses only these flags, and ignores the environment; for tests and the demo.
    pub fn only(flags: &Flags) -> Self {
        let mut values = Self::default();
        for (variable, value) in &flags.values {
            values.values.insert(*variable, (Zeroizing::new(value.clone()), None));
        }
        values
    }

    /// Returns the config, or the problems that were found.
    pub(in crate::config) fn finish<T>(self, config: T) -> Result<T, Vec<SettingError>> {
        if self.problems.is_empty() { Ok(config) } else { Err(self.problems) }
    }

    fn problem(&mut self, variable: &'static str, message: impl Into<String>) {
        let origin = self.values.get(variable).and_then(|(_, origin)| origin.clone());
        self.problems.push(SettingError { variable: variable.to_owned(), origin, message: message.into() });
    }

    fn get(&self, variable: &str) -> Option<&str> {
        self.values.get(variable).map(|(value, _)| value.as_str())
    }

    pub(in crate::config) fn sets(&self, variable: &str) -> bool {
        self.values.contains_key(variable)
    }

    pub(in crate::config) fn text(&self, variable: &'static str) -> String {
        let default = || SETTINGS.iter().find(|s| s.variable == variable)?.default;
        self.get(variable).or_else(default).unwrap_or_default().to_owned()
    }

    pub(in crate::config) fn parsed<T: FromStr + Fallback>(
        &mut self,
        variable: &'static str,
        expected: &str,
    ) -> T {
        let text = self.text(variable);
        text.trim().parse().unwrap_or_else(|_| {
            self.problem(variable, format!("`{text}` is not {expected}"));
            T::fallback()
        })
    }

    pub(in crate::config) fn at_least(&mut self, variable: &'static str, minimum: u32) -> u32 {
        let number = self.parsed(variable, "a whole number");
        if number < minimum && !self.problems.iter().any(|p| p.variable == variable) {
            self.problem(variable, format!("must be at least {minimum}, but is {number}"));
        }
        number
    }

    pub(in crate::config) fn count(&mut self, variable: &'static str) -> NonZeroU32 {
        NonZeroU32::new(self.at_least(variable, 1)).unwrap_or(NonZeroU32::MIN)
    }

    pub(in crate::config) fn between(&mut self, variable: &'static str, min: u32, max: u32) -> u32 {
        let number = self.at_least(variable, min);
        if number > max {
            self.problem(variable, format!("must be at most {max}, but is {number}"));
        }
        number
    }

    pub(in crate::config) fn seconds(&mut self, variable: &'static str) -> Duration {
        Duration::from_secs(self.at_least(variable, 1).into())
    }

    /// Reads days; none for 0. The minimum is a week, since webhooks are retried for several days.
    pub(in crate::config) fn retention(&mut self, variable: &'static str) -> Option<Duration> {
        let days = self.between(variable, 0, 36_500);
        if (1..7).contains(&days) {
            self.problem(variable, format!("must be at least 7, or 0 to keep everything, but is {days}"));
        }
        (days > 0).then(|| Duration::from_secs(u64::from(days) * 24 * 60 * 60))
    }

    /// Reads milliseconds; none for 0.
    pub(in crate::config) fn milliseconds(&mut self, variable: &'static str) -> Option<Duration> {
        let number = self.at_least(variable, 0);
        (number > 0).then(|| Duration::from_millis(number.into()))
    }

    pub(in crate::config) fn address(
        &mut self,
        variable: &'static str,
        expected: &str,
    ) -> Option<SocketAddr> {
        self.get(variable)?;
        Some(self.parsed(variable, expected))
    }

    pub(in crate::config) fn threads(&mut self, variable: &'static str) -> NonZeroUsize {
        if self.get(variable).is_some() {
            let number = self.at_least(variable, 1) as usize;
            NonZeroUsize::new(number).unwrap_or(NonZeroUsize::MIN)
        } else {
            std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
        }
    }

    pub(in crate::config) fn url(&mut self, variable: &'static str) -> Option<String> {
        let url = self.get(variable)?.trim_end_matches('/').to_owned();
        if !url.starts_with("http://") && !url.starts_with("https://") {
            self.problem(variable, format!("`{url}` is not an http:// or https:// URL"));
        }
        Some(url)
    }

    /// Reads origins as browsers write them (RFC 6454 6.2): another spelling never matches.
    pub(in crate::config) fn origins(&mut self, variable: &'static str) -> Vec<String> {
        let origins: Vec<String> =
            self.text(variable).split(',').map(|origin| origin.trim().to_owned()).collect();
        let origins: Vec<String> = origins.into_iter().filter(|origin| !origin.is_empty()).collect();
        for origin in &origins {
            let url = Url::parse(origin).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
            match url.map(|url| url.origin().ascii_serialization()) {
                Some(serialized) if serialized == *origin => (),
                Some(serialized) => self
                    .problem(variable, format!("`{origin}` is not an origin; did you mean `{serialized}`?")),
                None => {
                    let expected = "an origin such as https://shop.example.com";
                    self.problem(variable, format!("`{origin}` is not {expected}"));
                }
            }
        }
        origins
    }

    /// Reads networks in CIDR notation (RFC 4632 3.1, RFC 4291 2.3). A single address is a network of that address.
    pub(in crate::config) fn networks(&mut self, variable: &'static str) -> Vec<IpNet> {
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

    pub(in crate::config) fn proxy_header(&mut self, variable: &'static str) -> ProxyHeader {
        match self.text(variable).to_ascii_lowercase().as_str() {
            "x-forwarded-for" => ProxyHeader::XForwardedFor,
            "forwarded" => ProxyHeader::Forwarded,
            other => {
                self.problem(variable, format!("`{other}` is not x-forwarded-for or forwarded"));
                ProxyHeader::XForwardedFor
            }
        }
    }

    pub(in crate::config) fn switch(&mut self, variable: &'static str) -> bool {
        match self.text(variable).as_str() {
            "on" => true,
            "off" => false,
            other => {
                self.problem(variable, format!("`{other}` is not on or off"));
                true
            }
        }
    }

    /// Whether the server can only be reached from this machine. Behind a local proxy, the public URL decides.
    pub(in crate::config) fn is_local(&self, listen: SocketAddr, public_url: Option<&str>) -> bool {
        let is_local_host = |url: Url| url.host_str().is_some_and(is_this_machine);
        listen.ip().is_loopback() && public_url.is_none_or(|url| Url::parse(url).is_ok_and(is_local_host))
    }

    /// Reads on, off or auto; auto is on for `local` servers only.
    pub(in crate::config) fn switch_or_local(&mut self, variable: &'static str, local: bool) -> bool {
        match self.text(variable).as_str() {
            "auto" => local,
            "on" => true,
            "off" => false,
            other => {
                self.problem(variable, format!("`{other}` is not auto, on or off"));
                false
            }
        }
    }

    pub(in crate::config) fn secret(&self, variable: &'static str) -> Option<SecretString> {
        self.get(variable).filter(|secret| !secret.is_empty()).map(|secret| secret.to_owned().into())
    }

    pub(in crate::config) fn folder(&mut self, variable: &'static str) -> Option<PathBuf> {
        let folder = PathBuf::from(self.get(variable)?);
        if !folder.is_dir() {
            self.problem(variable, format!("`{}` is not a folder", folder.display()));
        }
        Some(folder)
    }

    /// Reads the sender of mails, which the mailer parses.
    pub(in crate::config) fn sender(&self, variable: &'static str, public_url: Option<&str>) -> String {
        let host = public_url.and_then(|url| url.split("://").nth(1));
        let host = host
            .and_then(|authority| authority.split(['/', ':', '?']).next())
            .filter(|host| !host.is_empty());
        let default = || format!("no-reply@{}", host.unwrap_or("localhost"));
        self.get(variable).map_or_else(default, str::to_owned)
    }

    pub(in crate::config) fn database_url(&mut self, data_dir: &Path) -> SecretString {
        let default = format!("sqlite://{}", data_dir.join("patron.db").display());
        let url = self.get("DATABASE_URL").map_or(default, str::to_owned);
        // PostgreSQL accepts both schemes; the driver only the short one.
        let url = match url.strip_prefix("postgresql://") {
            Some(remainder) => format!("postgres://{remainder}"),
            None => url,
        };
        if !["sqlite:", "postgres://"].iter().any(|scheme| url.starts_with(scheme)) {
            // Omits the value: it may contain a password.
            self.problem("DATABASE_URL", "must start with sqlite:// or postgres://");
        } else if url.contains(":memory:") || url.contains("mode=memory") {
            self.problem(
                "DATABASE_URL",
                "must name a file: every connection would have its own database in memory",
            );
        } else if url.starts_with("postgres:") {
            match with_verified_tls(&url) {
                Some(url) => return url.into(),
                None => {
                    let message = "is not a valid URL; special characters in its password must be percent-encoded (# is %23, / is %2F)";
                    self.problem("DATABASE_URL", message);
                }
            }
        }
        url.into()
    }

    pub(in crate::config) fn signing_secrets(
        &mut self,
        current: &'static str,
        previous: &'static str,
    ) -> SigningSecrets {
        if self.sets(previous) && !self.sets(current) {
            self.problem(
                previous,
                format!(
                    "requires {current}; for a generated key, `patron keys rotate` keeps the previous one"
                ),
            );
        }
        SigningSecrets { current: self.signing_secret(current), previous: self.signing_secret(previous) }
    }

    pub(in crate::config) fn signing_secret(&mut self, variable: &'static str) -> Option<SecretString> {
        let secret = self.get(variable)?.to_owned();
        if secret.len() < MIN_SIGNING_SECRET {
            let length = secret.len();
            self.problem(
                variable,
                format!("must be at least {MIN_SIGNING_SECRET} bytes long, but is {length}"),
            );
        }
        Some(secret.into())
    }

    pub(in crate::config) fn first_admin(&mut self) -> Option<FirstAdmin> {
        let (email, password) = (self.get("PATRON_ADMIN_EMAIL"), self.get("PATRON_ADMIN_PASSWORD"));
        let (email, password) = match (email, password) {
            (None, None) => return None,
            (Some(email), Some(password)) => (email.to_owned(), password.to_owned()),
            (Some(_), None) => {
                self.problem("PATRON_ADMIN_PASSWORD", "must be set when PATRON_ADMIN_EMAIL is");
                return None;
            }
            (None, Some(_)) => {
                self.problem("PATRON_ADMIN_EMAIL", "must be set when PATRON_ADMIN_PASSWORD is");
                return None;
            }
        };
        let password = Password::new(password.into())
            .map_err(|weak| self.problem("PATRON_ADMIN_PASSWORD", weak.to_string()));
        let email = EmailAddress::parse_local(&email).map_err(|_| {
            self.problem("PATRON_ADMIN_EMAIL", format!("`{email}` is not an e-mail address"));
        });
        Some(FirstAdmin { email: email.ok()?, password: password.ok()? })
    }

    pub(in crate::config) fn log_filter(&mut self, variable: &'static str) -> String {
        let filter = self.text(variable);
        if let Err(error) = tracing_subscriber::EnvFilter::builder().parse(&filter) {
            self.problem(variable, format!("`{filter}` is not a log filter: {error}"));
        }
        filter
    }

    pub(in crate::config) fn log_format(&mut self, variable: &'static str) -> LogFormat {
        match self.text(variable).as_str() {
            "auto" => LogFormat::Auto,
            "human" => LogFormat::Human,
            "json" => LogFormat::Json,
            other => {
                self.problem(variable, format!("`{other}` is not auto, human or json"));
                LogFormat::Auto
            }
        }
    }
}

/// Whether a host is this machine by its name or address alone, without DNS.
fn is_this_machine(host: &str) -> bool {
    match host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// Adds `sslmode=verify-full` to a PostgreSQL URL, unless the URL sets `sslmode` or the server is on this machine. The
/// driver's default, `prefer`, does not authenticate the server. Returns none for an invalid URL: the driver's message
/// would quote it with its password.
fn with_verified_tls(text: &str) -> Option<String> {
    let mut url = Url::parse(text).ok()?;
    let options: PgConnectOptions = text.parse().ok()?;
    let host = options.get_host();
    let is_local = options.get_socket().is_some() || host.starts_with('/') || is_this_machine(host);
    if !is_local && !url.query_pairs().any(|(key, _)| key == "sslmode" || key == "ssl-mode") {
        url.query_pairs_mut().append_pair("sslmode", "verify-full");
    }
    Some(url.into())
}

/// The value that replaces an invalid one until the problem is reported.
pub(in crate::config) trait Fallback {
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

#[cfg(test)]
mod tests {
    use super::{Values, with_verified_tls};

    #[test]
    fn tls_to_a_remote_database_is_verified_unless_the_url_sets_sslmode() {
        for (url, verified) in [
            ("postgres://u:p@db.internal/x", true),
            ("postgres://u:p@db.internal:5433/x?application_name=a", true),
            ("postgres://u:p@10.0.0.1/x", true),
            ("postgres://u:p@[2001:db8::1]/x", true),
            ("postgres://u:p@localhost.example/x", true),
            ("postgres://u:p@localhost/x?host=db.internal", true),
            ("postgres://u:p@localhost/x?hostaddr=10.0.0.1", true),
            ("postgres://u:p@db.internal/x?sslmode=disable", false),
            ("postgres://u:p@db.internal/x?ssl-mode=prefer", false),
            ("postgres://u:p@localhost/x", false),
            ("postgres://u:p@127.0.0.2/x", false),
            ("postgres://u:p@[::1]/x", false),
            ("postgres://u:p@%2Frun%2Fpostgresql/x", false),
            ("postgres://u:p@db.internal/x?host=/run/postgresql", false),
        ] {
            let rewritten = with_verified_tls(url).unwrap();
            assert_eq!(rewritten.contains("sslmode=verify-full"), verified, "{url}");
        }
        assert!(
            with_verified_tls("postgres://u:p@db.internal/x#y").unwrap().contains("?sslmode=verify-full")
        );
        assert_eq!(with_verified_tls("postgres://u:p#q@db.internal/x"), None);
    }

    #[test]
    fn a_server_is_local_only_by_its_listening_address_and_public_url() {
        for (listen, public_url, local) in [
            ("127.0.0.1:3000", None, true),
            ("[::1]:3000", None, true),
            ("0.0.0.0:3000", None, false),
            ("10.0.0.1:3000", Some("http://localhost:3000"), false),
            ("127.0.0.1:3000", Some("http://localhost:3000"), true),
            ("127.0.0.1:3000", Some("http://shop.localhost"), true),
            ("127.0.0.1:3000", Some("http://127.0.0.2/x"), true),
            ("127.0.0.1:3000", Some("http://[::1]:80"), true),
            ("127.0.0.1:3000", Some("https://shop.example"), false),
            ("127.0.0.1:3000", Some("https://localhost.example"), false),
        ] {
            let listen = listen.parse().unwrap();
            assert_eq!(Values::default().is_local(listen, public_url), local, "{listen} {public_url:?}");
        }
    }
}
