//! Messages of network services.

use super::super::template::Outcome;
use super::Table;

const YES: Outcome = Outcome::Success;
const NO: Outcome = Outcome::Failure;
const OPEN: Outcome = Outcome::Unknown;

/// File transfer.
pub(super) const FTP: Table = &[
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
    ("FTP LOGIN FAILED FROM {src_host} [{src}], {account}", NO),
    ("FTP LOGIN FAILED FROM {src}, {account}", NO),
    ("[{account*}] {_} {_}: Client \"{src}\"", OPEN),
    ("({account}@{src}) [", OPEN),
    ("User {account} timed out after", OPEN),
    ("User {account}: Login incorrect", NO),
    ("CONNECT: Client \"{src}\"", OPEN),
];

/// Mail between hosts.
pub(super) const MAIL: Table = &[
    ("alias database {_} rebuilt by {account}", OPEN),
    ("spamd: setuid to {account} succeeded", OPEN),
    ("spamd: processing message {_} for {account}:", OPEN),
    ("spamd: clean message {_} for {account}:", OPEN),
    ("spamd: identified spam {_} for {account}:", OPEN),
    ("{account} at {src_host} ({src}): -ERR", NO),
    ("{account} at {src_host} ({src}): ", OPEN),
    ("{..} => {account} <", OPEN),
    ("{..} => {account} ", OPEN),
    ("H=({src_host})[{src}] ", OPEN),
    ("H=({src_host}) [{src}] ", OPEN),
    ("U={account} ", OPEN),
    ("{..} U={account} ", OPEN),
    ("{..} A={_}:{account} ", OPEN),
];

/// Mail in and out of mailboxes.
pub(super) const MAILBOXES: Table = &[
    ("connect from {src_host}[{src}]", OPEN),
    ("disconnect from {src_host}[{src}]", OPEN),
    ("lost connection after {..} from {src_host}[{src}]", OPEN),
    ("{src_host}[{src}]: SASL {_} authentication failed", NO),
    ("{_}: client={src_host}[{src}], sasl_method={_}, sasl_username={account}", YES),
    ("{_}: client={src_host}[{src}]", OPEN),
    ("imap-login: Login: user=<{account*}>, method={_} rip={src}, lip={dst},", YES),
    ("pop3-login: Login: user=<{account*}>, method={_} rip={src}, lip={dst},", YES),
    ("Login: user=<{account*}>, method={_} rip={src}, lip={dst},", YES),
    ("imap({account})", OPEN),
    ("pop3({account})", OPEN),
    ("lda({account})", OPEN),
    ("lmtp({_}, {account})", OPEN),
    ("lmtp({account})", OPEN),
    ("managesieve({account})", OPEN),
    ("auth-worker{..}: {_}({account},{src},", OPEN),
    ("auth-worker{..}: {_}({account},{src})", OPEN),
    ("auth: {..}({account},{src},", OPEN),
    ("auth: {..}({account},{src})", OPEN),
    ("login: {src_host} [{src}] {account} {_} User logged in", YES),
    ("badlogin: {src_host} [{src}] {_} {account} ", NO),
];

/// Names and addresses.
pub(super) const ADDRESSES: Table = &[
    ("DHCPACK({_}) {src} {_} {src_host}", YES),
    ("query[{_}] {dst} from {src}", OPEN),
    ("{_} {_} query[{_}] {dst} from {src}", OPEN),
    ("forwarded {dst} to ", OPEN),
    ("reply {dst} is ", OPEN),
    ("cached {dst} is ", OPEN),
    ("config {dst} is ", OPEN),
    ("DHCP {src} is {src_host}", OPEN),
    ("DHCPREQUEST for {src} ({_}) from {_} ({src_host}) via ", OPEN),
    ("DHCPREQUEST for {src} from {_} ({src_host}) via ", OPEN),
    ("DHCPACK on {src} to {_} ({src_host}) via ", YES),
    ("DHCPACK to {src} ({_}) via ", YES),
    ("DHCPOFFER on {src} to {_} ({src_host}) via ", OPEN),
    ("DHCPDISCOVER from {_} ({src_host}) via ", OPEN),
    ("DHCPRELEASE of {src} from {_} ({src_host}) via ", OPEN),
    ("DHCPDECLINE of {src} from {_} ({src_host}) via ", NO),
    ("client-hostname \"{src_host}\"", OPEN),
];

/// Private networks over public ones.
pub(super) const TUNNELS: Table = &[
    ("{src}:{src_port} [{account*}] Peer Connection Initiated with ", YES),
    ("{account}/{src}:{src_port} ", OPEN),
    ("{..}between {dst}[{..}]...{src}[{account*}]", YES),
    ("{..}matching {dst}[{..}]...{src}[{account*}]", OPEN),
    ("rcvd [CHAP {..} name = \"{account}\"]", OPEN),
    ("rcvd [PAP AuthReq {..} user=\"{account}\"", OPEN),
    ("worker[{account}]: {src} ", OPEN),
    ("main[{account}]:{src}:{src_port} ", OPEN),
];

/// File servers and those that let others in.
pub(super) const SHARES: Table = &[
    ("{..}  {src_host} (ipv4:{src}:{src_port}) ", OPEN),
    ("{..}  {src_host} (ipv6:{src}:{src_port}) ", OPEN),
    ("{account}|{src}|{src_host}|{_}|{_}|ok", YES),
    ("{account}|{src}|{src_host}|{_}|{_}|fail", NO),
    ("{account}|{src}|", OPEN),
    ("{..}Login OK: [{account}/{..}] (from client {src_host} port", YES),
    ("{..}Login OK: [{account*}] (from client {src_host} port", YES),
    ("{..}Login incorrect{..}: [{account}/{..}] (from client {src_host} port", NO),
    ("{..}Login incorrect{..}: [{account*}] (from client {src_host} port", NO),
];

/// Remote commands, mounts, traps.
pub(super) const REMOTE: Table = &[
    ("START: {_} pid={_} from={src}", OPEN),
    ("Received SNMP packet(s) from {src}", OPEN),
    ("Connection from UDP: [{src}]:{src_port}", OPEN),
    ("{_} {_} {src_host} [UDP: [{src}]:{src_port}->", OPEN),
    ("authenticated mount request from {src}:{src_port} for", YES),
    ("refused mount request from {src} for", NO),
    ("{account}@{src_host} as {target}: cmd=", OPEN),
];

/// Network storage.
pub(super) const STORAGE: Table = &[
    ("{..}Users: {account*}, Source IP: {src}, Computer name: {src_host}, ", OPEN),
    ("{..}Users: {account*}, Source IP: {src}, ", OPEN),
];

/// Proxies and balancers.
pub(super) const PROXIES: Table = &[
    ("Connect from {src}:{src_port} to {dst}:{dst_port} (", OPEN),
    ("Server {_}/{dst} is ", OPEN),
    ("{src}:{src_port} [{_}] {_} {_}/{dst} ", OPEN),
    ("{_} {..} {src} TCP_{_}/{_} {_} {_} {_} {account} {_}/{dst} ", OPEN),
    ("{_}: AUDIT - user {account} - ", OPEN),
    ("{_}: Pool {_} member {..}/{dst}:{dst_port} monitor", OPEN),
];
