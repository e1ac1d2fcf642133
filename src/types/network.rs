//! Network addresses, as they are counted.

use std::net::{IpAddr, Ipv6Addr};

/// What an address is counted as. Whoever has one IPv6 address has a /64 of them (RFC 6177), so these are counted
/// together.
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
        for (address, counted) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ] {
            assert_eq!(rate_limit_key(address.parse().unwrap()).to_string(), counted);
        }
    }
}
