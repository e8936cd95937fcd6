//! The words that vendors build names of: operations, properties, rights, kinds.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Words that are no name of people, companies or places.
const WORDS: &str = "
    aad abuse accept accepted access accesscheck accessed account accounting acknowledged acquire action actions
    activate activated activities activity actor ad adal adconnect add added additional address addresses adfs adhoc
    admin administration administrative administrator admins advanced affected after agent aggregate aggregated aip
    alert algorithm alias aliases allow allowed allprincipals always analytics anonymous answer anti antiphish
    antispam api app appeal application applied applock apply approleassignment approval approve approved apps aq
    arbitration archive archived are arm artifact aspect assessment asset assign assigned assignment assignments
    assistance associated asymmetric atp attachment attack attempt attempts attendant attribute attributes audience
    audio audit auditing auth authenticate authenticated authentication authn author authored authoring authority
    authorization authorize authorized authz auto autodiscover automapping automated automatic automation autopilot
    autoreply availability available average avoid away azure azuread b2b b2c backup bad base basic batch bcc
    because been before begin behalf behavior being belongs between bi binary binding blob blobs blocked blocking
    bodies body boolean both bound bpos briefing broken browser business but bypass c caae cache cached calculated
    calendar calendaring called caller calling campaign cancel cancelled candidate cannot capabilities capability
    capable capacity caption captured cas categories category cc cellular center centre cert certificate
    certificates certification certs chain challenge changed changes channel character charset chat checked checkin
    checkout choice claim claims classification classifier cleared client clone closed cluster clutter cmdlet cn
    code codes collaboration collection collector column comments commit communication companies compare completed
    compliance compliant component compose composite compress compressed compromised compute concurrency condition
    conditional conditions conferencing config configuration configurations configure configured confirm confirmed
    conflict connect connected connection connectivity connector consent consistency consumer contact contacts
    contain container contains content contents context continue contribute contributor control controlled
    controller controls conversation convert converted copied copilot copy correlation could country coverage create
    created creation creator cred credential credentials criteria critical csv customer customization customizations
    customized d data database databases datacenter dataset date datetime dav dc deactivate deactivated debug
    declined decrypt decryption defaults defender define defined definition dehydrated delayed delegate delegated
    delegates delegation delete deleted deletes deleting deletion delimiter delivered delivery demote denied deny
    department dependency deploy deployment deprecated depth desc description descriptor deskless deskphone
    destination detach detailed details detect detected detection detections detonation developer device devices
    diagnostics dialog did digest digital dir direction directory dirsync disable disabled disallow discard
    disclaimer disconnect discovered disk dismiss dismissed display disposition dispositions distinguished
    distribute distributed distribution dkim dl dlp dmarc dn dns doc document documents does domain domains
    downgrade download downloaded downloads draft drafts dropped dsp duplicate duration during dynamic e eap eas ecp
    ediscovery edit edited editing editors education effective elevate eligible email emails employee empty enable
    enabled encoding encrypted encryption ended endpoint endpoints enforce enforced enforcement engagement enhanced
    enroll enrolled enrolling enrollment enter enterprise entities entitlement entity entries entry environment eop
    ephemeral equal erase error errors es essentials estimate eu eval evaluate evaluation event events evidence
    exceed exceeded except exception exceptions exclude excluded exclusion execute executed execution exempted
    exemption exist existing exists exit exp expand expansion expected experience expert expiration expire expired
    expires expiry explicit explorer export exported exporting expression extend extended extension extensions
    extent external externally extract facing faculty failed failing failover failure failures fax feature features
    federated federation feed feedback feeds fetch fido file filename files filter filtered filtering filters
    financial findings fingerprint finished fixed flags flows folder folders followed following followup forced
    forest forgiveness forgot format formats forms forwarded forwarder forwarding frequency from fsl function
    further gal gateway gen generate generated generation generator generic gm governance grammar granted grants
    group grouped groupings groups guests guid guids h hacked handle handler handling hard has hash have having
    header headers heartbeat helpdesk hidden hierarchical hierarchy higher highlights historical history hits hop
    hosted hosting hosts hours hwid hybrid hygiene i identical identification identifier identifiers identities
    identity ids ignore image images imap immutable impact impersonate impersonation implementation implicit import
    imported inactive inbound inbox incident include included includes including inclusive incoming incorrect
    increase index indexed indicator indicators info information informational infrastructure inherit inheritance
    inherited initialize initiate initiated initiating initiator inplace insert insight insights inspect inspection
    install installation installed instance instances integrated integration intelligence intended interaction
    interactive intercept interface intermediate internal internet interrupted interval intra introspect intune
    invalid invalidate inventory investigation invitation invite invited invitee inviter invites invocation invoke
    involved ios ip irm issue issued issuer issues item items its itself jit jobs journal journaling json junk just
    justification kaizala keep keyword keywords kmsi knowledge known labeled labeling language languages latency
    later launch layout left legacy length let level levels library license licensed licenses licensing lifecycle
    limit limitation limited linked linkedin lists load lob local locale location locations lockbox locked lockout
    log logged logging login logo logoff logon logons logout logs lookup lower machine macos mail mailbox mailboxes
    mailitems mails mailtip mailtips maintenance make malware manage manageability managed management manager
    manifest manually mapi mapping marked marking mask match matched matches matching matrix maximum mcas mdatp mdm
    mdo mdx mechanism medium meet meeting meetings member members membership memberships mentioned menu merge merged
    message messages messaging metadata meter method methods metric metrics mfa microsoft microsoftonline middle
    migrate migrated migration mim minimization minimum minute minutes mip mismatch missing mobile mobility mode
    model moderated moderation modern modification modified modify module modules monitor monitored monitoring
    monthly mount moved movement moves mrm mrs mru ms msol mtp mua multi multifactor multiple name named names
    namespace navigation necessary need needed negotiate network networks never nickname node nodes non nonadmin
    nonce nonpii notebook notice notification notifications notified notify notonboarded ntlm null number numbers o
    oab oauth object objects occurred off offer office offline often oidc ok ol om oma omeconfiguration onboard
    onboarding once onedrive online only onnet oob oof ooo opened openid operation operational operations operator
    opt optimization option optional options orchestration order org organization organizational organizations
    organizer origin original os osd osp others otp ou outbound outgoing outlook output outside overall overridden
    override owa owned owner owners ownership package packages paging pane parallel parameter parameters parent
    partial partially participant participants partition partitioning partner partners passcode passive passkey
    passthrough password passwordless passwords past path paths pattern patterns payload payment pcs pending per
    percent percentage perform performance performed period permanent permission permissions permitted personal
    personalization phish phishing phone phonetic photo physical pictures pii pim pinned pip pipeline pkce pki
    planner plans platform pod policies policy polled population por portability ports position possible potential
    powerapps powershell preauthorized precedence preference preferences preferred prefix prem premises premium
    preregistered present preserve preset prevent prevention preview previewed previous primary principals print
    printed priority private privilege privileged proactive problem process processed processes processing product
    profile profiles program prohibit promote prompt proofup properties property proposed protect protected
    protection protocol protocols prov provided provider providers provision provisioned provisioning proxies proxy
    prt psa pst pstn publish published publisher publishing puid purge purged purges purview quarantine quarantined
    queries query question queue quota quotas r random rate rbac re reaction reactivate reading receive received
    receiver recent recipient recipients recommendation recommended reconnect record recorded recording records
    recover recoverable recovered recovery recurrence recycle recycled redeem redeemed redirect redirected
    redirection reduction reference refresh refreshed regenerate region regional register registered registrant
    registration registry regulatory reindex reject rejected related relation relationship relay released relevancy
    reliability remediate remediated remediation reminder remote removal remove removed rename renamed renew renewal
    renewed repair replace replaced replication replied reply report reported reporting reports repository
    representation reprocess reputation request requested requester requests require required requirement
    requirements requires reserved reset resets resize resolution resolve resolved resource resources respect
    respond response restart restore restored restrict restricted restriction restrictions result results resume
    retain retained retention retried retry reused revert reverted review reviewed reviewer reviewers revision
    revoke revoked rfc rights risks risky rms roadmap roaming role roles roster rotate route routing rss rules run
    runtime s safe safety samesite saml sample sas sasl save saved scan scanned scanner schedule scheduled scheduler
    scheduling schema scl scope scoped scopes score scp screen script scripts searched searches second secondary
    seconds secrets section sections secure secured security see segment segmentation select selected selection send
    sender senders sending sends sensitive sensitivity sent separate sequence serial server servers service services
    session sessions set sets setting settings setup several severity shared sharepoint shares sharing shift shifts
    should show shown shut si sid sids signaled signature signed signin signing signout signs silent silently
    similar simulated simulation site sites skip sku skus skype sms smtp snapshot snippet snooze snoozed software
    source sources sp spam specific specified spf split spn spo spoof spoofed spool srp ssl sso staffhub standard
    start started starting startup statement states status stop stopped storage stream sts stsrefresh student
    subfolder subject subjects submission submissions submit submitted subnet suborg subscope subscribe subscribed
    subscription subscriptions subset subsite succeeded success successful successfully suffix suggested suggestion
    suite summary supervision supervisor supervisory support supported suppress suppression survey suspend suspended
    suspicious switch symmetric sync synced synchronization synchronize syntax synthetic system systems tabs tagged
    tags taken targeted task tasks tcm team teams teamwork telemetry telephony template templates temporarily
    temporary tenancy tenant tenantid tenants term terminate terms text than the their them there these thread
    threat threats threshold thresholds throttle throttled throttling through thumbnail ticket timed timeout times
    timestamp timezone timing tips tls todo tokens too tool toolbar tools topic totp track tracked tracking training
    transaction transcript transferred transform transformation transition translate translation transport trash
    traverse trigger triggered trusted tuning turn type types ucm ui uint um uma unable unallowed unapproved
    unassign unassigned unauthorized unavailable unblock unchanged under undo unencrypted unexpected unfederated
    unified uninstall unique unknown unlimited unlink unlocked unmanaged unpinned unpublish unread unregister
    unshared unsubscribe unsupported until unused unusual update updated updates updating upgrade upgraded upload
    uploaded upn upnsuffix uri url urls urn usage used user userid userinfo username users uses using utility valid
    validate validater validaterbac validation validity values variable vendor verbose verdict verification verified
    verifier verify version versioning versions via viable video viewed viewer views violation viral virtual virus
    visibility visit visited vitals voicemail volume vpn wait waiting warning was watermark weak web webhook webpart
    webparts website were which wia wiki windowsazure without word workflow workflows working workload workloads
    workplace workspace write writeback writers writes writing written ws x x509 xml yammer
