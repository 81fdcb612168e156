//! Turns that say the same again, by their content words.
//!
//! The lowest bit of a content word's hash says whether the word begins with a digit: the same answer with a new
//! number is another answer.

use super::turns::Turn;

/// A turn is compared with so many before it of the same side: otherwise a conversation of a thousand long turns
/// would take seconds.
const WINDOW: usize = 12;

/// Turns of fewer content words are not compared.
const FEW: usize = 2;

/// The share of its likeness that counts for a turn with a number that the other turn has not: it is another answer,
/// however alike the rest.
const NEW_NUMBER: f64 = 0.6;

/// How much each of an agent's turns repeats an earlier one, summed.
pub fn of_agent(turns: &[&Turn<'_>], blocks: &[usize]) -> f64 {
    let contents: Vec<&[u32]> = turns.iter().map(|turn| turn.content()).collect();
    repeats(&contents, blocks, |words, earlier| {
        let share = if has_new_number(words, earlier) { NEW_NUMBER } else { 1.0 };
        ramp(share * jaccard(words, earlier), 0.25, 0.65)
    })
}

/// How much each of a customer's turns says an earlier one again, summed.
pub fn of_customer(turns: &[&Turn<'_>], blocks: &[usize]) -> f64 {
    let signature = in_all(turns);
    let own: Vec<Vec<u32>> = turns.iter().map(|turn| without(turn.content(), &signature)).collect();
    let contents: Vec<&[u32]> = own.iter().map(Vec::as_slice).collect();
    repeats(&contents, blocks, |words, earlier| {
        ramp(jaccard(words, earlier), 0.3, 0.6).max(ramp(contained(words, earlier), 0.35, 0.7))
    })
}

/// For each turn, its largest likeness to an earlier one from another block of turns; summed.
fn repeats(contents: &[&[u32]], blocks: &[usize], like: impl Fn(&[u32], &[u32]) -> f64) -> f64 {
    let mut sum = 0.0;
    for (at, words) in contents.iter().enumerate() {
        if words.len() < FEW {
            continue;
        }
        let earlier = (at.saturating_sub(WINDOW)..at).filter(|earlier| blocks[*earlier] < blocks[at]);
        sum += earlier.map(|earlier| like(words, contents[earlier])).fold(0.0, f64::max);
    }
    sum
}

/// Words that stand in each of three turns or more, such as those of a signature.
fn in_all(turns: &[&Turn<'_>]) -> Vec<u32> {
    let [first, rest @ ..] = turns else { return Vec::new() };
    if rest.len() < 2 {
        return Vec::new();
    }
    let is_in_all = |word: &&u32| rest.iter().all(|turn| turn.content().binary_search(word).is_ok());
    first.content().iter().filter(is_in_all).copied().collect()
}

/// `words` without those of `signature`; all of them if there are no others.
fn without(words: &[u32], signature: &[u32]) -> Vec<u32> {
    let own: Vec<u32> = words.iter().filter(|word| signature.binary_search(word).is_err()).copied().collect();
    if own.is_empty() { words.to_vec() } else { own }
}

/// 0 up to `from`, 1 from `to` on, a straight line between.
fn ramp(value: f64, from: f64, to: f64) -> f64 {
    ((value - from) / (to - from)).clamp(0.0, 1.0)
}

/// Both ascending.
fn common(a: &[u32], b: &[u32]) -> usize {
    let (mut i, mut j, mut common) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        let (x, y) = (a[i], b[j]);
        i += usize::from(x <= y);
        j += usize::from(y <= x);
        common += usize::from(x == y);
    }
    common
}

/// |A∩B| / |A∪B|; 0 where either is empty.
fn jaccard(a: &[u32], b: &[u32]) -> f64 {
    let common = common(a, b);
    let union = a.len() + b.len() - common;
    if union == 0 { 0.0 } else { common as f64 / union as f64 }
}

/// |A∩B| / |A|.
fn contained(a: &[u32], b: &[u32]) -> f64 {
    if a.is_empty() { 0.0 } else { common(a, b) as f64 / a.len() as f64 }
}

/// A word of `words` that is not in `earlier` begins with a digit: such words have odd hashes.
fn has_new_number(words: &[u32], earlier: &[u32]) -> bool {
    words.iter().any(|word| word % 2 == 1 && earlier.binary_search(word).is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likeness_is_of_sets() {
        assert_eq!(jaccard(&[1, 2, 3], &[2, 3, 4]), 0.5);
        assert_eq!((jaccard(&[], &[]), jaccard(&[1], &[])), (0.0, 0.0));
        assert_eq!(contained(&[2, 4], &[1, 2, 3, 4, 5]), 1.0);
        assert_eq!((ramp(0.2, 0.25, 0.65), ramp(0.45, 0.25, 0.65), ramp(0.9, 0.25, 0.65)), (0.0, 0.5, 1.0));
    }

    #[test]
    fn only_a_number_that_is_new_makes_another_answer() {
        assert!(has_new_number(&[2, 5], &[2, 4]) && !has_new_number(&[2, 5], &[4, 5]) && !has_new_number(&[6], &[4]));
    }
}
