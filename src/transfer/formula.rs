//! Texts that a spreadsheet would take for a formula.
//!
//! Anyone can register with any name. A spreadsheet evaluates a cell that begins with `=`, and a formula can send other
//! cells to a stranger (CSV injection, CWE-1236). An apostrophe before the text prevents that. The import removes it, so a
//! file that was exported is imported as it was.

/// The characters that formulas begin with, also in the width of East Asian letters.
const STARTS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// The cell of a text, which no spreadsheet evaluates.
pub(super) fn guarded(text: String) -> String {
    if needs_guard(&text) { format!("'{text}") } else { text }
}

/// The text of a cell, without the apostrophe of [`guarded`].
pub(super) fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| needs_guard(text)).unwrap_or(cell)
}

/// Whether a text begins as a formula, or as the cell of one: such a text gets another apostrophe.
fn needs_guard(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(STARTS)
}

#[cfg(test)]
mod tests {
    use super::{guarded, unguarded};

    #[test]
    fn a_cell_does_not_begin_as_a_formula_and_keeps_its_text() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+49 89", "'+49 89"),
            ("-2", "'-2"),
            ("@SUM(1)", "'@SUM(1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("＝1", "'＝1"),
            ("'=1", "''=1"),
            ("''=1", "'''=1"),
            ("'", "'"),
            ("'s Gravenhage", "'s Gravenhage"),
            ("1=1", "1=1"),
            ("", ""),
        ] {
            assert_eq!(guarded(text.to_owned()), cell);
            assert_eq!(unguarded(cell), text);
        }
    }
}
