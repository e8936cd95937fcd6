//! Clear columns that are derived from a field. Each is of a closed set of values, so that none can carry a name.

use std::net::IpAddr;

use scopelog_catalog::Feature;
use scopelog_token::canonical::ip;

use crate::cells::Cell;
use crate::token_field::{first_address, is_machine};

/// Values of `<field>_path_class`.
pub(crate) const PATH_CLASSES: &[&str] = &["system", "program", "user", "temp", "network", "web", "other"];
/// Values of `<field>_ip_class`.
pub(crate) const IP_CLASSES: &[&str] = &["private", "public", "loopback", "link_local", "multicast", "other"];

/// The derived value of a raw one; `None` where there is none.
pub(crate) fn cell(feature: Feature, raw: &str) -> Option<Cell> {
    match feature {
        Feature::IsMachineAccount => Some(Cell::Bool(is_machine(raw))),
        Feature::Extension => extension(raw).map(Cell::Known),
        Feature::PathClass => Some(Cell::Known(path_class(raw))),
        Feature::IpClass => {
            ip::parse_endpoint(first_address(raw).unwrap_or(raw)).map(|(address, _)| Cell::Known(ip_class(address)))
        }
        Feature::Length => Some(Cell::Int(i64::try_from(raw.chars().count()).unwrap_or(i64::MAX))),
    }
}

/// Extensions that programs give. Others stay hidden: in `/john.doe` the extension is a surname.
const EXTENSIONS: &[&str] = &[
    "7z", "accdb", "ascx", "ashx", "asmx", "asp", "aspx", "avi", "axd", "bak", "bash", "bat", "bin", "bmp", "bz2", "c",
    "cab", "cer", "cfg", "cfm", "cgi", "chm", "class", "cmd", "com", "conf", "config", "cpl", "cpp", "crt", "cs",
    "cshtml", "css", "csv", "dat", "db", "deb", "dll", "dmg", "dmp", "doc", "docm", "docx", "dotm", "eml", "env",
    "eot", "evtx", "exe", "flv", "gif", "git", "gz", "h", "hta", "htm", "html", "ico", "inc", "inf", "ini", "iso",
    "jar", "java", "jpeg", "jpg", "js", "json", "jsp", "jspx", "jsx", "key", "ldf", "lnk", "lock", "log", "lua",
    "m3u8", "map", "md", "mdb", "mdf", "mht", "mov", "mp3", "mp4", "msg", "msi", "mui", "nsf", "ocx", "odt", "ogg",
    "old", "one", "ost", "otf", "p12", "pcap", "pdf", "pem", "pfx", "php", "php5", "phtml", "pif", "pl", "png", "pps",
    "ppt", "pptx", "ps1", "psd", "psm1", "pst", "py", "rar", "rb", "reg", "rpm", "rss", "rtf", "scr", "sh", "shtml",
    "sln", "so", "soap", "sql", "sqlite", "svc", "svg", "swf", "swp", "sys", "tar", "temp", "tgz", "tif", "tiff",
    "tmp", "ts", "ttf", "txt", "url", "vb", "vbs", "vhd", "vhdx", "vmdk", "war", "wasm", "wav", "webm", "webp", "wmv",
    "woff", "woff2", "wsdl", "wsf", "xap", "xhtml", "xls", "xlsm", "xlsx", "xml", "xps", "xsd", "xsl", "xslt", "xz",
    "yaml", "yml", "zip", "zst",
];

/// The file extension of a path or URL, in the spelling of the list.
pub(crate) fn extension(raw: &str) -> Option<&'static str> {
    let path = raw.split(['?', '#']).next().unwrap_or_default();
    let file = path.rsplit(['/', '\\']).next().unwrap_or_default();
    known_extension(file.rsplit_once('.')?.1)
}

/// The extension of that name, if it is one that programs give.
pub(crate) fn known_extension(word: &str) -> Option<&'static str> {
    if word.len() > 8 || !word.is_ascii() {
        return None;
    }
    let lower = word.to_ascii_lowercase();
    EXTENSIONS.binary_search(&lower.as_str()).ok().and_then(|at| EXTENSIONS.get(at)).copied()
}

