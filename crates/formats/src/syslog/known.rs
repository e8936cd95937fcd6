//! Messages whose form is well known, and what their parts mean.
//!
//! One table per program. In a template `{account}` takes one word, `{account*}` all that fits (see `template`); the first
//! template of a table that fits is taken, so the more particular one stands first.

use std::sync::LazyLock;

use memchr::memmem;

use super::template::{Found, Outcome, Place, Template};

const YES: Outcome = Outcome::Success;
const NO: Outcome = Outcome::Failure;
const OPEN: Outcome = Outcome::Unknown;

/// Templates as they are written down.
type Table = &'static [(&'static str, Outcome)];

/// OpenSSH's server.
const SSHD: Table = &[
    ("Accepted {_} for {account*} from {src} port {src_port}", YES),
    ("Failed {_} for invalid user {account*} from {src} port {src_port}", NO),
    ("Failed {_} for illegal user {account*} from {src} port {src_port}", NO),
    ("Failed {_} for {account*} from {src} port {src_port}", NO),
    ("Postponed {_} for invalid user {account*} from {src} port {src_port}", OPEN),
    ("Postponed {_} for {account*} from {src} port {src_port}", OPEN),
    ("Partial {_} for {account*} from {src} port {src_port}", OPEN),
    ("Invalid user {account*} from {src} port {src_port}", NO),
    ("Invalid user {account*} from {src}", NO),
    ("Illegal user {account*} from {src}", NO),
    ("input_userauth_request: invalid user {account*} [preauth]", NO),
    ("input_userauth_request: invalid user {account}", NO),
    ("Connection closed by invalid user {account*} {src} port {src_port}", OPEN),
    ("Connection closed by authenticating user {account*} {src} port {src_port}", OPEN),
    ("Connection closed by {src} port {src_port}", OPEN),
    ("Connection closed by {src}", OPEN),
    ("Connection reset by invalid user {account*} {src} port {src_port}", OPEN),
    ("Connection reset by authenticating user {account*} {src} port {src_port}", OPEN),
    ("Connection reset by {src} port {src_port}", OPEN),
    ("Connection reset by {src}", OPEN),
    ("Connection from {src} port {src_port} on {dst} port {dst_port}", OPEN),
    ("Connection from {src} port {src_port}", OPEN),
    ("Received disconnect from {src} port {src_port}:", OPEN),
    ("Received disconnect from {src}: ", OPEN),
    ("Disconnected from invalid user {account*} {src} port {src_port}", OPEN),
    ("Disconnected from authenticating user {account*} {src} port {src_port}", OPEN),
    ("Disconnected from user {account*} {src} port {src_port}", OPEN),
    ("Disconnected from {src} port {src_port}", OPEN),
    ("Disconnected from {src}", OPEN),
    ("Disconnecting invalid user {account*} {src} port {src_port}", OPEN),
    ("Disconnecting authenticating user {account*} {src} port {src_port}", OPEN),
    ("Disconnecting user {account*} {src} port {src_port}", OPEN),
    ("Disconnecting: Too many authentication failures for invalid user {account*} from {src} port {src_port}", NO),
    ("Disconnecting: Too many authentication failures for {account*} [preauth]", NO),
    ("Disconnecting: Too many authentication failures for {account}", NO),
    ("maximum authentication attempts exceeded for invalid user {account*} from {src} port {src_port}", NO),
    ("maximum authentication attempts exceeded for {account*} from {src} port {src_port}", NO),
    ("reverse mapping checking getaddrinfo for {src_host} [{src}] failed", OPEN),
    ("Address {src} maps to {src_host}, but", OPEN),
    ("Did not receive identification string from {src} port {src_port}", OPEN),
    ("Did not receive identification string from {src}", OPEN),
    ("Bad protocol version identification {_*} from {src} port {src_port}", OPEN),
    ("banner exchange: Connection from {src} port {src_port}:", OPEN),
    ("kex_exchange_identification: read: Connection reset by {src}", OPEN),
    ("ssh_dispatch_run_fatal: Connection from invalid user {account*} {src} port {src_port}", OPEN),
    ("ssh_dispatch_run_fatal: Connection from authenticating user {account*} {src} port {src_port}", OPEN),
    ("ssh_dispatch_run_fatal: Connection from {src} port {src_port}", OPEN),
    ("Unable to negotiate with {src} port {src_port}:", NO),
    ("Unable to negotiate with {src}: ", NO),
    ("Timeout before authentication for connection from {src} to {dst}", NO),
    ("Timeout before authentication for {src} port {src_port}", NO),
    ("User {account*} from {src} not allowed because", NO),
    ("User {account} not allowed because", NO),
    ("PAM: {..} for illegal user {account*} from {src}", NO),
    ("PAM: {..} for {account*} from {src}", NO),
    ("Read error from remote host {src} port {src_port}:", OPEN),
    ("Read error from remote host {src}: ", OPEN),
    ("Starting session: {..} for {account} from {src} port {src_port}", YES),
    ("Close session: user {account*} from {src} port {src_port}", OPEN),
    ("subsystem request for {_} by user {account}", OPEN),
    ("drop connection {_} from [{src}]:{src_port} on", NO),
];

