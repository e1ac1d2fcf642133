//! The HTTP client for webhooks. It sends only to the addresses that `ssrf.rs` permits, follows no redirects, and every
//! request has a timeout.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, redirect};
use url::{Host, Url};

use super::error_chain::with_causes;
use super::ssrf::{AddressPolicy, Resolver};
use crate::config::{BuildError, WebhookConfig};
use crate::db::ensure_no_transaction;
use crate::tls;

/// The timeout of a connection attempt.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

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
        tls::install_provider();
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
            address.map_or(self.policy.allows_any(), |address| self.policy.is_allowed(address));
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

/// Describes an error with its causes. Omits the URL, which may contain a secret.
fn reason(error: &reqwest::Error) -> String {
    let outermost = match error {
        error if error.is_timeout() => "timed out",
        error if error.is_connect() => "can't connect",
        _ => "can't be sent",
    };
    with_causes(outermost.to_owned(), error)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{UrlError, WebhookClient};
    use crate::config::WebhookConfig;

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
