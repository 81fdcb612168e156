//! What statistics add up (R3.1, R6.7).

use super::super::event::Sender;
use super::super::rules::Rules;
use super::super::score::Hundredths;
use super::super::timeline::Sum;
use super::kept::Score;

/// The classes of the histogram (R6.7): 1.0–1.49, 1.5–1.99, … 4.5–5.0.
pub const CLASSES: usize = 8;

/// The class that a composite falls into.
fn class_of(composite: Hundredths) -> usize {
    let above = composite.0.saturating_sub(Hundredths::MIN_SCORE.0);
    usize::from(above / 50).min(CLASSES - 1)
}

/// Sums over conversations, in hundredths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    pub count: u64,
    pub dimensions: [u64; 3],
    pub composite: u64,
    pub confidence: u64,
    pub disconfirmation: u64,
    /// Conversations that count as resolved (R6.2).
    pub resolved: u64,
    /// Conversations of each class of composites.
    pub histogram: [u64; CLASSES],
}

impl Sums {
    pub fn of(score: &Score, rules: &Rules) -> Self {
        let mut histogram = [0; CLASSES];
        histogram[class_of(score.composite)] = 1;
        Self {
            count: 1,
            dimensions: score.dimensions.map(|dimension| u64::from(dimension.0)),
            composite: u64::from(score.composite.0),
            confidence: u64::from(score.confidence.0),
            disconfirmation: u64::from(score.disconfirmation.0),
            resolved: u64::from(rules.counts_as_resolved(score.resolved, score.composite)),
            histogram,
        }
    }

    fn zip(&mut self, other: &Self, op: impl Fn(u64, u64) -> u64) {
        self.count = op(self.count, other.count);
        (0..3).for_each(|d| self.dimensions[d] = op(self.dimensions[d], other.dimensions[d]));
        self.composite = op(self.composite, other.composite);
        self.confidence = op(self.confidence, other.confidence);
        self.disconfirmation = op(self.disconfirmation, other.disconfirmation);
        self.resolved = op(self.resolved, other.resolved);
        (0..CLASSES).for_each(|class| self.histogram[class] = op(self.histogram[class], other.histogram[class]));
    }
}

impl Sum for Sums {
    type Part = Self;

    fn add(&mut self, other: &Self) {
        self.zip(other, |a, b| a + b);
    }

    fn subtract(&mut self, other: &Self) {
        self.zip(other, |a, b| a - b);
    }

    fn put(&mut self, part: &Self) {
        self.add(part);
    }

    fn take(&mut self, part: &Self) {
        self.subtract(part);
    }
}

/// What sums are kept by beside the whole: few differ in it, so their sums can stand in every leaf of a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Who wrote the last message of an agent.
    pub handler: Option<Sender>,
    /// The number of the profile that the score was made with.
    pub profile: u16,
}

/// The sums of each group of which there is a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(Vec<(Group, Sums)>);

impl Tally {
    pub fn total(&self) -> Sums {
        self.sum_where(|_| true)
    }

    /// The sums of those groups together.
    pub fn sum_where(&self, is: impl Fn(Group) -> bool) -> Sums {
        let mut total = Sums::default();
        self.0.iter().filter(|(group, _)| is(*group)).for_each(|(_, sums)| total.add(sums));
        total
    }

    pub fn groups(&self) -> impl Iterator<Item = Group> + '_ {
        self.0.iter().map(|(group, _)| *group)
    }

    fn of_group(&mut self, group: Group) -> &mut Sums {
        let at = self.0.iter().position(|(other, _)| *other == group).unwrap_or_else(|| {
            self.0.reserve_exact(1);
            self.0.push((group, Sums::default()));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }

    fn drop_empty(&mut self, group: Group) {
        self.0.retain(|(other, sums)| *other != group || sums.count > 0);
    }
}

impl Sum for Tally {
    type Part = (Group, Sums);

    fn add(&mut self, other: &Self) {
        other.0.iter().for_each(|part| self.put(part));
    }

    fn subtract(&mut self, other: &Self) {
        other.0.iter().for_each(|part| self.take(part));
    }

    fn put(&mut self, (group, sums): &(Group, Sums)) {
        self.of_group(*group).add(sums);
    }

    fn take(&mut self, (group, sums): &(Group, Sums)) {
        self.of_group(*group).subtract(sums);
        self.drop_empty(*group);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r6_7_classes_of_half_a_point() {
        let class = |composite| class_of(Hundredths(composite));
        assert_eq!([100, 149, 150, 199, 299, 300, 449, 450, 499, 500].map(class), [0, 0, 1, 1, 3, 4, 6, 7, 7, 7]);
    }

    #[test]
    fn r6_7_a_group_of_which_nothing_is_left_is_gone() {
        let group = |profile| Group { handler: Some(Sender::Ai), profile };
        let one = Sums { count: 1, composite: 300, ..Sums::default() };
        let mut tally = Tally::default();
        [1, 2, 1].into_iter().for_each(|profile| tally.put(&(group(profile), one)));
        assert_eq!((tally.total().composite, tally.sum_where(|group| group.profile == 1).count), (900, 2));
        tally.take(&(group(2), one));
        assert_eq!(tally.groups().collect::<Vec<_>>(), [group(1)]);
    }
}
