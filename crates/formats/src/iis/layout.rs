//! Directives, and what a field list says about the values below it.

use crate::names::{NameId, Names};

/// The forms that IIS logs have; the word is the value of `log-form`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// W3C extended of a web site.
    W3c,
    /// W3C extended of the FTP service.
    Ftp,
    /// Errors of HTTP.sys.
    HttpErr,
    /// Advanced Logging: W3C extended with quoted values.
    Advanced,
    /// The native form: values with commas.
    Native,
    /// NCSA common or combined.
    Ncsa,
}

impl Form {
    /// The form that a field list and the program that wrote it tell.
    pub(super) fn of(fields: &str, software: &str) -> Self {
        let has = |names: &[&str]| fields.split_whitespace().any(|f| names.iter().any(|n| n.eq_ignore_ascii_case(f)));
        match () {
            () if contains(software, "advanced logging") => Self::Advanced,
            () if has(&["s-reason", "s-queuename"]) || contains(software, "http api") => Self::HttpErr,
            () if has(&["x-session", "x-fullpath", "x-debug"]) => Self::Ftp,
            () => Self::W3c,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::W3c => "w3c",
            Self::Ftp => "ftp",
            Self::HttpErr => "httperr",
            Self::Advanced => "advanced",
            Self::Native => "iis",
            Self::Ncsa => "ncsa",
        }
    }

    /// The form in words, for messages.
    pub(super) fn seen(self) -> &'static str {
        match self {
            Self::W3c => "an IIS log (W3C extended)",
            Self::Ftp => "an IIS log (FTP service)",
            Self::HttpErr => "an IIS log (HTTP.sys errors)",
            Self::Advanced => "an IIS log (Advanced Logging)",
            Self::Native => "an IIS log (native form)",
            Self::Ncsa => "a web server log (NCSA form)",
        }
    }
}

fn contains(text: &str, lower: &str) -> bool {
    text.to_ascii_lowercase().contains(lower)
}

/// Whether a `#Software` value is of IIS or a part of it.
pub(super) fn is_iis(software: &str) -> bool {
    ["internet information services", "advanced logging", "http api"].iter().any(|name| contains(software, name))
}

/// Whether a field list is of a server log. Exchange, the Windows firewall and others write `#Fields` too, with other names.
pub(super) fn is_web(fields: &str) -> bool {
    let web = |field: &str| {
        let field = field.to_ascii_lowercase();
        ["cs-", "sc-", "cs(", "sc("].iter().any(|p| field.starts_with(p)) || field == "c-ip" || field == "s-ip"
    };
    !fields.contains(',') && fields.split_whitespace().any(web)
}

/// Name and value of a directive such as `#Date: 2026-11-02 00:00:00`.
pub(super) fn directive(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.trim_start_matches('\u{feff}').strip_prefix('#')?.split_once(':')?;
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    is_name.then_some((name, value.trim()))
}

/// What a column is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A field of the record.
    Field,
    /// A part of the record's time.
    Clock,
}

/// Whether `+` stands for a blank in a column's values. In paths, query strings and addresses it is data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plus {
    /// `+` is `+`.
    Keep,
    /// `+` is a blank.
    Blank,
    /// `+` is a blank, unless the value is an address.
    BlankUnlessAddress,
}

/// What the values of a column look like at least; asked only where a line has another number of values than names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    /// Anything.
    Any,
    /// Digits.
    Number,
    /// An IP address.
    Address,
}

impl Check {
    pub(super) fn fits(self, value: &str) -> bool {
        let all = |f: fn(u8) -> bool| value == "-" || (!value.is_empty() && value.bytes().all(f));
        match self {
            Self::Any => true,
            Self::Number => all(|b| b.is_ascii_digit()),
            Self::Address => {
                // The zone of a link-local address (`fe80::1%eth0`) is free.
                let host = value.split_once('%').map_or(value, |(host, _)| host);
                host == "-" || host.parse::<std::net::IpAddr>().is_ok()
            }
        }
    }
}

/// One column of a field list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) name: NameId,
    pub(super) role: Role,
    pub(super) plus: Plus,
    pub(super) check: Check,
}

/// A field list, made ready for the lines below it.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) form: Form,
    pub(super) columns: Vec<Column>,
    /// Which columns hold date, time and method.
    pub(super) date: Option<usize>,
    pub(super) time: Option<usize>,
    pub(super) method: Option<usize>,
}

impl Layout {
    /// Reads a list; `None` where it names nothing.
    pub(super) fn new(fields: &str, software: &str, names: &mut Names) -> Option<Self> {
        let all: Vec<&str> = fields.split_whitespace().collect();
        let find = |name: &str| all.iter().position(|f| f.eq_ignore_ascii_case(name));
        let time = find("time");
        // A date alone is no time.
        let date = time.and_then(|_| find("date"));
        let columns: Vec<Column> = all
            .iter()
            .enumerate()
            .map(|(i, field)| Column {
                name: names.intern(field),
                role: if Some(i) == time || Some(i) == date { Role::Clock } else { Role::Field },
                plus: plus(field),
                check: check(field),
            })
            .collect();
        if columns.is_empty() {
            return None;
        }
        Some(Self { form: Form::of(fields, software), columns, date, time, method: find("cs-method") })
    }

    /// Whether values can be those of the columns.
    pub(super) fn fits<'a>(&self, values: impl Iterator<Item = &'a str>) -> bool {
        values.zip(&self.columns).all(|(value, column)| column.check.fits(value))
    }
}

fn plus(field: &str) -> Plus {
    match field.to_ascii_lowercase().as_str() {
        "cs(user-agent)" | "s-reason" | "s-queuename" | "s-sitename" | "x-debug" => Plus::Blank,
        "cs-username" => Plus::BlankUnlessAddress,
        // A path, a query or a referring URL has no blanks, so a `+` there was sent; in other headers it is mostly base64.
        _ => Plus::Keep,
    }
}

fn check(field: &str) -> Check {
    match field.to_ascii_lowercase().as_str() {
        "s-port" | "c-port" | "sc-status" | "sc-substatus" | "sc-win32-status" | "sc-bytes" | "cs-bytes"
        | "time-taken" | "s-siteid" => Check::Number,
        "c-ip" | "s-ip" => Check::Address,
        _ => Check::Any,
    }
}
