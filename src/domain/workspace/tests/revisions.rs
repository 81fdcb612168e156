//! How a score came to be what it is, looked for in pieces (R5.5b).

use super::super::super::effect::{EffectId, EffectsKept};
use super::super::effects::LOOKED_AT;
use super::*;

/// The places of a conversation's scorings, of all pieces of the ring; and how many pieces there were.
fn found(stage: &Stage, conversation: u128) -> (Vec<u64>, usize) {
    let (mut places, mut before, mut pieces) = (Vec::new(), None, 0);
    loop {
        let piece = stage.local.workspace.revisions(Id(conversation), before, usize::MAX);
        assert_eq!(piece.total, piece.newest.len() as u64);
        places.extend(piece.newest.iter().map(|revision| revision.at.seq()));
        (before, pieces) = (piece.older, pieces + 1);
        if before.is_none() {
            return (places, pieces);
        }
    }
}

#[test]
fn r5_5b_a_ring_is_looked_through_in_pieces() {
    let mut stage = Stage::new();
    let effects = EffectsKept { hours: 24, most: 3 * LOOKED_AT as u32 };
    stage.record(START, Record::Settings(Box::new(Settings { effects, ..Settings::default() })));
    stage.import(START, 1, 400);
    // Each scoring is one effect: the risk stays as it is.
    for _ in 1..LOOKED_AT {
        stage.import(START + 1, 2, 400);
    }
    assert_eq!(found(&stage, 1), (vec![2], 1), "one piece, and not a next one without anything");
    stage.import(START + 2, 1, 410);
    assert_eq!(found(&stage, 1), (vec![LOOKED_AT as u64 + 2, 2], 2));
    let first = stage.local.workspace.revisions(Id(2), None, 3);
    assert_eq!((first.newest.len(), first.total), (3, LOOKED_AT as u64 - 1), "no more than asked for, and all counted");
    assert_eq!(first.newest[0].receipt, START + 1);
    assert_eq!(found(&stage, 3), (Vec::new(), 2));
    let nothing = stage.local.workspace.revisions(Id(1), Some(EffectId::ZERO), 9);
    assert_eq!((nothing.total, nothing.older), (0, None));
}
