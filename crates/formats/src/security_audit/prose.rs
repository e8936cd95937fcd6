//! Reasons in words, remarks, extensions of files, and programs that asked.

use std::collections::HashSet;
use std::sync::LazyLock;

use scopelog_catalog::Vocabulary;
use scopelog_catalog::vocabulary::{is_composed, is_word};

use super::harmless;
use super::values::enclose;

/// Most digits of a number in a sentence: those of an error.
const DIGITS: usize = 7;

/// Reasons of one word.
const REASONS: &[&str] = &["success", "redirect", "usererror", "none", "other", "failure", "interrupted", "timeout"];

/// A remark: one of the service's own, or anything.
pub(super) fn remark(text: &str, out: &mut String) {
    if harmless::remark(text.trim()) { out.push_str(text) } else { enclose(text, out) }
}

/// The extension of a file: that of a kind of file, or the end of a name.
pub(super) fn extension(text: &str, out: &mut String) {
    if harmless::extension(text.trim_start_matches('.')) { out.push_str(text) } else { enclose(text, out) }
}

/// A reason in words: it stays where each of them is one that vendors use.
pub(super) fn sentence(text: &str, out: &mut String) {
    if is_sentence(text) { out.push_str(text) } else { enclose(text, out) }
}

fn is_sentence(text: &str) -> bool {
    let bare = text.trim();
    if bare.is_empty() || REASONS.iter().any(|reason| reason.eq_ignore_ascii_case(bare)) {
        return true;
    }
    let marks = |c: char| c.is_ascii_whitespace() || ".,;:'\"()!?".contains(c);
    let number = |word: &str| {
        let digits = word.strip_prefix("AADSTS").unwrap_or(word);
        (1..=DIGITS).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    };
    let words: Vec<&str> = bare.split(marks).filter(|word| !word.is_empty() && !number(word)).collect();
    match words.as_slice() {
        [] => bare.len() <= DIGITS,
        [word] => is_composed(word),
        words => {
            words.iter().all(|word| is_word(word) || is_composed(word))
                && is_composed(&words.join(" ").replace(digit, ""))
        }
    }
}

fn digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// Names of properties that hold the program which asked.
pub(super) fn is_agent(name: &str) -> bool {
    let name = name.trim().trim_end_matches(".OldValue");
    ["useragent", "user-agent"].iter().any(|agent| agent.eq_ignore_ascii_case(name))
}

/// Words of programs, systems and devices that ask.
const AGENTS: &str = "
    mozilla applewebkit khtml gecko chrome chromium safari firefox edg edge edga edgios opr opera mobile crios fxios trident msie
    windows nt win64 win32 x64 wow64 macintosh intel mac os x x11 linux x86 i686 aarch64 arm64 amd64 ubuntu fedora debian cros
    android iphone ipad ipod cpu ios darwin cfnetwork pixel nexus samsungbrowser curl wget python requests urllib urllib3 go
    http client java okhttp apache httpclient postmanruntime postman node fetch axios aiohttp winhttp winhttprequest
    libwww perl powershell windowspowershell pwsh microsoft office outlook excel word powerpoint onenote onedrive
    onedrivempc transform thumbnail odmtadoccache officexlca mswac sharepoint skype lync teams pro ado net data services evosts
    exe winrm msexchangerpc rest restsystem webservices owa viaproxy activesync exchange exchangewebservices
    exchangeservicesclient ews mapi popimap pop3 imap4 popimap4 odata ecp hub msal adal dalvik build wv rv u version clr slcc2
    media center pc touch tablet hydra azurehound aadinternals roadtools sqlmap nmap fasthttp resty bav2ropc cba msoidcrl
    msrpc rpc http2 service manager client action protocol configuregroupmailbox outlookmobile apple macoutlook thunderbird
    azure graph library skypespaces internal webview compatible infopath msocs like dart electron crosextension
";

static AGENTS_SET: LazyLock<HashSet<&'static str>> = LazyLock::new(|| AGENTS.split_ascii_whitespace().collect());

/// The program that asked: every word of it is on the list, or is a version.
pub(super) fn agent(text: &str, out: &mut String) {
    for piece in text.split_inclusive([' ', ';', '/', '(', ')', ',', '=', ':']) {
        let mark = piece.chars().next_back().filter(|c| " ;/(),=:".contains(*c));
        let word = mark.map_or(piece, |mark| piece.get(..piece.len() - mark.len_utf8()).unwrap_or_default());
        if is_agent_word(word) {
            out.push_str(word)
        } else {
            enclose(word, out)
        }
        out.extend(mark);
    }
}

fn is_agent_word(word: &str) -> bool {
    let known = |part: &str| part.len() <= 32 && AGENTS_SET.contains(part.to_ascii_lowercase().as_str());
    let parts = || word.split(['.', '_', '-']);
    word.is_empty()
        || known(word)
        || is_build(word)
        || parts().all(|part| known(part) || is_build(part))
        || is_language(word)
        || word.eq_ignore_ascii_case("microsoft+office")
}

/// A number of a version or a build: `131.0`, `10_15_7`, `20100101`, `3a`.
fn is_build(word: &str) -> bool {
    let bare = word.trim_start_matches('v');
    let digits = bare.bytes().filter(u8::is_ascii_digit).count();
    let longest = bare.split(['.', '_']).map(str::len).max().unwrap_or_default();
    let plain = bare.bytes().all(|b| b.is_ascii_digit() || b"._".contains(&b));
    let model = bare.len() <= 3
        && bare.starts_with(|c: char| c.is_ascii_digit())
        && bare.bytes().all(|b| b.is_ascii_alphanumeric());
    digits > 0 && longest <= 8 && (plain || model)
}

/// `en`, `en-US`.
fn is_language(word: &str) -> bool {
    let (language, country) = word.split_once(['-', '_']).unwrap_or((word, "US"));
    language.len() == 2
        && ["en", "de", "fr", "es", "pt", "it", "nl", "ja", "ko", "zh", "ru"].contains(&language)
        && Vocabulary::Country.holds(country)
}
