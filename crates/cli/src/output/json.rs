//! JSON, as one array or one object a line.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::json::writer::{JsonArray, JsonFormat, LineDelimited, WriterBuilder};

use super::RowSink;
use crate::error::{CliError, form};

pub(super) struct Json<W: Write, F: JsonFormat>(arrow::json::Writer<W, F>);

fn builder() -> WriterBuilder {
    WriterBuilder::new().with_explicit_nulls(true).with_timestamp_tz_format("%Y-%m-%dT%H:%M:%S%.6fZ".to_owned())
}

impl<W: Write> Json<W, JsonArray> {
    pub(super) fn array(to: W) -> Self {
        Self(builder().build(to))
    }
}

impl<W: Write> Json<W, LineDelimited> {
    pub(super) fn lines(to: W) -> Self {
        Self(builder().build(to))
    }
}

impl<W: Write, F: JsonFormat> RowSink for Json<W, F> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), CliError> {
        self.0.write(batch).map_err(form)
    }

    fn finish(mut self: Box<Self>) -> Result<(), CliError> {
        self.0.finish().map_err(form)?;
        let mut to = self.0.into_inner();
        to.flush().map_err(CliError::Output)
    }
}
