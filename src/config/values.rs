//! From text to types, collecting every problem on the way.

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

/// What was set, and what was found wrong with it so far. Wiped when it is dropped: some are secret.
#[derive(Default)]
pub struct Values {
    values: BTreeMap<&'static str, (Zeroizing<String>, Option<String>)>,
    problems: Vec<SettingError>,
}

/// Without the values: some are secret.
impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

impl Values {
    /// Reads the environment, the file and the flags, in rising order.
    ///
    /// # Errors
    /// A file that can't be read, or that names what isn't a setting.
    pub fn gather(flags: &Flags) -> Result<Self, Vec<SettingError>> {
        let mut values = BTreeMap::new();
        for setting in SETTINGS {
            // An empty variable is how a shell or a compose file says "not set".
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

    /// Only what these flags say, whatever the environment says; for tests and the demo.
    pub fn only(flags: &Flags) -> Self {
        let mut values = Self::default();
        for (variable, value) in &flags.values {
            values.values.insert(*variable, (Zeroizing::new(value.clone()), None));
        }
        values
    }

    /// The config, or the problems that were found on the way to it.
    pub(in crate::config) fn finish<T>(self, config: T) -> Result<T, Vec<SettingError>> {
        if self.problems.is_empty() { Ok(config) } else { Err(self.problems) }
    }

    fn problem(&mut self, variable: &'static str, message: impl Into<String>) {
        let origin = self.values.get(variable).and_then(|(_, origin)| origin.clone());
        self.problems.push(SettingError { variable: variable.to_owned(), origin, message: message.into() });
    }

    fn given(&self, variable: &str) -> Option<&str> {
        self.values.get(variable).map(|(value, _)| value.as_str())
    }

    pub(in crate::config) fn sets(&self, variable: &str) -> bool {
        self.values.contains_key(variable)
    }

    pub(in crate::config) fn text(&self, variable: &'static str) -> String {
        let default = || SETTINGS.iter().find(|s| s.variable == variable)?.default;
        self.given(variable).or_else(default).unwrap_or_default().to_owned()
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

    pub(in crate::config) fn at_least(&mut self, variable: &'static str, least: u32) -> u32 {
        let number = self.parsed(variable, "a whole number");
        if number < least && !self.problems.iter().any(|p| p.variable == variable) {
            self.problem(variable, format!("must be at least {least}, but is {number}"));
        }
        number
    }

    pub(in crate::config) fn count(&mut self, variable: &'static str) -> NonZeroU32 {
        NonZeroU32::new(self.at_least(variable, 1)).unwrap_or(NonZeroU32::MIN)
    }

    pub(in crate::config) fn between(&mut self, variable: &'static str, least: u32, most: u32) -> u32 {
        let number = self.at_least(variable, least);
        if number > most {
            self.problem(variable, format!("must be at most {most}, but is {number}"));
        }
        number
    }

    pub(in crate::config) fn seconds(&mut self, variable: &'static str) -> Duration {
        Duration::from_secs(self.at_least(variable, 1).into())
    }

    /// Days; none for 0. Fewer than a week would be less than a webhook is tried.
    pub(in crate::config) fn retention(&mut self, variable: &'static str) -> Option<Duration> {
        let days = self.between(variable, 0, 36_500);
        if (1..7).contains(&days) {
            self.problem(variable, format!("must be at least 7, or 0 to keep everything, but is {days}"));
        }
        (days > 0).then(|| Duration::from_secs(u64::from(days) * 24 * 60 * 60))
    }

    /// None for 0.
    pub(in crate::config) fn milliseconds(&mut self, variable: &'static str) -> Option<Duration> {
        let number = self.at_least(variable, 0);
        (number > 0).then(|| Duration::from_millis(number.into()))
    }

    pub(in crate::config) fn address(
        &mut self,
        variable: &'static str,
        expected: &str,
    ) -> Option<SocketAddr> {
        self.given(variable)?;
        Some(self.parsed(variable, expected))
    }

    pub(in crate::config) fn threads(&mut self, variable: &'static str) -> NonZeroUsize {
        if self.given(variable).is_some() {
            let number = self.at_least(variable, 1) as usize;
            NonZeroUsize::new(number).unwrap_or(NonZeroUsize::MIN)
        } else {
            std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
        }
    }

    pub(in crate::config) fn url(&mut self, variable: &'static str) -> Option<String> {
        let url = self.given(variable)?.trim_end_matches('/').to_owned();
        if !url.starts_with("http://") && !url.starts_with("https://") {
            self.problem(variable, format!("`{url}` is not an http:// or https:// URL"));
        }
        Some(url)
    }

    /// Origins as browsers write them (RFC 6454 6.2): another spelling would never match.
    pub(in crate::config) fn origins(&mut self, variable: &'static str) -> Vec<String> {
        let origins: Vec<String> =
            self.text(variable).split(',').map(|origin| origin.trim().to_owned()).collect();
        let origins: Vec<String> = origins.into_iter().filter(|origin| !origin.is_empty()).collect();
        for origin in &origins {
            let web = Url::parse(origin).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
            match web.map(|url| url.origin().ascii_serialization()) {
                Some(right) if right == *origin => (),
                Some(right) => {
                    self.problem(variable, format!("`{origin}` is not an origin; perhaps `{right}`"))
                }
                None => {
                    let expected = "an origin such as https://shop.example.com";
                    self.problem(variable, format!("`{origin}` is not {expected}"));
                }
            }
        }
        origins
    }

    /// Networks, by CIDR (RFC 4632 3.1, RFC 4291 2.3); an address is a network of one.
    pub(in crate::config) fn networks(&mut self, variable: &'static str) -> Vec<IpNet> {
        let text = self.text(variable);
        let mut networks = Vec::new();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let one = || entry.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
            match entry.parse::<IpNet>().or_else(|_| one()) {
                Ok(network) if network.prefix_len() == 0 => {
                    self.problem(variable, format!("`{entry}` is every network; name those that are meant"));
                }
                // What is left of a typing mistake would be another network than is meant.
                Ok(network) if network.trunc() != network => {
                    let right = network.trunc();
                    self.problem(variable, format!("`{entry}` is not a network; perhaps `{right}`"));
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

    /// Whether only people at this machine reach the server: behind a proxy its public URL says otherwise.
    pub(in crate::config) fn is_local(&self, listen: SocketAddr, public_url: Option<&str>) -> bool {
        let is_here = |url: Url| url.host_str().is_some_and(is_this_machine);
        listen.ip().is_loopback() && public_url.is_none_or(|url| Url::parse(url).is_ok_and(is_here))
    }

    /// A switch whose third position is to be on for `local` servers alone.
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
        self.given(variable).filter(|secret| !secret.is_empty()).map(|secret| secret.to_owned().into())
    }

    pub(in crate::config) fn folder(&mut self, variable: &'static str) -> Option<PathBuf> {
        let folder = PathBuf::from(self.given(variable)?);
        if !folder.is_dir() {
            self.problem(variable, format!("`{}` is not a folder", folder.display()));
        }
        Some(folder)
    }

    /// The sender of mails; the mailer parses it.
    pub(in crate::config) fn sender(&self, variable: &'static str, public_url: Option<&str>) -> String {
        let host = public_url.and_then(|url| url.split("://").nth(1));
        let host = host.and_then(|rest| rest.split(['/', ':', '?']).next()).filter(|host| !host.is_empty());
        let default = || format!("no-reply@{}", host.unwrap_or("localhost"));
        self.given(variable).map_or_else(default, str::to_owned)
    }

    pub(in crate::config) fn database_url(&mut self, data_dir: &Path) -> SecretString {
        let default = format!("sqlite://{}", data_dir.join("patron.db").display());
        let url = self.given("DATABASE_URL").map_or(default, str::to_owned);
        // PostgreSQL's own name for the scheme; the driver knows the short one only.
        let url = match url.strip_prefix("postgresql://") {
            Some(rest) => format!("postgres://{rest}"),
            None => url,
        };
        if !["sqlite:", "postgres://"].iter().any(|scheme| url.starts_with(scheme)) {
            // The value isn't shown: it may hold a password.
            self.problem("DATABASE_URL", "must start with sqlite:// or postgres://");
        } else if url.contains(":memory:") || url.contains("mode=memory") {
            self.problem("DATABASE_URL", "must name a file: every connection would have a memory of its own");
        } else if url.starts_with("postgres:") {
            match with_verified_tls(&url) {
                Some(url) => return url.into(),
                None => {
                    let message = "is no URL; special characters in its password must be percent-encoded (# is %23, / is %2F)";
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
                format!("goes with {current}; `patron keys rotate` keeps that of a generated key"),
            );
        }
        SigningSecrets { current: self.signing_secret(current), previous: self.signing_secret(previous) }
    }

    pub(in crate::config) fn signing_secret(&mut self, variable: &'static str) -> Option<SecretString> {
        let secret = self.given(variable)?.to_owned();
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
        let (email, password) = (self.given("PATRON_ADMIN_EMAIL"), self.given("PATRON_ADMIN_PASSWORD"));
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

/// Whether a host's name or address leads to the machine itself, whoever answers for names.
fn is_this_machine(host: &str) -> bool {
    match host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// The URL of a PostgreSQL with TLS that is verified, unless the URL says how it shall be or the server is on this
/// machine: the driver's default, `prefer`, sends everything to whoever answers. None when it can't be read; the driver's
/// message would quote it, password and all.
fn with_verified_tls(text: &str) -> Option<String> {
    let mut url = Url::parse(text).ok()?;
    let options: PgConnectOptions = text.parse().ok()?;
    let host = options.get_host();
    let here = options.get_socket().is_some() || host.starts_with('/') || is_this_machine(host);
    if !here && !url.query_pairs().any(|(key, _)| key == "sslmode" || key == "ssl-mode") {
        url.query_pairs_mut().append_pair("sslmode", "verify-full");
    }
    Some(url.into())
}

/// What stands in for a value that can't be parsed, until the problem is reported.
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
    fn tls_to_a_database_elsewhere_is_verified_unless_the_url_says_otherwise() {
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
            let read = with_verified_tls(url).unwrap();
            assert_eq!(read.contains("sslmode=verify-full"), verified, "{url}");
        }
        assert!(
            with_verified_tls("postgres://u:p@db.internal/x#y").unwrap().contains("?sslmode=verify-full")
        );
        assert_eq!(with_verified_tls("postgres://u:p#q@db.internal/x"), None);
    }

    #[test]
    fn whom_a_server_is_for() {
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