/// Pluggable authentication modules, whichever program asked them.
const PAM: Table = &[
    ("session opened for user {account} by (uid=", YES),
    ("session opened for user {target} by {account}", YES),
    ("session opened for user {account}", YES),
    ("session closed for user {account}", OPEN),
    ("password changed for {target}", YES),
    ("account {account} has expired", NO),
    ("expired password for user {account}", NO),
    ("bad username [{account*}]", NO),
    ("user [{account*}] not found", NO),
    ("auth could not identify password for [{account*}]", NO),
    ("conversation failed for user {account}", NO),
    ("Consecutive login failures for user {account} account temporarily locked", NO),
    ("user {account} ", OPEN),
];

const SU: Table = &[
    ("'su {target}' failed for {account} on", NO),
    ("'su {target}' succeeded for {account} on", YES),
    ("FAILED SU (to {target}) {account} on", NO),
    ("(to {target}) {account} on", YES),
    ("Successful su for {target} by {account}", YES),
    ("FAILED su for {target} by {account}", NO),
    ("BAD SU {account} to {target} on", NO),
    ("{account} to {target} on /dev/", YES),
];

const SUDO: Table = &[
    ("{account} : {_} incorrect password attempt{..} ; USER={target} ;", NO),
    ("{account} : user NOT in sudoers ;{..} USER={target} ;", NO),
    ("{account} : user NOT authorized on host ;{..} USER={target} ;", NO),
    ("{account} : command not allowed ;{..} USER={target} ;", NO),
    ("{account} : a password is required ;{..} USER={target} ;", NO),
    ("{account} : TTY={..} ; USER={target} ;", YES),
    ("{account} : PWD={..} ; USER={target} ;", YES),
    ("{account} : {..} ; USER={target} ;", OPEN),
];

/// Tools that change accounts.
const ACCOUNTS: Table = &[
    ("new user: name={target},", YES),
    ("add '{target}' to ", YES),
    ("delete user '{target}'", YES),
    ("delete '{target}' from ", YES),
    ("change user '{target}'", YES),
    ("changed user '{target}'", YES),
    ("lock user '{target}'", YES),
    ("unlock user '{target}'", YES),
    ("failed adding user '{target}'", NO),
    ("password for '{target}' changed by '{account}'", YES),
    ("changed password expiry for {target}", YES),
    ("user {target} added by {account} to group", YES),
    ("user {target} removed by {account} from group", YES),
];

const LOGIN: Table = &[
    ("FAILED LOGIN {_} FROM {src} FOR {account*}, ", NO),
    ("FAILED LOGIN SESSION FROM {src} FOR {account*}, ", NO),
    ("LOGIN ON {_} BY {account} FROM {src}", YES),
    ("LOGIN ON {_} BY {account}", YES),
    ("New session {_} of user {account}", YES),
    ("New session '{_}' of user '{account}'", YES),
    ("Authentication failed from {src} (", NO),
    ("Created slice User Slice of {account}", OPEN),
    ("Started Session {_} of user {account}", OPEN),
];

const FTP: Table = &[
    ("connection from {src} ({src_host}) at", OPEN),
    ("connection from {src} () at", OPEN),
    ("connection from {src}", OPEN),
    ("ANONYMOUS FTP LOGIN FROM {src}, ", YES),
    ("FTP LOGIN FROM {src_host} [{src}], {account}", YES),
    ("FTP LOGIN FROM {src}, {account}", YES),
    ("FTP LOGIN REFUSED {..} FROM {src_host} [{src}], {account}", NO),
    ("login failed from {src}", NO),
    ("[{account*}] OK LOGIN: Client \"{src}\"", YES),
    ("[{account*}] FAIL LOGIN: Client \"{src}\"", NO),
    ("CONNECT: Client \"{src}\"", OPEN),
];

