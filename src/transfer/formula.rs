//! Texts that a spreadsheet would take for a formula.
//!
//! Anyone can register with any name. A spreadsheet evaluates a cell that begins with `=`, and a formula can send other
//! cells to a stranger (CSV injection, CWE-1236). An apostrophe before the text prevents that. The import removes it, so a
//! file that was exported is imported as it was. Numbers and telephone numbers (`+49 89 123`) get no apostrophe.

/// The characters that formulas begin with, also in the width of East Asian letters.
const STARTS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// The cell of a text, which no spreadsheet evaluates.
pub(super) fn guarded(text: String) -> String {
    if is_formula(&text) && !is_number(&text) { format!("'{text}") } else { text }
}

/// The text of a cell, without the apostrophe of [`guarded`].
pub(super) fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| is_formula(text)).unwrap_or(cell)
}

/// Whether a text begins as a formula, or as the cell of one: such a text gets another apostrophe.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(STARTS)
}

/// Whether a text is a number or a telephone number with a sign: `^[+-][0-9 ().-]+$`.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || b" ().-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::{guarded, unguarded};

    #[test]
    fn a_cell_does_not_begin_as_a_formula_and_keeps_its_text() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+49 89+1", "'+49 89+1"),
            ("+49 (0)89 12-3", "+49 (0)89 12-3"),
            ("-2", "-2"),
            ("-2.5", "-2.5"),
            ("-1e300", "'-1e300"),
            ("-", "'-"),
            ("+", "'+"),
            ("+1\n", "'+1\n"),
            ("+1@x.io", "'+1@x.io"),
            ("@SUM(1)", "'@SUM(1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("＝1", "'＝1"),
            ("＋1", "'＋1"),
            ("'=1", "''=1"),
            ("''=1", "'''=1"),
            ("'+49 89", "''+49 89"),
            ("'", "'"),
            ("'s Gravenhage", "'s Gravenhage"),
            ("1=1", "1=1"),
            ("", ""),
        ] {
            assert_eq!(guarded(text.to_owned()), cell);
            assert_eq!(unguarded(cell), text);
        }
        // Other programs write an apostrophe before telephone numbers as well.
        assert_eq!(unguarded("'+49 89"), "+49 89");
    }
}
