//! Operations of audit records.
//!
//! Three kinds stay in clear: names that are listed whole, cmdlets, and names that begin or end with a word for doing and are
//! built of the words. Nobody is called so: no word is a name, and one word alone has to be listed.

use super::words::{is_composed, is_word};

/// Operations that the documentation lists and that the shapes do not hold: single words, and names with words that are
/// people's too.
pub(super) const LISTED: &str = "
Create|Update|Copy|Move|Send|SendAs|SendOnBehalf|SoftDelete|HardDelete|MoveToDeletedItems|MailboxLogin|FolderBind|MessageBind|
MailItemsAccessed|Search|Rule|Delete|Remove|Add|Import|Export|Recall|Upload|Download|Preview|Restore|Print|Read|Access|
CopilotInteraction|AIAppInteraction|MeetingDetail|MeetingParticipantDetail|MessageCreatedHasLink|MessageEditedHasLink|
QuarantineDelete|QuarantinePreview|QuarantineRelease|QuarantineReleaseMessage|QuarantineExport|QuarantineViewHeader|
QuarantineReleaseRequest|MaxQuotaModified|MaxResourceUsageModified|GroupCreation|ComplianceRecordDelete|
DocumentSensitivityMismatchDetected|SearchCustomTag|Hard Delete application|Hard Delete user|PageViewed|PageViewedExtended|PagePrefetched|ClientViewSignaled|ListViewed|ListUpdated|
CaseAdded|CaseUpdated|CaseRemoved|CaseAdminUpdated|CaseAdminReplaced|CaseMemberAdded|CaseMemberRemoved|CaseClosed|CaseReopened|
CaseDeleted|CaseViewed|HoldCreated|HoldUpdated|HoldRemoved|AnonymousLinkCreated|AnonymousLinkUpdated|AnonymousLinkRemoved|
AnonymousLinkUsed|CompanyLinkCreated|CompanyLinkRemoved|CompanyLinkUsed|SecureLinkCreated|SecureLinkUpdated|SecureLinkDeleted|
SecureLinkUsed|AddedToSecureLink|RemovedFromSecureLink|SharingLinkCreated|SharingLinkUpdated|SharingLinkDeleted|SharingLinkUsed|
SharingSet|SharingRevoked|ReactedToMessage|TeamsTenantSettingChanged|BotAddedToTeam|TabAdded|TabRemoved|TabUpdated|
TIMailData|TIUrlClickData|AtpDetection|UserSubmission|UserSubmissionTriage|AlertTriggered|AlertEntityGenerated|AlertUpdated|
DlpRuleMatch|DlpRuleUndo|DlpInfo|LabelApplied|LabelChanged|LabelRemoved|FileSensitivityLabelApplied|FileSensitivityLabelChanged|
FileSensitivityLabelRemoved|SiteSensitivityLabelApplied|SiteSensitivityLabelChanged|SiteSensitivityLabelRemoved|
New-InboxRule|Set-InboxRule|Remove-InboxRule|Enable-InboxRule|Disable-InboxRule|UpdateInboxRules|
Add delegated permission grant|Remove delegated permission grant|Update delegated permission grant|
Add app role assignment grant to user|Remove app role assignment grant from user|Add OAuth2PermissionGrant|
Remove OAuth2PermissionGrant|Add app role assignment to group|Remove app role assignment from group|
Update application – Certificates and secrets management|Update application - Certificates and secrets management|
Update service principal – Certificates and secrets management|Set force change user password|
Change user license|Change user password|Reset user password|Reset password (by admin)|Reset password (self-service)|
Change password (self-service)|Self-service password reset flow activity progress|Unlock user account (self-service)|
Add unverified domain|Add verified domain|Verify domain|Verify email verified domain|Set Company Information|Invite external user|
Redeem external user invite|Sign-in activity|Update StsRefreshTokenValidFrom Timestamp|Add eligible member to role|
Add member to role completed (PIM activation)|Add member to role requested (PIM activation)|
Add member to role in PIM completed (permanent)|Add member to role in PIM completed (timebound)|
Add member to role in PIM requested (permanent)|Add member to role in PIM requested (timebound)|
Add eligible member to role in PIM completed (permanent)|Add eligible member to role in PIM completed (timebound)|
Add eligible member to role in PIM requested (permanent)|Add eligible member to role in PIM requested (timebound)|
Remove member from role (PIM activation expired)|Remove member from role in PIM completed (permanent)|
Remove member from role in PIM completed (timebound)|Remove eligible member from role in PIM completed (permanent)|
Remove eligible member from role in PIM completed (timebound)|Consent to application|Add policy|Delete policy|Update policy|
Add conditional access policy|Update conditional access policy|Delete conditional access policy|User registered security info|
User registered all required security info|User deleted security info|User changed default security info|
User started security info registration|User reviewed security info|Admin registered security info|
Admin deleted security info|Admin updated security info|Remediate user|Dismiss user risk|Confirm user compromised
";

