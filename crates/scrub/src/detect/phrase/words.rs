//! Words that phrases are told by.

/// Words that begin or carry a phrase.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    User,
    For,
    From,
    By,
    To,
    As,
    Host,
    Su,
    Scheme,
    Login,
    Connection,
    LookUp,
    Maps,
    New,
    Cron,
    Greeting,
    Identity,
    Behalf,
    Attempt,
    Command,
    Dash,
}

/// The word of that spelling, which is in lower case.
pub(super) fn word(lower: &[u8]) -> Option<Word> {
    Some(match lower {
        b"user" | b"users" | b"account" | b"username" | b"acct" | b"principal" | b"uname" | b"benutzer" | b"member"
        | b"userid" => Word::User,
        b"for" => Word::For,
        b"from" => Word::From,
        b"by" => Word::By,
        b"to" => Word::To,
        b"as" => Word::As,
        b"host" | b"hostname" | b"computer" | b"workstation" | b"machine" | b"peer" | b"rhost" | b"client-hostname" => {
            Word::Host
        }
        b"su" | b"sudo" => Word::Su,
        b"bearer" | b"basic" | b"negotiate" | b"ntlm" => Word::Scheme,
        b"password"
        | b"publickey"
        | b"accepted"
        | b"failed"
        | b"failure"
        | b"login"
        | b"logon"
        | b"logins"
        | b"logout"
        | b"logged"
        | b"authentication"
        | b"authenticated"
        | b"authorized"
        | b"authenticating"
        | b"session"
        | b"opened"
        | b"closed"
        | b"succeeded"
        | b"successful"
        | b"denied"
        | b"granted"
        | b"keyboard-interactive/pam"
        | b"keyboard-interactive"
        | b"gssapi-with-mic"
        | b"hostbased"
        | b"credentials"
        | b"ticket"
        | b"configured"
        | b"postponed"
        | b"partial"
        | b"none"
        | b"changed"
        | b"locked"
        | b"unlocked"
        | b"unlock"
        | b"expired"
        | b"root"
        | b"mailbox"
        | b"exceeded" => Word::Login,
        b"connection" | b"connect" | b"connected" | b"disconnect" | b"disconnected" | b"connections" | b"refused"
        | b"lost" | b"timeout" | b"request" | b"query" | b"transfer" | b"reset" | b"telnet" | b"ssh" | b"ftp"
        | b"received" => Word::Connection,
        b"getaddrinfo" | b"gethostbyname" | b"lookup" | b"resolve" | b"reverse" => Word::LookUp,
        b"maps" | b"resolves" | b"points" => Word::Maps,
        b"new" | b"add" | b"delete" | b"remove" | b"change" | b"removed" | b"added" => Word::New,
        b"cmd" | b"cmdout" | b"cmdend" | b"reload" | b"list" | b"replace" | b"begin" | b"end" | b"ok" | b"fail" => {
            Word::Cron
        }
        b"helo" | b"ehlo" => Word::Greeting,
        b"identity" => Word::Identity,
        b"behalf" => Word::Behalf,
        b"attempt" => Word::Attempt,
        b"useradd" | b"adduser" | b"userdel" | b"deluser" | b"usermod" => Word::Command,
        b"-" => Word::Dash,
        _ => return None,
    })
}
