//! Which three characters of a word are worth looking up.

use std::collections::{BTreeSet, HashMap};

/// Fewer texts tell nothing.
const MIN_TEXTS: usize = 100;
/// What stands in no more texts than one in so many narrows a search down by itself.
const RARE: usize = 100;
/// Two that stand in no more than one in so many do together.
const HELPFUL: usize = 33;
/// How many are looked up.
const MAX_LOOKED_UP: usize = 4;

/// How many texts of a sample each group of three characters stands in. An index of trigrams reads, for each that is
/// looked up, where it stands: for one that stands in every text that is all texts.
#[derive(Debug, Default)]
pub struct Trigrams {
    texts: usize,
    counts: HashMap<String, usize>,
}

impl Trigrams {
    /// Counts those of a sample.
    pub fn count<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut counted = Self::default();
        for text in texts {
            counted.texts += 1;
            for trigram in trigrams(text.split_whitespace()) {
                *counted.counts.entry(trigram).or_default() += 1;
            }
        }
        counted
    }

    /// The rarest few of these; none when none is known to be rare.
    pub fn rarest<'a>(&self, trigrams: &'a BTreeSet<String>) -> Vec<&'a str> {
        let count = |trigram: &str| self.counts.get(trigram).copied().unwrap_or_default();
        let mut counted: Vec<(usize, &str)> =
            trigrams.iter().map(|trigram| (count(trigram), trigram.as_str())).collect();
        counted.sort_unstable();
        counted.retain(|(count, _)| count * HELPFUL <= self.texts);
        let is_narrow =
            counted.len() > 1 || counted.first().is_some_and(|(count, _)| count * RARE <= self.texts);
        if self.texts < MIN_TEXTS || !is_narrow {
            return Vec::new();
        }
        counted.into_iter().take(MAX_LOOKED_UP).map(|(_, trigram)| trigram).collect()
    }
}

/// All three characters that follow each other in a word.
pub fn trigrams<'a>(words: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for word in words {
        let characters: Vec<char> = word.chars().collect();
        found.extend(characters.windows(3).map(|three| three.iter().collect::<String>()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Trigrams, trigrams};

    #[test]
    fn the_rarest_are_looked_up_when_they_are_rare() {
        let texts: Vec<String> = (0..1000).map(|n| format!("zofie{n}\ncustomer{n}@example.com")).collect();
        let known = Trigrams::count(texts.iter().map(String::as_str));
        let looked_up = |word: &str| known.rarest(&trigrams([word])).join(" ");
        assert_eq!(looked_up("customer123"), "123 r12");
        assert_eq!(looked_up("example"), "");
        assert_eq!(looked_up("kowalski"), "als kow lsk owa");
        assert_eq!(looked_up("ab"), "");
        assert_eq!(Trigrams::default().rarest(&trigrams(["kowalski"])), [""; 0]);
    }
}