/// Approved verbs of PowerShell, as the modules of Exchange, Teams, SharePoint and the directory use them, without those that
/// are people's names.
const VERBS: &str = "
add approve assert backup block clear close complete compare confirm connect convert convertfrom convertto copy debug deny
disable disconnect dismount edit enable enter exit expand export find format get hide import initialize install invoke join
limit lock measure merge mount move new open optimize protect publish push read receive redo register remove rename repair request
reset resize resolve restart restore resume retry revoke save search select send set show split start stop submit suspend switch
sync test undo uninstall unlock unprotect unpublish unregister update upgrade use validate wait write
";

/// Words for doing that an operation begins with.
const BEGINNINGS: &str = "
accept access acknowledge activate add admin aggregate apply approve archive assign authorize bulk cancel change clear
complete configure confirm connect consent convert copy create deactivate delete deny deploy disable discard disconnect
dismiss download edit enable end enroll execute expire export fetch finish generate get hard import initiate install invite
invoke issue list load lock manage merge migrate modify move notify onboard open perform pin process promote provision
publish purge query receive recover redeem refresh register reject release remove rename renew replace reset resolve restore
resume retrieve review revoke run save schedule search self send set share sign soft start stop submit subscribe suspend sync
synchronize terminate transfer triage trigger unassign unlock unpin unpublish unregister unshare unsubscribe update upgrade
upload user validate verify view viewed withdraw write
";

/// Words for what was done that an operation ends with.
const ENDINGS: &str = "
accepted access accessed accesscheck activated added applied approved archived assigned attempted authorized blocked
broken cancelled canceled changed check cleared clicked closed completed confirmed connected consented converted copied created
deactivated deleted denied deployed detected disabled discarded disconnected discovered dismissed downloaded edited enabled
ended enrolled expired exported extended failed forwarded generated granted imported initiated installed invited
issued joined logged loggedin loggedout locked loginfailed match matched mentioned merged migrated modified moved muted
notified opened out in pinned posted previewed printed processed promoted provisioned published purged queried quarantined
received recovered recycled redeemed registered rejected released removed renamed renewed replaced reported requested
reset resolved restored resumed retrieved revealed reviewed revoked saved scheduled searched sent set shared signaled signed
started stopped submitted subscribed suspended synced synchronized terminated tracked transferred triggered unassigned
unblocked unlocked unpinned unpublished unregistered unshared updated upgraded uploaded used validated verified viewed
withdrawn written
";

/// Providers of Azure's resources.
const PROVIDERS: &str = "
microsoft.aad microsoft.aadiam microsoft.addons microsoft.advisor microsoft.alertsmanagement microsoft.apimanagement
microsoft.app microsoft.appconfiguration microsoft.authorization microsoft.automation microsoft.batch microsoft.billing
microsoft.cache microsoft.cdn microsoft.classiccompute microsoft.classicnetwork microsoft.classicstorage
microsoft.cognitiveservices microsoft.compute microsoft.consumption microsoft.containerinstance microsoft.containerregistry
microsoft.containerservice microsoft.costmanagement microsoft.databricks microsoft.datafactory microsoft.dbformysql
microsoft.dbforpostgresql microsoft.desktopvirtualization microsoft.devices microsoft.devtestlab microsoft.directoryservices
microsoft.documentdb microsoft.eventgrid microsoft.eventhub microsoft.features microsoft.guestconfiguration
microsoft.hybridcompute microsoft.insights microsoft.keyvault microsoft.kubernetes microsoft.kusto microsoft.logic
microsoft.machinelearningservices microsoft.maintenance microsoft.managedidentity microsoft.managedservices
microsoft.management microsoft.marketplace microsoft.monitor microsoft.network microsoft.operationalinsights
microsoft.operationsmanagement microsoft.policyinsights microsoft.portal microsoft.recoveryservices microsoft.resourcehealth
microsoft.resources microsoft.security microsoft.securityinsights microsoft.servicebus microsoft.servicefabric
microsoft.sql microsoft.storage microsoft.storagesync microsoft.streamanalytics microsoft.subscription microsoft.support
microsoft.synapse microsoft.web
";

