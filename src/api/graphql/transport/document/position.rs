//! Converts byte offsets in a text to lines and columns.

use apollo_compiler::parser::{LineColumn, SourceSpan};
use async_graphql::Pos;

/// A position of the validator as one of the library.
pub(super) fn pos(at: LineColumn) -> Pos {
    Pos { line: at.line, column: at.column }
}

/// Converts offsets in ascending order in one pass over the text. A smaller offset restarts it.
pub(super) struct Positions<'a> {
    text: &'a str,
    /// The last offset in bytes, and its position.
    last_offset: usize,
    position: Pos,
}

impl<'a> Positions<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, last_offset: 0, position: Pos { line: 1, column: 1 } }
    }

    /// The start of a part: its line and column in characters, from 1 (specification 7.1.2).
    pub(super) fn start(&mut self, part: Option<SourceSpan>) -> Pos {
        self.at(part.map_or(self.last_offset, |part| part.offset()))
    }

    /// The position of an offset in bytes. An offset inside a character has the position of the character.
    pub(super) fn at(&mut self, offset: usize) -> Pos {
        let offset = self.text.floor_char_boundary(offset);
        if offset < self.last_offset {
            *self = Self::of(self.text);
        }
        let bytes = self.text.as_bytes();
        for (index, char) in self.text[self.last_offset..offset].char_indices() {
            let next = bytes.get(self.last_offset + index + 1);
            match char {
                '\n' => self.new_line(),
                '\r' if next != Some(&b'\n') => self.new_line(),
                _ => self.position.column += 1,
            }
        }
        self.last_offset = offset;
        self.position
    }

    fn new_line(&mut self) {
        self.position = Pos { line: self.position.line + 1, column: 1 };
    }
}
