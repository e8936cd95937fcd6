use std::fmt;

/// A loader's name in the commit logs of its team: `lane-00` to `lane-15`. A team has few, so that the logs' application ids stay few.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane(u8);

impl Lane {
    /// How many lanes a team has: as many loaders can work for it at the same time.
    pub const COUNT: u8 = 16;

    /// Every lane, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self)
    }

    pub(crate) fn parse(word: &str, number: &str) -> Option<Self> {
        let number: u8 = number.parse().ok()?;
        (word == "lane" && number < Self::COUNT).then_some(Self(number))
    }

    /// Under which the lane's commits are counted in a table's log.
    pub(crate) fn commits(self) -> String {
        self.to_string()
    }

    /// Under which sequences that will never be committed are counted in a table's log.
    pub(crate) fn fence(self) -> String {
        format!("{self}.fence")
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lane-{:02}", self.0)
    }
}

impl std::str::FromStr for Lane {
    type Err = crate::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('-');
        parts
            .and_then(|(word, number)| Self::parse(word, number))
            .ok_or(crate::Error::Location { rule: "a lane is `lane-00` to `lane-15`" })
    }
}
