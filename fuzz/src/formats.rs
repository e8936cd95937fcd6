//! Log formats: any bytes through a reader.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io::Read;
use std::ops::Range;

use scopelog_formats::{
    Encoding, Error, Item, Kind, NAMES_MAX, Options, Reason, RecordReader, Value, detect as detect_kind, open,
};

/// Zero bytes in front of a source: framing to every reader, and enough to get past what is read ahead.
const PADDING: usize = 64 * 1024;

/// Most fields that a record may have: those of the largest document, and those that a form adds.
const FIELDS_MAX: usize = 20_000;

/// Hands out a few bytes at a time, so that whatever a reader looks for straddles reads.
struct Drip<'a>(&'a [u8], usize);

impl Read for Drip<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let count = self.1.min(self.0.len()).min(to.len());
        let (now, later) = self.0.split_at(count);
        to[..count].copy_from_slice(now);
        self.0 = later;
        Ok(count)
    }
}

/// An item with a digest of what it says.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    bytes: Range<u64>,
    outcome: Result<u64, Reason>,
}

/// How a log is read: as the last bytes of the input say, if they are `ff`, what, how much; else as a caller would.
struct Plan<'a> {
    log: &'a [u8],
    options: Options,
    padded: bool,
    drip: usize,
}

impl<'a> Plan<'a> {
    fn of(data: &'a [u8]) -> Self {
        let [log @ .., 0xff, what, size] = data else {
            return Self { log: data, options: Options::default(), padded: false, drip: 7 };
        };
        let encoding = match what & 7 {
            1 => Some(Encoding::Utf8),
            2 => Some(Encoding::Latin1),
            3 => Some(Encoding::Utf16Le),
            4 => Some(Encoding::Utf16Be),
            _ => None,
        };
        let mut options = Options { encoding, ..Options::default() };
        if what & 0x08 != 0 {
            options.zone_seconds = (i32::from(*size) - 128) * 900;
        }
        if what & 0x10 != 0 {
            options.reference_time = Some(1_793_527_200_000_000 + i64::from(*size) * 86_400_000_000);
        }
        if what & 0x20 != 0 {
            options.record_bytes_max = 16 + usize::from(*size) * 8;
        }
        Self { log, options, padded: what & 0x80 != 0, drip: 1 + usize::from(*size) }
    }
}

/// Reads any bytes as a log of the kind: items are in order and apart, every byte is passed, what is read is bounded by the
/// bytes it was read from, and it does not depend on how the bytes arrive.
pub fn read(kind: Kind, data: &[u8]) {
    let mut plan = Plan::of(data);
    let padded = [&vec![0; if plan.padded { PADDING } else { 0 }], plan.log].concat();
    if plan.padded {
        plan.options.encoding.get_or_insert(Encoding::detect(plan.log));
    }
    let Some(whole) = items(kind, &padded, padded.len(), &plan.options) else { return };
    let dripped = items(kind, &padded, plan.drip, &plan.options);
    assert_eq!(Some(whole), dripped, "the items depend on how the bytes arrive");
}

/// What a reader gives for a source; `None` where the content is plainly of another kind.
fn items(kind: Kind, log: &[u8], drip: usize, options: &Options) -> Option<Vec<Seen>> {
    let mut reader = match open(Drip(log, drip), Some(kind), options) {
        Ok(reader) => reader,
        Err(Error::WrongKind { .. }) => return None,
        Err(error) => panic!("{error}"),
    };
    let length = log.len() as u64;
    let (mut seen, mut end) = (vec![], 0);
    while let Some(one) = next(&mut *reader) {
        let position = reader.position();
        assert!(end <= one.bytes.start, "{one:?} begins before {end}, where the reader was");
        assert!(one.bytes.start < one.bytes.end, "{one:?} has no bytes");
        assert!(one.bytes.end <= position && position <= length, "{one:?} reaches past {position} of {length}");
        assert!(reader.names().len() <= NAMES_MAX);
        end = position;
        seen.push(one);
    }
    assert_eq!(reader.position(), length, "the reader ended before the source");
    assert_eq!(next(&mut *reader), None, "the reader went on after its end");
    Some(seen)
}

fn next(reader: &mut dyn RecordReader) -> Option<Seen> {
    match reader.next_item().expect("nothing but a source that cannot be read is an error")? {
        Item::Reject(reject) => Some(Seen { bytes: reject.bytes, outcome: Err(reject.reason) }),
        Item::Record(record) => {
            let mut digest = DefaultHasher::new();
            record.time().hash(&mut digest);
            let mut text_bytes = 0;
            for (name, value) in record.fields() {
                let name = record.names().get(name);
                assert!(!name.is_empty(), "a field without a name");
                name.hash(&mut digest);
                match value {
                    Value::Null => digest.write_u8(0),
                    Value::Text(text) => {
                        text_bytes += text.len();
                        text.hash(&mut digest);
                    }
                    Value::Int(number) => number.hash(&mut digest),
                    Value::Float(number) => number.to_bits().hash(&mut digest),
                    Value::Bool(truth) => truth.hash(&mut digest),
                }
            }
            let source_bytes = (record.bytes().end - record.bytes().start) as usize;
            assert!(record.fields().len() <= FIELDS_MAX, "{} fields", record.fields().len());
            // A byte may become three, and a few fields repeat others in a form of their own.
            assert!(text_bytes <= 4096 + 16 * source_bytes, "{text_bytes} bytes of text from {source_bytes}");
            Some(Seen { bytes: record.bytes(), outcome: Ok(digest.finish()) })
        }
    }
}

/// Tells the kind of any bytes, and opens them as what was told.
pub fn detect(data: &[u8]) {
    let found = detect_kind(data);
    assert_eq!(found, detect_kind(data));
    assert_eq!(found.encoding, Encoding::detect(data));
    assert!(!found.seen.is_empty());
    for kind in [None, Some(Kind::Iis), Some(Kind::Syslog), Some(Kind::SecurityAudit)] {
        let opened = open(data, kind, &Options::default());
        match (opened, kind, found.kind) {
            (Ok(_), Some(_), None) => {}
            (Ok(_), asked, Some(told)) => {
                assert!(asked.is_none_or(|asked| asked == told), "{asked:?} opened as {told:?}")
            }
            (Err(Error::WrongKind { expected, seen }), Some(asked), Some(told)) => {
                assert!(asked != told && expected == asked.as_str() && seen == found.seen);
            }
            (Err(Error::UnknownKind { seen }), None, None) => assert_eq!(seen, found.seen),
            (opened, asked, told) => panic!("asked for {asked:?}, told {told:?}: {:?}", opened.err()),
        }
    }
}
