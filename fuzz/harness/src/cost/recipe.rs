//! Recipes: texts in which `<<TEXT*COUNT>>` repeats TEXT. In each repetition, `#` is replaced by its number.

/// The maximum size of an expanded recipe in bytes.
pub const MAX_BYTES: usize = 256 * 1024 - 64;

/// Returns the first line of a recipe, and the expansion of the other lines.
pub(super) fn expand(input: &[u8]) -> (String, String) {
    let text = String::from_utf8_lossy(input);
    let (route, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let mut expanded = String::new();
    let mut rest = rest.trim_end_matches('\n');
    while let Some((before, text, count, after)) = next(rest) {
        expanded.push_str(before);
        for number in 0..count {
            if expanded.len() > MAX_BYTES {
                break;
            }
            expanded.push_str(&text.replace('#', &number.to_string()));
        }
        rest = after;
    }
    expanded.push_str(rest);
    let mut end = expanded.len().min(MAX_BYTES);
    while !expanded.is_char_boundary(end) {
        end -= 1;
    }
    expanded.truncate(end);
    (route.to_owned(), expanded)
}

/// Finds the first repetition. Returns the text before it, its text, its count, and the text after it.
fn next(text: &str) -> Option<(&str, &str, usize, &str)> {
    let (before, rest) = text.split_once("<<")?;
    let (inside, after) = rest.split_once(">>")?;
    let (text, count) = inside.rsplit_once('*')?;
    Some((before, text, count.trim().parse().ok()?, after))
}

#[cfg(test)]
mod tests {
    use super::{MAX_BYTES, expand};

    #[test]
    fn repetitions_are_expanded_and_bounded() {
        let expanded = |text: &str| expand(text.as_bytes());
        assert_eq!(expanded("r\n{<<q# *3>>} <<x*0>>"), ("r".to_owned(), "{q0 q1 q2 } ".to_owned()));
        assert_eq!(expanded("r\n<<x>> <<x*y>>").1, "<<x>> <<x*y>>");
        assert_eq!(expanded("r").1, "");
        assert_eq!(expanded("r\n<<\u{e9}*9999999>>").1.len(), MAX_BYTES);
    }
}
