//! `.slt` files as text: blocks with blank lines between them.
//!
//! A block has comments, a head, a body and, below `----`, what was shown. Running a file makes each block again as it was
//! seen; checking compares the two, rewriting keeps the second.

/// The line between what is asked and what is shown.
const RULE: &str = "----";

/// One record of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Block {
    /// Where it begins, counted from 1.
    pub line: usize,
    /// Lines that begin with `#`, and `onlyif` or `skipif` with names of doors.
    pub comments: Vec<String>,
    /// The record's kind and its words; empty where there are comments alone.
    pub head: String,
    /// A statement, or policies.
    pub body: Vec<String>,
    /// Rows, a message or a list, where there is one.
    pub shown: Option<Vec<String>>,
}

impl Block {
    fn of(line: usize, lines: &[&str]) -> Result<Self, Fault> {
        let mut block = Self { line, ..Self::default() };
        let mut rest = lines.iter().copied().peekable();
        let above = |l: &&str| ["#", "onlyif ", "skipif "].iter().any(|w| l.starts_with(w));
        while let Some(comment) = rest.next_if(above) {
            block.comments.push(comment.to_owned());
        }
        block.head = rest.next().unwrap_or_default().to_owned();
        if block.head == RULE {
            return Err(Fault { line, what: format!("`{RULE}` below nothing: a blank line is too much above it") });
        }
        block.body = rest.by_ref().take_while(|l| *l != RULE).map(str::to_owned).collect();
        let ruled = lines.contains(&RULE);
        block.shown = ruled.then(|| rest.map(str::to_owned).collect());
        Ok(block)
    }

    /// Whether the block is for the door of this name.
    pub fn is_for(&self, door: &str) -> bool {
        self.comments.iter().all(|line| match line.split_once(' ') {
            Some(("onlyif", doors)) => doors.split(' ').any(|name| name == door),
            Some(("skipif", doors)) => doors.split(' ').all(|name| name != door),
            _ => true,
        })
    }

    /// Whether lines stand below the head.
    pub fn has_more_than_a_head(&self) -> bool {
        !self.body.is_empty() || self.shown.is_some()
    }

    /// Whether the head says that something is refused.
    pub fn fails(&self) -> bool {
        self.head.split_whitespace().any(|word| matches!(word, "error" | "refused"))
    }

    /// The body as one text.
    pub fn text(&self) -> String {
        self.body.join("\n")
    }

    /// The block with another head and other lines below the rule; none where there are none.
    pub fn seen(&self, head: impl Into<String>, shown: impl IntoIterator<Item = String>) -> Self {
        let shown: Vec<String> = shown.into_iter().collect();
        Self { head: head.into(), shown: (!shown.is_empty()).then_some(shown), ..self.clone() }
    }

    /// The lines of the block.
    fn lines(&self) -> Vec<&str> {
        let above = self.comments.iter().chain((!self.head.is_empty()).then_some(&self.head)).chain(&self.body);
        let below = self.shown.iter().flat_map(|shown| std::iter::once(RULE).chain(shown.iter().map(String::as_str)));
        above.map(String::as_str).chain(below).collect()
    }
}

impl std::fmt::Display for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.lines().iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// Something wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The line where its block begins.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

/// Takes a file apart.
pub fn read(text: &str) -> Result<Vec<Block>, Fault> {
    let mut blocks = vec![];
    let mut open: Vec<&str> = vec![];
    for (number, line) in (1..).zip(text.lines().chain(std::iter::once(""))) {
        let line = line.trim_end();
        if !line.is_empty() {
            open.push(line);
        } else if !open.is_empty() {
            blocks.push(Block::of(number - open.len(), &open)?);
            open.clear();
        }
    }
    Ok(blocks)
}

/// Puts a file together.
pub fn write(blocks: &[Block]) -> String {
    blocks.iter().map(Block::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_file_is_what_its_blocks_are() {
    let text = "# a\n\n# b\nconnection alice\n\nquery I\nSELECT\n  1\n----\n1\n\nstatement ok\nSELECT 1\n";
    let blocks = read(text).unwrap();
    assert_eq!(write(&blocks), text);
    let lines: Vec<usize> = blocks.iter().map(|b| b.line).collect();
    assert_eq!(lines, [1, 3, 6, 12]);
    assert_eq!((blocks[2].text().as_str(), blocks[2].shown.as_deref()), ("SELECT\n  1", Some(&["1".to_owned()][..])));
    assert_eq!(read("query I\nSELECT 1\n\n----\n1\n").unwrap_err().line, 4);
}
