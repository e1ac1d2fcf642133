//! One record of a CSV file: its cells, without quotation marks. It is reused for every record, so no cell is allocated.

/// The cells of a record, one after the other.
#[derive(Debug, Default)]
pub(super) struct CsvRecord {
    text: Vec<u8>,
    /// Where each cell ends.
    ends: Vec<usize>,
}

impl CsvRecord {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// Appends to the last cell.
    pub(super) fn push(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
    }

    pub(super) fn end_cell(&mut self) {
        self.ends.push(self.text.len());
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether no cell has a text.
    pub(super) fn is_blank(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |end| &self.text[std::mem::replace(&mut start, *end)..*end])
    }
}

#[cfg(test)]
mod tests {
    use super::CsvRecord;

    #[test]
    fn cells_are_separate() {
        let mut record = CsvRecord::default();
        for cell in [&["a", "b"][..], &[], &["c"]] {
            cell.iter().for_each(|part| record.push(part.as_bytes()));
            record.end_cell();
        }
        assert_eq!(record.cells().collect::<Vec<_>>(), [&b"ab"[..], b"", b"c"]);
        assert_eq!((record.len(), record.is_blank()), (3, false));
        record.clear();
        assert_eq!((record.len(), record.is_blank()), (0, true));
    }
}
