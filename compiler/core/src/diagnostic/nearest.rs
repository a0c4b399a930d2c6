//! The nearest known name to a misspelt one.

/// The candidate most like `word`, if any is like enough to be meant.
///
/// A swap, a missing or a doubled letter counts as one step; a third of the word's letters may differ.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = match word.chars().count() {
        0..=2 => 0,
        letters => (letters / 3).max(1),
    };
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(steps, _)| *steps <= allowed)
        .min_by_key(|(steps, candidate)| (*steps, candidate.len()))
        .map(|(_, candidate)| candidate)
}

/// Steps between two words; case counts for nothing, so that `buildingexited` finds `BuildingExited`.
fn distance(a: &str, b: &str) -> usize {
    strsim::damerau_levenshtein(&a.to_lowercase(), &b.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_a_swap_a_case_and_nothing_far() {
        assert_eq!(nearest("hgih", ["low", "high"]), Some("high"));
        assert_eq!(nearest("buildingExited", ["BuildingExited"]), Some("BuildingExited"));
        assert_eq!(nearest("zebra", ["low", "high"]), None);
        assert_eq!(nearest("B", ["A", "b"]), Some("b"));
    }
}
