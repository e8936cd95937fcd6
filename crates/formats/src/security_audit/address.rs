//! The forms in which audit logs write the address of a client.

use std::net::{IpAddr, Ipv6Addr};

/// What the text of an address field says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Client<'a> {
    /// What kind of thing `text` is.
    pub(super) kind: ClientKind,
    /// Address or host name, without brackets, port and zone.
    pub(super) text: &'a str,
    /// The port.
    pub(super) port: Option<u16>,
}

/// Whether the client is named by its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClientKind {
    Address,
    Host,
}

/// Reads an address field; `None` where it says nothing.
pub(super) fn parse(field: &str) -> Option<Client<'_>> {
    let field = field.trim();
    if matches!(field, "" | "-" | "<null>" | "null" | "[]") {
        return None;
    }
    if let Some((inside, rest)) = field.strip_prefix('[').and_then(|f| f.split_once(']')) {
        let port = rest.strip_prefix(':').and_then(port);
        if port.is_some() || rest.is_empty() {
            return Some(of(inside.trim(), port));
        }
    }
    if is_address(field) {
        return Some(of(field, None));
    }
    // The last colon may be the port's: of an IPv4 address, of an IPv6 address written in full, or of a host name.
    if let Some((left, right)) = field.rsplit_once(':')
        && let Some(port) = port(right)
        && (is_address(left) || !left.contains(':'))
    {
        return Some(of(left, Some(port)));
    }
    Some(of(field, None))
}

fn of(text: &str, port: Option<u16>) -> Client<'_> {
    if is_address(text) {
        // A zone is local to the machine that wrote the log.
        let text = text.split_once('%').map_or(text, |(address, _)| address);
        return Client { kind: ClientKind::Address, text, port };
    }
    Client { kind: ClientKind::Host, text, port }
}

fn is_address(text: &str) -> bool {
    match text.split_once('%') {
        Some((address, zone)) => address.parse::<Ipv6Addr>().is_ok() && !zone.is_empty(),
        None => text.parse::<IpAddr>().is_ok(),
    }
}

fn port(text: &str) -> Option<u16> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> String {
        parse(text).map_or("nothing".into(), |c| format!("{:?} {} {:?}", c.kind, c.text, c.port))
    }

    #[test]
    fn every_form() {
        let table = [
            ("10.11.12.13", "Address 10.11.12.13 None"),
            ("10.11.12.13:12345", "Address 10.11.12.13 Some(12345)"),
            ("[10.11.12.13]", "Address 10.11.12.13 None"),
            ("[10.11.12.13]:12345", "Address 10.11.12.13 Some(12345)"),
            ("::ffff:10.11.12.13", "Address ::ffff:10.11.12.13 None"),
            ("[::ffff:10.11.12.13]:12345", "Address ::ffff:10.11.12.13 Some(12345)"),
            ("2001:db8::abcd", "Address 2001:db8::abcd None"),
            ("[2001:db8::abcd]", "Address 2001:db8::abcd None"),
            ("[2001:db8::abcd]:12345", "Address 2001:db8::abcd Some(12345)"),
            ("2001:db8:0:0:0:0:0:1:443", "Address 2001:db8:0:0:0:0:0:1 Some(443)"),
            ("fe80::1%12", "Address fe80::1 None"),
            ("[fe80::1%eth0]:443", "Address fe80::1 Some(443)"),
            ("localhost", "Host localhost None"),
            ("localhost:12345", "Host localhost Some(12345)"),
            ("[localhost]:12345", "Host localhost Some(12345)"),
            ("cool.client.local", "Host cool.client.local None"),
            ("[cool.client.local]:12345", "Host cool.client.local Some(12345)"),
            ("cool.client.local:99999", "Host cool.client.local:99999 None"),
            ("[half", "Host [half None"),
            ("[a]b", "Host [a]b None"),
            ("", "nothing"),
            ("  ", "nothing"),
            ("<null>", "nothing"),
        ];
        for (text, expected) in table {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn addresses_come_back(address: IpAddr, with: u16) {
            let bare = address.to_string();
            prop_assert_eq!(shown(&bare), format!("Address {bare} None"));
            prop_assert_eq!(shown(&format!("[{bare}]:{with}")), format!("Address {bare} Some({with})"));
        }

        #[test]
        fn any_text_is_read(text in "\\PC*") {
            if let Some(client) = parse(&text) {
                prop_assert!(text.contains(client.text));
            }
        }
    }
}
