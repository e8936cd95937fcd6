use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryBuilder, BooleanBuilder, Float64Builder, Int64Builder, ListBuilder, MapBuilder,
    MapFieldNames, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field};
use scopelog_catalog::ColumnType;
use scopelog_token::Token;

use crate::cells::Cell;

/// The column under construction. Rows that it skips become NULL when the next value comes, so that fields which a log does
/// not have cost nothing per record.
pub(crate) struct Column {
    cells: Cells,
    column_type: ColumnType,
    rows: usize,
    /// The column of a batch in which it had no value: many batches share it.
    nulls: Option<ArrayRef>,
}

enum Cells {
    Int(Int64Builder),
    Float(Float64Builder),
    Bool(BooleanBuilder),
    Text(StringBuilder),
    Time(TimestampMicrosecondBuilder),
    Token(BinaryBuilder),
    Tokens(ListBuilder<BinaryBuilder>),
    Unknown(MapBuilder<StringBuilder, BinaryBuilder>),
}

impl Cells {
    /// Builders with room for so many rows, and bytes where their values differ in length.
    fn new(column_type: ColumnType, rows: usize, bytes: usize) -> Option<Self> {
        Some(match column_type {
            ColumnType::Int => Self::Int(Int64Builder::with_capacity(rows)),
            ColumnType::Float => Self::Float(Float64Builder::with_capacity(rows)),
            ColumnType::Bool => Self::Bool(BooleanBuilder::with_capacity(rows)),
            ColumnType::String => Self::Text(StringBuilder::with_capacity(rows, bytes)),
            ColumnType::Timestamp => Self::Time(TimestampMicrosecondBuilder::with_capacity(rows).with_timezone("UTC")),
            ColumnType::Token { .. } => Self::Token(BinaryBuilder::with_capacity(rows, bytes)),
            ColumnType::TokenList { .. } => {
                Self::Tokens(ListBuilder::with_capacity(BinaryBuilder::new(), rows).with_field(Field::new(
                    "element",
                    DataType::Binary,
                    false,
                )))
            }
            ColumnType::UnknownFields => {
                let names = MapFieldNames { entry: "key_value".into(), key: "key".into(), value: "value".into() };
                Self::Unknown(MapBuilder::new(Some(names), StringBuilder::new(), BinaryBuilder::new()))
            }
            ColumnType::Date => return None,
        })
    }
}

impl Column {
    /// An empty column; `None` for the partition's column, which is not stored.
    pub(crate) fn new(column_type: ColumnType) -> Option<Self> {
        Some(Self { cells: Cells::new(column_type, 0, 0)?, column_type, rows: 0, nulls: None })
    }

    /// Puts a value into a row that is not before the last; returns about how many bytes it takes.
    pub(crate) fn put(&mut self, row: usize, cell: &Cell) -> usize {
        self.pad(row);
        self.rows = row + 1;
        match (&mut self.cells, cell) {
            (Cells::Token(b), Cell::Token(token)) => {
                b.append_value(token.as_bytes());
                Token::LEN + 4
            }
            (Cells::Text(b), Cell::Text(text)) => {
                b.append_value(text);
                text.len() + 4
            }
            (Cells::Text(b), Cell::Known(text)) => {
                b.append_value(text);
                text.len() + 4
            }
            (Cells::Int(b), Cell::Int(n)) => {
                b.append_value(*n);
                8
            }
            (Cells::Time(b), Cell::Int(n)) => {
                b.append_value(*n);
                8
            }
            (Cells::Float(b), Cell::Float(n)) => {
                b.append_value(*n);
                8
            }
            (Cells::Bool(b), Cell::Bool(v)) => {
                b.append_value(*v);
                1
            }
            (Cells::Tokens(b), Cell::Tokens(tokens)) => {
                tokens.iter().for_each(|token| b.values().append_value(token.as_bytes()));
                b.append(true);
                (Token::LEN + 4) * tokens.len() + 4
            }
            // A plan gives every column cells of its own type only; a NULL tells nothing.
            _ => {
                self.rows = row;
                0
            }
        }
    }

