//! Who answers. Unhappy customers answer more often, so ratings are no picture of all conversations.

use crate::domain::score::Hundredths;

/// Scores of those who rated beside those of all. None of them knows a rating.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Conversations with a score.
    pub conversations: u64,
    /// Those of them that were rated.
    pub answered: u64,
    /// Their mean score.
    pub score_of_answered: Option<Hundredths>,
    /// The mean score of all, those included.
    pub score_of_all: Option<Hundredths>,
}

impl Answers {
    /// Of scores, each with whether the conversation was rated.
    pub fn of(scores: impl IntoIterator<Item = (Hundredths, bool)>) -> Self {
        let (mut all, mut rated) = ((0, 0), (0, 0));
        for (Hundredths(score), is_rated) in scores {
            for sum in [Some(&mut all), is_rated.then_some(&mut rated)].into_iter().flatten() {
                *sum = (sum.0 + u64::from(score), sum.1 + 1);
            }
        }
        Self {
            conversations: all.1,
            answered: rated.1,
            score_of_answered: Hundredths::mean(rated.0, rated.1),
            score_of_all: Hundredths::mean(all.0, all.1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_rate_stand_beside_all() {
        let answers =
            Answers::of([(300, true), (400, false), (200, true), (350, false)].map(|(s, r)| (Hundredths(s), r)));
        assert_eq!((answers.conversations, answers.answered), (4, 2));
        assert_eq!((answers.score_of_answered, answers.score_of_all), (Some(Hundredths(250)), Some(Hundredths(313))));
        assert_eq!(Answers::of([]), Answers::default());
    }
}
