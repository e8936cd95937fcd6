use scopelog_formats::{Item, Kind, Options, open};

use super::*;

fn text(file: &LogFile) -> Vec<u8> {
    let mut text = vec![];
    file.write(&mut text).unwrap();
    text
}

fn of(shape: Shape, log: Log) -> LogFile {
    shape.files().unwrap().into_iter().find(|f| f.log == log).unwrap()
}

#[test]
fn equal_seeds_give_equal_bytes() {
    let shape = Shape::small();
    for (log, _) in Log::ALL {
        assert_eq!(text(&of(shape, log)), text(&of(shape, log)), "{log:?}");
        assert_ne!(text(&of(shape, log)), text(&of(Shape { seed: 2, ..shape }, log)), "{log:?}");
        assert_eq!(
            text(&of(shape, log)),
            text(&of(Shape { teams: 9, ..shape }, log)),
            "{log:?}: other teams change nothing"
        );
    }
}

#[test]
fn rows_are_spread_and_none_is_lost() {
    let shape = Shape::small();
    let files = shape.files().unwrap();
    let total = |team: &str| files.iter().filter(|f| f.team.as_str() == team).map(|f| f.rows).sum::<u64>();
    assert_eq!((files.len(), total("web"), total("team_001")), (18, 4400, 440));
    let days = spread(1_000, 7);
    assert!(days[0].1 < days[1].1, "a Sunday has fewer than a Monday");
}

#[test]
fn every_line_is_a_record_in_order() {
    for file in Shape::small().files().unwrap() {
        let bytes = text(&file);
        let end = file.day.succ_opt().unwrap().and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp_micros();
        let options = Options { reference_time: Some(end), ..Options::default() };
        let mut reader = open(&bytes[..], None, &options).unwrap();
        let (mut rows, mut last) = (0, 0);
        while let Some(item) = reader.next_item().unwrap() {
            let Item::Record(record) = item else { panic!("{:?}: {item:?}", file.log) };
            let time = record.time().unwrap();
            assert!(time < end && time >= end - 86_400_000_000, "{:?} {}", file.log, file.day);
            // The older syslog form has whole seconds only.
            assert!(time >= last - 1_000_000, "{:?}", file.log);
            last = time;
            rows += 1;
        }
        assert_eq!(rows, file.rows, "{:?}", file.log);
    }
}

#[test]
fn the_kind_is_told_from_the_content() {
    for (log, _) in Log::ALL {
        let found = scopelog_formats::detect(&text(&of(Shape::small(), log))).kind;
        assert_eq!(found.map(Kind::as_str), Some(log.word()));
    }
}

#[test]
fn lines_of_a_web_site_have_their_usual_length() {
    let file = of(Shape { rows: 44_000, ..Shape::small() }, Log::Iis);
    let mean = text(&file).len() as u64 / file.rows;
    assert!((300..350).contains(&mean), "{mean}");
}
