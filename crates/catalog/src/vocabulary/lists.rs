//! The listed values of each vocabulary.

use super::{Vocabulary, operations};

/// The lists of a vocabulary, values between bars.
pub(super) fn of(list: Vocabulary) -> &'static [&'static str] {
    match list {
        Vocabulary::LogForm => &["json|csv|wrapped|azure"],
        // Those come with their numbers.
        Vocabulary::RecordType => &[],
        Vocabulary::Operation => &[operations::LISTED],
        Vocabulary::Workload => &[WORKLOADS],
        Vocabulary::ResultStatus => &[STATUSES],
        Vocabulary::UserType => &[USERS],
        Vocabulary::LogonType => &[LOGONS],
        Vocabulary::ItemType => &[ITEMS],
        Vocabulary::Extension => &[EXTENSIONS],
        Vocabulary::EventSource => &["SharePoint|ObjectModel|OneDrive|Office|Teams"],
        Vocabulary::Category => &[CATEGORIES, DIRECTORY_CATEGORIES, AZURE_CATEGORIES],
        Vocabulary::Level => &["Critical|Error|Warning|Informational|Information|Verbose"],
        // A command that tells no version of its own writes dots.
        Vocabulary::Version => &["..."],
        Vocabulary::OperationType => &[DIRECTORY_OPERATIONS],
        Vocabulary::MailAccess => &["Bind|Sync"],
        Vocabulary::ObjectState => &["Unchanged|Changed|New|Deleted"],
        Vocabulary::Severity => &["Low|Medium|High|Informational|Information|Warning|Error|Critical|Verbose"],
        Vocabulary::AlertType => &["System|Custom"],
        Vocabulary::EntityType => &[THINGS],
        Vocabulary::ListType => {
            &["GenericList|DocumentLibrary|DiscussionBoard|Survey|Issue|None|Unused|UnspecifiedBaseType"]
        }
        Vocabulary::Communication => {
            &["Team|OneOnOne|GroupChat|Channel|Meeting|Group|Chat|ScheduledMeeting|AdHocMeeting"]
        }
        Vocabulary::DeviceTrust => &[TRUSTS],
        Vocabulary::ConditionalAccess => &["success|failure|notApplied|notEnabled|reportOnly|unknownFutureValue"],
        Vocabulary::Risk => &[RISKS],
        Vocabulary::Country => &[COUNTRIES],
        Vocabulary::Forwarder => &["Azure|AzureAD|Azure AD|OfficeActivity|OpsManager|office365|ms-graph|o365|wazuh"],
        Vocabulary::LogonError => &["None|Success"],
        Vocabulary::RequestType => &[
            "bind:Bind|Login:login|Login:resume|Kmsi:kmsi|Cmsi:Cmsi|SAS:EndAuth|SAS:BeginAuth|SAS:ProcessAuth|Saml2:processrequest",
        ],
        Vocabulary::FolderRights => &[FOLDER_RIGHTS],
        Vocabulary::OperatingSystem => &[SYSTEMS],
        Vocabulary::Browser => &[BROWSERS],
    }
}

const WORKLOADS: &str = "
Exchange|SharePoint|OneDrive|OneDriveForBusiness|AzureActiveDirectory|SecurityComplianceCenter|MicrosoftTeams|Yammer|PowerBI|
PowerApps|PowerPlatform|MicrosoftFlow|MicrosoftStream|MicrosoftForms|Sway|SkypeForBusiness|ThreatIntelligence|Project|Discovery|
PublicEndpoint|Endpoint|Dynamics365|CRM|Kaizala|Planner|MicrosoftTodo|Viva|VivaGoals|Copilot|MicrosoftDefenderForEndpoint|
MicrosoftDefenderForIdentity|MicrosoftPurview|MicrosoftGraphDataConnect|Quarantine|WorkplaceAnalytics|Mip|Aip|Office|Office365|
Microsoft365|Generic|Microsoft Exchange|Microsoft Teams|Microsoft SharePoint Online|
AAD Management UX|Access Reviews|Account Provisioning|Application Proxy|Authentication Methods|Authentication Strengths|
Azure AD Recommendations|Azure MFA|Azure Multi-Factor Authentication|B2C|B2B Auth|Conditional Access|Core Directory|
Device Registration Service|Entitlement Management|Global Secure Access|Hybrid Authentication|Identity Protection|
Invited Users|Lifecycle Workflows|MIM Service|Mobility Management|MyApps|My Apps|My Staff|PIM|Privileged Identity Management|
SSPR|Self-service Group Management|Self-service Password Management|Terms Of Use|Verified ID|AzureAD|Azure AD
";

