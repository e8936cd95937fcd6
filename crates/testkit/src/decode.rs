//! Parquet files taken apart: every value, page, dictionary, statistic, filter and remark.

use bytes::Bytes;
use parquet::basic::Type;
use parquet::bloom_filter::Sbbf;
use parquet::column::page::Page;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::page_index::column_index::{ByteArrayColumnIndex, ColumnIndexMetaData};
use parquet::file::properties::ReaderProperties;
use parquet::file::reader::{FileReader, RowGroupReader};
use parquet::file::serialized_reader::{ReadOptionsBuilder, SerializedFileReader};

/// Where in an archive something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A value of a column.
    Value,
    /// The bytes of a dictionary page, decompressed.
    Dictionary,
    /// The bytes of a data page, decompressed.
    Page,
    /// Minimum or maximum of a column in a row group.
    Statistics,
    /// Minimum or maximum of a column in a page.
    PageStatistics,
    /// A bloom filter.
    Filter,
    /// Remarks, column names and the writer's name in the footer.
    Footer,
    /// The whole of a file that is not Parquet: commit logs, manifests, claims, markers, audit, sealed originals.
    File,
    /// The name of a file or directory.
    Name,
}

/// What stands there.
#[derive(Clone, Copy)]
pub enum Content<'a> {
    /// Bytes.
    Bytes(&'a [u8]),
    /// A filter, which can be asked.
    Filter(&'a Sbbf),
    /// Bits of a filter that no value of its column sets.
    Unexplained(usize),
}

/// A part of a file, with its column by the name of the column's root.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    /// Where it stands.
    pub place: Place,
    /// The column, where it is of one.
    pub column: Option<&'a str>,
    /// What stands there.
    pub content: Content<'a>,
}

/// Hands every part of a Parquet file to the caller.
pub fn parts(bytes: Bytes, each: &mut dyn FnMut(Part<'_>)) -> Result<(), ParquetError> {
    let properties = ReaderProperties::builder().set_read_bloom_filter(true).build();
    let options = ReadOptionsBuilder::new().with_page_index().with_reader_properties(properties).build();
    let reader = SerializedFileReader::new_with_options(bytes, options)?;
    let metadata = reader.metadata();
    footer(metadata, each);
    for number in 0..reader.num_row_groups() {
        let group = reader.get_row_group(number)?;
        for at in 0..group.num_columns() {
            let chunk = group.metadata().column(at);
            let column = chunk.column_path().parts().first().cloned().unwrap_or_default();
            let mut each = |place: Place, content: Content<'_>| each(Part { place, column: Some(&column), content });
            statistics(chunk, &mut each);
            let index = metadata.column_index().and_then(|index| index.get(number)?.get(at));
            index.into_iter().for_each(|index| page_statistics(index, &mut each));
            let filter = group.get_column_bloom_filter(at);
            if let Some(filter) = filter {
                each(Place::Filter, Content::Filter(filter));
            }
            pages(&*group, at, &mut each)?;
            // The values of numbers are not read.
            let read = matches!(chunk.column_type(), Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY);
            let mut own = filter.filter(|_| read).map(|filter| Sbbf::new(&vec![0; filter.num_blocks() * BLOCK]));
            values(&*group, at, &mut |place, content| {
                if let (Some(own), Content::Bytes(value)) = (&mut own, content) {
                    own.insert(value);
                }
                each(place, content);
            })?;
            if let (Some(filter), Some(own)) = (filter, own) {
                each(Place::Filter, Content::Unexplained(unexplained(filter, &own)?));
            }
        }
    }
    Ok(())
}

/// Bytes of one block of a filter.
const BLOCK: usize = 32;

/// Bits that the first filter has and the second, of the same size, has not.
fn unexplained(filter: &Sbbf, own: &Sbbf) -> Result<usize, ParquetError> {
    let bits = |filter: &Sbbf| {
        let mut bits = vec![];
        filter.write_bitset(&mut bits).map(|()| bits)
    };
    let (filter, own) = (bits(filter)?, bits(own)?);
    let more = filter.iter().zip(own.iter().chain(std::iter::repeat(&0))).map(|(has, own)| (has & !own).count_ones());
    Ok(more.sum::<u32>() as usize)
}

type Each<'a> = dyn FnMut(Place, Content<'_>) + 'a;

