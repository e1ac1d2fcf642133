//! Functions on texts: folding for comparison, and detection of invisible characters.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Folds a text for comparison, so that case and encoding don't matter: normalization form C, lower case, and one form
/// of the two small sigmas, which have the same capital.
pub fn fold(text: &str) -> String {
    lower(text).replace('ς', "σ")
}

/// A text in normalization form C and lower case, letter by letter.
pub(crate) fn lower(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let lower = text.nfc().flat_map(char::to_lowercase);
    // The lower case of a text in form C may not be in form C.
    lower.nfc().collect()
}

/// Whether a character is white space, a control character, or otherwise invisible (Unicode's
/// `Default_Ignorable_Code_Point`, and the blank Braille pattern).
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(
            u32::from(c),
            0xAD | 0x34F | 0x61C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
                | 0x202A..=0x202E | 0x2060..=0x206F | 0x2800 | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0
                | 0xFFF0..=0xFFFB | 0xFFFE | 0xFFFF | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF
        )
}

/// The first `max` characters of a text.
pub(crate) fn first_characters(text: &str, max: usize) -> &str {
    text.char_indices().nth(max).map_or(text, |(end, _)| &text[..end])
}

/// Whether a text has no visible character, apart from combining marks.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| is_invisible(c) || is_combining_mark(c))
}

#[cfg(test)]
mod tests {
    use super::{fold, is_blank};

    #[test]
    fn invisible_texts_are_blank() {
        for blank in [
            "",
            " \t",
            "\u{200B}",
            "\u{3164}",
            "\u{115F}\u{1160}",
            "\u{FFA0}",
            "\u{301}",
            " \u{301}",
            "\u{2800}",
        ] {
            assert!(is_blank(blank), "{blank:?}");
        }
        for text in ["e\u{301}", "가\u{3164}", "-", "①", "\u{FFFD}"] {
            assert!(!is_blank(text), "{text:?}");
        }
    }

    #[test]
    fn folding_ignores_case_and_encoding() {
        for (text, folded) in [
            ("JÖRG", "jörg"),
            ("e\u{301}", "é"),
            ("\u{212A}im", "kim"),
            ("ΟΔΟΣ οδος", "οδοσ οδοσ"),
            ("ẞ", "ß"),
        ] {
            assert_eq!(fold(text), folded);
        }
    }
}
