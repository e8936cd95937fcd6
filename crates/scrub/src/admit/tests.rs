use arrow::array::{BinaryArray, StringArray};

use super::*;
use crate::testing::{Bench, Rows, builtin, team};

fn rows() -> Rows {
    let mut bench = Bench::new(builtin("iis"));
    bench
        .text("cs-username", "bob@example.org")
        .text("cs(User-Agent)", "agent of bob@example.org")
        .text("cs-method", "GET")
        .text("cs-uri-stem", "/owa/x.aspx")
        .text("c-ip", "::1")
        .text("x-new", "1")
        .finish()
}

fn judged(rows: RecordBatch, epoch: u8) -> Result<ScrubbedBatch, String> {
    admit(team(), builtin("iis"), Epoch::new(epoch).unwrap(), rows).map_err(|e| e.to_string())
}

/// The same rows with one column's values replaced.
fn with(column: &str, array: ArrayRef) -> RecordBatch {
    let rows = rows().0.rows().clone();
    let at = rows.schema().index_of(column).unwrap();
    let mut columns = rows.columns().to_vec();
    columns[at] = array;
    RecordBatch::try_new(rows.schema(), columns).unwrap()
}

fn text(column: &str, text: &str) -> RecordBatch {
    with(column, Arc::new(StringArray::from(vec![Some(text), None, None, None, None, None])))
}

#[test]
fn what_was_scrubbed_is_admitted() {
    let rows = rows().0;
    let again = judged(rows.rows().clone(), 1).unwrap();
    assert_eq!(again.rows(), rows.rows());
}

#[test]
fn what_was_not_scrubbed_is_refused() {
    let forged = "<user:mfrggzdfmztwq2lknnwg23tpoa.2>";
    for (column, value, rule) in [
        ("cs_user_agent", "agent of bob@example.org", "identity"),
        ("cs_uri_stem", "/x/192.0.2.7", "identity"),
        ("cs_method", "<b>", "word"),
        ("cs_method", "192.0.2.7", "identity"),
        ("cs_user_agent", "<user:bob>", "token"),
        ("cs_user_agent", forged, "another epoch"),
        ("cs_username_known", "bob", "closed list"),
        ("cs_uri_stem_extension", "doe", "closed list"),
        ("c_ip_ip_class", "192.0.2.7", "closed list"),
    ] {
        let error = judged(text(column, value), 1).unwrap_err();
        assert!(error.contains(rule) && error.contains(column), "{column}: {error}");
        assert!(!error.contains(value), "{error}");
    }
    let raw =
        Arc::new(BinaryArray::from_opt_vec(vec![Some(b"bob@example.org17".as_slice()), None, None, None, None, None]));
    assert!(judged(with("cs_username", raw), 1).unwrap_err().contains("epoch"));
    let short = Arc::new(BinaryArray::from_opt_vec(vec![Some(b"bob".as_slice()), None, None, None, None, None]));
    assert!(judged(with("cs_username", short), 1).unwrap_err().contains("no token"));
    assert!(judged(rows().0.rows().clone(), 2).unwrap_err().contains("another epoch"));
    assert!(judged(rows().0.rows().project(&[0, 1]).unwrap(), 1).is_err());
}

#[test]
fn listed_columns_hold_what_is_on_their_list() {
    let admitted = |operation: &str| {
        let mut bench = Bench::new(builtin("security_audit"));
        let rows = bench.text("Operation", "FileAccessed").finish().0.rows().clone();
        let at = rows.schema().index_of("operation").unwrap();
        assert!(!rows.column(at).is_null(0));
        let mut columns = rows.columns().to_vec();
        columns[at] = Arc::new(StringArray::from(vec![operation]));
        let rows = RecordBatch::try_new(rows.schema(), columns).unwrap();
        admit(team(), builtin("security_audit"), Epoch::new(1).unwrap(), rows).map_err(|e| e.to_string())
    };
    assert!(admitted("FileDeleted").is_ok());
    assert!(admitted("Zanzibar").unwrap_err().contains("list"));
}
