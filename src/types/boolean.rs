//! Booleans as texts, in files of other programs.

/// Reads `true`, `false`, `yes`, `no`, `1` or `0`, in any case and with blanks around. Spreadsheets write `TRUE` and `FALSE`.
pub fn boolean_of_text(text: &str) -> Option<bool> {
    let text = text.trim();
    let is_one_of = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_one_of(&["true", "yes", "1"]) {
        Some(true)
    } else if is_one_of(&["false", "no", "0"]) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::boolean_of_text;

    #[test]
    fn booleans_of_spreadsheets_are_read() {
        for text in ["true", "TRUE", " Yes", "1"] {
            assert_eq!(boolean_of_text(text), Some(true), "{text}");
        }
        for text in ["false", "FALSE", "nO ", "0"] {
            assert_eq!(boolean_of_text(text), Some(false), "{text}");
        }
        for text in ["", "t", "01", "wahr", "true false"] {
            assert_eq!(boolean_of_text(text), None, "{text}");
        }
    }
}