const CRON: Table = &[
    ("({account}) CMD (", OPEN),
    ("({account}) LIST ({target})", OPEN),
    ("({account}) BEGIN EDIT ({target})", OPEN),
    ("({account}) REPLACE ({target})", YES),
    ("({account}) DELETE ({target})", YES),
];

/// Mail and other network services.
const SERVICES: Table = &[
    ("connect from {src_host}[{src}]", OPEN),
    ("disconnect from {src_host}[{src}]", OPEN),
    ("lost connection after {..} from {src_host}[{src}]", OPEN),
    ("warning: {src_host}[{src}]: SASL {_} authentication failed", NO),
    ("imap-login: Login: user=<{account*}>, method={_} rip={src}, lip={dst},", YES),
    ("pop3-login: Login: user=<{account*}>, method={_} rip={src}, lip={dst},", YES),
    ("Login: user=<{account*}>, method={_} rip={src}, lip={dst},", YES),
    ("START: {_} pid={_} from={src}", OPEN),
    ("Received SNMP packet(s) from {src}", OPEN),
    ("Connection from UDP: [{src}]:{src_port}", OPEN),
];

/// Cisco ASA and PIX.
const CISCO: Table = &[
    ("Built outbound {protocol} connection {_} for {dst_end} ({..}) to {src_end} (", YES),
    ("Built inbound {protocol} connection {_} for {src_end} ({..}) to {dst_end} (", YES),
    ("Built outbound {protocol} connection for faddr {dst_end} gaddr {_} laddr {src_end}", YES),
    ("Built inbound {protocol} connection for faddr {src_end} gaddr {_} laddr {dst_end}", YES),
    ("Built {_} {protocol} translation from {src_end} to {dst_end}", YES),
    ("Built local-host {src_end}", OPEN),
    ("Built PPTP Tunnel {..} remote-peer = {src}, {..}client-dynamic-ip = {dst}, username = {account},", YES),
    ("Teardown local-host {src_end} duration", OPEN),
    ("Teardown stub {protocol} connection for {src_end} to {dst_end} duration", OPEN),
    ("Teardown {_} {protocol} translation from {src_end} to {dst_end} duration", OPEN),
    ("Teardown {protocol} connection for faddr {src_end} gaddr {_} laddr {dst_end}", OPEN),
    ("Teardown {protocol} connection {_} from {src_end} ({_}) to {dst_end} (", OPEN),
    ("Teardown {protocol} connection {_} from {src_end} to {dst_end} duration", OPEN),
    ("Teardown {protocol} connection {_} for {src_end} to {dst_end} duration", OPEN),
    ("Teardown {_} Tunnel {..} remote-peer = {src}", OPEN),
    ("Inbound {protocol} connection denied from {src_end} to {dst_end} flags", NO),
    ("Deny inbound protocol {protocol} src {src_end} dst {dst_end}", NO),
    ("Deny inbound {protocol} from {src_end} to {dst_end} on", NO),
    ("Deny inbound {protocol} src {src_end} dst {dst_end}", NO),
    ("Deny {protocol} (no connection) from {src_end} to {dst_end} flags", NO),
    ("Deny {protocol} connection spoof from {src_end} to {dst_end} on", NO),
    ("Deny {protocol} reverse path check from {src_end} to {dst_end} on", NO),
    ("Deny {protocol} spoof from ({src_end}) to {dst_end} on", NO),
    ("Deny {protocol} due to Land Attack from {src_end} to {dst_end}", NO),
    ("Deny {protocol} teardrop fragment {..} from {src_end} to {dst_end}", NO),
    ("Deny protocol {protocol} src {src_end} dst {dst_end} by", NO),
    ("Deny {protocol} src {src_end} dst {dst_end} ", NO),
    ("Denied ICMP type={_} from laddr {src_end} on interface {_} to {dst_end}:", NO),
    ("Denied invalid {protocol} code {_} for {src_end} ({_}) to {dst_end} (", NO),
    ("{protocol} access denied by ACL from {src_end} to {dst_end}", NO),
    ("{protocol} access permitted from {src_end} to {dst_end}", YES),
    ("{protocol} request discarded from {src_end} to {dst_end}", NO),
    ("{protocol} connection limit exceeded from {src_end} to {dst_end} (", NO),
    ("{protocol} flow from {src_end} to {dst_end} is", NO),
    ("{protocol} flow from {src_end} to {dst_end} ", OPEN),
    ("access-list {_} denied {protocol} {_}/{src_end} -> {_}/{dst_end} hit-cnt", NO),
    ("access-list {_} permitted {protocol} {_}/{src_end} -> {_}/{dst_end} hit-cnt", YES),
    ("PAT pool exhausted. Unable to create {protocol} connection from {src_end} to {dst_end}", NO),
    ("No matching connection for {_} error message: {protocol} src {src_end} dst {dst_end} (", NO),
    ("Dynamic Filter {_} {_} {protocol} traffic from {src_end} ({_}) to {dst_end} (", OPEN),
    ("{_} requested to drop {protocol} packet from {src_end} to {dst_end}", NO),
    ("Invalid transport field for protocol={protocol}, from {src_end} to {dst_end}", NO),
    ("Discard IP fragment set {..} src = {src_end}, dest = {dst_end}, proto = {protocol}, id", NO),
    ("Dropped {protocol} {_} request from {src_end} to {dst_end};", NO),
    ("Duplicate {protocol} SYN from {src_end} to {dst_end} with", OPEN),
    ("Through-the-device packet to/from management-only network is denied: {protocol} src {src_end} dst {dst_end}", NO),
    ("ESMTP Classification: {..} from {src_end} to {dst_end};", OPEN),
    ("Bad {protocol} hdr length {..} from {src_end} to {dst_end}, flags", NO),
    ("Shunned packet: {src_end} = {dst_end} on", NO),
    ("Shunned packet: {src_end} ==> {dst_end} on", NO),
    ("Received ARP {..} from {src_end} on interface", OPEN),
    ("IP address collision detected between host {src_end} at", OPEN),
    ("Login denied from {src_end} to {dst_end} for user \"{account*}\"", NO),
    ("Login permitted from {src_end} to {dst_end} for user \"{account*}\"", YES),
    ("console enable password incorrect for {..} (from {src_end})", NO),
    ("User '{account*}', running {_} from IP {src}, executed", YES),
    ("User '{account*}' executed ", YES),
    ("User {account} executed cmd:", YES),
    ("User {account} locked out", NO),
    ("User logged out: Uname: {account}", OPEN),
    ("User priv level changed: Uname: {target} From:", YES),
    ("New user added to local dbase: Uname: {target} Priv:", YES),
    ("User deleted from local dbase: Uname: {target} Priv:", YES),
    ("User authentication succeeded: Uname: {account}", YES),
    ("User authentication failed: Uname: {account}", NO),
    ("AAA user authentication Rejected{..} User = {account}: user IP = {src}", NO),
    ("AAA user authentication Rejected{..} user = {account} : user IP = {src}", NO),
    ("AAA user authentication Rejected{..} user = {account}", NO),
    ("AAA user {_} Successful{..} User = {account}", YES),
    ("AAA user {_} Successful{..} user = {account}", YES),
    ("Attempting AAA Fallback {..} for user {account} :", OPEN),
    ("Group = {..}, Username = {account*}, IP = {src}, ", OPEN),
    ("Group <{..}> User <{account*}> IP <{src}> ", OPEN),
    ("Access denied URL {_} SRC {src_end} DEST {dst_end} on", NO),
    ("{src_end} Accessed URL {dst_end}:", YES),
    ("Begin configuration: {src_end} reading from", OPEN),
    ("{src_end} Erase configuration", OPEN),
    ("{src_end} end configuration:", OPEN),
];

