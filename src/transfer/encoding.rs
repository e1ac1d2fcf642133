//! The encodings of files, which are converted to UTF-8 while they are read.
//!
//! Spreadsheets save UTF-8 with or without a byte order mark, UTF-16 ("Unicode text"), and the code page of the system. UTF-8
//! and UTF-16 are recognised. A file in Windows-1252 has no mark, so its encoding has to be named; its first line that is not
//! valid UTF-8 is refused with [`NOT_UTF_8`].

use std::io::{BufRead, Cursor, ErrorKind, Read, Result};

use super::utf_16::Utf16Decoder;

/// The reason for refusing bytes that are not UTF-8.
pub(super) const NOT_UTF_8: &str = "not UTF-8; if the file is in Windows-1252, use --encoding windows-1252, or convert it with \
     iconv -f WINDOWS-1252 -t UTF-8 FILE > CONVERTED";

/// The characters of the bytes 0x80 to 0x9F in Windows-1252. The others are those of Unicode. Bytes without a character stay
/// control characters, as in browsers (WHATWG Encoding).
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
];

/// The encoding of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16 in the order of its byte order mark, or else of the first character.
    Utf16,
    /// The code page of Western European Windows.
    Windows1252,
}

/// Converts a file to UTF-8 without a byte order mark. Without an encoding it is recognised by the first bytes. Text that is
/// not valid in its encoding becomes bytes that are not valid UTF-8.
///
/// # Errors
/// When the file can't be read.
pub(super) fn decode(
    mut input: impl BufRead + Send + 'static,
    encoding: Option<Encoding>,
) -> Result<Box<dyn BufRead + Send>> {
    use Encoding::{Utf8, Utf16, Windows1252};
    let start = first_bytes(&mut input)?;
    let (marked, decoder) = match (encoding, &start[..]) {
        (None | Some(Utf8), [0xEF, 0xBB, 0xBF, ..]) => (3, None),
        (None | Some(Utf16), [0xFF, 0xFE, ..]) => (2, Some(Decoder::Utf16(Utf16Decoder::little_endian()))),
        (None | Some(Utf16), [0xFE, 0xFF, ..]) => (2, Some(Decoder::Utf16(Utf16Decoder::big_endian()))),
        // The first character of a header or of a JSON object is ASCII.
        (None | Some(Utf16), [0, 1..=0xFF, ..]) => (0, Some(Decoder::Utf16(Utf16Decoder::big_endian()))),
        (None, [1..=0xFF, 0, ..]) | (Some(Utf16), _) => {
            (0, Some(Decoder::Utf16(Utf16Decoder::little_endian())))
        }
        (Some(Windows1252), _) => (0, Some(Decoder::Windows1252)),
        (None | Some(Utf8), _) => (0, None),
    };
    let input = Cursor::new(start[marked..].to_vec()).chain(input);
    Ok(match decoder {
        None => Box::new(input),
        Some(decoder) => Box::new(DecodingReader { input, decoder, decoded: Vec::new(), position: 0 }),
    })
}

/// The first three bytes of a file, or all of a shorter one.
fn first_bytes(input: &mut impl Read) -> Result<Vec<u8>> {
    let mut start = Vec::new();
    input.take(3).read_to_end(&mut start)?;
    Ok(start)
}

/// Converts bytes to UTF-8.
enum Decoder {
    Windows1252,
    Utf16(Utf16Decoder),
}

impl Decoder {
    fn decode(&mut self, bytes: &[u8], text: &mut Vec<u8>) {
        match self {
            Self::Utf16(decoder) => decoder.decode(bytes, text),
            Self::Windows1252 => {
                for byte in bytes {
                    let character = match byte {
                        0x80..=0x9F => WINDOWS_1252[usize::from(byte - 0x80)],
                        byte => char::from(*byte),
                    };
                    text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
        }
    }

    /// Ends the text.
    fn finish(&mut self, text: &mut Vec<u8>) {
        match self {
            Self::Utf16(decoder) => decoder.finish(text),
            Self::Windows1252 => {}
        }
    }
}

/// Reads a file in another encoding as UTF-8.
struct DecodingReader<R> {
    input: R,
    decoder: Decoder,
    /// The text of the last bytes that were read.
    decoded: Vec<u8>,
    /// The position of the first byte of `decoded` that was not consumed.
    position: usize,
}

impl<R: BufRead> BufRead for DecodingReader<R> {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        let Self { input, decoder, decoded, position } = self;
        while *position == decoded.len() {
            let bytes = match input.fill_buf() {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                bytes => bytes?,
            };
            decoded.clear();
            *position = 0;
            if bytes.is_empty() {
                decoder.finish(decoded);
                break;
            }
            decoder.decode(bytes, decoded);
            let length = bytes.len();
            input.consume(length);
        }
        Ok(&decoded[*position..])
    }

    fn consume(&mut self, amount: usize) {
        self.position += amount;
    }
}

impl<R: BufRead> Read for DecodingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(buffer.len());
        buffer[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor, Read};

    use super::{Encoding, decode};

    /// Reads the text byte by byte, so that every character is split.
    fn decoded(bytes: &[u8], encoding: Option<Encoding>) -> Vec<u8> {
        let input = BufReader::with_capacity(1, Cursor::new(bytes.to_vec()));
        let mut text = Vec::new();
        decode(input, encoding).unwrap().read_to_end(&mut text).unwrap();
        text
    }

    fn utf_16(text: &str, to_bytes: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    #[test]
    fn encodings_are_recognised() {
        let text = "email,Łódź \u{1F600}\n";
        let marked = format!("\u{FEFF}{text}");
        let (little, big) = (u16::to_le_bytes, u16::to_be_bytes);
        for bytes in [
            text.as_bytes().to_vec(),
            marked.as_bytes().to_vec(),
            utf_16(&marked, little),
            utf_16(&marked, big),
            utf_16(text, little),
            utf_16(text, big),
        ] {
            assert_eq!(decoded(&bytes, None), text.as_bytes(), "{bytes:?}");
        }
        assert_eq!(decoded(&utf_16(text, little), Some(Encoding::Utf16)), text.as_bytes());
        assert_eq!(decoded(&utf_16(text, big), Some(Encoding::Utf16)), text.as_bytes());
        for short in ["", "a", "ab", "é"] {
            assert_eq!(decoded(short.as_bytes(), None), short.as_bytes());
        }
    }

    #[test]
    fn windows_1252_is_read_on_request() {
        let bytes = b"M\xFCller \x80 \x93x\x94 \x9F\x81";
        assert_eq!(decoded(bytes, Some(Encoding::Windows1252)), "Müller € “x” Ÿ\u{81}".as_bytes());
        assert!(std::str::from_utf8(&decoded(bytes, None)).is_err());
    }

    /// Half a character is not dropped and not replaced: the line is refused.
    #[test]
    fn invalid_utf_16_is_invalid_utf_8() {
        for invalid in [
            &b"\xFF\xFEa\0\x00\xD8b\0"[..],
            b"\xFF\xFEa\0\x00\xDCb\0",
            b"\xFF\xFEa\0b",
            b"\xFF\xFEa\0\x00\xD8",
        ] {
            assert!(std::str::from_utf8(&decoded(invalid, None)).is_err(), "{invalid:?}");
        }
    }
}
