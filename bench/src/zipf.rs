//! Which of many is asked for: few of them often.

use crate::random::Random;

/// Zipf's distribution with exponent 1: number k is asked for in proportion to 1 / (k + 1).
#[derive(Clone, Debug)]
pub struct Zipf {
    /// Sums of the weights up to and including each number.
    sums: Vec<f64>,
}

impl Zipf {
    /// Over `0..length`; `length` is not 0.
    pub fn new(length: usize) -> Self {
        let mut sum = 0.0;
        let weight = |k| {
            sum += 1.0 / (k + 1) as f64;
            sum
        };
        Self { sums: (0..length).map(weight).collect() }
    }

    pub fn sample(&self, random: &mut Random) -> usize {
        let total = self.sums.last().copied().unwrap_or(0.0);
        // From 0 inclusive to 1 exclusive.
        let unit = (random.next() >> 11) as f64 / (1_u64 << 53) as f64;
        let at = unit * total;
        self.sums.partition_point(|&sum| sum <= at).min(self.sums.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_zipf_is_asked_for_twice_as_often_as_the_second() {
        let (zipf, mut random) = (Zipf::new(100), Random::new(7));
        let mut counts = [0_u32; 100];
        for _ in 0..200_000 {
            counts[zipf.sample(&mut random)] += 1;
        }
        let ratio = |k: usize| f64::from(counts[0]) / f64::from(counts[k]);
        assert!((1.9..2.1).contains(&ratio(1)), "{}", ratio(1));
        assert!((9.0..11.0).contains(&ratio(9)), "{}", ratio(9));
        assert!(counts.iter().all(|&count| count > 0));
    }
}
