//! Changes to some bytes, as an input says.

/// The bytes of one edit in an input.
pub const STEP: usize = 6;

/// Most edits that one input makes.
const STEPS_MAX: usize = 24;

/// Splits an input into edits.
pub fn steps(input: &[u8]) -> impl Iterator<Item = [u8; STEP]> {
    input.chunks_exact(STEP).take(STEPS_MAX).map(|step| {
        let mut out = [0; STEP];
        out.copy_from_slice(step);
        out
    })
}

/// Changes `bytes` by one edit: flips, sets, inserts, removes, repeats, swaps, cuts, or takes over from `donor`.
pub fn apply(step: [u8; STEP], bytes: &mut Vec<u8>, donor: &[u8]) {
    let [what, high, low, length, more, value] = step;
    let at = usize::from(u16::from_be_bytes([high, low])) % (bytes.len() + 1);
    let end = (at + usize::from(length)).min(bytes.len());
    let place = |offset: u8| (at + usize::from(offset)).min(bytes.len());
    match what % 9 {
        0 => bytes[at..end.min(at + 1)].iter_mut().for_each(|byte| *byte ^= 1 << (value % 8)),
        1 => bytes[at..end.min(at + 1)].iter_mut().for_each(|byte| *byte = value),
        2 => drop(bytes.splice(at..at, vec![value; usize::from(more % 40)])),
        3 => drop(bytes.drain(at..end)),
        4 => {
            let copy = bytes[at..end].to_vec();
            let to = usize::from(u16::from_be_bytes([more, value])) % (bytes.len() + 1);
            drop(bytes.splice(to..to, copy));
        }
        5 => {
            // Two ranges of one length, the second behind the first.
            let other = place(more).max(end);
            let size = (end - at).min(bytes.len() - other);
            (0..size).for_each(|i| bytes.swap(at + i, other + i));
        }
        6 => bytes.truncate(at),
        7 => {
            let from = donor.get(at..(at + usize::from(length)).min(donor.len())).unwrap_or_default();
            drop(bytes.splice(at..end, from.iter().copied()));
        }
        _ => bytes.extend_from_slice(donor.get(at..).unwrap_or_default()),
    }
}

/// Makes every edit of an input on the same bytes.
pub fn apply_all(input: &[u8], bytes: &mut Vec<u8>, donor: &[u8]) {
    steps(input).for_each(|step| apply(step, bytes, donor));
}
