//! Selects the trigrams of a word that narrow a search down most.
//!
//! For each trigram, an index reads all positions of that trigram, so a trigram that occurs in every text is as slow as
//! reading all texts. A sample of the texts estimates how rare each trigram is. Without a large enough sample, or
//! without a rare trigram, none is selected.

use std::collections::{BTreeSet, HashMap};

/// Minimum size of a sample. A smaller one is not representative.
const MIN_TEXTS: usize = 100;
/// A trigram in at most one of this many texts narrows a search down by itself.
const RARE: usize = 100;
/// Two trigrams in at most one of this many texts narrow a search down together.
const UNCOMMON: usize = 33;
/// Words that are in one of this many texts, or in more of them, are common. Of 1 000 000 texts, an index then finds at least
/// 10 000, which takes longer than reading some 5 000 customers for a page of 50.
const COMMON: usize = 100;
/// Maximum number of trigrams that are looked up.
const MAX_LOOKED_UP: usize = 4;

/// A sample of texts, with the number of texts in which each trigram occurs.
#[derive(Debug, Default)]
pub struct Trigrams {
    sample: Vec<String>,
    texts: usize,
    counts: HashMap<String, usize>,
}

impl Trigrams {
    /// Counts the trigrams of a sample.
    pub fn count<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut sample = Self::default();
        for text in texts {
            sample.texts += 1;
            sample.sample.push(text.to_owned());
            for trigram in trigrams(text.split_whitespace()) {
                *sample.counts.entry(trigram).or_default() += 1;
            }
        }
        sample
    }

    /// Whether so many texts contain all of these words that reading the texts one after the other soon finds a page of
    /// them. An index would find all of them first.
    pub fn are_common(&self, words: &BTreeSet<&str>) -> bool {
        let holds_all = |text: &&String| words.iter().all(|word| text.contains(word));
        self.texts >= MIN_TEXTS && self.sample.iter().filter(holds_all).count() * COMMON >= self.texts
    }

    /// The rarest of these trigrams, or none if they are not rare enough or the sample is too small.
    pub fn rarest<'a>(&self, trigrams: &'a BTreeSet<String>) -> Vec<&'a str> {
        let count = |trigram: &str| self.counts.get(trigram).copied().unwrap_or_default();
        let mut counted: Vec<(usize, &str)> =
            trigrams.iter().map(|trigram| (count(trigram), trigram.as_str())).collect();
        counted.sort_unstable();
        counted.retain(|(count, _)| count * UNCOMMON <= self.texts);
        let is_narrow =
            counted.len() > 1 || counted.first().is_some_and(|(count, _)| count * RARE <= self.texts);
        if self.texts < MIN_TEXTS || !is_narrow {
            return Vec::new();
        }
        counted.into_iter().take(MAX_LOOKED_UP).map(|(_, trigram)| trigram).collect()
    }
}

/// The trigrams of words: all sequences of three characters.
pub fn trigrams<'a>(words: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let mut trigrams = BTreeSet::new();
    for word in words {
        let characters: Vec<char> = word.chars().collect();
        trigrams.extend(characters.windows(3).map(|three| three.iter().collect::<String>()));
    }
    trigrams
}

#[cfg(test)]
mod tests {
    use super::{Trigrams, trigrams};

    #[test]
    fn only_rare_trigrams_are_looked_up() {
        let texts: Vec<String> = (0..1000).map(|n| format!("zofie{n}\ncustomer{n}@example.com")).collect();
        let sample = Trigrams::count(texts.iter().map(String::as_str));
        let looked_up = |word: &str| sample.rarest(&trigrams([word])).join(" ");
        assert_eq!(looked_up("customer123"), "123 r12");
        assert_eq!(looked_up("example"), "");
        assert_eq!(looked_up("kowalski"), "als kow lsk owa");
        assert_eq!(looked_up("ab"), "");
        assert_eq!(Trigrams::default().rarest(&trigrams(["kowalski"])), [""; 0]);
        let common = |words: &[&str]| sample.are_common(&words.iter().copied().collect());
        assert!(common(&["example"]) && common(&["customer", "com"]));
        assert!(!common(&["customer123"]) && !common(&["example", "customer123"]));
        assert!(!Trigrams::default().are_common(&[""].into()));
    }
}
