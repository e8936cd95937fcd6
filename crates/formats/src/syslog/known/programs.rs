//! Messages of the programs of Unix hosts.

use super::super::template::Outcome;
use super::{Table, cisco, services};

const YES: Outcome = Outcome::Success;
const NO: Outcome = Outcome::Failure;
const OPEN: Outcome = Outcome::Unknown;

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
    ("Disconnecting {..}service not allowed: ({account},{_}) -> ({target},", OPEN),
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
    ("Authorized to {account}, krb5 principal", YES),
    ("session opened for local user {account} from [{src}]", YES),
    ("session closed for local user {account} from [{src}]", OPEN),
    ("{account} [priv][{_}]: ", OPEN),
    ("refused connect from {src_host} ({src})", NO),
    ("drop connection {_} from [{src}]:{src_port} on", NO),
];

/// Pluggable authentication modules, whichever program asked them.
pub(super) const PAM: Table = &[
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
    ("wrong limit value {..} for '{account}'", OPEN),
    ("user '{account}' granted access", YES),
    ("received for user {account}: ", NO),
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
    // System V and AIX.
    ("BAD SU from {account} to {target} at", NO),
    ("from {account} to {target} at", YES),
    ("+ {_} {account}:{target}", YES),
    ("- {_} {account}:{target}", NO),
    ("+ {_} {account}-{target}", YES),
    ("- {_} {account}-{target}", NO),
    ("+ {_}  {account}-{target}", YES),
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
    ("new group: name={target},", YES),
    ("new group: name={target}", YES),
    ("group added to {_} name={target}", YES),
    ("group added to {_}: name={target}", YES),
    ("group changed in {_} (group {target}/", YES),
    ("removed group '{target}' owned by '{account}'", YES),
    ("removed shadow group '{target}' owned by '{account}'", YES),
    ("change user name '{account}' to '{target}'", YES),
    ("members of group {_} set by {account} to {target}", YES),
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
    ("{_} LOGIN FAILURE ON {_}, {account}", NO),
    ("{_} LOGIN FAILURE FROM {src}, {account}", NO),
    ("{_} LOGIN FAILURES ON {_}, {account}", NO),
    ("{_} LOGIN FAILURES FROM {src}, {account}", NO),
    ("Login failure on {_} from {src}, {account}", NO),
    ("Login failure on {_}, {account}", NO),
    ("New session {_} of user {account}", YES),
    ("New session '{_}' of user '{account}'", YES),
    ("Authentication failed from {src} (", NO),
    ("Created slice User Slice of {account}", OPEN),
    ("Started Session {_} of user {account}", OPEN),
];

/// Parentheses hold the account, or the daemon itself where it speaks of its own.
const CRON: Table = &[
    ("(CRON) ", OPEN),
    ("(*system*", OPEN),
    ("({account}) CMD (", OPEN),
    ("({account}) CMDOUT (", OPEN),
    ("({account}) CMDEND (", OPEN),
    ("({account}) LIST ({target})", OPEN),
    ("({account}) BEGIN EDIT ({target})", OPEN),
    ("({account}) END EDIT ({target})", OPEN),
    ("({account}) REPLACE ({target})", YES),
    ("({account}) DELETE ({target})", YES),
    ("({account}) FAILED to ", NO),
    ("({account}) AUTH (", NO),
    ("({account}) ORPHAN (", OPEN),
    ("({account}) RELOAD (", OPEN),
    ("({account}) MAIL (", OPEN),
    ("({account}) WRONG ", OPEN),
    ("({account}) BAD ", OPEN),
    ("({account}) ERROR (", OPEN),
    ("({account}) INFO (", OPEN),
];

/// Programs that run others for somebody.
const RUNNERS: Table = &[
    ("{account}: Executing command [", YES),
    ("{account}: Error executing command as another user:", NO),
    ("{account} ran command {..} as {target} from ", YES),
    ("{account} edited ", YES),
    ("user '{account}' (login '{target}' on tty", OPEN),
    ("user {account} is running ", OPEN),
    ("creating home directory for {account}", OPEN),
    ("[{account}]: ", OPEN),
    ("{account}: log", OPEN),
];

/// Tools of BSD that change accounts.
const BSD_ACCOUNTS: Table = &[("{target} added", YES), ("{target}({_}):", YES)];

/// Behind the kernel's clock.
const KERNEL: Table =
    &[("nfs: server {dst} not responding", NO), ("nfs: server {dst} OK", OPEN), ("lockd: server {dst} ", OPEN)];

/// Tables by the programs that write such messages; a name fits up to a bracket, slash or dash behind it.
pub(super) const PROGRAMS: &[(&[&str], Table)] = &[
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
    (&["pkexec", "doas", "vipw", "vigr", "newgrp", "oddjobd", "shell", "xsession"], RUNNERS),
    (&["adduser", "pw"], BSD_ACCOUNTS),
    (&["kernel", "vmunix"], KERNEL),
    (&["cron", "crond", "crontab", "anacron"], CRON),
    (&["ftpd", "vsftpd", "proftpd", "pure", "in.ftpd"], services::FTP),
    (&["sendmail", "sm", "exim", "spamd", "qpopper", "in.qpopper"], services::MAIL),
    (&["postfix", "dovecot", "imap", "pop3", "cyrus"], services::MAILBOXES),
    (&["dnsmasq", "dhcpd"], services::ADDRESSES),
    (&["charon", "openvpn", "ovpn", "pppd", "ocserv"], services::TUNNELS),
    (&["smbd", "smbd_audit", "radiusd", "freeradius"], services::SHARES),
    (
        &["xinetd", "snmpd", "snmptrapd", "rpc.mountd", "mountd", "in.rshd", "rshd", "rlogind", "in.rlogind"],
        services::REMOTE,
    ),
    (&["qulogd", "qlogd"], services::STORAGE),
    (&["haproxy", "squid", "httpd", "mcpd", "apmd"], services::PROXIES),
    (&["asa", "pix", "ftd", "fwsm"], cisco::ASA),
    (&["cdp"], cisco::NEIGHBOURS),
];
