//! Tells from the first lines whether a source is of this kind.

use super::marks;
use super::opener::{Evidence, opener};
use super::stamp::{self, Stamp};

/// Lines of a source's beginning of which one must begin a message: messages may have many lines.
const LINES_PER_MESSAGE: usize = 40;

/// Tells from the first lines whether a source is of this kind, and in which form.
pub(crate) fn looks(lines: &[String]) -> Option<&'static str> {
    let lines = || lines.iter().map(String::as_str).skip_while(|line| is_heading(line));
    let seen = form(lines().next()?)?;
    let messages = lines().filter(|line| form(line).is_some()).count();
    (messages * LINES_PER_MESSAGE >= lines().count()).then_some(seen)
}

/// Whether a line stands before the messages: a comment, or what `journalctl` says of the time that it shows.
pub(super) fn is_heading(line: &str) -> bool {
    line.starts_with('#') || line.starts_with("-- Logs begin at ") || line.starts_with("-- Journal begins at ")
}

/// The form of the message that begins with this line. Stricter than the reader, which knows already what it reads.
fn form(line: &str) -> Option<&'static str> {
    let found = opener(line)?;
    match found.evidence {
        Evidence::PriorityAndTime(_) => Some("a syslog of messages with priorities"),
        // One tag of digits may open other texts too.
        Evidence::Priority if found.count.is_some() || line.starts_with('<') => {
            Some("a syslog of messages with priorities")
        }
        Evidence::Priority => None,
        Evidence::Time(_) => Some("a syslog in the BSD form"),
        Evidence::IsoTime(_) => tagged(line).then_some("a syslog with ISO times"),
        Evidence::Apache(_) => Some("an Apache error log"),
        Evidence::Cisco => Some("a log of a Cisco device"),
        Evidence::Snare => Some("Windows events of a Snare agent"),
    }
}

/// Whether a host and the tag of a program follow an ISO time. Many logs have such times: a level in the host's place, or
/// a time with a blank and no process number, is a log of another kind.
fn tagged(line: &str) -> bool {
    const LEVELS: [&str; 12] =
        ["TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "ERR", "CRIT", "CRITICAL", "FATAL", "ALERT"];
    let line = line.trim_start();
    let Some((Stamp::Full { zoned, .. }, length)) = stamp::stamp(line) else { return false };
    if line.get(length..).is_some_and(|rest| marks::columns(rest).is_some()) {
        return true;
    }
    let mut words = line.get(length..).unwrap_or_default().split_ascii_whitespace();
    let (Some(host), Some(tag)) = (words.next(), words.next()) else { return false };
    let numbered = tag.trim_end_matches(':').ends_with(']') && tag.contains('[') && !tag.starts_with('[');
    let is_level = LEVELS.iter().any(|level| host.trim_matches(['[', ']', ':']).eq_ignore_ascii_case(level));
    let strict = line.as_bytes().get(10) == Some(&b' ') && !zoned;
    !is_level && !host.ends_with(',') && (numbered || (!strict && tag.ends_with(':') && tag.len() > 1))
}

/// The times of the messages that begin in these lines, and those that messages give in full.
pub(super) fn stamps(lines: &[String]) -> impl Iterator<Item = Stamp> + '_ {
    lines.iter().filter_map(|line| {
        let stamp = opener(line)?.stamp()?;
        Some(match stamp {
            Stamp::Yearless { month, day, .. } => inner(line, month, day).unwrap_or(stamp),
            Stamp::Full { .. } => stamp,
        })
    })
}

/// A time with its year inside a message, such as ftpd and Snare agents write, of the message's own day or the one beside it.
fn inner(line: &str, month: u32, day: u32) -> Option<Stamp> {
    const WEEKDAYS: [&str; 7] = ["Mon ", "Tue ", "Wed ", "Thu ", "Fri ", "Sat ", "Sun "];
    let starts = WEEKDAYS.iter().filter_map(|name| line.find(name));
    starts.filter_map(|at| line.get(at..at + 24)).filter_map(stamp::ctime).find_map(|micros| {
        let days = micros.div_euclid(86_400 * crate::time::SECOND);
        let near = (-1..=1).any(|shift| {
            let (_, m, d) = crate::time::civil(days + shift);
            (m, d) == (month, day)
        });
        near.then_some(Stamp::Full { micros, zoned: false })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(text: &str) -> bool {
        looks(&text.lines().map(str::to_owned).collect::<Vec<_>>()).is_some()
    }

    #[test]
    fn syslogs_are_claimed() {
        let texts = [
            "<34>Oct 11 22:14:15 mymachine su: text",
            "<34>1 - - - - - -",
            "57 <34>1 - - - - - -",
            "Mar  6 04:07:28 hostname log_tag this is info\nwith another line\nand another",
            "2020-05-31T00:00:45.698463+00:00 localhost systemd[1]: text",
            "2020-03-23 06:47:42.801612-0700  localhost sshd[3186]: error",
            "[Sun Dec 04 04:47:44 2005] [error] text",
            "%ASA-1-505015: Module ips",
            "# a header\n# and more\n<38>Mar  7 19:06:53 example tag: x",
            "-- Logs begin at Mon 2021-02-01 00:00:01 CET. --\nFeb 01 00:00:01 host sshd[1]: x",
            "2021-02-02 02:02:02\tLocal7.Info\t192.0.2.1\ttext",
            "WS07\tMSWinEventLog\t1\tSecurity\t1",
        ];
        for text in texts {
            assert!(claims(text), "{text}");
        }
    }

    #[test]
    fn others_are_not() {
        let texts = [
            "",
            "{\"CreationTime\":\"2026-11-02T10:00:00\"}",
            "time,user,action\n2026-11-02T10:00:00,ana,login",
            "#Software: IIS\n#Fields: date time c-ip\n2026-11-02 10:00:00 192.0.2.1",
            "2026-11-02 10:00:00 192.0.2.1 GET / - 80",
            "2026-11-02 10:00:00.12 Server      Microsoft SQL Server 2022",
            "2026-11-02 10:00:00.12 Logon       Error: 18456, Severity: 14",
            "2026-11-02 10:00:00 - ? [100] Microsoft SQLServerAgent",
            "2026-11-02T10:00:00Z INFO server: started",
            "<![LOG[text]LOG]!><time=\"10:00:00.000+000\" date=\"11-02-2026\">",
            "<Event xmlns=\"x\">\n<13>",
            "The quick brown fox.\nMar  6 04:07:28 host tag: late",
            "March came early that year.",
            "192.0.2.1, -, 11/02/26, 10:00:00, W3SVC1, HOST",
        ];
        for text in texts {
            assert!(!claims(text), "{text}");
        }
    }

    #[test]
    fn an_inner_time_tells_the_year() {
        let lines =
            ["Jun 17 07:07:00 combo ftpd[1]: connection from 192.0.2.1 () at Fri Jun 17 07:07:00 2005".to_owned()];
        assert!(matches!(stamps(&lines).next(), Some(Stamp::Full { .. })));
        let lines = ["Jun 17 07:07:00 combo kernel: built Sat May 8 17:56:27 2004 x".to_owned()];
        assert!(matches!(stamps(&lines).next(), Some(Stamp::Yearless { .. })));
    }
}
