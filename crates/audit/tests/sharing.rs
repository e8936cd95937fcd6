//! Several writers of one chain: threads, values, processes, and processes that are killed or may not write.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use common::entry;
use scopelog_audit::{Anchor, Chain, Entry, Error, Filter, Kind, Options, SigningKey, VerifyError, read, verify};

const DIR: &str = "SCOPELOG_AUDIT_TEST_DIR";
const COUNT: &str = "SCOPELOG_AUDIT_TEST_COUNT";
const OPTIONS: Options = Options { segment_bytes: 4000 };

fn new_chain(place: &Path) -> SigningKey {
    let key = SigningKey::generate().unwrap();
    key.save(&place.join("key")).unwrap();
    Chain::create(&place.join("audit"), &key, 0).unwrap();
    key
}

/// The other role of this program: appends entries and prints each receipt, until it has `COUNT` or cannot.
#[test]
fn child_process() {
    let Some(place) = env::var_os(DIR) else { return };
    let place = Path::new(&place);
    let count: u64 = env::var(COUNT).unwrap().parse().unwrap();
    let key = SigningKey::load(&place.join("key")).unwrap();
    let chain = Chain::open_with(&place.join("audit"), key, Options { segment_bytes: u64::MAX }).unwrap();
    for _ in 0..count {
        match chain.append(&entry(1)) {
            Ok(receipt) => writeln!(std::io::stderr(), "receipt {receipt}").unwrap(),
            Err(error) => {
                writeln!(std::io::stderr(), "failed {error}").unwrap();
                return;
            }
        }
    }
}

fn child(place: &Path, count: u64, shell: &str) -> Child {
    Command::new("sh")
        .args(["-c", &format!("{shell} exec \"$0\" --exact child_process --nocapture")])
        .arg(env::current_exe().unwrap())
        .env(DIR, place)
        .env(COUNT, count.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The receipts that a child printed, and why it stopped before its time.
fn outcome(mut child: Child) -> (Vec<Anchor>, Option<String>) {
    let mut failure = None;
    let mut receipts = Vec::new();
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some(text) = line.strip_prefix("receipt ") {
            // The last line may be cut off when the child was killed.
            receipts.extend(text.parse::<Anchor>().ok());
        } else if let Some(text) = line.strip_prefix("failed ") {
            failure = Some(text.to_owned());
        }
    }
    child.wait().unwrap();
    (receipts, failure)
}

#[test]
fn two_values_append_in_turn() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("audit");
    let key = new_chain(place.path());
    let chains = [(); 2].map(|()| Chain::open_with(&dir, key.clone(), OPTIONS).unwrap());
    for number in 1..=60 {
        // Now one after the other, now several times the same.
        let chain = &chains[usize::from(number % 3 == 0)];
        assert_eq!(chain.append(&entry(number)).unwrap().index(), u64::from(number));
    }
    let report = verify(&dir, &key.verifying_key(), Some(&(&chains[0].head().unwrap()).into())).unwrap();
    assert_eq!(report.entries, 60);
    assert!(report.segments > 1);
    let closed = chains[1].closed_segments().unwrap();
    assert_eq!(closed.len(), report.segments as usize - 1);
    for segment in closed {
        assert!(segment.bytes <= OPTIONS.segment_bytes);
        assert_eq!(fs::metadata(&segment.path).unwrap().len(), segment.bytes);
    }
}

#[test]
fn threads_append_at_once_through_two_values() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("audit");
    let key = new_chain(place.path());
    let chains = [(); 2].map(|()| Chain::open_with(&dir, key.clone(), OPTIONS).unwrap());
    let mut receipts = thread::scope(|scope| {
        let run = |worker: u32| {
            let chain = &chains[worker as usize % 2];
            let one = move |number| {
                let entry = Entry::new(Kind::Ended, format!("{worker}/{number}"), 0);
                let receipt = chain.append(&entry).unwrap();
                (receipt.index(), Anchor::from(&receipt), entry.principal)
            };
            scope.spawn(move || (0..25).map(one).collect::<Vec<_>>())
        };
        let workers: Vec<_> = (0..8).map(run).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect::<Vec<_>>()
    });
    receipts.sort_by_key(|(index, ..)| *index);
    let entries: Vec<_> = read(&dir, Filter::default()).unwrap().map(Result::unwrap).collect();
    assert_eq!(entries.len(), 200);
    for ((index, anchor, principal), recorded) in receipts.iter().zip(&entries) {
        // Each thread's receipt is that of its own entry.
        assert_eq!((*index, anchor.hash(), principal), (recorded.index, recorded.hash, &recorded.entry.principal));
    }
    let last = &receipts.last().unwrap().1;
    assert_eq!(verify(&dir, &key.verifying_key(), Some(last)).unwrap().entries, 200);
}