const STATUSES: &str = "
Succeeded|PartiallySucceeded|Partially Succeeded|Failed|True|False|Success|Failure|Fail|Timeout|Interrupted|Interrupt|Started|
Accepted|Active|Resolved|InProgress|In Progress|Updated|Cancelled|Canceled|OK|Created|unknownFutureValue|NotApplied|Blocked
";

const USERS: &str = "
Regular|Reserved|Admin|DcAdmin|System|Application|ServicePrincipal|CustomPolicy|SystemPolicy|PartnerTechnician|Guest|Member
";

const LOGONS: &str = "
Owner|Admin|Delegated|Delegate|Transport|SystemService|BestAccess|DelegatedAdmin|AdminDelegated|ExternalAccess
";

const ITEMS: &str = "
Invalid|File|Folder|Web|Site|Tenant|DocumentLibrary|Page|List|ListItem|Field|ContentType|View|Message|Document|AllUsersInTenant|
SiteCollection|Attachment|Group|User|Permission|SharingLink|SharePointGroup|Library
";

const CATEGORIES: &str = "
ThreatManagement|DataGovernance|DataLossPrevention|AccessGovernance|MailFlow|Others|Other|Supervision|Permissions|
InformationGovernance|InsiderRiskManagement|PrivacyManagement
";

const DIRECTORY_CATEGORIES: &str = "
AdministrativeUnit|Agreement|ApplicationManagement|AttributeManagement|Authentication|Authorization|AuthorizationPolicy|
CertBasedConfiguration|CertificateAuthority|CertificateBasedAuthConfiguration|ConditionalAccess|Contact|CrossTenantAccessSettings|
CrossTenantIdentitySyncSettings|Device|DeviceConfiguration|DeviceManagement|DeviceTemplate|DirectoryManagement|
EntitlementManagement|ExternalUserProfile|ExternalUserManagement|Feature|GroupManagement|IdentityProtection|KerberosDomain|
KeyManagement|Label|LifecycleWorkflows|OAuth2PermissionGrant|OrganizationalBrand|PasswordManagement|PendingExternalUserProfile|
PermissionGrantPolicy|Policy|PolicyManagement|PrivilegedIdentityManagement|ProvisioningManagement|ResourceManagement|
RoleManagement|ServicePrincipal|TaskManagement|UserManagement|WorkflowManagement
";

const AZURE_CATEGORIES: &str = "
Administrative|ServiceHealth|ResourceHealth|Alert|Autoscale|Recommendation|Security|AuditLogs|SignInLogs|
NonInteractiveUserSignInLogs|ServicePrincipalSignInLogs|ManagedIdentitySignInLogs|ProvisioningLogs|ADFSSignInLogs|RiskyUsers|
UserRiskEvents|RiskyServicePrincipals|ServicePrincipalRiskEvents|NetworkAccessTrafficLogs|EnrichedOffice365AuditLogs|
MicrosoftGraphActivityLogs|RemoteNetworkHealthLogs|B2CRequestLogs|AuditEvent|StorageRead|StorageWrite|StorageDelete
";

const DIRECTORY_OPERATIONS: &str = "
Add|Assign|Unassign|Update|Delete|Create|Remove|Read|Set|Disable|Enable|Reset|Restore|Provision|Invite|Redeem|Consent|Register|
Unregister|Validate|Approve|Deny|Other|Hard Delete|SelfServicePasswordReset|ActivateAlert|DisableAlert|ResolveAlert|
AssignEligibleRole|AssignPermanentEligibleRole|AssignPermanentGrantedRole|CancelRequest|CreateRequestApproved|
CreateRequestPermanentEligibleRole|CreateRequestPermanentGrantedRole|ProcessRequestApproved|UpdateRole|UpdateRoleSetting
";

const THINGS: &str = "
User|Group|Member|Guest|SharePointGroup|SecurityGroup|Partner|Device|ServicePrincipal|Application|App|Role|Policy|Directory|
Other|N/A|Recipients|Recipient|Sender|MalwareFamily|Malware|Mailbox|MailboxConfiguration|MailCluster|MailMessage|File|FileHash|
Url|IP|Ip|Host|Process|Registry|CloudApplication|CloudLogonSession|Submission|SubmissionMail|Team|Tenant|Everyone|
EveryoneExceptExternalUsers|Site|DlpPolicy|System|Subscription
";

