//! Converts UTF-16 to UTF-8, in pieces of any length.

/// A byte that no valid UTF-8 contains. It stands for a surrogate without its other half.
const INVALID: u8 = 0xFF;

/// The state between two pieces of a text.
pub(super) struct Utf16Decoder {
    is_big_endian: bool,
    /// The first byte of a unit.
    byte: Option<u8>,
    /// A high surrogate.
    high: Option<u16>,
}

impl Utf16Decoder {
    pub(super) fn little_endian() -> Self {
        Self { is_big_endian: false, byte: None, high: None }
    }

    pub(super) fn big_endian() -> Self {
        Self { is_big_endian: true, byte: None, high: None }
    }

    /// Appends the text of these bytes.
    pub(super) fn decode(&mut self, bytes: &[u8], text: &mut Vec<u8>) {
        for byte in bytes {
            match self.byte.take() {
                None => self.byte = Some(*byte),
                Some(first) if self.is_big_endian => self.push(u16::from_be_bytes([first, *byte]), text),
                Some(first) => self.push(u16::from_le_bytes([first, *byte]), text),
            }
        }
    }

    /// Ends the text.
    pub(super) fn finish(&mut self, text: &mut Vec<u8>) {
        if self.byte.take().is_some() | self.high.take().is_some() {
            text.push(INVALID);
        }
    }

    fn push(&mut self, unit: u16, text: &mut Vec<u8>) {
        let character = match (self.high.take(), unit) {
            (Some(high), 0xDC00..=0xDFFF) => char::decode_utf16([high, unit]).next().and_then(Result::ok),
            (high, unit) => {
                if high.is_some() {
                    text.push(INVALID);
                }
                if (0xD800..=0xDBFF).contains(&unit) {
                    self.high = Some(unit);
                    return;
                }
                char::from_u32(u32::from(unit))
            }
        };
        match character {
            Some(character) => text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            None => text.push(INVALID),
        }
    }
}