/// Tables by the programs that write such messages; a name fits up to a bracket, slash or dash behind it.
const PROGRAMS: &[(&[&str], Table)] = &[
    (&["sshd"], SSHD),
    (&["su"], SU),
    (&["sudo"], SUDO),
    (
        &[
            "useradd", "usermod", "userdel", "groupadd", "groupmod", "groupdel", "gpasswd", "passwd", "chage",
            "chpasswd", "shadow",
        ],
        ACCOUNTS,
    ),
    (&["login", "rlogin", "klogind", "kshd", "remote", "systemd", "getty"], LOGIN),
    (&["ftpd", "vsftpd", "proftpd", "pure"], FTP),
    (&["cron", "crond", "crontab", "anacron"], CRON),
    (&["postfix", "dovecot", "xinetd", "snmpd", "imap", "pop3"], SERVICES),
    (&["asa", "pix", "ftd", "fwsm"], CISCO),
];

struct Group {
    programs: &'static [&'static str],
    templates: Vec<Template>,
}

static GROUPS: LazyLock<Vec<Group>> =
    LazyLock::new(|| PROGRAMS.iter().map(|(programs, table)| Group { programs, templates: ready(table) }).collect());

static PAM_READY: LazyLock<Vec<Template>> = LazyLock::new(|| ready(PAM));