fn footer(metadata: &ParquetMetaData, each: &mut dyn FnMut(Part<'_>)) {
    let file = metadata.file_metadata();
    let mut text =
        |text: &str| each(Part { place: Place::Footer, column: None, content: Content::Bytes(text.as_bytes()) });
    file.created_by().into_iter().for_each(&mut text);
    for remark in file.key_value_metadata().into_iter().flatten() {
        text(&remark.key);
        remark.value.iter().for_each(|value| text(value));
    }
    for column in file.schema_descr().columns() {
        text(&column.path().string());
    }
}

fn statistics(chunk: &ColumnChunkMetaData, each: &mut Each<'_>) {
    let Some(statistics) = chunk.statistics() else { return };
    for bound in [statistics.min_bytes_opt(), statistics.max_bytes_opt()].into_iter().flatten() {
        each(Place::Statistics, Content::Bytes(bound));
    }
}

/// Numbers have bounds too, which name nobody.
fn page_statistics(index: &ColumnIndexMetaData, each: &mut Each<'_>) {
    let mut bounds = |index: &ByteArrayColumnIndex| {
        for bound in index.min_values_iter().chain(index.max_values_iter()).flatten() {
            each(Place::PageStatistics, Content::Bytes(bound));
        }
    };
    if let ColumnIndexMetaData::BYTE_ARRAY(index) | ColumnIndexMetaData::FIXED_LEN_BYTE_ARRAY(index) = index {
        bounds(index);
    }
}

fn pages(group: &dyn RowGroupReader, at: usize, each: &mut Each<'_>) -> Result<(), ParquetError> {
    for page in group.get_column_page_reader(at)? {
        let page = page?;
        let place = if matches!(page, Page::DictionaryPage { .. }) { Place::Dictionary } else { Place::Page };
        each(place, Content::Bytes(page.buffer()));
        let bounds = page.statistics().map(|s| [s.min_bytes_opt(), s.max_bytes_opt()]);
        for bound in bounds.into_iter().flatten().flatten() {
            each(Place::PageStatistics, Content::Bytes(bound));
        }
    }
    Ok(())
}

/// Values that can hold text; numbers cannot.
fn values(group: &dyn RowGroupReader, at: usize, each: &mut Each<'_>) -> Result<(), ParquetError> {
    match group.metadata().column(at).column_type() {
        Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY => {}
        _ => return Ok(()),
    }
    match group.get_column_reader(at)? {
        ColumnReader::ByteArrayColumnReader(reader) => {
            read_all(reader, |value| each(Place::Value, Content::Bytes(value.data())))
        }
        ColumnReader::FixedLenByteArrayColumnReader(reader) => {
            read_all(reader, |value| each(Place::Value, Content::Bytes(value.data())))
        }
        _ => Ok(()),
    }
}

fn read_all<T: DataType>(mut reader: ColumnReaderImpl<T>, mut each: impl FnMut(&T::T)) -> Result<(), ParquetError> {
    loop {
        let (mut values, mut definitions, mut repetitions) = (vec![], vec![], vec![]);
        let (records, _, _) = reader.read_records(8192, Some(&mut definitions), Some(&mut repetitions), &mut values)?;
        if records == 0 {
            return Ok(());
        }
        values.iter().for_each(&mut each);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_only_the_filter_knows_is_seen() {
        let filter = |values: &[&str]| {
            let mut filter = Sbbf::new(&[0; 4 * BLOCK]);
            values.iter().for_each(|value| filter.insert(*value));
            filter
        };
        assert_eq!(unexplained(&filter(&["a", "b"]), &filter(&["b", "a"])).unwrap(), 0);
        assert_eq!(unexplained(&filter(&["a"]), &filter(&["b", "a"])).unwrap(), 0);
        assert!(unexplained(&filter(&["a", "planted@example.org"]), &filter(&["a"])).unwrap() > 0);
    }
}
