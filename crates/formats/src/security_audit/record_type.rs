//! Record types of the unified audit log: numbers in the API, words in exports.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The words in the order of their numbers, from 0; `-` where no word is documented.
const WORDS: &str = "\
    - ExchangeAdmin ExchangeItem ExchangeItemGroup SharePoint SyntheticProbe SharePointFileOperation OneDrive \
    AzureActiveDirectory AzureActiveDirectoryAccountLogon DataCenterSecurityCmdlet ComplianceDLPSharePoint Sway \
    ComplianceDLPExchange SharePointSharingOperation AzureActiveDirectoryStsLogon SkypeForBusinessPSTNUsage \
    SkypeForBusinessUsersBlocked SecurityComplianceCenterEOPCmdlet ExchangeAggregatedOperation PowerBIAudit CRM Yammer \
    SkypeForBusinessCmdlets Discovery MicrosoftTeams MicrosoftTeamsAddOns MicrosoftTeamsSettingsOperation \
    ThreatIntelligence MailSubmission MicrosoftFlow AeD MicrosoftStream ComplianceDLPSharePointClassification \
    ThreatFinder Project SharePointListOperation SharePointCommentOperation DataGovernance Kaizala \
    SecurityComplianceAlerts ThreatIntelligenceUrl SecurityComplianceInsights MIPLabel WorkplaceAnalytics PowerAppsApp \
    PowerAppsPlan ThreatIntelligenceAtpContent LabelContentExplorer TeamsHealthcare ExchangeItemAggregated HygieneEvent \
    DataInsightsRestApiAudit InformationBarrierPolicyApplication SharePointListItemOperation \
    SharePointContentTypeOperation SharePointFieldOperation MicrosoftTeamsAdmin HRSignal MicrosoftTeamsDevice \
    MicrosoftTeamsAnalytics InformationWorkerProtection Campaign DLPEndpoint AirInvestigation Quarantine MicrosoftForms \
    ApplicationAudit ComplianceSupervisionExchange CustomerKeyServiceEncryption OfficeNative MipAutoLabelSharePointItem \
    MipAutoLabelSharePointPolicyLocation MicrosoftTeamsShifts SecureScore MipAutoLabelExchangeItem CortanaBriefing Search \
    WDATPAlerts PowerPlatformAdminDlp PowerPlatformAdminEnvironment MDATPAudit SensitivityLabelPolicyMatch \
    SensitivityLabelAction SensitivityLabeledFileAction AttackSim AirManualInvestigation SecurityComplianceRBAC \
    UserTraining AirAdminActionInvestigation MSTIC PhysicalBadgingSignal TeamsEasyApprovals AipDiscover \
    AipSensitivityLabelAction AipProtectionAction AipFileDeleted AipHeartBeat MCASAlerts OnPremisesFileShareScannerDlp \
    OnPremisesSharePointScannerDlp ExchangeSearch SharePointSearch PrivacyDataMinimization LabelAnalyticsAggregate \
    MyAnalyticsSettings SecurityComplianceUserChange ComplianceDLPExchangeClassification ComplianceDLPEndpoint \
    MipExactDataMatch MSDEResponseActions MSDEGeneralSettings MSDEIndicatorsSettings MS365DCustomDetection \
    MSDERolesSettings MAPGAlerts MAPGPolicy MAPGRemediation PrivacyRemediationAction PrivacyDigestEmail \
    MipAutoLabelSimulationProgress MipAutoLabelSimulationCompletion MipAutoLabelProgressFeedback \
    DlpSensitiveInformationType MipAutoLabelSimulationStatistics LargeContentMetadata Microsoft365Group \
    CDPMlInferencingResult FilteringMailMetadata CDPClassificationMailItem CDPClassificationDocument \
    OfficeScriptsRunAction FilteringPostMailDeliveryAction CDPUnifiedFeedback TenantAllowBlockList ConsumptionResource \
    HealthcareSignal - DlpImportResult CDPCompliancePolicyExecution MultiStageDisposition PrivacyDataMatch \
    FilteringDocMetadata FilteringEmailFeatures PowerBIDlp FilteringUrlInfo FilteringAttachmentInfo \
    CoreReportingSettings ComplianceConnector PowerPlatformLockboxResourceAccessRequest \
    PowerPlatformLockboxResourceCommand CDPPredictiveCodingLabel CDPCompliancePolicyUserFeedback WebpageActivityEndpoint \
    OMEPortal CMImprovementActionChange FilteringUrlClick MipLabelAnalyticsAuditRecord FilteringEntityEvent \
    FilteringRuleHits FilteringMailSubmission LabelExplorer MicrosoftManagedServicePlatform PowerPlatformServiceActivity \
    ScorePlatformGenericAuditRecord FilteringTimeTravelDocMetadata Alert AlertStatus AlertIncident IncidentStatus Case \
    CaseInvestigation RecordsManagement PrivacyRemediation DataShareOperation CdpDlpSensitive EHRConnector \
    FilteringMailGradingResult PublicFolder PrivacyTenantAuditHistoryRecord AipScannerDiscoverEvent \
    EduDataLakeDownloadOperation M365ComplianceConnector MicrosoftGraphDataConnectOperation MicrosoftPurview \
    FilteringEmailContentFeatures PowerPagesSite PowerAppsResource PlannerPlan PlannerCopyPlan PlannerTask PlannerRoster \
    PlannerPlanList PlannerTaskList PlannerTenantSettings ProjectForTheWebProject ProjectForTheWebTask \
    ProjectForTheWebRoadmap ProjectForTheWebRoadmapItem ProjectForTheWebProjectSettings ProjectForTheWebRoadmapSettings \
    QuarantineMetadata MicrosoftTodoAudit TimeTravelFilteringDocMetadata TeamsQuarantineMetadata \
    SharePointAppPermissionOperation MicrosoftTeamsSensitivityLabelAction FilteringTeamsMetadata FilteringTeamsUrlInfo \
    FilteringTeamsPostDeliveryAction MDCAssessments MDCRegulatoryComplianceStandards MDCRegulatoryComplianceControls \
    MDCRegulatoryComplianceAssessments MDCSecurityConnectors MDADataSecuritySignal VivaGoals FilteringRuntimeInfo \
    AttackSimAdmin MicrosoftGraphDataConnectConsent FilteringAtpDetonationInfo PrivacyPortal ManagedTenants \
    UnifiedSimulationMatchedItem UnifiedSimulationSummary UpdateQuarantineMetadata MS365DSuppressionRule \
    PurviewDataMapOperation FilteringUrlPostClickAction IrmUserDefinedDetectionSignal TeamsUpdates \
    PlannerRosterSensitivityLabel MS365DIncident FilteringDelistingMetadata ComplianceDLPSharePointClassificationExtended \
    MicrosoftDefenderForIdentityAudit SupervisoryReviewDayXInsight DefenderExpertsforXDRAdmin CDPEdgeBlockedMessage \
    HostedRpa CdpContentExplorerAggregateRecord CDPHygieneAttachmentInfo CDPHygieneSummary CDPPostMailDeliveryAction \
    CDPEmailFeatures CDPHygieneUrlInfo CDPUrlClick CDPPackageManagerHygieneEvent FilteringDocScan \
    TimeTravelFilteringDocScan MAPGOnboard VfamCreatePolicy VfamUpdatePolicy VfamDeletePolicy";

