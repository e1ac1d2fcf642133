//! Numbers in JSON that can't be kept as they were written.
//!
//! A number is stored as an integer of 64 bits or as a double (IEEE 754, binary64), and is written as the shortest decimal
//! that reads as the same double. So a number is kept if it is such an integer or such a decimal: `0.1` and `1e20`, but not
//! `0.1000000000000000055`, `123456789012345678901` or `1e-400`. The parser of JSON rounds silently, so the text is checked.

/// A decimal of so many digits, without an exponent, is always the shortest one of its double.
const ALWAYS_EXACT: usize = 15;
/// The number of characters of a number in a message.
const SHOWN: usize = 40;

/// Why a JSON text is refused: its first number that can't be kept. The text must be valid JSON.
pub fn inexact_number(text: &[u8]) -> Option<String> {
    let (_, number) = numbers(text).find(|(_, number)| !is_kept(number))?;
    Some(reason(number))
}

/// The first of these properties of a JSON object that contains a number that can't be kept, and why it is refused. The text
/// must be valid JSON.
pub fn inexact_property(text: &[u8], properties: &[&'static str]) -> Option<(&'static str, String)> {
    numbers(text).filter(|(_, number)| !is_kept(number)).find_map(|(name, number)| {
        let name: String = serde_json::from_slice(name).ok()?;
        let property = properties.iter().find(|property| **property == name)?;
        Some((*property, reason(number)))
    })
}

fn reason(number: &str) -> String {
    let end = if number.len() > SHOWN { "…" } else { "" };
    let shown = number.get(..SHOWN).unwrap_or(number);
    format!(
        "The number {shown}{end} can't be kept exactly: use at most 15 digits, a 64-bit integer, or a string"
    )
}

/// The numbers of a JSON text as they are written, each after the last string outside of inner values: in an object, that is
/// the name of the property.
fn numbers(text: &[u8]) -> impl Iterator<Item = (&[u8], &str)> {
    let (mut at, mut depth, mut name) = (0, 0_usize, &text[..0]);
    std::iter::from_fn(move || {
        while let Some(byte) = text.get(at) {
            let start = at;
            at += 1;
            match byte {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                b'"' => {
                    at = end_of_string(text, start);
                    if depth == 1 {
                        name = &text[start..at];
                    }
                }
                b'-' | b'0'..=b'9' => {
                    let is_part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
                    at += text[at..].iter().position(|byte| !is_part(byte)).unwrap_or(text.len() - at);
                    return std::str::from_utf8(&text[start..at]).ok().map(|number| (name, number));
                }
                _ => {}
            }
        }
        None
    })
}

/// The position after a string that begins at `at`.
fn end_of_string(text: &[u8], mut at: usize) -> usize {
    loop {
        at += 1;
        match text.get(at) {
            None => return text.len(),
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 1,
            Some(_) => {}
        }
    }
}

fn is_kept(number: &str) -> bool {
    let is_short = number.len() <= ALWAYS_EXACT && !number.contains(['e', 'E']);
    if is_short || number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok() {
        return true;
    }
    let Ok(double) = number.parse::<f64>() else { return false };
    double.is_finite()
        && decimal(number).is_some_and(|written| Some(written) == decimal(&format!("{double:e}")))
}

/// The digits of a number without leading and trailing zeros, and the power of ten of the last digit. Zero has no digits.
fn decimal(number: &str) -> Option<(String, i64)> {
    let number = number.trim_start_matches('-');
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return Some((String::new(), 0));
    }
    let zeros = i64::try_from(digits.len() - significant.len()).ok()?;
    let fraction = i64::try_from(fraction.len()).ok()?;
    let exponent = exponent.parse::<i64>().ok()?.checked_sub(fraction)?.checked_add(zeros)?;
    Some((significant.trim_start_matches('0').to_owned(), exponent))
}

#[cfg(test)]
mod tests {
    use super::{inexact_number, inexact_property};

    #[test]
    fn numbers_are_kept_exactly_or_reported() {
        for number in [
            "0",
            "-0",
            "1.0",
            "0.1",
            "-2.50",
            "9007199254740993",
            "18446744073709551615",
            "-9223372036854775808",
            "1e20",
            "1E+20",
            "100000000000000000000",
            "0.10000000000000000000",
            "1.7976931348623157e308",
            "5e-324",
            "0e999999999999999999999",
            "0.30000000000000004",
        ] {
            assert_eq!(inexact_number(format!("[{number}]").as_bytes()), None, "{number}");
        }
        for number in [
            "18446744073709551616",
            "-9223372036854775809",
            "123456789012345678901",
            "9007199254740993.0",
            "0.1000000000000000055",
            "3.14159265358979323846",
            "1e-400",
            "1e400",
            "1e99999999999999999999",
        ] {
            let reason = inexact_number(format!("{{\"a\": [1, {number}]}}").as_bytes()).unwrap();
            assert!(reason.starts_with(&format!("The number {number} can't")), "{reason}");
        }
    }

    #[test]
    fn digits_in_strings_are_texts() {
        let text = br#"{"18446744073709551616": "\"1e400", "a": "\\", "b": 1.5, "c": "1e400"}"#;
        assert_eq!(inexact_number(text), None);
        assert_eq!(inexact_number(b"\"1e400"), None);
        let long = format!("[{}]", "7".repeat(100));
        assert!(inexact_number(long.as_bytes()).unwrap().contains("777… can't be kept"));
    }

    #[test]
    fn a_property_with_an_inexact_number_is_named() {
        let property = |text: &str| inexact_property(text.as_bytes(), &["a", "b"]).map(|(name, _)| name);
        for (text, expected) in [
            (r#"{"a": 1e-400}"#, Some("a")),
            (r#"{"c": 1e-400, "\u0062": [{"a": "x", "c": [1, 1e-400]}]}"#, Some("b")),
            (r#"{"a": {"c": "x"}, "c": 1e-400, "x": "a"}"#, None),
            (r#"{"c": "a", "d": {"a": 1e-400}}"#, None),
            (r#"{"a": 1.5, "b": "1e-400"}"#, None),
            ("[1e-400]", None),
        ] {
            assert_eq!(property(text), expected, "{text}");
        }
    }
}
