//! Posts to URLs that somebody else chose: within bounds, and never to where only this server gets to (server-side
//! request forgery, CWE-918). What a name resolves to is looked at when the connection is made, so that a name that
//! resolves to something else the second time gains nothing; redirects are not followed.

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
use crate::db::ensure_outside;

/// How long making a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// Networks that are not the Internet: what the special-purpose registries of IANA (RFC 6890) say is not globally
/// reachable, what is not for one receiver, and what leads to IPv4 addresses by itself. Of IPv6 only 2000::/3 is given
/// out (RFC 4291 2.4): whatever is outside of it is special, such as `::ffff:0:0:0/96` (RFC 2765), `64:ff9b::/96` and
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

/// Which addresses may be result to.
#[derive(Clone, Debug)]
struct AddressPolicy {
    special: Arc<[IpNet]>,
    /// Those of a private network that an operator names.
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

    /// Whether it is on the Internet, or allowed all the same.
    fn is_welcome(&self, address: IpAddr) -> bool {
        let address = canonical(address);
        self.is_allowed(address) || !self.special.iter().any(|network| network.contains(&address))
    }
}

/// IPv4 in IPv6 is IPv4.
fn canonical(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) if address != Ipv6Addr::LOCALHOST => IpAddr::V6(address).to_canonical(),
        address => address,
    }
}

/// Resolves names to addresses that are policy.
struct Resolver {
    policy: AddressPolicy,
    /// Only those that are allowed by name of their network.
    inside: bool,
}

/// A name has addresses, but none that may be result to.
#[derive(Debug, thiserror::Error)]
#[error("the address is private; PATRON_WEBHOOK_NETWORKS would allow it")]
struct Private;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, inside) = (self.policy.clone(), self.inside);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let policy = |address: &SocketAddr| match inside {
                true => policy.is_allowed(address.ip()),
                false => policy.is_welcome(address.ip()),
            };
            let found: Vec<SocketAddr> = found.filter(policy).collect();
            if found.is_empty() {
                return Err(Private.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Why a URL can't be result to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is no URL of the web.
    #[error("must be an https:// URL")]
    NoUrl,
    /// It holds a name or a password.
    #[error("must not hold credentials")]
    Credentials,
    /// Not encrypted, and not to a network that is allowed.
    #[error("must start with https://; http:// is for the networks of PATRON_WEBHOOK_NETWORKS")]
    Insecure,
    /// It leads to where only this server gets to.
    #[error("must not point to a private address")]
    Private,
}

/// What came of a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryResult {
    /// An answer, with its HTTP status and for how many seconds it asks to be left alone.
    Answered {
        /// The HTTP status.
        status: u16,
        /// `Retry-After`, when it is a number.
        retry_after: Option<u32>,
    },
    /// None, and why.
    Failed(String),
}

/// Posts.
#[derive(Debug)]
pub struct WebhookClient {
    policy: AddressPolicy,
    outside: Client,
    inside: Client,
}

impl WebhookClient {
    /// # Errors
    /// When there are no certificates to trust.
    pub fn new(config: &WebhookConfig) -> Result<Self, BuildError> {
        // A second one would be the same.
        let _first = rustls::crypto::ring::default_provider().install_default();
        let policy = AddressPolicy::new(&config.networks);
        let client = |inside: bool| {
            Client::builder()
                .user_agent(concat!("patron/", env!("CARGO_PKG_VERSION")))
                .redirect(redirect::Policy::none())
                .no_proxy()
                .https_only(!inside)
                .connect_timeout(CONNECT)
                .timeout(config.timeout)
                .dns_resolver(Resolver { policy: policy.clone(), inside })
                .build()
                .map_err(|error| BuildError::new("PATRON_WEBHOOK_TIMEOUT", &error))
        };
        Ok(Self { outside: client(false)?, inside: client(true)?, policy })
    }

