//! Lines and columns of a text, by the bytes before them.

use apollo_compiler::parser::{LineColumn, SourceSpan};
use async_graphql::Pos;

/// A place that the validator names.
pub(super) fn pos(at: LineColumn) -> Pos {
    Pos { line: at.line, column: at.column }
}

/// Goes through a text once: what is parsed is asked about in its order.
pub(super) struct Places<'a> {
    text: &'a str,
    /// How many bytes were gone through, and where that is.
    gone: usize,
    place: Pos,
}

impl<'a> Places<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, gone: 0, place: Pos { line: 1, column: 1 } }
    }

    /// Where a part begins; its line and its column, in characters from 1 (specification 7.1.2).
    pub(super) fn start(&mut self, part: Option<SourceSpan>) -> Pos {
        self.at(part.map_or(self.gone, |part| part.offset()))
    }

    /// Where the text goes on after so many bytes.
    pub(super) fn at(&mut self, offset: usize) -> Pos {
        let offset = offset.min(self.text.len());
        if offset < self.gone {
            *self = Self::of(self.text);
        }
        let bytes = self.text.as_bytes();
        for (index, char) in self.text[self.gone..offset].char_indices() {
            let next = bytes.get(self.gone + index + 1);
            match char {
                '\n' => self.new_line(),
                '\r' if next != Some(&b'\n') => self.new_line(),
                _ => self.place.column += 1,
            }
        }
        self.gone = offset;
        self.place
    }

    fn new_line(&mut self) {
        self.place = Pos { line: self.place.line + 1, column: 1 };
    }
}