";

/// Words that are also surnames, companies or short names: they build a name with a word of the first list, never without.
const NOT_ALONE: &str = "
    active air all an and answers any as ask at back based be best bid bind block bot boundary box brief bulk bundle
    bus by call can carbon card case cases change check child circle class clear clients close cloud combined comma
    command comment common company compass complete contract core count cover crash cross current custom cycle daily
    day days decision deep default delay deliver design desktop detail dial direct discover discovery do done down
    drive driven drop due earth east edge editor elastic emergency end every exact exchange expect express extra
    face fact fail false fault favorite field fields final find finger finish first fix flag flow folds for force
    form forward found framework front full gallery general get given global go guide he head health help hide high
    hit hold holds home host hour hub icon id identify if in individual initial input inside insider instant intent
    interest is it job key keys kind label labels large last law layer leave lifetime line link links list live lock
    low main manual map mapped master me media minor month more most move my native new next no none normal not note
    notes now of old on one open or other out over page pages paper part party pass patch peer people phase picture
    pilot pin place places plan play point poll pool pop port portal post power principal privacy progress project
    proof provide public pull purchase purpose push quality quest quick range rank read reason rebuild regular
    release rest return right ring risk root row rule sale same sandbox search secret seen self sense series shard
    share short shows sign signal simple single size skill so social soft some space special speed stage staging
    stale stand state static step store stored string strong structure stub studio style sub sway tab table tag take
    target test that then they this time tip title to token total train transfer tree trial true trust two unit
    unlock up urgent us use value view visible vital viva voice wall watch way we week weekly welcome what when
    where while who whole wide windows wipe with words work worker writer wrong year yes you your zap zone
