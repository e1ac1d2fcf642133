//! The network address of the client: the peer of the connection, or an address from the header of a trusted proxy.
//!
//! Each proxy appends the address of its own peer to the header, and a client can send a forged header. The entries are
//! therefore read from the last to the first. An entry is trusted as long as the host that appended it is a trusted
//! proxy. Without `PATRON_TRUSTED_PROXIES` the header is ignored.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::header::FORWARDED;
use axum::http::{Extensions, HeaderMap, HeaderName};

use crate::config::{ProxyHeader, ServerConfig};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client address of a request; `None` when the request did not arrive over a connection.
pub(crate) fn client_address(
    extensions: &Extensions,
    headers: &HeaderMap,
    config: &ServerConfig,
) -> Option<IpAddr> {
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(resolve_client(peer.ip(), headers, config))
}

/// The first address on the way from `peer` to the client that is not a trusted proxy. When an entry is not an address,
/// it is the address of the trusted proxy that appended the entry.
fn resolve_client(peer: IpAddr, headers: &HeaderMap, config: &ServerConfig) -> IpAddr {
    let mut address = peer.to_canonical();
    let is_trusted = |address| config.trusted_proxies.iter().any(|network| network.contains(&address));
    if !is_trusted(address) {
        return address;
    }
    let (name, parse): (_, fn(&str) -> Option<IpAddr>) = match config.proxy_header {
        ProxyHeader::XForwardedFor => (X_FORWARDED_FOR, node),
        ProxyHeader::Forwarded => (FORWARDED, forwarded_for),
    };
    // Headers with the same name form one list (RFC 9110 5.3). It is split at every comma, also inside quotation marks:
    // no address contains a comma, and an unclosed quotation mark from a client must not hide the entries of a proxy.
    let lines = headers.get_all(name);
    let entries = lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    for entry in entries {
        match std::str::from_utf8(entry).ok().and_then(parse) {
            Some(previous) => address = previous,
            None => break,
        }
        if !is_trusted(address) {
            break;
        }
    }
    address
}

/// The `for` address of an element of `Forwarded` (RFC 7239 4).
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut parameters = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    let value = value.trim();
    node(value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value))
}

