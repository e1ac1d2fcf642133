//! Folds texts for the keyword search, which ignores case and accents.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// Folds a text: two texts that differ only in case and accents have the same folded text, such as `Łódź` and `lodz`,
/// `GROẞ` and `gross`. Compatibility forms, such as full-width letters and ligatures, are folded as well (Unicode
/// Standard Annex 15, form KD).
pub fn search_text(text: &str) -> String {
    // Converted to upper case first, which distinguishes fewer letters: `ς` and `σ`, `ı` and `i` are the same.
    let upper = text.nfkd().flat_map(char::to_uppercase);
    let lower = upper.flat_map(char::to_lowercase).nfkd();
    let mut folded = String::with_capacity(text.len());
    for c in lower.filter(|c| canonical_combining_class(*c) == 0) {
        match transcription(c) {
            Some(letters) => folded.push_str(letters),
            None => folded.push(c),
        }
    }
    folded
}

/// The usual transcription of Latin letters that Unicode doesn't decompose, and of the full stop of other scripts,
/// which separates labels of domains.
fn transcription(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'ł' => "l",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ŧ' => "t",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        '\u{3002}' => ".",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::search_text;
    use proptest::prelude::*;

    #[test]
    fn case_and_accents_are_ignored() {
        for (text, folded) in [
            ("John SMITH", "john smith"),
            ("Łódź, Žižek", "lodz, zizek"),
            ("GROẞ Straße", "gross strasse"),
            ("Søren Ærø Þór", "soren aero thor"),
            ("Nguyễn Văn", "nguyen van"),
            ("İstanbul Yılmaz", "istanbul yilmaz"),
            ("ΌΔΥΣΣΕΎΣ ὀδυσσεύς", "οδυσσευσ οδυσσευσ"),
            ("Йосип ЁЛКА", "иосип елка"),
            ("ﬁ Ａ ①", "fi a 1"),
            ("e\u{301}\u{327}", "e"),
            ("x。io｡", "x.io."),
            ("نوعم שָׁלוֹם", "نوعم שלום"),
        ] {
            assert_eq!(search_text(text), folded, "{text}");
        }
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,40}") {
            let folded = search_text(&text);
            prop_assert_eq!(search_text(&folded), folded);
        }

        #[test]
        fn case_makes_no_difference(text in "\\PC{0,40}") {
            prop_assert_eq!(search_text(&text.to_uppercase()), search_text(&text));
        }
    }
}
