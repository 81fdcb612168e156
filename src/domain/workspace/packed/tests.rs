use proptest::prelude::*;

use super::*;

/// The years 1691 to 2248.
const TIMES: std::ops::Range<Millis> = -TIME_BIAS..TIME_BIAS;

prop_compose! {
    fn expected()(value in 0u16..512, source in 0usize..4) -> Option<(Hundredths, ExpectationSource)> {
        let sources = [ExpectationSource::Baseline, ExpectationSource::AccountWindow, ExpectationSource::Workspace];
        sources.get(source).map(|source| (Hundredths(value), *source))
    }
}

prop_compose! {
    /// Every score that the record can hold.
    fn representable()(
        times in (TIMES, TIMES),
        place in (0u64..1 << 40, 0u16..2_048),
        values in ([0u16..512, 0u16..512, 0u16..512], 0u16..512, 0u16..128, 0u16..128),
        rest in (0u16..8_192, any::<bool>(), any::<bool>(), 0u16..256),
        expectation in [expected(), expected(), expected()],
    ) -> Score {
        let (dimensions, composite, confidence, disconfirmation) = values;
        Score {
            key: (times.0, Position::new(place.0, place.1)),
            dimensions: dimensions.map(Hundredths),
            composite: Hundredths(composite),
            confidence: Hundredths(confidence),
            disconfirmation: Hundredths(disconfirmation),
            signal_count: rest.0,
            resolved: rest.1,
            imported: rest.2,
            profile: rest.3,
            receipt: times.1,
            expectation: Expectation(expectation),
        }
    }
}

proptest! {
    #[test]
    fn i11_a_record_gives_back_what_was_put_in(
        id in any::<u128>(),
        score in representable(),
        account in proptest::option::of(0..u32::MAX),
        named in any::<bool>(),
        signals in proptest::option::of(0..u32::MAX),
        ending in prop::sample::select(vec![Ending::Resolved, Ending::Closed, Ending::Abandoned]),
        reopenings in 0u32..20,
    ) {
        let mut record = Packed::new(Id(id));
        prop_assert_eq!((record.account(), record.signals(), record.scored()), (None, None, Scored::Not));
        prop_assert!(record.set_score(&score));
        if let Some(account) = account {
            record.set_account(account, named);
        }
        record.set_signals(signals);
        record.set_phase(Phase::Living);
        prop_assert_eq!(record.phase(), Phase::Living);
        let (scored_at, position) = score.key;
        let carried = Carried { scored_at, position, ending, reopenings };
        prop_assert_eq!(record.settle(&carried), reopenings < 16);
        if record.phase() == Phase::Settled {
            prop_assert_eq!(record.carried(), carried);
        }
        prop_assert_eq!((record.id(), record.account(), record.signals()), (Id(id), account, signals));
        prop_assert_eq!((record.named(), record.score()), (named && account.is_some(), score));
    }

    #[test]
    fn i11_what_does_not_fit_is_refused(score in representable(), which in 0usize..10, over in 0u16..1_000) {
        let mut score = score;
        match which {
            0 => score.key.0 = TIMES.end + Millis::from(over),
            1 => score.receipt = TIMES.start - 1 - Millis::from(over),
            2 => score.key.1 = Position::new((1 << 40) + u64::from(over), score.key.1.place()),
            3 => score.key.1 = Position::new(score.key.1.seq(), 2_048 + over),
            4 => score.dimensions[usize::from(over) % 3] = Hundredths(512 + over),
            5 => score.composite = Hundredths(512 + over),
            6 => score.disconfirmation = Hundredths(128 + over),
            7 => score.signal_count = 8_192 + over,
            8 => score.profile = 256 + over,
            _ => score.expectation.0[usize::from(over) % 3] = Some((Hundredths(512 + over), ExpectationSource::Workspace)),
        }
        let mut record = Packed::new(Id(1));
        prop_assert!(!record.set_score(&score));
        prop_assert_eq!(record.scored(), Scored::Elsewhere);
    }
}

#[test]
fn i11_a_life_that_ended_elsewhere_than_its_score_is_no_part_of_the_record() {
    let mut record = Packed::new(Id(1));
    let carried = Carried { scored_at: 5, position: Position::new(1, 0), ending: Ending::Closed, reopenings: 0 };
    assert!(!record.settle(&carried), "there is no score");
    assert_eq!(record.phase(), Phase::SettledElsewhere);
    assert_eq!(size_of::<Packed>(), 56);
}
