//! The HTTP client for webhooks, with protection against server-side request forgery (SSRF, CWE-918).
//!
//! Admins choose the URLs of webhooks, so a URL could point to an address that only this server can reach. Private and
//! other special addresses are refused, except for the networks that the operator allows. An address in a URL is checked
//! before the request. A name is checked when the connection resolves it, so that a name that resolves differently a second
//! time (DNS rebinding) gains nothing. Redirects are not followed, and every request has a timeout.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, redirect};
use url::{Host, Url};

use crate::config::BuildError;
use crate::config::WebhookConfig;
use crate::db::ensure_no_transaction;

/// The timeout of a connection attempt.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Networks that are not the public Internet: those that the special-purpose registries of IANA (RFC 6890) list as not
/// globally reachable, multicast, and IPv6 networks that embed IPv4 addresses. Of IPv6, only 2000::/3 is assigned
/// (RFC 4291 2.4). Everything else is special, such as `::ffff:0:0:0/96` (RFC 2765), `64:ff9b::/96` and
/// `64:ff9b:1::/48` (RFC 6052, 8215), `100::/64`, `100:0:0:1::/64`, `5f00::/16`, `fc00::/7`, `fe80::/10`, `fec0::/10` and
/// `ff00::/8`.
const SPECIAL: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/3",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "2620:4f:8000::/48",
    "3ffe::/16",
    "3fff::/20",
    "4000::/2",
    "8000::/1",
];

/// The addresses that requests may be sent to.
#[derive(Clone, Debug)]
struct AddressPolicy {
    special: Arc<[IpNet]>,
    /// Private networks that the operator allows.
    allowed: Arc<[IpNet]>,
}

impl AddressPolicy {
    fn new(allowed: &[IpNet]) -> Self {
        let special = SPECIAL.iter().filter_map(|network| network.parse().ok()).collect();
        Self { special, allowed: allowed.into() }
    }

    fn is_allowed(&self, address: IpAddr) -> bool {
        let address = canonical(address);
        self.allowed.iter().any(|network| network.contains(&address))
    }

    /// Whether an address is on the public Internet, or in an allowed network.
    fn is_permitted(&self, address: IpAddr) -> bool {
        let address = canonical(address);
        self.is_allowed(address) || !self.special.iter().any(|network| network.contains(&address))
    }
}

/// Converts IPv4-mapped IPv6 addresses to IPv4.
fn canonical(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) if address != Ipv6Addr::LOCALHOST => IpAddr::V6(address).to_canonical(),
        address => address,
    }
}

/// Resolves names to permitted addresses only.
struct Resolver {
    policy: AddressPolicy,
    /// Whether only addresses in allowed networks are permitted.
    only_allowed: bool,
}