/// What an operation on a resource does.
const ACTIONS: &[&str] = &["read", "write", "delete", "action"];

fn among(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known.eq_ignore_ascii_case(word))
}

/// Whether a value that is not listed is an operation by its shape.
pub(super) fn is_operation(value: &str) -> bool {
    is_cmdlet(value) || is_resource(value) || is_deed(value)
}

/// `Set-MailboxPlan`, `Grant-CsTeamsMeetingPolicy`.
fn is_cmdlet(value: &str) -> bool {
    let Some((verb, noun)) = value.split_once('-') else { return false };
    // A single word of a noun is one that is no name: `Set-Mailbox`.
    let thing =
        |noun: &str| noun.bytes().all(|b| b.is_ascii_alphanumeric()) && (is_composed(noun) || among(NOUNS, noun));
    let of_teams = noun.strip_prefix("Cs").is_some_and(is_composed);
    among(VERBS, verb) && (thing(noun) || of_teams) || verb.eq_ignore_ascii_case("grant") && of_teams
}

/// Nouns of one word.
const NOUNS: &str = "
mailbox recipient contact mailcontact mailuser mailpublicfolder group user team teamuser teamchannel label transportrule
inboxrule journalrule organization administrator mobiledevice retentiontag dkim
";

/// `Microsoft.Authorization/roleAssignments/write`.
fn is_resource(value: &str) -> bool {
    let mut parts = value.split('/');
    let provider = parts.next().is_some_and(|part| among(PROVIDERS, part));
    let rest: Vec<&str> = parts.collect();
    let Some((last, kinds)) = rest.split_last() else { return false };
    provider
        && ACTIONS.iter().any(|action| action.eq_ignore_ascii_case(last))
        && !kinds.is_empty()
        && kinds.iter().all(|kind| is_composed(kind) || is_word(kind) || among(KINDS, kind))
}

/// Kinds of resources that are more than words of the list.
const KINDS: &str = "
virtualmachines virtualnetworks storageaccounts networksecuritygroups securityrules roleassignments roledefinitions listkeys
locks deployments resourcegroups publicipaddresses networkinterfaces loadbalancers vaults secrets keys servers databases
firewallrules sites diagnosticsettings policyassignments policydefinitions userassignedidentities managedclusters
workspaces disks snapshots images subnets routetables start restart deallocate poweroff runcommand extensions elevateaccess
";

/// Begins or ends with a word for doing, and is built of the words.
fn is_deed(value: &str) -> bool {
    let letters = |c: char| !c.is_ascii_alphanumeric();
    let (first, last) = match value.contains(' ') {
        true => (value.split(letters).next().unwrap_or_default(), value.rsplit(letters).next().unwrap_or_default()),
        false => (head(value), tail(value)),
    };
    is_composed(value) && (among(BEGINNINGS, first) || among(ENDINGS, first) || among(ENDINGS, last))
}

/// The first word of a name whose words begin with capitals.
fn head(value: &str) -> &str {
    let next = value.char_indices().skip(1).find(|(_, c)| !c.is_ascii_lowercase());
    value.get(..next.map_or(value.len(), |(at, _)| at)).unwrap_or_default()
}

/// The last word of such a name.
fn tail(value: &str) -> &str {
    let last = value.char_indices().rfind(|(_, c)| !c.is_ascii_lowercase());
    value.get(last.map_or(0, |(at, _)| at)..).unwrap_or_default()
}