fn path_class(raw: &str) -> &'static str {
    let path = raw.to_ascii_lowercase().replace('\\', "/");
    let has = |part: &str| path.contains(part);
    let begins = |part: &str| path.starts_with(part);
    match () {
        () if begins("http://") || begins("https://") => "web",
        () if begins("//") && !begins("//?/") && !begins("//./") => "network",
        () if has("/temp/") || has("/tmp/") || begins("%temp%") => "temp",
        () if has(":/windows/")
            || begins("/bin/")
            || begins("/sbin/")
            || begins("/usr/")
            || begins("/etc/")
            || begins("/lib") =>
        {
            "system"
        }
        () if has(":/program files") || has(":/programdata/") || begins("/opt/") => "program",
        () if has("/users/") || begins("/home/") || begins("/root/") || has("/documents and settings/") => "user",
        () => "other",
    }
}

fn ip_class(address: IpAddr) -> &'static str {
    let shared = |a: u8, b: u8| a == 100 && (64..128).contains(&b);
    match address.to_canonical() {
        a if a.is_loopback() => "loopback",
        a if a.is_multicast() => "multicast",
        IpAddr::V4(a) if a.is_link_local() => "link_local",
        IpAddr::V4(a) if a.is_private() => "private",
        IpAddr::V4(a) if a.is_unspecified() || a.is_broadcast() || a.is_documentation() => "other",
        IpAddr::V4(a) => match a.octets() {
            [a, b, ..] if shared(a, b) => "private",
            [0 | 240..=255, ..] => "other",
            _ => "public",
        },
        IpAddr::V6(a) if a.is_unicast_link_local() => "link_local",
        IpAddr::V6(a) if a.is_unique_local() => "private",
        IpAddr::V6(a) => match a.segments() {
            [0x2001, 0x0db8, ..] => "other",
            [0x2000..=0x3fff, ..] => "public",
            _ => "other",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_of_the_list() {
        assert!(EXTENSIONS.is_sorted());
        for (raw, expected) in [
            ("/a/b.ASPX?x=y.exe", Some("aspx")),
            ("C:\\x\\evil.ps1", Some("ps1")),
            ("/john.doe", None),
            ("/a.b/c", None),
            ("none", None),
            ("/x.toolongforit", None),
        ] {
            assert_eq!(extension(raw), expected, "{raw}");
        }
    }

    #[test]
    fn addresses_have_classes() {
        for (raw, expected) in [
            ("10.1.2.3", "private"),
            ("172.31.0.1:80", "private"),
            ("8.8.8.8", "public"),
            ("127.0.0.9", "loopback"),
            ("::1", "loopback"),
            ("169.254.1.1", "link_local"),
            ("fe80::1%eth0", "link_local"),
            ("224.0.0.1", "multicast"),
            ("fd00::1", "private"),
            ("2a00:1450::1", "public"),
            ("::ffff:10.0.0.1", "private"),
            ("0.0.0.0", "other"),
            ("203.0.114.9, 10.0.0.1", "public"),
        ] {
            assert_eq!(cell(Feature::IpClass, raw), Some(Cell::Known(expected)), "{raw}");
        }
        assert_eq!(cell(Feature::IpClass, "host.example.org"), None);
    }

    #[test]
    fn paths_have_classes() {
        for (raw, expected) in [
            ("C:\\Windows\\System32\\cmd.exe", "system"),
            ("C:\\Program Files (x86)\\x", "program"),
            ("C:\\Users\\bob\\x", "user"),
            ("C:\\Users\\bob\\AppData\\Local\\Temp\\x", "temp"),
            ("\\\\srv\\share", "network"),
            ("https://example.org/", "web"),
            ("/home/bob", "user"),
            ("x", "other"),
        ] {
            assert_eq!(path_class(raw), expected, "{raw}");
        }
    }
}