";

static WORDS_SET: LazyLock<HashSet<&'static str>> = LazyLock::new(|| WORDS.split_ascii_whitespace().collect());
static NOT_ALONE_SET: LazyLock<HashSet<&'static str>> = LazyLock::new(|| NOT_ALONE.split_ascii_whitespace().collect());

/// Most digits in a name that is built of words.
const DIGITS: usize = 4;
/// No word is longer.
const LONGEST: usize = 24;

/// What a part of a text tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Plain,
    NotAlone,
    Other,
}

fn part(word: &str) -> Part {
    let mut buffer = [0; LONGEST];
    let Some(lower) = buffer.get_mut(..word.len()) else { return Part::Other };
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    match std::str::from_utf8(lower) {
        Ok(word) if WORDS_SET.contains(word) => Part::Plain,
        Ok(word) if NOT_ALONE_SET.contains(word) => Part::NotAlone,
        _ => Part::Other,
    }
}

/// Whether it is one of the words that are no name of anybody, in any case.
pub fn is_plain_word(word: &str) -> bool {
    part(word) == Part::Plain
}

/// Whether it is one of the words, in any case: enough where a program names a thing, never for a value.
pub fn is_word(word: &str) -> bool {
    part(word) != Part::Other
}

/// Whether a text is built of the words alone, of two at least: `MailItemsAccessed`, `Update service principal`,
/// `Mail.ReadWrite`. A single word may be a name.
///
/// Words stand next to each other with a capital, a digit, a blank or one of `_.-:,/` between them.
pub fn is_composed(text: &str) -> bool {
    let (mut words, mut plain, mut digits) = (0, false, 0);
    let mut rest = text;
    while let Some(first) = rest.bytes().next() {
        let end = match first {
            b'0'..=b'9' => rest.bytes().take_while(u8::is_ascii_digit).count(),
            b'a'..=b'z' | b'A'..=b'Z' => word_end(rest.as_bytes()),
            b' ' | b'_' | b'.' | b'-' | b':' | b',' | b'/' => 1,
            _ => return false,
        };
        let Some((piece, behind)) = rest.split_at_checked(end) else { return false };
        match first {
            b'0'..=b'9' => digits += end,
            _ if first.is_ascii_alphabetic() => {
                words += 1;
                match part(piece) {
                    Part::Plain => plain = true,
                    Part::NotAlone => {}
                    Part::Other => return false,
                }
            }
            _ => {}
        }
        rest = behind;
    }
    plain && words > 1 && digits <= DIGITS
}

