//! Chance from a seed: the same in every run.

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `limit`, which is not 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// An index into something of `length`, which is not 0.
    pub fn index(&mut self, length: usize) -> usize {
        (self.next() % length as u64) as usize
    }

    /// Both ends inclusive.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True this often in a thousand.
    pub fn per_mille(&mut self, often: u64) -> bool {
        self.below(1000) < often
    }

    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.index(from.len())]
    }

    /// From 0 inclusive to 1 exclusive.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

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
        let at = random.unit() * total;
        self.sums.partition_point(|&sum| sum <= at).min(self.sums.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_zipf_is_asked_for_twice_as_often_as_the_second() {
        let (zipf, mut random) = (Zipf::new(100), Random(7));
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
