//! Settings of the server: where it listens, which clients and proxies it trusts, and how it stops.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;
use url::Url;

use super::Values;

/// How the server listens and stops.
#[derive(Debug)]
pub struct ServerConfig {
    /// `PATRON_LISTEN`: the address of the API.
    pub listen: SocketAddr,
    /// `PATRON_PUBLIC_URL`, without a trailing slash.
    pub public_url: Option<String>,
    /// `PATRON_HSTS_SUBDOMAINS`: whether `Strict-Transport-Security` includes the subdomains of `public_url`.
    pub hsts_subdomains: bool,
    /// `PATRON_CORS_ORIGINS`: the origins whose pages may call the API, as browsers write them.
    pub cors_origins: Vec<String>,
    /// `PATRON_TRUSTED_PROXIES`: the networks of proxies whose `proxy_header` is trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// `PATRON_PROXY_HEADER`: the header in which proxies report the client's address.
    pub proxy_header: ProxyHeader,
    /// `PATRON_REQUEST_TIMEOUT`: a request that takes longer fails with 503.
    pub request_timeout: Duration,
    /// `PATRON_DRAIN`: how long requests are still served after SIGTERM, while readiness fails; zero disables it.
    pub drain: Duration,
    /// `PATRON_SHUTDOWN_TIMEOUT`: how long running requests may take to finish after that.
    pub shutdown_timeout: Duration,
    /// `PATRON_REQUIRE_IF_MATCH`: whether changes require the header `If-Match`.
    pub require_if_match: bool,
    /// `PATRON_CONSOLE`: whether the console is served.
    pub console: bool,
    /// `PATRON_PLAYGROUND`: whether the playground is served.
    pub playground: bool,
    /// `PATRON_REFERENCE`: whether the reference of the REST API is served.
    pub reference: bool,
}

/// The header in which proxies report the client's address. Only one header is read: a proxy writes one of the two, and
/// forwards the other as the client wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyHeader {
    /// `X-Forwarded-For`, which is not standardized but widely used.
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl ServerConfig {
    pub(super) fn from_values(
        v: &mut Values,
        listen: SocketAddr,
        public_url: Option<String>,
        local: bool,
    ) -> Self {
        let has_own_paths = !v.is_front_door();
        Self {
            listen,
            public_url,
            hsts_subdomains: v.switch("PATRON_HSTS_SUBDOMAINS"),
            cors_origins: v.origins("PATRON_CORS_ORIGINS"),
            trusted_proxies: v.networks("PATRON_TRUSTED_PROXIES"),
            proxy_header: v.proxy_header("PATRON_PROXY_HEADER"),
            request_timeout: v.seconds("PATRON_REQUEST_TIMEOUT"),
            drain: Duration::from_secs(v.between("PATRON_DRAIN", 0, 600).into()),
            shutdown_timeout: v.seconds("PATRON_SHUTDOWN_TIMEOUT"),
            require_if_match: v.switch("PATRON_REQUIRE_IF_MATCH"),
            // It gives nothing without an admin's login, so auto is on everywhere but behind the front door: there the
            // paths below /admin are EverShop's.
            console: v.switch_or_local("PATRON_CONSOLE", has_own_paths),
            playground: v.switch_or_local("PATRON_PLAYGROUND", local),
            reference: v.switch("PATRON_REFERENCE"),
        }
    }

    /// The URL of a server that listens on `bound`: `PATRON_PUBLIC_URL`, or a URL for clients on this machine.
    pub fn url(&self, bound: SocketAddr) -> String {
        self.public_url.clone().unwrap_or_else(|| Self::local_url(bound))
    }

    /// A URL for clients on this machine of a server that listens on `bound`.
    pub fn local_url(bound: SocketAddr) -> String {
        match bound.ip() {
            ip if ip.is_unspecified() => format!("http://localhost:{}", bound.port()),
            _ => format!("http://{bound}"),
        }
    }

    /// The value of `Strict-Transport-Security` (RFC 6797 6.1), valid for one year from each response; none if the public
    /// URL is not https.
    pub fn transport_security(&self) -> Option<&'static str> {
        self.public_url.as_ref().filter(|url| url.starts_with("https://"))?;
        Some(if self.hsts_subdomains { "max-age=31536000; includeSubDomains" } else { "max-age=31536000" })
    }
}

impl Values {
    /// Reads the URL that links in mails begin with.
    pub(super) fn public_url(&mut self, variable: &'static str) -> Option<String> {
        let text = self.url(variable)?;
        let has_more = |url: Url| {
            let has_user = !url.username().is_empty() || url.password().is_some();
            has_user || url.query().is_some() || url.fragment().is_some()
        };
        if Url::parse(&text).is_ok_and(has_more) {
            self.problem(
                variable,
                "must be a URL without a user, a query and a fragment, such as https://accounts.example.com",
            );
        }
        Some(text)
    }

    /// Reads origins as browsers write them (RFC 6454 6.2): another spelling never matches.
    fn origins(&mut self, variable: &'static str) -> Vec<String> {
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

    fn proxy_header(&mut self, variable: &'static str) -> ProxyHeader {
        match self.text(variable).to_ascii_lowercase().as_str() {
            "x-forwarded-for" => ProxyHeader::XForwardedFor,
            "forwarded" => ProxyHeader::Forwarded,
            other => {
                self.problem(variable, format!("`{other}` is not x-forwarded-for or forwarded"));
                ProxyHeader::XForwardedFor
            }
        }
    }
}

/// Whether the server can only be reached from this machine. Behind a local proxy, the public URL decides.
pub(super) fn is_local(listen: SocketAddr, public_url: Option<&str>) -> bool {
    let is_local_host = |url: Url| url.host_str().is_some_and(is_this_machine);
    listen.ip().is_loopback() && public_url.is_none_or(|url| Url::parse(url).is_ok_and(is_local_host))
}

/// Whether a host is this machine by its name or address alone, without DNS.
pub(super) fn is_this_machine(host: &str) -> bool {
    match host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::is_local;

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
            assert_eq!(is_local(listen, public_url), local, "{listen} {public_url:?}");
        }
    }
}
