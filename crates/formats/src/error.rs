/// Why a source could not be read on, or at all. Single records never fail a source: they become rejects.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes could not be had.
    #[error("cannot read on at byte {offset}")]
    Read {
        /// How far the source was read.
        offset: u64,
        /// What the operating system or the decompressor says.
        #[source]
        source: std::io::Error,
    },
    /// The source was said to be of a kind that its content contradicts.
    #[error(
        "this is no {expected} log: it looks like {seen}; leave the dataset out to have it told from the content, or name another"
    )]
    WrongKind {
        /// The kind that was asked for.
        expected: &'static str,
        /// What the content looks like.
        seen: &'static str,
    },
    /// The content looks like no kind that is known.
    #[error("cannot tell the kind of log from the content ({seen}): name it with --dataset")]
    UnknownKind {
        /// What the first bytes look like.
        seen: &'static str,
    },
}