    /// Looks at a URL before anything is sent there.
    ///
    /// # Errors
    /// When it can't be result to, whatever its name resolves to.
    pub fn check(&self, text: &str) -> Result<Url, UrlError> {
        let url = Url::parse(text).map_err(|_| UrlError::NoUrl)?;
        if !["https", "http"].contains(&url.scheme()) {
            return Err(UrlError::NoUrl);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlError::Credentials);
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None,
            None => return Err(UrlError::NoUrl),
        };
        // Names are looked at when they are resolved.
        if address.is_some_and(|address| !self.policy.is_welcome(address)) {
            return Err(UrlError::Private);
        }
        let inside =
            address.map_or(!self.policy.allowed.is_empty(), |address| self.policy.is_allowed(address));
        if url.scheme() == "http" && !inside {
            return Err(UrlError::Insecure);
        }
        Ok(url)
    }

    /// Posts a JSON body. What is answered is not read but for its status: it may be without end.
    pub async fn post(&self, url: &str, headers: &[(&str, String)], body: String) -> DeliveryResult {
        debug_assert!(ensure_outside("posting").is_ok(), "a webhook is result in an open transaction");
        let url = match self.check(url) {
            Ok(url) => url,
            Err(error) => return DeliveryResult::Failed(format!("the URL {error}")),
        };
        let client = if url.scheme() == "http" { &self.inside } else { &self.outside };
        let mut request = client.post(url).header(CONTENT_TYPE, "application/json").body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        match request.send().await {
            Ok(response) => {
                let retry_after = response.headers().get(RETRY_AFTER);
                let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
                DeliveryResult::Answered { status: response.status().as_u16(), retry_after }
            }
            Err(error) => DeliveryResult::Failed(reason(&error)),
        }
    }
}

/// What went wrong, from the outermost to the innermost cause, without the URL, which may hold a secret.
fn reason(error: &reqwest::Error) -> String {
    let outermost = match error {
        error if error.is_timeout() => "timed out",
        error if error.is_connect() => "can't connect",
        _ => "can't be sent",
    };
    let mut reason = outermost.to_owned();
    let mut cause = std::error::Error::source(error);
    // Bounded: a chain of causes is short.
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
    fn which_addresses_are_private() {
        let policy = AddressPolicy::new(&["10.1.0.0/16".parse().unwrap()]);
        for (address, is_welcome) in [
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
            // One of each of the registries, https://www.iana.org/assignments/iana-ipv4-special-registry and -ipv6-.
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
            assert_eq!(policy.is_welcome(address.parse().unwrap()), is_welcome, "{address}");
        }
    }

    #[test]
    fn which_urls_are_refused() {
        let webhook_client = |networks: &[&str]| {
            let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
            WebhookClient::new(&WebhookConfig { networks, timeout: Duration::from_secs(1) }).unwrap()
        };
        let closed = webhook_client(&[]);
        for (url, error) in [
            ("https://hooks.example.com/x?y=1", None),
            ("https://93.184.216.34:8443/", None),
            ("http://hooks.example.com/", Some(UrlError::Insecure)),
            ("ftp://hooks.example.com/", Some(UrlError::NoUrl)),
            ("hooks.example.com", Some(UrlError::NoUrl)),
            ("https://", Some(UrlError::NoUrl)),
            ("https://user:secret@hooks.example.com/", Some(UrlError::Credentials)),
            ("https://127.0.0.1/", Some(UrlError::Private)),
            ("https://0x7f.1/", Some(UrlError::Private)),
            ("https://2130706433/", Some(UrlError::Private)),
            ("https://[::1]/", Some(UrlError::Private)),
            ("https://[::ffff:169.254.169.254]/latest", Some(UrlError::Private)),
        ] {
            assert_eq!(closed.check(url).err(), error, "{url}");
        }
        let open = webhook_client(&["127.0.0.0/8"]);
        assert!(open.check("http://127.0.0.1:9000/").is_ok() && open.check("http://hooks.internal/").is_ok());
        assert_eq!(open.check("http://93.184.216.34/").err(), Some(UrlError::Insecure));
        assert_eq!(open.check("http://10.0.0.1/").err(), Some(UrlError::Private));
    }
}
