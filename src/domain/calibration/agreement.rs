//! How far scores and ratings agree.

use crate::domain::score::Hundredths;

/// Figures over pairs of a score that knows nothing of the rating, and the rating.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    pub pairs: u32,
    /// The mean of score − rating: above 0 where scores lie higher than ratings.
    pub bias: f64,
    /// The mean distance of the two.
    pub mean_absolute_error: f64,
    /// How alike the orders of the two are, −1 to 1; `None` where all scores or all ratings are the same.
    pub spearman: Option<Spearman>,
    /// The share of ratings of 4 and 5: the satisfaction of surveys.
    pub satisfied: f64,
    /// The share of ratings of 1 and 2.
    pub dissatisfied: f64,
}

/// A rank correlation with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spearman {
    pub rho: f64,
    /// `None` for fewer than 10 pairs.
    pub interval: Option<[f64; 2]>,
    /// How many standard errors it lies above 0, by the same formula; 0 for fewer than 10 pairs.
    pub sureness: f64,
}

/// The 97.5 % point of the normal distribution.
const NORMAL: f64 = 1.959_964;
/// Below this an interval says nothing.
const LEAST_FOR_INTERVAL: usize = 10;

impl Agreement {
    /// `None` over nothing. Sums are whole numbers, so the order of the pairs does not matter.
    pub fn of(pairs: &[(Hundredths, u8)]) -> Option<Self> {
        let n = u32::try_from(pairs.len()).ok().filter(|n| *n > 0)?;
        let distances = pairs.iter().map(|(score, rating)| i64::from(score.0) - 100 * i64::from(*rating));
        let (bias, error) = distances.fold((0, 0), |(bias, error), by| (bias + by, error + by.abs()));
        let mean = |sum: i64| sum as f64 / 100.0 / f64::from(n);
        let share =
            |wanted: fn(u8) -> bool| pairs.iter().filter(|(_, rating)| wanted(*rating)).count() as f64 / f64::from(n);
        Some(Self {
            pairs: n,
            bias: mean(bias),
            mean_absolute_error: mean(error),
            spearman: spearman(pairs),
            satisfied: share(|rating| rating >= 4),
            dissatisfied: share(|rating| rating <= 2),
        })
    }
}

/// Pearson's correlation of the ranks, ties by their mean rank. The interval is Fisher's, tanh(atanh ρ ± 1.96·se), with
/// the variance of Bonett and Wright (Psychometrika 65, 2000): se² = (1 + ρ²/2) / (n − 3).
pub fn spearman(pairs: &[(Hundredths, u8)]) -> Option<Spearman> {
    let scores = doubled_ranks(&pairs.iter().map(|(score, _)| score.0).collect::<Vec<_>>());
    let ratings = doubled_ranks(&pairs.iter().map(|(_, rating)| u16::from(*rating)).collect::<Vec<_>>());
    let n = pairs.len() as i128;
    // The sum of doubled ranks is n(n + 1), whatever ties there are.
    let center = n * (n + 1) * (n + 1);
    let moment =
        |a: &[i64], b: &[i64]| a.iter().zip(b).map(|(a, b)| i128::from(*a) * i128::from(*b)).sum::<i128>() - center;
    let (scores_vary, ratings_vary) = (moment(&scores, &scores), moment(&ratings, &ratings));
    if scores_vary <= 0 || ratings_vary <= 0 {
        return None;
    }
    let rho = moment(&scores, &ratings) as f64 / (scores_vary as f64 * ratings_vary as f64).sqrt();
    Some(Spearman::of(rho.clamp(-1.0, 1.0), pairs.len()))
}

/// The mean of the correlations within parts, weighed by their pairs; the interval is that of so many pairs in one.
/// What shifts a whole part, such as a level that was fitted without it, does not change the order within it.
pub fn spearman_within(parts: &[Vec<(Hundredths, u8)>]) -> Option<Spearman> {
    let known = parts.iter().filter_map(|pairs| Some((spearman(pairs)?.rho, pairs.len())));
    let (sum, pairs) = known.fold((0.0, 0), |(sum, all), (rho, pairs)| (sum + rho * pairs as f64, all + pairs));
    (pairs > 0).then(|| Spearman::of((sum / pairs as f64).clamp(-1.0, 1.0), pairs))
}

