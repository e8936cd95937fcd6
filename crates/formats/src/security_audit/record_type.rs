//! Record types of the unified audit log: numbers in the API, words in exports.

use std::collections::HashMap;
use std::sync::LazyLock;

use scopelog_catalog::vocabulary;

struct Table {
    words: HashMap<i64, &'static str>,
    numbers: HashMap<String, i64>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table { words: HashMap::new(), numbers: HashMap::new() };
    for (number, word) in vocabulary::record_types() {
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
