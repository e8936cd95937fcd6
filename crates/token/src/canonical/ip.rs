//! IP addresses and their networks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::fold::is_blank;

/// Prefix lengths of the networks that tokens are made of.
const V4_PREFIX: u8 = 24;
const V6_PREFIX: u8 = 48;

/// Reads an address: IPv4, IPv6 in any spelling, IPv4-mapped IPv6 (which is the IPv4 address); in brackets or not, its
/// zone dropped.
pub fn parse(text: &str) -> Option<IpAddr> {
    let text = text.trim_matches(is_blank);
    match text.strip_prefix('[') {
        Some(rest) => bare(rest.strip_suffix(']')?).filter(|_| rest.contains(':')),
        None => bare(text),
    }
}

/// Reads an address that a port may follow: `192.0.2.1:443`, `[2001:db8::1]:443`, or either without a port.
pub fn parse_endpoint(text: &str) -> Option<(IpAddr, Option<u16>)> {
    let text = text.trim_matches(is_blank);
    if let Some(address) = parse(text) {
        return Some((address, None));
    }
    let (host, port) = text.rsplit_once(':')?;
    let port = port.bytes().all(|b| b.is_ascii_digit()).then(|| port.parse().ok())??;
    let address = match host.strip_prefix('[') {
        Some(_) => parse(host)?,
        None => IpAddr::V4(host.parse().ok()?),
    };
    Some((address, Some(port)))
}

fn bare(text: &str) -> Option<IpAddr> {
    // Most fields that hold something else are told by their first character.
    if !text.bytes().next().is_some_and(|b| b.is_ascii_hexdigit() || b == b':') {
        return None;
    }
    if let Ok(v4) = text.parse::<Ipv4Addr>() {
        return Some(IpAddr::V4(v4));
    }
    let address = match text.split_once('%') {
        Some((address, zone)) if !zone.is_empty() && !zone.contains(is_blank) => address,
        Some(_) => return None,
        None => text,
    };
    address.parse::<Ipv6Addr>().ok().map(|v6| IpAddr::V6(v6).to_canonical())
}

/// The 16 bytes of an address: IPv6, or IPv4 mapped to it.
pub fn canonical(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

/// The network of an address, /24 or /48: its 16 bytes with the host part zero, then the prefix length.
pub fn network(address: IpAddr) -> [u8; 17] {
    let (zeroed, prefix) = match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            (canonical(IpAddr::V4(Ipv4Addr::new(a, b, c, 0))), V4_PREFIX)
        }
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            (Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).octets(), V6_PREFIX)
        }
    };
    let mut out = [0; 17];
    let [address @ .., last] = &mut out;
    *address = zeroed;
    *last = prefix;
    out
}

/// Reads the network of an address, or a network with its own prefix: `192.0.2.0/24`, `2001:db8::/48`.
pub(super) fn parse_network(text: &str) -> Option<[u8; 17]> {
    match text.rsplit_once('/') {
        None => parse_endpoint(text).map(|(address, _)| network(address)),
        Some((address, prefix)) => {
            let address = parse(address)?;
            let expected = if address.is_ipv4() { V4_PREFIX } else { V6_PREFIX };
            (prefix.trim_end_matches(is_blank) == expected.to_string()).then(|| network(address))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_in_every_spelling() {
        let v6: IpAddr = "2001:db8::1".parse().unwrap();
        for text in
            ["2001:db8::1", "2001:0DB8:0:0:0:0:0:1", "[2001:db8::1]", "2001:db8::0001%eth0", " [2001:DB8::1%3] "]
        {
            assert_eq!(parse(text), Some(v6), "{text}");
        }
        let v4: IpAddr = "192.0.2.7".parse().unwrap();
        for text in ["192.0.2.7", "::ffff:192.0.2.7", "::FFFF:c000:0207", "[::ffff:192.0.2.7]"] {
            assert_eq!(parse(text), Some(v4), "{text}");
        }
        let none = [
            "",
            "-",
            "192.0.2",
            "192.0.2.07",
            "192.0.2.7.",
            "[192.0.2.7]",
            "1",
            "::g",
            "fe80::1%",
            "[::1",
            "::1]",
            "a b",
        ];
        for text in none {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn endpoints_have_ports() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(parse_endpoint("192.0.2.7:65535"), Some((ip("192.0.2.7"), Some(65535))));
        assert_eq!(parse_endpoint("[::ffff:192.0.2.7]:80"), Some((ip("192.0.2.7"), Some(80))));
        assert_eq!(parse_endpoint("[fe80::1%eth0]:0"), Some((ip("fe80::1"), Some(0))));
        assert_eq!(parse_endpoint("::1"), Some((ip("::1"), None)));
        for text in ["192.0.2.7:", "192.0.2.7:65536", "192.0.2.7:+1", "[::1]:", "[::1]80", "host:80", "[192.0.2.7]:80"]
        {
            assert_eq!(parse_endpoint(text), None, "{text}");
        }
    }

    #[test]
    fn networks_cut_the_host_part() {
        let net = |text: &str| network(text.parse().unwrap());
        assert_eq!(net("192.0.2.7"), net("::ffff:192.0.2.255"));
        assert_ne!(net("192.0.2.7"), net("192.0.3.7"));
        assert_eq!(net("2001:db8:1:2::3"), net("2001:db8:1:ffff::"));
        assert_ne!(net("2001:db8:1::"), net("2001:db8:2::"));
        assert_eq!(parse_network("192.0.2.0/24"), Some(net("192.0.2.9")));
        assert_eq!(parse_network("2001:db8:1::/48"), Some(net("2001:db8:1::9")));
        assert_eq!(parse_network("192.0.2.0/25"), None);
    }

    proptest! {
        #[test]
        fn addresses_round_trip(bits: u128) {
            let v6 = Ipv6Addr::from_bits(bits);
            prop_assert_eq!(parse(&v6.to_string()), Some(IpAddr::V6(v6).to_canonical()));
            prop_assert_eq!(parse_endpoint(&format!("[{v6}]:9")), Some((IpAddr::V6(v6).to_canonical(), Some(9))));
        }

        #[test]
        fn any_text_is_read(text in "\\PC*|[0-9a-f:.%\\[\\]]{0,30}") {
            let _ = (parse(&text), parse_endpoint(&text), parse_network(&text));
        }
    }
}
