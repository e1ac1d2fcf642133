//! Settings of the front door: patron behind a proxy that sends it the routes of customers of a running EverShop.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::Values;
use super::values::on_or_off;

/// The secret of EverShop's session cookies if its configuration has none. It is published with EverShop's source.
const PUBLISHED_SECRET: &str = "keyboard cat";

/// How patron reads and writes the sessions of EverShop (`PATRON_COMPAT=evershop`).
#[derive(Debug)]
pub struct FrontDoorConfig {
    /// `PATRON_EVERSHOP_COOKIE_SECRET`: signs the session cookies.
    pub cookie_secret: SecretString,
    /// `PATRON_EVERSHOP_COOKIE_NAME`: the session cookie of the storefront.
    pub cookie_name: String,
    /// `PATRON_EVERSHOP_ADMIN_COOKIE_NAME`: the session cookie of EverShop's back office.
    pub admin_cookie_name: String,
    /// `PATRON_EVERSHOP_SESSION_LIFETIME`: from the login to the end of a session that is not used.
    pub session_lifetime: Duration,
    /// `PATRON_EVERSHOP_TIMEZONE`: the time zone in which EverShop stores the end of a session.
    pub time_zone: String,
}

impl FrontDoorConfig {
    pub(super) fn from_values(v: &mut Values) -> Option<Self> {
        if v.is_front_door() {
            return Some(Self::read(v));
        }
        let text = v.text("PATRON_COMPAT");
        if on_or_off(&text) != Some(false) {
            v.problem("PATRON_COMPAT", format!("`{text}` is not off or evershop"));
        }
        None
    }

    fn read(v: &mut Values) -> Self {
        let cookie_secret = v.secret("PATRON_EVERSHOP_COOKIE_SECRET");
        if cookie_secret.is_none() {
            let message = "is required by PATRON_COMPAT=evershop: set it to system.session.cookieSecret of EverShop's \
                configuration";
            v.problem("PATRON_EVERSHOP_COOKIE_SECRET", message);
        }
        let cookie_name = v.cookie_name("PATRON_EVERSHOP_COOKIE_NAME");
        let admin_cookie_name = v.cookie_name("PATRON_EVERSHOP_ADMIN_COOKIE_NAME");
        if cookie_name == admin_cookie_name {
            let message = "must differ from PATRON_EVERSHOP_COOKIE_NAME, as in EverShop";
            v.problem("PATRON_EVERSHOP_ADMIN_COOKIE_NAME", message);
        }
        let lifetime = v.between("PATRON_EVERSHOP_SESSION_LIFETIME", 60, 31_536_000);
        Self {
            cookie_secret: cookie_secret.unwrap_or_else(|| String::new().into()),
            cookie_name,
            admin_cookie_name,
            session_lifetime: Duration::from_secs(lifetime.into()),
            time_zone: v.text("PATRON_EVERSHOP_TIMEZONE"),
        }
    }

    /// Whether the secret of the cookies is the one that is published with EverShop's source.
    pub fn has_published_secret(&self) -> bool {
        self.cookie_secret.expose_secret() == PUBLISHED_SECRET
    }
}

impl Values {
    /// Whether patron is the front door of an EverShop.
    pub(super) fn is_front_door(&self) -> bool {
        self.text("PATRON_COMPAT").trim().eq_ignore_ascii_case("evershop")
    }

    /// Reads the name of a cookie: a token (RFC 6265 4.1.1).
    fn cookie_name(&mut self, variable: &'static str) -> String {
        let name = self.text(variable);
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$&'*+-.^_`|~".contains(c);
        if name.is_empty() || !name.chars().all(is_token) {
            self.problem(variable, format!("`{name}` is not a name of a cookie, such as sid"));
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Flags, Values};

    fn variables(settings: &[(&'static str, &str)]) -> Vec<String> {
        let flags = settings.iter().fold(Flags::default(), |flags, (name, value)| flags.with(name, *value));
        let problems = Config::from_values(Values::only(&flags)).err().unwrap_or_default();
        problems.into_iter().map(|problem| problem.variable).collect()
    }

    #[test]
    fn the_front_door_needs_a_secret_and_two_cookies() {
        let on = ("PATRON_COMPAT", "evershop");
        let secret = ("PATRON_EVERSHOP_COOKIE_SECRET", "a secret");
        let (name, admin) = ("PATRON_EVERSHOP_COOKIE_NAME", "PATRON_EVERSHOP_ADMIN_COOKIE_NAME");
        assert_eq!(variables(&[]), [""; 0]);
        assert_eq!(variables(&[on, secret]), [""; 0]);
        assert_eq!(variables(&[("PATRON_COMPAT", "False")]), [""; 0]);
        for word in ["shopify", "on"] {
            assert_eq!(variables(&[("PATRON_COMPAT", word)]), ["PATRON_COMPAT"], "{word}");
        }
        assert_eq!(variables(&[on]), ["PATRON_EVERSHOP_COOKIE_SECRET"]);
        assert_eq!(variables(&[on, secret, (name, "a b")]), [name]);
        assert_eq!(variables(&[on, secret, (name, "asid")]), [admin]);
        let lifetime = "PATRON_EVERSHOP_SESSION_LIFETIME";
        assert_eq!(variables(&[on, secret, (lifetime, "59")]), [lifetime]);
    }

    #[test]
    fn the_console_is_off_behind_the_front_door_unless_it_is_switched_on() {
        for (compat, console, expected) in [
            ("off", "auto", true),
            ("evershop", "auto", false),
            ("evershop", "on", true),
            ("off", "off", false),
        ] {
            let flags = Flags::default().with("PATRON_COMPAT", compat).with("PATRON_CONSOLE", console);
            let flags = flags.with("PATRON_EVERSHOP_COOKIE_SECRET", "keyboard cat");
            let config = Config::from_values(Values::only(&flags)).expect("valid settings");
            assert_eq!(config.server.console, expected, "{compat} {console}");
            let has_published_secret = config.front_door.map(|door| door.has_published_secret());
            assert_eq!(has_published_secret, (compat == "evershop").then_some(true));
        }
    }
}
