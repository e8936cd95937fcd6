//! No identity of the raw logs stands anywhere in what was made of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use scopelog_testkit::corpus::KINDS;
use scopelog_testkit::decode::Place;
use scopelog_testkit::identities::{self, Category, ClearList, Identity};
use scopelog_testkit::needles::{Needles, Reading};
use scopelog_testkit::recall::{self, Table};
use scopelog_testkit::survey::Survey;

use crate::{QUIET, Whole, whole};

struct Searched {
    identities: BTreeSet<Identity>,
    needles: Needles,
    survey: Survey,
    table: Table,
}

/// Searches the loaded corpus, once for all tests.
fn searched(whole: &Whole) -> &'static Searched {
    static SEARCHED: OnceLock<Searched> = OnceLock::new();
    SEARCHED.get_or_init(|| {
        let clear = ClearList::of_the_project().unwrap();
        let mut identities = BTreeSet::new();
        for kind in KINDS {
            let logs = whole.logs[kind.folder].iter().map(AsRef::as_ref);
            identities.extend(identities::read(kind.dataset, logs, &clear).unwrap());
        }
        let needles = Needles::new(&identities, &clear).unwrap();
        let _quiet = QUIET.lock().unwrap();
        let survey = Survey::of(whole.loaded.directory(), &needles).unwrap();
        let mut table = Table::new();
        for kind in KINDS {
            let logs = whole.logs[kind.folder].iter().map(AsRef::as_ref);
            recall::count(kind.dataset, logs, &needles, &mut table).unwrap();
        }
        recall::miss(&survey, &mut table);
        Searched { identities, needles, survey, table }
    })
}

/// Real logs' identities are shown on request only.
fn shown(identity: &Identity) -> String {
    match std::env::var_os("SCOPELOG_SHOW_MISSES") {
        Some(_) => format!("{}: {}", identity.category, identity.text),
        None => format!("{identity:?}"),
    }
}

#[test]
fn the_raw_logs_hold_identities_of_every_category() {
    let Some(whole) = whole() else { return };
    let mut counts: BTreeMap<Category, usize> = BTreeMap::new();
    for identity in &searched(whole).identities {
        *counts.entry(identity.category).or_default() += 1;
    }
    for (category, least) in [
        (Category::Mail, 20),
        (Category::Ipv4, 500),
        (Category::Ipv6, 5),
        (Category::Guid, 1000),
        (Category::Sid, 10),
        (Category::Home, 3),
        (Category::Name, 50),
    ] {
        assert!(counts.get(&category).copied().unwrap_or_default() >= least, "{category}: {counts:?}");
    }
}

#[test]
fn no_identity_is_left_outside_of_free_text() {
    let Some(whole) = whole() else { return };
    let survey = &searched(whole).survey;
    let mut leaks: BTreeMap<String, u64> = BTreeMap::new();
    for leak in &survey.leaks {
        let table = leak.file.split('/').skip(2).take(2).collect::<Vec<_>>().join("/");
        let column = leak.column.clone().unwrap_or_default();
        *leaks.entry(format!("{:?} of {table} {column}: {}", leak.place, shown(&leak.identity))).or_default() += 1;
    }
    assert!(leaks.is_empty(), "{leaks:#?}");
}

#[test]
fn every_place_was_looked_at() {
    let Some(whole) = whole() else { return };
    let seen = &searched(whole).survey.seen;
    for place in [
        Place::Value,
        Place::Dictionary,
        Place::Page,
        Place::Statistics,
        Place::Filter,
        Place::Footer,
        Place::File,
        Place::Name,
    ] {
        assert!(seen.get(&place).is_some_and(|n| *n > 100), "{place:?}: {seen:?}");
    }
}

#[test]
fn filters_know_no_identity() {
    let Some(whole) = whole() else { return };
    let survey = &searched(whole).survey;
    assert!(survey.filters.len() > 30, "{}", survey.filters.len());
    for ((dataset, column), probes) in &survey.filters {
        assert_eq!(probes.unexplained, 0, "{dataset}.{column}: {probes:?}");
        // One in a hundred by design, and what chance may add. Filters of one column may hold the same few tokens: then they
        // err together, and chance is that of one filter.
        let of_one = probes.asked as f64 * 0.01 / probes.filters as f64;
        let most = (of_one + 6.0 * of_one.sqrt() + 3.0) * probes.filters as f64;
        assert!(probes.asked >= probes.filters, "{dataset}.{column}: {probes:?}");
        assert!((probes.maybe as f64) < most, "{dataset}.{column}: {probes:?}");
    }
}

#[test]
fn what_loading_reports_names_nobody() {
    let Some(whole) = whole() else { return };
    let needles = &searched(whole).needles;
    for summary in whole.summaries.values() {
        for source in &summary.sources {
            // The name is the caller's own.
            let mut told = source.clone();
            told.name.clear();
            let told = format!("{told:?}");
            let found: Vec<_> =
                needles.find(told.as_bytes(), Reading::Text).map(|(_, identity)| shown(identity)).collect();
            assert!(found.is_empty(), "{found:?}");
        }
    }
}

#[test]
fn ninety_nine_of_a_hundred_identities_in_free_text_are_replaced() {
    let Some(whole) = whole() else { return };
    let Searched { survey, table, .. } = searched(whole);
    for ((dataset, category), recall) in table {
        println!("{dataset} {category}: {recall:?} {:.4}", recall.share());
    }
    let mut misses: Vec<_> = survey.missed.iter().collect();
    misses.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    for ((dataset, column, identity), count) in misses.iter().take(60) {
        println!("{count} x in {dataset}.{column}: {}", shown(identity));
    }
    for ((dataset, category), recall) in table.iter().filter(|(_, recall)| recall.identities >= 100) {
        assert!(recall.share() >= 0.99, "{dataset} {category}: {recall:?}, {:.4}", recall.share());
    }
    for kind in KINDS {
        let overall = recall::overall(table, kind.dataset);
        assert!(overall.identities > 100, "{}: {overall:?}", kind.dataset);
        assert!(overall.share() >= 0.99, "{}: {overall:?}, {:.4}", kind.dataset, overall.share());
    }
}