/// An address with or without a port (RFC 7239 6); `None` for `unknown` and obfuscated identifiers.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = || text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    bare().or_else(with_port).or_else(bracketed).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::{ProxyHeader, resolve_client};
    use crate::config::{Config, Flags, Values};
    use axum::http::{HeaderMap, HeaderName};

    /// The client address when 10.0.0.0/8, 192.0.2.7 and 2001:db8::/32 are trusted proxies.
    fn resolve(header: ProxyHeader, peer: &str, lines: &[(&str, &str)]) -> String {
        let flags = Flags::default().with("PATRON_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7,2001:db8::/32");
        let mut config = Config::from_values(Values::only(&flags)).unwrap().server;
        config.proxy_header = header;
        let mut headers = HeaderMap::new();
        for (name, line) in lines {
            headers.append(HeaderName::try_from(*name).unwrap(), line.parse().unwrap());
        }
        resolve_client(peer.parse().unwrap(), &headers, &config).to_string()
    }

    #[test]
    fn x_forwarded_for_is_read_from_the_last_entry_to_the_first() {
        let header = ProxyHeader::XForwardedFor;
        for (peer, lines, client) in [
            // The header of a peer that is not trusted is ignored.
            ("203.0.113.9", &["198.51.100.1"][..], "203.0.113.9"),
            ("192.0.2.8", &["198.51.100.1"], "192.0.2.8"),
            // The header of a trusted peer is used; it may be missing.
            ("10.1.2.3", &[], "10.1.2.3"),
            ("10.1.2.3", &["198.51.100.1"], "198.51.100.1"),
            ("192.0.2.7", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:10.1.2.3", &["198.51.100.1"], "198.51.100.1"),
            ("2001:db8::5", &["2001:db9::1"], "2001:db9::1"),
            // Entries that a client forged come first, in the same header or in a separate one.
            ("10.1.2.3", &["1.2.3.4, 198.51.100.1"], "198.51.100.1"),
            ("10.1.2.3", &["1.2.3.4", "198.51.100.1"], "198.51.100.1"),
            ("10.1.2.3", &["10.9.9.9,1.2.3.4 , 198.51.100.1"], "198.51.100.1"),
            // Entries of trusted proxies are skipped, in any order.
            ("10.1.2.3", &["1.2.3.4, 198.51.100.1, 192.0.2.7,10.0.0.1"], "198.51.100.1"),
            ("10.1.2.3", &["1.2.3.4, 198.51.100.1", "192.0.2.7", "10.0.0.1"], "198.51.100.1"),
            ("10.1.2.3", &["10.0.0.9, 10.0.0.8"], "10.0.0.9"),
            // With ports, and in brackets.
            ("10.1.2.3", &["198.51.100.1:4711"], "198.51.100.1"),
            ("10.1.2.3", &["[2001:db9::1]:4711"], "2001:db9::1"),
            ("10.1.2.3", &["[2001:db9::1]"], "2001:db9::1"),
            ("10.1.2.3", &["::ffff:198.51.100.1"], "198.51.100.1"),
            // Reading ends at an entry that is not an address.
            ("10.1.2.3", &["1.2.3.4, unknown"], "10.1.2.3"),
            ("10.1.2.3", &["1.2.3.4, , 10.0.0.1"], "10.0.0.1"),
            ("10.1.2.3", &["1.2.3.4, 999.1.1.1, 10.0.0.1"], "10.0.0.1"),
            ("10.1.2.3", &[""], "10.1.2.3"),
        ] {
            let lines: Vec<(&str, &str)> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
            assert_eq!(resolve(header, peer, &lines), client, "{peer} {lines:?}");
        }
    }

    #[test]
    fn forwarded_is_read_from_the_last_entry_to_the_first() {
        let header = ProxyHeader::Forwarded;
        for (peer, line, client) in [
            ("203.0.113.9", "for=198.51.100.1", "203.0.113.9"),
            ("10.1.2.3", "for=198.51.100.1", "198.51.100.1"),
            ("10.1.2.3", "For=1.2.3.4, proto=https; FOR=\"198.51.100.1:80\";by=10.1.2.3", "198.51.100.1"),
            ("10.1.2.3", "for=1.2.3.4,for=\"[2001:db9::1]:4711\", for=192.0.2.7", "2001:db9::1"),
            ("10.1.2.3", "for=1.2.3.4, for=_hidden", "10.1.2.3"),
            ("10.1.2.3", "for=1.2.3.4, for=unknown, for=10.0.0.1", "10.0.0.1"),
            ("10.1.2.3", "for=1.2.3.4, proto=https", "10.1.2.3"),
            // A client sent an unclosed quotation mark.
            ("10.1.2.3", "for=\"1.2.3.4, for=198.51.100.1", "198.51.100.1"),
            ("10.1.2.3", "host=\"a;b, for=198.51.100.1", "198.51.100.1"),
        ] {
            assert_eq!(resolve(header, peer, &[("forwarded", line)]), client, "{peer} {line}");
        }
    }

    /// A proxy that sets one header may pass on the other one from the client.
    #[test]
    fn only_the_configured_header_is_read() {
        let lines =
            [("forwarded", "for=1.2.3.4"), ("x-forwarded-for", "198.51.100.1"), ("x-real-ip", "5.6.7.8")];
        assert_eq!(resolve(ProxyHeader::XForwardedFor, "10.1.2.3", &lines), "198.51.100.1");
        assert_eq!(resolve(ProxyHeader::Forwarded, "10.1.2.3", &lines), "1.2.3.4");
    }
}