/// The end of the word that a text begins with: `Mail` of `MailItems`, `MFA` of `MFAMethod`.
fn word_end(bytes: &[u8]) -> usize {
    let upper = bytes.iter().take_while(|b| b.is_ascii_uppercase()).count();
    let lower = bytes.iter().skip(upper).take_while(|b| b.is_ascii_lowercase()).count();
    match (upper, lower) {
        // The last capital begins the next word.
        (2.., 1..) => upper - 1,
        _ => upper + lower,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Common given names, family names and companies that are also words.
    const NAMES: &str = "
        ada adam adobe adventure al alan alec alex alice alma amazon amber amy ana andy angel ann anna anne
        apple april archer art arthur ash august aurora autumn avery axel baker banks barb barker basil baxter
        bean beau beck bell ben berg berry bert beth bill bird bishop bliss bob boeing bond booker boss bowman
        brad brand brandy brook brooks bruce buck bud burns bush butler cain carl carlos carol carter cash
        chance chandler chase cherry chin chip chris christian chuck church cisco clark clay cliff coffee coffin
        cole colt contoso cook cooper cope coral crystal curry curtis daisy dale dan dane daniel dawn dean deck
        dee dell denny destiny dick dolly don dot doug drake drew driver duke dusty earl early ed eden elder
        ella ellen emerald emma eric ernest eve fabrikam faith fay fern finn fisher flint flora ford forrest
        foster fourth fox frank fred freeman gage gail garland gates gay gene george gill ginger glass glen gold
        golden gomez good goodman google grace graham grant gray green grey guest guy hale hall hammer hank
        hardy harper harry hart harvey hazel heath heather heaven henry herb hill holiday holly honor hood
        hoover hope hopper horn huck hugo hunt hunter ian ibm ida intel iris ivan ivory ivy jack jade jaguar
        james jan jane jasmine jasper jay jean jesse jewel jim joe john jones joseph josh joy juan judge june
        justice kay keen ken kent kerry kim king kitty knight lake lance lane lee les levi lily lima litware liu
        long love luck lucky luke lynn mack maria marina marino mark marsh martin marvel mary mason matt max may
        mead mei melody mercy merit merry mia mike miles miller mills ming mo moon morris moss nancy neo nick
        nike nina nixon noble noel norm northwind olive oliver opal oracle oscar otto paige pan paris parker pat
        patience patrick paul pearl peg penny pepper perry pete peter phil pierce piper pitt polly pope porter
        potter presley price prince proseware prudence rae rain ramos randy raven ray red reed reid rex rice
        rich river rob robin rock rod rose rosemary roy ruby rush russ rusty ruth ryan sage sal sally salt sam
        samsung sanders sandy savage scarlett scott sean shane sharp shaw shell sherry sidney siemens silver sky
        slack smith snow sol sonny sony spencer spring stark stella sterling steve stew stone storm stuart sue
        sullivan summer sun sunny swan tad tailspin tan tanner taylor ted temple terry tesla tex tim tina tom
        toni tony tracy travis trinity trip troy truth tucker tyler val van vance vera vernon vic victor viola
        violet visa volvo wade walker walmart wang ward warren washington wayne webb west white will wingtip
        winter wolf wong wood woods woody wright wu yang york young yu zhang zoe zoom
    ";

    #[test]
    fn no_word_is_a_name() {
        let names: Vec<&str> = NAMES.split_ascii_whitespace().collect();
        let found: Vec<&&str> = names.iter().filter(|name| is_word(name)).collect();
        assert!(found.is_empty(), "{found:?}");
        for name in &names {
            for text in [(*name).to_owned(), format!("{name} group"), format!("Mailbox {name}"), format!("Mail.{name}")]
            {
                assert!(!is_composed(&text), "{text}");
            }
        }
        for word in WORDS.split_ascii_whitespace().chain(NOT_ALONE.split_ascii_whitespace()) {
            assert!(!is_composed(word) && is_word(word), "{word}");
        }
        for text in ["Case Page", "page.key", "An Do", "Will Self", "Guest Team"] {
            assert!(!is_composed(text), "{text}");
        }
        assert!(WORDS_SET.is_disjoint(&NOT_ALONE_SET));
    }

    #[test]
    fn words_build_names() {
        for text in [
            "MailItemsAccessed",
            "UserLoggedIn",
            "Update service principal",
            "Search-Mailbox",
            "Mail.ReadWrite",
            "OAuth2",
            "MFAMethod",
            "Microsoft.Online.DirectoryServices.UniqueKeyPropertyException",
            "BPOS_S_Enterprise",
            "ValidaterbacAccessCheck",
        ] {
            assert!(is_composed(text), "{text}");
        }
        for text in [
            "",
            "-",
            "2024",
            "Ana",
            "Mailbox",
            "MailAna",
            "anamail",
            "Mail Ana",
            "mailbox\u{fc}",
            "Mailbox 12345",
            "Mail(x)",
        ] {
            assert!(!is_composed(text), "{text}");
        }
    }
}
