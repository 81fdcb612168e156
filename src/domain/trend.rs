//! The trend of an account (R6.4): the least-squares line through its newest composites.

use super::score::{Hundredths, Ratio};
use super::view::Trend;

/// The line is that of so many conversations at most.
pub const LENGTH: usize = 20;
/// With fewer than these there is none.
pub const MINIMUM: usize = 5;

/// A line through n composites at x = 0…n−1, kept as whole numbers: with S = Σ (x − (n−1)/2)·y its slope is
/// 12·S / (n·(n²−1)), and its change from the first to the last is slope·(n−1) = 12·S / (n·(n+1)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    n: i64,
    /// 2·S, in hundredths.
    twice_s: i64,
}

impl Line {
    /// Through these, oldest first; none where they are too few.
    pub fn through(composites: impl ExactSizeIterator<Item = Hundredths>) -> Option<Self> {
        let n = composites.len() as i64;
        let twice_s = (0..).zip(composites).map(|(x, y)| (2 * x - (n - 1)) * i64::from(y.0)).sum();
        (n >= MINIMUM as i64).then_some(Self { n, twice_s })
    }

    /// From the first to the last.
    pub fn change(self) -> Ratio {
        let Self { n, twice_s } = self;
        Ratio { numerator: 6 * twice_s, denominator: 100 * n * (n + 1) }
    }

    /// From one conversation to the next.
    pub fn slope(self) -> Ratio {
        let Ratio { numerator, denominator } = self.change();
        Ratio { numerator, denominator: denominator * (self.n - 1) }
    }

    pub fn trend(self) -> Trend {
        let Ratio { numerator, denominator } = self.change();
        // change ≥ ¼ ⟺ 4·numerator ≥ denominator
        if 4 * numerator >= denominator {
            Trend::Improving
        } else if 4 * numerator <= -denominator {
            Trend::Declining
        } else {
            Trend::Stable
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(composites: &[u16]) -> Line {
        Line::through(composites.iter().map(|c| Hundredths(*c))).unwrap()
    }

    fn trend(composites: &[u16]) -> Trend {
        line(composites).trend()
    }

    #[test]
    fn r6_4_a_change_of_exactly_a_quarter_is_a_trend() {
        // y = 300 + c·x over five: the total change is 4c; 25/4 is not whole, so bend the ends.
        assert_eq!(trend(&[300, 300, 300, 300, 300]), Trend::Stable);
        // 2S = Σ(2x−4)y; needs 6·2S = 25·30 = 750, so 2S = 125: not reachable with even factors;
        // 124 is below and 126 above.
        assert_eq!(trend(&[300, 300, 300, 300, 331]), Trend::Stable);
        assert_eq!(trend(&[300, 300, 300, 301, 331]), Trend::Improving);
        assert_eq!(trend(&[331, 301, 300, 300, 300]), Trend::Declining);
        // Over fifteen, 6·2S = 25·240 exactly at 2S = 1000.
        let mut exact = vec![300; 15];
        (exact[14], exact[13], exact[8]) = (370, 301, 304);
        assert_eq!(trend(&exact), Trend::Improving);
        exact[8] = 303;
        assert_eq!(trend(&exact), Trend::Stable);
    }

    #[test]
    fn r6_8_slope_and_change_are_those_of_the_line() {
        let straight = line(&[300, 310, 320, 330, 340]);
        assert_eq!((straight.slope().nearest(), straight.change().nearest()), (0.1, 0.4));
        let falling = line(&[500, 400, 300, 200, 100, 100]);
        assert_eq!(falling.change().nearest(), -300.0 / 70.0);
        assert_eq!(Line::through([Hundredths(300); 4].into_iter()), None);
    }
}