/// A name resolves to private addresses only.
#[derive(Debug, thiserror::Error)]
#[error("the address is private; PATRON_WEBHOOK_NETWORKS would allow it")]
struct Private;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, only_allowed) = (self.policy.clone(), self.only_allowed);
        Box::pin(async move {
            let resolved = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let is_permitted = |address: &SocketAddr| match only_allowed {
                true => policy.is_allowed(address.ip()),
                false => policy.is_permitted(address.ip()),
            };
            let permitted: Vec<SocketAddr> = resolved.filter(is_permitted).collect();
            if permitted.is_empty() {
                return Err(Private.into());
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

/// A URL is not valid for a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is not a valid http:// or https:// URL.
    #[error("must be an https:// URL")]
    Invalid,
    /// It contains a user name or a password.
    #[error("must not hold credentials")]
    Credentials,
    /// It is not encrypted, and its host is not in an allowed network.
    #[error("must start with https://; http:// is for the networks of PATRON_WEBHOOK_NETWORKS")]
    Insecure,
    /// Its host is a private address.
    #[error("must not point to a private address")]
    Private,
}

/// The result of sending a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryResult {
    /// The receiver responded.
    Responded {
        /// The HTTP status.
        status: u16,
        /// The seconds of `Retry-After`; none if it is missing or a date.
        retry_after: Option<u32>,
    },
    /// There was no response; the text is the reason.
    Failed(String),
}

/// Sends webhooks.
#[derive(Debug)]
pub struct WebhookClient {
    policy: AddressPolicy,
    /// For `https://` URLs.
    https: Client,
    /// For `http://` URLs, which may only lead to allowed networks.
    plain: Client,
}

impl WebhookClient {
    /// Builds the client.
    ///
    /// # Errors
    /// If the system has no trusted certificates.
    pub fn new(config: &WebhookConfig) -> Result<Self, BuildError> {
        // A provider that is already installed is the same one.
        let _first = rustls::crypto::ring::default_provider().install_default();
        let policy = AddressPolicy::new(&config.networks);
        let client = |only_allowed: bool| {
            Client::builder()
                .user_agent(concat!("patron/", env!("CARGO_PKG_VERSION")))
                .redirect(redirect::Policy::none())
                .no_proxy()
                .https_only(!only_allowed)
                .connect_timeout(CONNECT_TIMEOUT)
                .timeout(config.timeout)
                .dns_resolver(Resolver { policy: policy.clone(), only_allowed })
                .build()
                .map_err(|error| BuildError::new("PATRON_WEBHOOK_TIMEOUT", &error))
        };
        Ok(Self { https: client(false)?, plain: client(true)?, policy })
    }

    /// Checks a URL without resolving its name.
    ///
    /// # Errors
    /// [`UrlError`] if the URL is not valid for a webhook, regardless of the addresses of its name.
    pub fn check(&self, text: &str) -> Result<Url, UrlError> {
        let url = Url::parse(text).map_err(|_| UrlError::Invalid)?;
        if !["https", "http"].contains(&url.scheme()) {
            return Err(UrlError::Invalid);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlError::Credentials);
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None,
            None => return Err(UrlError::Invalid),
        };
        // A name is checked when it is resolved.
        if address.is_some_and(|address| !self.policy.is_permitted(address)) {
            return Err(UrlError::Private);
        }
        let may_be_allowed =
            address.map_or(!self.policy.allowed.is_empty(), |address| self.policy.is_allowed(address));
        if url.scheme() == "http" && !may_be_allowed {
            return Err(UrlError::Insecure);
        }
        Ok(url)
    }

    /// Posts a JSON body. Of the response, only the status and `Retry-After` are read: its body may be endless.
    pub async fn post(&self, url: &str, headers: &[(&str, String)], body: String) -> DeliveryResult {
        debug_assert!(ensure_no_transaction("posting").is_ok(), "a webhook is sent in an open transaction");
        let url = match self.check(url) {
            Ok(url) => url,
            Err(error) => return DeliveryResult::Failed(format!("the URL {error}")),
        };
        let client = if url.scheme() == "http" { &self.plain } else { &self.https };
        let mut request = client.post(url).header(CONTENT_TYPE, "application/json").body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        match request.send().await {
            Ok(response) => {
                let retry_after = response.headers().get(RETRY_AFTER);
                let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
                DeliveryResult::Responded { status: response.status().as_u16(), retry_after }
            }
            Err(error) => DeliveryResult::Failed(reason(&error)),
        }
    }
}

