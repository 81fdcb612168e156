//! Turns that say the same again: the Jaccard index over sets of content words.

use hashbrown::HashMap;

/// Up to so many turns, comparing every pair is cheaper than an index.
const PAIRWISE_TURNS: usize = 40;

/// How many turns, of two distinct content words or more, are like one of the `window` turns before them: |A∩B| /
/// |A∪B| at least `tenths` / 10. Each turn is given as its content words, ascending.
pub(super) fn repeats_within(turns: &[&[u32]], window: usize, tenths: usize) -> usize {
    let is_repeat = |at: &usize| {
        let words = turns[*at];
        let mut earlier = turns[at.saturating_sub(window)..*at].iter();
        words.len() >= 2 && earlier.any(|earlier| are_alike(words, earlier, tenths))
    };
    (0..turns.len()).filter(is_repeat).count()
}

/// As [`repeats_within`], against every earlier turn.
pub(super) fn repeats(turns: &[&[u32]], tenths: usize) -> usize {
    if turns.len() <= PAIRWISE_TURNS { repeats_within(turns, usize::MAX, tenths) } else { indexed(turns, tenths) }
}

/// By an index from words to the turns that have them: a thousand long turns that almost repeat each
/// other would take a second pair by pair.
fn indexed(turns: &[&[u32]], tenths: usize) -> usize {
    let mut turns_with: HashMap<u32, Vec<u32>> = HashMap::new();
    let mut common = vec![0_usize; turns.len()];
    let mut found = 0;
    for (at, turn) in turns.iter().enumerate() {
        let words = *turn;
        common[..at].fill(0);
        for word in words {
            let earlier = turns_with.entry(*word).or_default();
            for other in &*earlier {
                common[*other as usize] += 1;
            }
            earlier.push(at as u32);
        }
        let mut earlier = turns[..at].iter().zip(&common);
        let is_repeat = earlier.any(|(other, common)| reaches(*common, words.len(), other.len(), tenths));
        found += usize::from(words.len() >= 2 && is_repeat);
    }
    found
}

/// Both ascending.
fn are_alike(a: &[u32], b: &[u32], tenths: usize) -> bool {
    // With c in common, 10 c ≥ tenths (a + b − c) must hold.
    let enough = (tenths * (a.len() + b.len())).div_ceil(10 + tenths).max(1);
    let (Some(spare_a), Some(spare_b)) = (a.len().checked_sub(enough), b.len().checked_sub(enough)) else {
        return false;
    };
    let (mut i, mut j, mut common) = (0, 0, 0);
    // As long as neither has more words of its own than it may have.
    while i < a.len() && j < b.len() && i - common <= spare_a && j - common <= spare_b {
        let (x, y) = (a[i], b[j]);
        i += usize::from(x <= y);
        j += usize::from(y <= x);
        common += usize::from(x == y);
    }
    common >= enough
}

/// Two sets of `a` and `b` elements with `common` in common have a Jaccard index of at least
/// `tenths` / 10. Two empty sets are not alike.
fn reaches(common: usize, a: usize, b: usize, tenths: usize) -> bool {
    common > 0 && 10 * common >= tenths * (a + b - common)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_repeat(first: &[u32], second: &[u32], tenths: usize) -> bool {
        repeats(&[first, second], tenths) == 1
    }

    #[test]
    fn an_index_right_on_the_threshold_is_a_repeat() {
        assert!(is_repeat(&[1, 2, 3], &[2, 3, 4], 5), "2 of 4");
        assert!(!is_repeat(&[1, 2, 3], &[2, 3, 4], 7));
        assert!(!is_repeat(&[1, 2, 3], &[3, 4], 5), "1 of 4");
        assert!(is_repeat(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], &[1, 2, 3, 4, 5, 6, 7], 7), "7 of 10");
        assert!(!is_repeat(&[1, 2, 3, 4, 5, 6, 8, 9, 10], &[1, 2, 3, 4, 5, 6, 7], 7), "6 of 10");
        assert!(is_repeat(&[1], &[1, 2], 5) && !is_repeat(&[1, 2], &[1], 5), "the later one needs two words");
        assert!(!is_repeat(&[], &[], 5) && !is_repeat(&[1, 2], &[], 5));
    }

    #[test]
    fn every_pair_of_sets_is_judged_by_the_definition() {
        let subset = |bits: u32| (0..6).filter(|word| bits & (1 << word) != 0).collect::<Vec<u32>>();
        for (a, b) in (0..64_u32).flat_map(|a| (0..64_u32).map(move |b| (a, b))) {
            let (common, union) = ((a & b).count_ones(), (a | b).count_ones());
            for tenths in [5, 7] {
                let expected = b.count_ones() >= 2 && 10 * common >= tenths * union;
                assert_eq!(is_repeat(&subset(a), &subset(b), tenths as usize), expected, "{a:b} {b:b} {tenths}");
            }
        }
    }

    #[test]
    fn the_index_finds_what_comparing_every_pair_finds() {
        // Overlapping runs of a small vocabulary, some of them empty or of one word.
        let words = |i: u32| (i * 7 % 23..i * 7 % 23 + i * 5 % 11).collect::<Vec<u32>>();
        let turns: Vec<_> = (0..120).map(words).collect();
        for length in [41, 77, 120] {
            let turns: Vec<_> = turns[..length].iter().map(Vec::as_slice).collect();
            for tenths in [3, 5, 7] {
                let pairwise = repeats_within(&turns, usize::MAX, tenths);
                assert_eq!(indexed(&turns, tenths), pairwise);
                assert!(pairwise > 0 && pairwise < length, "{pairwise} of {length}");
            }
        }
    }

    #[test]
    fn only_turns_within_the_window_are_compared() {
        let (a, b): (&[u32], &[u32]) = (&[1, 2], &[3, 4]);
        assert_eq!(repeats_within(&[a, b, a], 1, 5), 0);
        assert_eq!(repeats_within(&[a, b, a], 2, 5), 1);
    }
}