impl Spearman {
    fn of(rho: f64, pairs: usize) -> Self {
        if pairs < LEAST_FOR_INTERVAL {
            return Self { rho, interval: None, sureness: 0.0 };
        }
        let error = ((1.0 + rho * rho / 2.0) / (pairs as f64 - 3.0)).sqrt();
        let z = libm::atanh(rho);
        let interval = [-1.0, 1.0].map(|side| libm::tanh(z + side * NORMAL * error));
        Self { rho, interval: Some(interval), sureness: z / error }
    }
}

/// Twice the rank of each value, from 1; equal ones share the mean of their ranks.
fn doubled_ranks(values: &[u16]) -> Vec<i64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by_key(|place| values[*place]);
    let mut ranks = vec![0; values.len()];
    let mut before = 0;
    for equal in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = 2 * before + equal.len() as i64 + 1;
        equal.iter().for_each(|place| ranks[*place] = rank);
        before += equal.len() as i64;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs<const N: usize>(pairs: [(u16, u8); N]) -> Vec<(Hundredths, u8)> {
        pairs.map(|(score, rating)| (Hundredths(score), rating)).to_vec()
    }

    #[test]
    fn bias_error_and_shares_are_those_of_the_pairs() {
        let agreement = Agreement::of(&pairs([(350, 5), (450, 4), (250, 2), (300, 1)])).unwrap();
        assert_eq!((agreement.pairs, agreement.bias, agreement.mean_absolute_error), (4, 0.375, 1.125));
        assert_eq!((agreement.satisfied, agreement.dissatisfied), (0.5, 0.5));
        assert_eq!(Agreement::of(&[]), None);
    }

    #[test]
    fn ranks_are_shared_by_ties() {
        assert_eq!(doubled_ranks(&[30, 10, 30, 20, 30]), [8, 2, 8, 4, 8]);
        let same_order = pairs([(100, 1), (200, 2), (300, 3), (400, 4), (500, 5)]);
        assert_eq!(spearman(&same_order).unwrap().rho, 1.0);
        let reversed: Vec<_> = same_order.iter().map(|(score, rating)| (*score, 6 - rating)).collect();
        assert_eq!(spearman(&reversed).unwrap(), Spearman { rho: -1.0, interval: None, sureness: 0.0 });
        assert_eq!(spearman(&pairs([(100, 3), (200, 3), (300, 3)])), None);
    }

    #[test]
    fn what_shifts_a_whole_part_leaves_the_order_within_parts() {
        let part = pairs([(100, 1), (200, 2), (300, 3), (400, 5), (500, 4)]);
        let shifted: Vec<_> = part.iter().map(|(score, rating)| (Hundredths(score.0 + 350), *rating)).collect();
        let within = spearman_within(&[part.clone(), shifted.clone()]).unwrap();
        assert!((within.rho - spearman(&part).unwrap().rho).abs() < 1e-12 && within.interval.is_some());
        assert!(spearman(&[part, shifted].concat()).unwrap().rho < within.rho);
        assert_eq!(spearman_within(&[pairs([(100, 3), (200, 3)])]), None);
    }

    #[test]
    fn the_interval_is_that_of_the_published_formula() {
        // 12 pairs with ties; figures by scipy.stats.spearmanr, and the formula by hand.
        let of = pairs([
            (310, 3),
            (420, 5),
            (250, 1),
            (390, 4),
            (330, 2),
            (450, 4),
            (280, 3),
            (500, 5),
            (190, 2),
            (365, 3),
            (365, 5),
            (410, 3),
        ]);
        let Spearman { rho, interval, sureness } = spearman(&of).unwrap();
        assert!((rho - RHO).abs() < 1e-12, "{rho}");
        let [low, high] = interval.unwrap();
        assert!((low - LOW).abs() < 1e-6 && (high - HIGH).abs() < 1e-6, "{low} {high}");
        assert!((sureness - SURENESS).abs() < 1e-4, "{sureness}");
    }

    const RHO: f64 = 0.784_070_202_132_019;
    const LOW: f64 = 0.299_378_236;
    const HIGH: f64 = 0.947_101_681;
    const SURENESS: f64 = 2.770_269;
}