/// Describes an error with its causes, outermost first. Omits the URL, which may contain a secret.
fn reason(error: &reqwest::Error) -> String {
    let outermost = match error {
        error if error.is_timeout() => "timed out",
        error if error.is_connect() => "can't connect",
        _ => "can't be sent",
    };
    let mut reason = outermost.to_owned();
    let mut cause = std::error::Error::source(error);
    // A chain of causes is short; the bound only guards against cycles.
    for _ in 0..8 {
        let Some(inner) = cause else { break };
        let text = inner.to_string();
        if !reason.contains(&text) {
            reason.push_str(&format!(": {text}"));
        }
        cause = inner.source();
    }
    reason
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{AddressPolicy, UrlError, WebhookClient};
    use crate::config::WebhookConfig;

    #[test]
    fn special_addresses_are_refused_unless_their_network_is_allowed() {
        let policy = AddressPolicy::new(&["10.1.0.0/16".parse().unwrap()]);
        for (address, is_permitted) in [
            ("93.184.216.34", true),
            ("2606:2800:220:1:248:1893:25c8:1946", true),
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("10.2.0.1", false),
            ("127.0.0.1", false),
            ("::1", false),
            ("::", false),
            ("0.0.0.0", false),
            ("::ffff:127.0.0.1", false),
            ("::127.0.0.1", false),
            ("169.254.169.254", false),
            ("172.31.255.255", false),
            ("192.168.0.1", false),
            ("100.64.0.1", false),
            ("198.18.0.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("fe80::1", false),
            ("fd00::1", false),
            ("64:ff9b::7f00:1", false),
            ("2002:7f00:1::", false),
            ("2001:db8::1", false),
            ("ff02::1", false),
            // One address of each entry of the registries, https://www.iana.org/assignments/iana-ipv4-special-registry and -ipv6-.
            ("10.255.255.255", false),
            ("100.127.255.255", false),
            ("192.0.0.8", false),
            ("192.0.0.170", false),
            ("192.0.2.1", false),
            ("192.31.196.1", false),
            ("192.52.193.1", false),
            ("192.88.99.1", false),
            ("192.175.48.1", false),
            ("198.19.255.255", false),
            ("198.51.100.1", false),
            ("203.0.113.1", false),
            ("240.0.0.1", false),
            ("::ffff:0:127.0.0.1", false),
            ("::ffff:0:10.0.0.1", false),
            ("64:ff9b::a00:1", false),
            ("64:ff9b:1::a00:1", false),
            ("100::1", false),
            ("100:0:0:1::1", false),
            ("2001::1", false),
            ("2001:0:4136:e378:8000:63bf:3fff:fdd2", false),
            ("2001:1::1", false),
            ("2001:2::1", false),
            ("2001:3::1", false),
            ("2001:4:112::1", false),
            ("2001:20::1", false),
            ("2001:30::1", false),
            ("2002:a00:1::1", false),
            ("2620:4f:8000::1", false),
            ("3fff::1", false),
            ("5f00::1", false),
            ("fc00::1", false),
            ("febf::1", false),
            ("fec0::1", false),
            ("2001:4860:4860::8888", true),
            ("2a00:1450:4001:82b::200e", true),
            ("2400:cb00::1", true),
            ("3000::1", true),
            ("9.255.255.255", true),
            ("100.63.255.255", true),
            ("100.128.0.1", true),
            ("172.15.255.255", true),
            ("172.32.0.1", true),
            ("192.167.255.255", true),
            ("198.20.0.1", true),
            ("223.255.255.255", true),
        ] {
            assert_eq!(policy.is_permitted(address.parse().unwrap()), is_permitted, "{address}");
        }
    }

    #[test]
    fn invalid_insecure_and_private_urls_are_refused() {
        let client_allowing = |networks: &[&str]| {
            let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
            WebhookClient::new(&WebhookConfig { networks, timeout: Duration::from_secs(1) }).unwrap()
        };
        let default = client_allowing(&[]);
        for (url, error) in [
            ("https://hooks.example.com/x?y=1", None),
            ("https://93.184.216.34:8443/", None),
            ("http://hooks.example.com/", Some(UrlError::Insecure)),
            ("ftp://hooks.example.com/", Some(UrlError::Invalid)),
            ("hooks.example.com", Some(UrlError::Invalid)),
            ("https://", Some(UrlError::Invalid)),
            ("https://user:secret@hooks.example.com/", Some(UrlError::Credentials)),
            ("https://127.0.0.1/", Some(UrlError::Private)),
            ("https://0x7f.1/", Some(UrlError::Private)),
            ("https://2130706433/", Some(UrlError::Private)),
            ("https://[::1]/", Some(UrlError::Private)),
            ("https://[::ffff:169.254.169.254]/latest", Some(UrlError::Private)),
        ] {
            assert_eq!(default.check(url).err(), error, "{url}");
        }
        let loopback_allowed = client_allowing(&["127.0.0.0/8"]);
        assert!(
            loopback_allowed.check("http://127.0.0.1:9000/").is_ok()
                && loopback_allowed.check("http://hooks.internal/").is_ok()
        );
        assert_eq!(loopback_allowed.check("http://93.184.216.34/").err(), Some(UrlError::Insecure));
        assert_eq!(loopback_allowed.check("http://10.0.0.1/").err(), Some(UrlError::Private));
    }
}