    /// Puts a text into a row without making a cell of it.
    pub(crate) fn put_text(&mut self, row: usize, text: &str) -> usize {
        self.pad(row);
        if let Cells::Text(b) = &mut self.cells {
            b.append_value(text);
            self.rows = row + 1;
        }
        text.len() + 4
    }

    /// Puts the unknown fields of a record into its row.
    pub(crate) fn put_unknown<'a>(
        &mut self,
        row: usize,
        entries: impl Iterator<Item = (&'a str, u32, Token)>,
    ) -> usize {
        use std::fmt::Write;
        self.pad(row);
        let mut bytes = 4;
        if let Cells::Unknown(b) = &mut self.cells {
            for (name, nth, token) in entries {
                if nth > 1 {
                    // Writing into memory cannot fail.
                    let _ = write!(b.keys(), "{name}#{nth}");
                    b.keys().append_value("");
                } else {
                    b.keys().append_value(name);
                }
                b.values().append_value(token.as_bytes());
                bytes += name.len() + Token::LEN + 8;
            }
            if b.append(true).is_ok() {
                self.rows = row + 1;
            }
        }
        bytes
    }

    fn pad(&mut self, rows: usize) {
        let Some(missing) = rows.checked_sub(self.rows).filter(|n| *n > 0) else { return };
        self.rows = rows;
        match &mut self.cells {
            Cells::Int(b) => b.append_nulls(missing),
            Cells::Float(b) => b.append_nulls(missing),
            Cells::Bool(b) => b.append_nulls(missing),
            Cells::Text(b) => b.append_nulls(missing),
            Cells::Time(b) => b.append_nulls(missing),
            Cells::Token(b) => b.append_nulls(missing),
            Cells::Tokens(b) => b.append_nulls(missing),
            // Fails only where keys and values differ in number, and they are appended in pairs.
            Cells::Unknown(b) => b.append_nulls(missing).unwrap_or_default(),
        }
    }

    /// The column of that many rows; the builder begins anew.
    pub(crate) fn finish(&mut self, rows: usize) -> Finished {
        let empty = self.rows == 0;
        if let Some(nulls) = self.nulls.as_ref().filter(|nulls| empty && nulls.len() == rows) {
            return Finished { array: Arc::clone(nulls), inside: 0 };
        }
        self.pad(rows);
        self.rows = 0;
        let (mut inside, mut bytes) = (0, 0);
        let array: ArrayRef = match &mut self.cells {
            Cells::Int(b) => Arc::new(b.finish()),
            Cells::Float(b) => Arc::new(b.finish()),
            Cells::Bool(b) => Arc::new(b.finish()),
            Cells::Text(b) => {
                bytes = b.values_slice().len();
                Arc::new(b.finish())
            }
            Cells::Time(b) => Arc::new(b.finish()),
            Cells::Token(b) => {
                bytes = b.values_slice().len();
                Arc::new(b.finish())
            }
            Cells::Tokens(b) => {
                let list = b.finish();
                inside = list.values().len();
                Arc::new(list)
            }
            Cells::Unknown(b) => {
                let map = b.finish();
                inside = map.entries().len();
                Arc::new(map)
            }
        };
        // The next batch will be about as large: room that is made at once need not be copied as it grows.
        if empty {
            self.nulls = Some(Arc::clone(&array));
        } else if let Some(cells) = Cells::new(self.column_type, rows, bytes + bytes / 8) {
            self.cells = cells;
        }
        Finished { array, inside }
    }
}

/// A finished column.
pub(crate) struct Finished {
    pub(crate) array: ArrayRef,
    /// How many tokens stand in its lists or maps.
    pub(crate) inside: usize,
}
