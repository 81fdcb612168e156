use super::*;
use proptest::prelude::*;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Count(u64, u64);

impl Sum for Count {
    type Part = Self;

    fn add(&mut self, other: &Self) {
        *self = Self(self.0 + other.0, self.1 + other.1);
    }
    fn subtract(&mut self, other: &Self) {
        *self = Self(self.0 - other.0, self.1 - other.1);
    }
    fn put(&mut self, part: &Self) {
        self.add(part);
    }
    fn take(&mut self, part: &Self) {
        self.subtract(part);
    }
}

struct Table(Vec<Key>);

impl Keys for Table {
    fn key(&self, item: u32) -> Key {
        self.0[item as usize]
    }
}

fn value(item: u32) -> Count {
    Count(1, u64::from(item) * 7)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn r3_1_ranges_and_ranks_agree_with_a_sorted_list(
        times in proptest::collection::vec(0i64..2_000, 1..6_000),
        drops in proptest::collection::vec(any::<prop::sample::Index>(), 0..800),
        ranges in proptest::collection::vec((-5i64..2_010, -5i64..2_010), 20),
    ) {
        let table = Table(times.iter().enumerate().map(|(i, &t)| (t, Position::new(i as u64 + 1, 0))).collect());
        let mut timeline = Timeline::<Count>::default();
        (0..table.0.len() as u32).for_each(|item| timeline.insert(&table, item, value));
        let mut left: Vec<u32> = (0..table.0.len() as u32).collect();
        for drop in drops {
            if !left.is_empty() {
                let item = left.swap_remove(drop.index(left.len()));
                timeline.remove(&table, item, &value(item));
            }
        }
        left.sort_by_key(|&item| std::cmp::Reverse(table.key(item)));
        prop_assert_eq!(timeline.len(), left.len());
        prop_assert_eq!(timeline.newest_first().collect::<Vec<_>>(), left.clone());
        for rank in [0, 1, 49, 99, 513, left.len()] {
            prop_assert_eq!(timeline.nth_newest(rank), left.get(rank).copied());
        }
        for (from, to) in ranges {
            let mut expected = Count::default();
            let inside: Vec<u32> =
                left.iter().rev().copied().filter(|&i| (from..=to).contains(&table.key(i).0)).collect();
            inside.iter().for_each(|&i| expected.add(&value(i)));
            prop_assert_eq!(timeline.range(&table, from, to, value), expected);
            let ranks = timeline.ranks(&table, from, to);
            prop_assert_eq!(timeline.ranked(ranks.clone()).collect::<Vec<_>>(), inside.clone());
            prop_assert!(timeline.ranked(ranks).rev().eq(inside.into_iter().rev()));
        }
    }

    #[test]
    fn r6_7_the_sums_of_many_ranges_are_those_of_each(
        times in proptest::collection::vec(0i64..2_000, 0..4_000),
        bounds in proptest::collection::btree_set(-50i64..2_050, 0..60),
    ) {
        let table = Table(times.iter().enumerate().map(|(i, &t)| (t, Position::new(i as u64 + 1, 0))).collect());
        let mut timeline = Timeline::<Count>::default();
        (0..table.0.len() as u32).for_each(|item| timeline.insert(&table, item, value));
        let bounds: Vec<Millis> = bounds.into_iter().collect();
        let mut expected = vec![Count::default(); bounds.len().saturating_sub(1)];
        for item in 0..table.0.len() as u32 {
            let after = bounds.partition_point(|bound| *bound <= table.key(item).0);
            if (1..bounds.len()).contains(&after) {
                expected[after - 1].add(&value(item));
            }
        }
        prop_assert_eq!(timeline.series(&table, &bounds, value), expected);
    }

    #[test]
    fn r6_6_a_clone_stays_as_it_was(times in proptest::collection::vec(0i64..2_000, 2..3_000)) {
        let table = Table(times.iter().enumerate().map(|(i, &t)| (t, Position::new(i as u64 + 1, 0))).collect());
        let mut timeline = Timeline::<Count>::default();
        let half = table.0.len() as u32 / 2;
        (0..half).for_each(|item| timeline.insert(&table, item, value));
        let (picture, order) = (timeline.clone(), timeline.newest_first().collect::<Vec<_>>());
        (half..2 * half).for_each(|item| timeline.insert(&table, item, value));
        (0..half / 2).for_each(|item| timeline.remove(&table, item, &value(item)));
        prop_assert_eq!(picture.ranked(0..picture.len()).rev().collect::<Vec<_>>(), order);
    }
}
