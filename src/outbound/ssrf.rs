//! Protection against server-side request forgery (SSRF, CWE-918).
//!
//! Admins choose the URLs of webhooks, so a URL could point to an address that only this server can reach. Private and
//! other special addresses are refused, except for the networks that the operator allows. An address in a URL is checked
//! before the request. A name is checked when the connection resolves it, so that a name that resolves differently a second
//! time (DNS rebinding) gains nothing.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

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
pub(super) struct AddressPolicy {
    special: Arc<[IpNet]>,
    /// Private networks that the operator allows.
    allowed: Arc<[IpNet]>,
}

impl AddressPolicy {
    /// Allows these private networks.
    pub(super) fn new(allowed: &[IpNet]) -> Self {
        let special = SPECIAL.iter().filter_map(|network| network.parse().ok()).collect();
        Self { special, allowed: allowed.into() }
    }

    /// Whether any private network is allowed.
    pub(super) fn allows_any(&self) -> bool {
        !self.allowed.is_empty()
    }

    /// Whether an address is in an allowed network.
    pub(super) fn is_allowed(&self, address: IpAddr) -> bool {
        let address = canonical(address);
        self.allowed.iter().any(|network| network.contains(&address))
    }

    /// Whether an address is on the public Internet, or in an allowed network.
    pub(super) fn is_permitted(&self, address: IpAddr) -> bool {
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
pub(super) struct Resolver {
    pub(super) policy: AddressPolicy,
    /// Whether only addresses in allowed networks are permitted.
    pub(super) only_allowed: bool,
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

#[cfg(test)]
mod tests {
    use super::AddressPolicy;

    /// Addresses, and whether they are permitted if only the network 10.1.0.0/16 is allowed.
    const ADDRESSES: &[(&str, bool)] = &[
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
    ];

    #[test]
    fn special_addresses_are_refused_unless_their_network_is_allowed() {
        let policy = AddressPolicy::new(&["10.1.0.0/16".parse().unwrap()]);
        for (address, is_permitted) in ADDRESSES {
            assert_eq!(policy.is_permitted(address.parse().unwrap()), *is_permitted, "{address}");
        }
    }
}
