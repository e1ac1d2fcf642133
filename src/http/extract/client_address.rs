//! Where a request came from: the peer of the connection, unless that is a trusted proxy, which knows better.
//!
//! Anybody can write the header in which proxies say so, and each proxy adds at its end whom it got the request from.
//! So it is read from its end: as long as the one who wrote an entry is trusted, the entry is believed.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::header::FORWARDED;
use axum::http::{Extensions, HeaderMap, HeaderName};

use crate::config::{ProxyHeader, ServerConfig};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Where this request came from; none when it didn't come over a connection.
pub(crate) fn client_address(
    extensions: &Extensions,
    headers: &HeaderMap,
    config: &ServerConfig,
) -> Option<IpAddr> {
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(behind_proxies(peer.ip(), headers, config))
}

/// The last address on the way from `peer` back to the client that comes from a trusted one. It is that of the last
/// trusted proxy when it got the request from somebody whom it doesn't name by an address.
fn behind_proxies(peer: IpAddr, headers: &HeaderMap, config: &ServerConfig) -> IpAddr {
    let mut address = peer.to_canonical();
    let is_trusted = |address| config.trusted_proxies.iter().any(|network| network.contains(&address));
    if !is_trusted(address) {
        return address;
    }
    let (name, parse): (_, fn(&str) -> Option<IpAddr>) = match config.proxy_header {
        ProxyHeader::XForwardedFor => (X_FORWARDED_FOR, node),
        ProxyHeader::Forwarded => (FORWARDED, forwarded_for),
    };
    // Lines of the same name are one list (RFC 9110 5.3). It is cut at every comma, in quotation marks as well: no
    // address has one, and a quotation mark that a client left open must not swallow what a proxy added.
    let lines = headers.get_all(name);
    let entries = lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    for entry in entries {
        match std::str::from_utf8(entry).ok().and_then(parse) {
            Some(before) => address = before,
            None => break,
        }
        if !is_trusted(address) {
            break;
        }
    }
    address
}

/// Whom an element of `Forwarded` names as the client (RFC 7239 4).
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut parameters = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    let value = value.trim();
    node(value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value))
}

/// An address, with a port or without (RFC 7239 6). None for those that want to stay unknown.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = || text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    bare().or_else(with_port).or_else(bracketed).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::{ProxyHeader, behind_proxies};
    use crate::config::{Config, Flags, Values};
    use axum::http::{HeaderMap, HeaderName};

    /// Where a request seems to come from when 10.0.0.0/8, 192.0.2.7 and 2001:db8::/32 are trusted.
    fn seen(header: ProxyHeader, peer: &str, lines: &[(&str, &str)]) -> String {
        let flags = Flags::default().with("PATRON_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7,2001:db8::/32");
        let mut config = Config::from_values(Values::only(&flags)).unwrap().server;
        config.proxy_header = header;
        let mut headers = HeaderMap::new();
        for (name, line) in lines {
            headers.append(HeaderName::try_from(*name).unwrap(), line.parse().unwrap());
        }
        behind_proxies(peer.parse().unwrap(), &headers, &config).to_string()
    }

    #[test]
    fn x_forwarded_for_is_walked_from_the_right() {
        let header = ProxyHeader::XForwardedFor;
        for (peer, lines, client) in [
            // Nobody is believed that isn't trusted.
            ("203.0.113.9", &["198.51.100.1"][..], "203.0.113.9"),
            ("192.0.2.8", &["198.51.100.1"], "192.0.2.8"),
            // A trusted one is, also without a word.
            ("10.1.2.3", &[], "10.1.2.3"),
            ("10.1.2.3", &["198.51.100.1"], "198.51.100.1"),
            ("192.0.2.7", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:10.1.2.3", &["198.51.100.1"], "198.51.100.1"),
            ("2001:db8::5", &["2001:db9::1"], "2001:db9::1"),
            // What a client made up stands on the left, in the same line or one of its own.
            ("10.1.2.3", &["1.2.3.4, 198.51.100.1"], "198.51.100.1"),
            ("10.1.2.3", &["1.2.3.4", "198.51.100.1"], "198.51.100.1"),
            ("10.1.2.3", &["10.9.9.9,1.2.3.4 , 198.51.100.1"], "198.51.100.1"),
            // Past those that are trusted, in whatever order.
            ("10.1.2.3", &["1.2.3.4, 198.51.100.1, 192.0.2.7,10.0.0.1"], "198.51.100.1"),
            ("10.1.2.3", &["1.2.3.4, 198.51.100.1", "192.0.2.7", "10.0.0.1"], "198.51.100.1"),
            ("10.1.2.3", &["10.0.0.9, 10.0.0.8"], "10.0.0.9"),
            // With ports, and in brackets.
            ("10.1.2.3", &["198.51.100.1:4711"], "198.51.100.1"),
            ("10.1.2.3", &["[2001:db9::1]:4711"], "2001:db9::1"),
            ("10.1.2.3", &["[2001:db9::1]"], "2001:db9::1"),
            ("10.1.2.3", &["::ffff:198.51.100.1"], "198.51.100.1"),
            // What is no address ends the walk where it is.
            ("10.1.2.3", &["1.2.3.4, unknown"], "10.1.2.3"),
            ("10.1.2.3", &["1.2.3.4, , 10.0.0.1"], "10.0.0.1"),
            ("10.1.2.3", &["1.2.3.4, 999.1.1.1, 10.0.0.1"], "10.0.0.1"),
            ("10.1.2.3", &[""], "10.1.2.3"),
        ] {
            let lines: Vec<(&str, &str)> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
            assert_eq!(seen(header, peer, &lines), client, "{peer} {lines:?}");
        }
    }

    #[test]
    fn forwarded_is_walked_from_the_right() {
        let header = ProxyHeader::Forwarded;
        for (peer, line, client) in [
            ("203.0.113.9", "for=198.51.100.1", "203.0.113.9"),
            ("10.1.2.3", "for=198.51.100.1", "198.51.100.1"),
            ("10.1.2.3", "For=1.2.3.4, proto=https; FOR=\"198.51.100.1:80\";by=10.1.2.3", "198.51.100.1"),
            ("10.1.2.3", "for=1.2.3.4,for=\"[2001:db9::1]:4711\", for=192.0.2.7", "2001:db9::1"),
            ("10.1.2.3", "for=1.2.3.4, for=_hidden", "10.1.2.3"),
            ("10.1.2.3", "for=1.2.3.4, for=unknown, for=10.0.0.1", "10.0.0.1"),
            ("10.1.2.3", "for=1.2.3.4, proto=https", "10.1.2.3"),
            // A client's quotation mark that never ends.
            ("10.1.2.3", "for=\"1.2.3.4, for=198.51.100.1", "198.51.100.1"),
            ("10.1.2.3", "host=\"a;b, for=198.51.100.1", "198.51.100.1"),
        ] {
            assert_eq!(seen(header, peer, &[("forwarded", line)]), client, "{peer} {line}");
        }
    }

    /// A proxy that writes one of them lets the other through.
    #[test]
    fn the_other_header_is_not_read() {
        let lines =
            [("forwarded", "for=1.2.3.4"), ("x-forwarded-for", "198.51.100.1"), ("x-real-ip", "5.6.7.8")];
        assert_eq!(seen(ProxyHeader::XForwardedFor, "10.1.2.3", &lines), "198.51.100.1");
        assert_eq!(seen(ProxyHeader::Forwarded, "10.1.2.3", &lines), "1.2.3.4");
    }
}