/// Words that came later than the unbroken run, and second words for a number.
const MORE: &[(i64, &str)] = &[(261, "CopilotInteraction"), (103, "PrivacyInsights")];

struct Table {
    words: HashMap<i64, &'static str>,
    numbers: HashMap<String, i64>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let run = (0i64..).zip(WORDS.split_ascii_whitespace()).filter(|(_, word)| *word != "-");
    let mut table = Table { words: HashMap::new(), numbers: HashMap::new() };
    for (number, word) in run.chain(MORE.iter().copied()) {
        table.words.entry(number).or_insert(word);
        table.numbers.insert(word.to_ascii_lowercase(), number);
    }
    table
});

/// The word of a record type's number, where one is documented.
pub(super) fn word(number: i64) -> Option<&'static str> {
    TABLE.words.get(&number).copied()
}

/// The number of a record type's word, in any case.
pub(super) fn number(word: &str) -> Option<i64> {
    // Longer than any word: not worth a copy.
    if word.len() > 64 { None } else { TABLE.numbers.get(&word.to_ascii_lowercase()).copied() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documented_numbers() {
        // One from each stretch between the gaps, so that a word too many or too few is seen.
        let known = [
            (1, "ExchangeAdmin"),
            (8, "AzureActiveDirectory"),
            (15, "AzureActiveDirectoryStsLogon"),
            (28, "ThreatIntelligence"),
            (40, "SecurityComplianceAlerts"),
            (50, "ExchangeItemAggregated"),
            (64, "AirInvestigation"),
            (81, "MDATPAudit"),
            (97, "AipHeartBeat"),
            (107, "ComplianceDLPExchangeClassification"),
            (113, "MS365DCustomDetection"),
            (131, "OfficeScriptsRunAction"),
            (136, "HealthcareSignal"),
            (138, "DlpImportResult"),
            (148, "ComplianceConnector"),
            (154, "OMEPortal"),
            (174, "DataShareOperation"),
            (183, "MicrosoftGraphDataConnectOperation"),
            (188, "PlannerPlan"),
            (200, "ProjectForTheWebRoadmapSettings"),
            (216, "VivaGoals"),
            (230, "TeamsUpdates"),
            (251, "VfamCreatePolicy"),
            (261, "CopilotInteraction"),
        ];
        for (code, name) in known {
            assert_eq!(word(code), Some(name));
            assert_eq!(number(&name.to_uppercase()), Some(code));
        }
        assert_eq!(word(103), Some("PrivacyDataMinimization"));
        assert_eq!(number("privacyinsights"), Some(103));
        for code in [-1, 0, 137, 260, 9999, i64::MIN] {
            assert_eq!(word(code), None);
        }
        for name in ["-", "", "Nothing", &"x".repeat(1000)] {
            assert_eq!(number(name), None);
        }
    }

    #[test]
    fn words_and_numbers_are_inverse() {
        for code in 0..300 {
            if let Some(name) = word(code) {
                assert_eq!(number(name), Some(code), "{name}");
            }
        }
    }
}
