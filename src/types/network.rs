//! The keys of network addresses for rate limits.

use std::net::{IpAddr, Ipv6Addr};

/// The address under which a client is counted. A client with an IPv6 address has a whole /64 network (RFC 6177), so
/// all addresses of the network are counted together.
pub fn rate_limit_key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::rate_limit_key;

    #[test]
    fn addresses_of_one_network_are_counted_together() {
        for (address, key) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ] {
            assert_eq!(rate_limit_key(address.parse().unwrap()).to_string(), key);
        }
    }
}