#[test]
fn processes_append_in_turn_while_the_chain_is_verified() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("audit");
    let key = new_chain(place.path());
    let children: Vec<Child> = (0..4).map(|_| child(place.path(), 25, "")).collect();
    for _ in 0..20 {
        verify(&dir, &key.verifying_key(), None).unwrap();
    }
    let outcomes: Vec<_> = children.into_iter().map(outcome).collect();
    for (receipts, failure) in outcomes {
        assert_eq!((receipts.len(), failure), (25, None));
        for receipt in &receipts {
            verify(&dir, &key.verifying_key(), Some(receipt)).unwrap();
        }
    }
    assert_eq!(verify(&dir, &key.verifying_key(), None).unwrap().entries, 100);
}

#[test]
fn a_killed_process_loses_no_acknowledged_entry() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("audit");
    let key = new_chain(place.path());
    let mut held = Vec::new();
    for round in 0..8 {
        let mut child = child(place.path(), u64::MAX, "");
        thread::sleep(Duration::from_millis(40 + 7 * round));
        child.kill().unwrap();
        held.extend(outcome(child).0);
        let chain = Chain::open_with(&dir, key.clone(), OPTIONS).unwrap();
        held.push(Anchor::from(&chain.append(&entry(2)).unwrap()));
    }
    assert!(held.len() > 16, "the children wrote something: {}", held.len());
    let report = verify(&dir, &key.verifying_key(), held.last()).unwrap();
    assert!(report.entries >= held.len() as u64);
    let hashes: Vec<_> = read(&dir, Filter::default()).unwrap().map(|found| found.unwrap().hash).collect();
    for anchor in &held {
        let place = usize::try_from(anchor.index()).unwrap() - 1;
        assert_eq!(hashes[place], anchor.hash(), "entry {} was acknowledged", anchor.index());
    }
}

#[test]
fn a_file_size_limit_is_an_error_and_not_a_signal() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("audit");
    let key = new_chain(place.path());
    let (receipts, failure) = outcome(child(place.path(), 1000, "ulimit -f 8;"));
    let failure = failure.expect("the child was told, and lived");
    assert!(failure.contains("write an entry"), "{failure}");
    assert!(receipts.len() > 5 && receipts.len() < 1000);
    let report = verify(&dir, &key.verifying_key(), receipts.last()).unwrap();
    assert_eq!((report.entries, report.torn_bytes), (receipts.len() as u64, 0));
    let chain = Chain::open(&dir, key).unwrap();
    assert_eq!(chain.append(&entry(1)).unwrap().index(), report.entries + 1);
}

#[test]
fn a_chain_is_created_once_and_opened_with_its_own_key() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("audit");
    let key = new_chain(place.path());
    assert!(matches!(Chain::create(&dir, &key, 0), Err(Error::Exists)));
    let other = Chain::open(&dir, SigningKey::generate().unwrap());
    assert!(matches!(other, Err(Error::Damaged(VerifyError::HeadSignature))));
    let chain = Chain::open(&dir, key.clone()).unwrap();
    assert_eq!(chain.head().unwrap().index(), 0);
    assert_eq!(verify(&dir, &key.verifying_key(), None).unwrap().entries, 0);
    assert!(read(&dir, Filter::default()).unwrap().next().is_none());
    let elsewhere = Chain::open(place.path(), key);
    assert!(matches!(elsewhere, Err(Error::Damaged(VerifyError::NoChain))));
}

#[test]
fn filters_choose_entries() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("audit");
    let key = new_chain(place.path());
    let chain = Chain::open_with(&dir, key, Options { segment_bytes: 500 }).unwrap();
    for number in 1..=30 {
        let kind = if number % 2 == 0 { Kind::Admitted } else { Kind::Other("reviewed".into()) };
        let principal = if number % 3 == 0 { "alice" } else { "bob" };
        let _receipt = chain.append(&Entry::new(kind, principal, i64::from(number) * 10)).unwrap();
    }
    let chosen =
        |filter: Filter| -> Vec<u64> { read(&dir, filter).unwrap().map(|found| found.unwrap().index).collect() };
    for from in 1..=31 {
        let expected: Vec<u64> = (from..=30).collect();
        assert_eq!(chosen(Filter { from_index: Some(from), ..Filter::default() }), expected);
    }
    let range = Filter { from_index: Some(4), to_index: Some(6), ..Filter::default() };
    assert_eq!(chosen(range), [4, 5, 6]);
    let times = Filter { since: Some(40), until: Some(70), ..Filter::default() };
    assert_eq!(chosen(times), [4, 5, 6]);
    let own = Filter { principal: Some("alice".into()), kinds: vec![Kind::Admitted], ..Filter::default() };
    assert_eq!(chosen(own), [6, 12, 18, 24, 30]);
    let reviewed = Filter { kinds: vec![Kind::Other("reviewed".into())], to_index: Some(5), ..Filter::default() };
    assert_eq!(chosen(reviewed), [1, 3, 5]);
}