fn ready(table: Table) -> Vec<Template> {
    table.iter().filter_map(|(text, outcome)| Template::parse(text, *outcome)).collect()
}

/// Words in front of a message that say nothing about its form.
const PREFIXES: &[&str] =
    &["error: ", "fatal: ", "warning: ", "info: ", "debug1: ", "debug2: ", "debug3: ", "Disconnecting: error: "];

/// What a well-known message tells.
pub(super) fn read<'t>(program: &str, message: &'t str) -> Option<(Found<'t>, Outcome)> {
    let mut message = message.trim_start();
    if let Some((_, repeated)) = message.strip_prefix("message repeated ").and_then(|m| m.split_once(" times: [ ")) {
        message = repeated.trim_end_matches(']');
    }
    while let Some(rest) = PREFIXES.iter().find_map(|p| message.strip_prefix(p)) {
        message = rest;
    }
    if let Some(asked) = pam_message(program, message) {
        if memmem::find(asked.as_bytes(), b"authentication failure").is_some() {
            return Some((pam_failure(asked), Outcome::Failure));
        }
        return first(&PAM_READY, asked)
            .or_else(|| if asked.len() == message.len() { by_program(program, message) } else { None });
    }
    if program == "kernel" {
        return packet(message).map(|found| (found, Outcome::Unknown));
    }
    by_program(program, message)
}

fn by_program<'t>(program: &str, message: &'t str) -> Option<(Found<'t>, Outcome)> {
    let named = |name: &&str| {
        let (head, rest) = program.split_at_checked(name.len()).unwrap_or_default();
        head.eq_ignore_ascii_case(name) && matches!(rest.as_bytes().first(), None | Some(b'(' | b'/' | b'-' | b'['))
    };
    let group = GROUPS.iter().find(|g| g.programs.iter().any(&named))?;
    first(&group.templates, message)
}

fn first<'t>(templates: &[Template], message: &'t str) -> Option<(Found<'t>, Outcome)> {
    templates.iter().find_map(|t| t.find(message).map(|found| (found, t.outcome)))
}

/// The text of a PAM module: behind `pam_unix(sshd:auth): `, or the whole message of a program such as `su(pam_unix)`.
fn pam_message<'t>(program: &str, message: &'t str) -> Option<&'t str> {
    if message.starts_with("pam_") {
        return message.split_once(": ").map(|(_, text)| text);
    }
    (program.contains("(pam_") || message.starts_with("PAM ")).then_some(message)
}

/// `authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.1  user=root`.
///
/// Who asks is the remote user, or the one logged in; where neither is known it is the account itself.
fn pam_failure(text: &str) -> Found<'_> {
    let mut found = Found::default();
    let (asking, named) = (value(text, " ruser=").or(value(text, " logname=")), value(text, " user="));
    if let Some(account) = asking.or(named) {
        found.push(Place::Account, account);
    }
    if let (Some(asking), Some(target)) = (asking, named)
        && asking != target
    {
        found.push(Place::Target, target);
    }
    if let Some(host) = value(text, " rhost=") {
        found.push(Place::Src, host);
    }
    found
}

/// `IN=eth0 OUT= SRC=192.0.2.1 DST=198.51.100.1 … PROTO=TCP SPT=1 DPT=2`, as a packet filter writes it.
fn packet(text: &str) -> Option<Found<'_>> {
    let mut found = Found::default();
    found.push(Place::Src, value(text, " SRC=")?);
    found.push(Place::Dst, value(text, " DST=")?);
    let more = [(Place::Protocol, " PROTO="), (Place::SrcPort, " SPT="), (Place::DstPort, " DPT=")];
    for (place, key) in more {
        if let Some(value) = value(text, key) {
            found.push(place, value);
        }
    }
    Some(found)
}

/// The word behind a key; `None` where it is empty.
fn value<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let at = memmem::find(text.as_bytes(), key.as_bytes())?;
    let rest = text.get(at + key.len()..)?;
    rest.split(char::is_whitespace).next().filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests;