const TRUSTS: &str = "
AzureAd|ServerAd|Workplace|Azure AD joined|Azure AD registered|Hybrid Azure AD joined|Microsoft Entra joined|
Microsoft Entra registered|Microsoft Entra hybrid joined|AzureADJoined|AzureADRegistered|HybridAzureADJoined
";

const RISKS: &str = "
low|medium|high|hidden|none|confirmedSafe|remediated|dismissed|atRisk|confirmedCompromised|unknownFutureValue
";

const FOLDER_RIGHTS: &str = "
None|ReadAny|Create|EditOwned|DeleteOwned|EditAny|DeleteAny|CreateSubfolder|Owner|Contact|Visible|FreeBusySimple|
FreeBusyDetailed|ReadBody|Manage|Editor|Author|Reviewer|Contributor|PublishingEditor|PublishingAuthor|NonEditingAuthor|
AvailabilityOnly|LimitedDetails
";

const SYSTEMS: &str = "
Windows|Windows 10|Windows 11|Windows 8|Windows 8.1|Windows 7|Windows Vista|Windows XP|Windows NT|Windows Phone|Windows Server|
MacOs|Mac OS X|Mac|Linux|Ubuntu|Android|iOS|iPadOS|iPhone|ChromeOS|Chrome OS|Unknown|Other
";

const BROWSERS: &str = "
Chrome|Chrome Mobile|Chrome Mobile iOS|Chrome Mobile WebView|Chromium|Edge|Edge Mobile|Firefox|Firefox Mobile|Firefox iOS|IE|
Internet Explorer|IE Mobile|Safari|Mobile Safari|Mobile Safari UI/WKWebView|Opera|Opera Mobile|Samsung Internet|Rich Client|
Python Requests|Other|Unknown
";

/// The letters are followed by no version.
const COUNTRIES: &str = "
AD|AE|AF|AG|AI|AL|AM|AO|AQ|AR|AS|AT|AU|AW|AX|AZ|BA|BB|BD|BE|BF|BG|BH|BI|BJ|BL|BM|BN|BO|BQ|BR|BS|BT|BV|BW|BY|BZ|CA|CC|CD|CF|CG|
CH|CI|CK|CL|CM|CN|CO|CR|CU|CV|CW|CX|CY|CZ|DE|DJ|DK|DM|DO|DZ|EC|EE|EG|EH|ER|ES|ET|FI|FJ|FK|FM|FO|FR|GA|GB|GD|GE|GF|GG|GH|GI|GL|
GM|GN|GP|GQ|GR|GS|GT|GU|GW|GY|HK|HM|HN|HR|HT|HU|ID|IE|IL|IM|IN|IO|IQ|IR|IS|IT|JE|JM|JO|JP|KE|KG|KH|KI|KM|KN|KP|KR|KW|KY|KZ|LA|
LB|LC|LI|LK|LR|LS|LT|LU|LV|LY|MA|MC|MD|ME|MF|MG|MH|MK|ML|MM|MN|MO|MP|MQ|MR|MS|MT|MU|MV|MW|MX|MY|MZ|NA|NC|NE|NF|NG|NI|NL|NO|NP|
NR|NU|NZ|OM|PA|PE|PF|PG|PH|PK|PL|PM|PN|PR|PS|PT|PW|PY|QA|RE|RO|RS|RU|RW|SA|SB|SC|SD|SE|SG|SH|SI|SJ|SK|SL|SM|SN|SO|SR|SS|ST|SV|
SX|SY|SZ|TC|TD|TF|TG|TH|TJ|TK|TL|TM|TN|TO|TR|TT|TV|TW|TZ|UA|UG|UM|US|UY|UZ|VA|VC|VE|VG|VI|VN|VU|WF|WS|XK|YE|YT|ZA|ZM|ZW
";

const EXTENSIONS: &str = "
7z|accdb|asp|aspx|bak|bat|bin|bmp|cmd|csv|dat|db|doc|docm|docx|dotx|eml|exe|gif|gz|htm|html|ics|ini|iso|jpeg|jpg|js|json|lnk|log|
md|mdb|mov|mp3|mp4|mpp|msg|msi|onetoc2|pdf|png|potx|pps|ppsx|ppt|pptm|pptx|ps1|psd|pst|rar|rtf|sql|svg|tar|tif|tiff|tmp|ts|txt|
url|vbs|vsd|vsdx|wav|webm|webp|xls|xlsb|xlsm|xlsx|xml|xps|yaml|yml|zip
";
