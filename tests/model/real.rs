//! The real domain, with the questions that the comparison asks.

use std::sync::Arc;

use tripswitch::domain::audit::{SideAction, Trail};
use tripswitch::domain::csat_config::CsatConfig;
use tripswitch::domain::delivery::Progress;
use tripswitch::domain::effect::{Effect, EffectFilter, EffectId, EffectView, ScoredView};
use tripswitch::domain::expectation::ExpectationSource;
use tripswitch::domain::ids::{Id, Position, WorkspaceKey};
use tripswitch::domain::local::Local;
use tripswitch::domain::own_settings::OwnSettings;
use tripswitch::domain::record::{Frame, Record};
use tripswitch::domain::reply::Reply;
use tripswitch::domain::resource::Resource;
use tripswitch::domain::score::Hundredths;
use tripswitch::domain::settings::Settings;
use tripswitch::domain::system::SystemRecord;
use tripswitch::domain::system_table::SystemTable;
use tripswitch::domain::time::Millis;
use tripswitch::domain::view::{
    AccountHealth, BreakerDetail, BreakerFilter, BreakerRow, BreakerView, ConversationQuality, Gate, GroupBy, Known,
    Overview, QualityStats, RangeQuality,
};
use tripswitch::domain::workspace::account_explanation::Considered;
use tripswitch::domain::workspace::blocks::Block;
use tripswitch::domain::workspace::cut::Cut;
use tripswitch::domain::workspace::query::ConversationExplanation;
use tripswitch::domain::workspace::restore::Restoring;
use tripswitch::domain::workspace::{GateQuestion, OverrideView, Workspace};
use tripswitch::portable::{Header, SystemPosition, export, import};

use crate::health::Reasons;

/// Frames from one restored workspace to the next.
pub const RESTORED_EVERY: u64 = 13;
/// Effects of a page.
const PAGE: usize = 7;

/// Through the bytes, as a snapshot has them.
fn restored(cut: &Cut) -> Workspace {
    let mut restoring = Restoring::default();
    let mut last = 0;
    for block in cut.blocks() {
        assert!(block.section() >= last, "blocks stand in the order of their sections");
        last = block.section();
        let bytes = bincode::serde::encode_to_vec(&block, bincode::config::legacy()).expect("blocks are plain values");
        let (block, read) = bincode::serde::decode_from_slice::<Block<'_>, _>(&bytes, bincode::config::legacy())
            .expect("what was written is read");
        assert_eq!(read, bytes.len());
        restoring.push(block).expect("blocks stand in their order");
    }
    restoring.finish().expect("the blocks of a cut make a workspace")
}

/// Through the lines of a portable export. An export of what it gives is the same again.
fn imported(cut: Cut) -> Workspace {
    let (lines, mut workspace) = through_lines(cut);
    let (again, _) = through_lines(workspace.cut());
    assert!(again == lines, "{}\n-----\n{}", String::from_utf8_lossy(&lines), String::from_utf8_lossy(&again));
    workspace
}

fn through_lines(cut: Cut) -> (Vec<u8>, Workspace) {
    let (mut system, key) = (SystemTable::default(), cut.head().key);
    let first = SystemRecord::Initialised { incarnation: Id(1), identity_key: [7; 32] };
    let (name, tenant, actor) = ("w".into(), "t".into(), "cli".into());
    for (seq, record) in (1..).zip([first, SystemRecord::WorkspaceCreated { id: key.id, name, tenant, actor }]) {
        system.advance(seq);
        system.apply(&record, 0).expect("a new table takes them");
    }
    let position = SystemPosition { seq: 2, last_receipt: 0 };
    let header = Header { program: "tripswitch", exported_at: 0, system: position };
    let mut lines = Vec::new();
    let written = export(&mut lines, header, &system, std::iter::once(cut), &mut |_| {}).expect("all can be written");
    let mut imported = import(&*lines, &mut |_| {}).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((imported.read, imported.system, imported.system_position), (written.written, system, position));
    (lines, imported.workspaces.pop().expect("one side was written"))
}

/// What both models can say of R5.5.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    pub account: Option<(Id, Option<Arc<str>>)>,
    pub labels: [Option<Arc<str>>; 2],
    pub resolved: bool,
    pub reopened: bool,
    pub imported: bool,
    pub composite: Hundredths,
    pub weights: [f64; 3],
    pub expectations: [Option<(Hundredths, ExpectationSource)>; 3],
}

/// Whether the unrounded sums are those of the published numbers.
fn sums_up(found: &ConversationExplanation) -> bool {
    found.scoring.as_ref().is_none_or(|sums| {
        let of_dimensions = sums.dimensions.iter().map(|sum| Hundredths::round(sum.total));
        of_dimensions.eq(found.dimensions.iter().map(|published| published.score))
            && Hundredths::round(sums.composite) == found.composite_score
            && Hundredths::round(sums.confidence) == found.confidence
    })
}

pub struct Real {
    local: Local,
    /// A cut of earlier, and the hash of the state it was cut from.
    held: Option<(Cut, [u8; 32])>,
    skips: Vec<Position>,
    /// Whether it goes on from exports, too, which do not say where in the memory a conversation is.
    imports: bool,
}

impl Real {
    pub fn new(key: WorkspaceKey, name: &str, settings: Settings, skips: &[Position], imports: bool) -> Self {
        let mut local = Local::new(key, name.into(), settings);
        local.workspace.install_skips(skips.iter().copied());
        Self { local, held: None, skips: skips.to_vec(), imports }
    }

    /// One round. What it says of itself has to fit what it did.
    pub fn apply(&mut self, frames: &[Frame]) -> (Vec<(u64, Reply)>, Vec<Effect>) {
        let epoch = self.local.workspace.gate().ask(None).epoch;
        let applied = self.local.apply(frames);
        let last = frames.last().expect("rounds are not empty");
        assert_eq!(self.local.workspace.applied(), last.seq, "applied");
        assert_eq!(applied.breakers_changed, epoch != self.local.workspace.gate().ask(None).epoch, "breakers_changed");
        let skipped = self.skips.contains(&Position::new(last.seq, 0));
        assert!(applied.rules_changed || skipped || !matches!(last.record, Record::Settings(_)), "rules_changed");
        (applied.replies, applied.effects)
    }

    /// Now and then it goes on with a restored workspace. Whether with one from an export, which has no effects.
    pub fn restart(&mut self) -> bool {
        let applied = self.local.workspace.applied();
        let from_export = self.imports && applied.is_multiple_of(2 * RESTORED_EVERY);
        if applied.is_multiple_of(RESTORED_EVERY) {
            self.restore(from_export);
        }
        from_export
    }

    /// I9, R9.2, R10.5: goes on with a workspace made from the blocks of a cut, or from an export of it. The
    /// cut before that one, which the frames since then have not changed, gives its own state.
    fn restore(&mut self, from_export: bool) {
        let (cut, hash) = (self.local.workspace.cut(), self.state_hash());
        let restored = if from_export { imported(cut.clone()) } else { restored(&cut) };
        assert!(from_export || restored.state_hash() == hash, "restored from a cut");
        assert_eq!(restored.trail(), self.trail(), "restored from a cut; from an export: {from_export}");
        if let Some((held, hash)) = self.held.replace((cut, hash)) {
            assert_eq!(self::restored(&held).state_hash(), hash, "restored from a cut of {RESTORED_EVERY} frames ago");
        }
        self.local.accounts.clear();
        self.local.workspace = restored;
    }

    pub fn workspace(&mut self) -> &mut Workspace {
        &mut self.local.workspace
    }

    /// Frames that were applied before: passed over.
    pub fn apply_again(&mut self, frames: &[Frame]) -> (Vec<(u64, Reply)>, Vec<Effect>) {
        let applied = self.local.apply(frames);
        (applied.replies, applied.effects)
    }

    pub fn needs_settings(&self, settings: &Settings) -> bool {
        self.local.workspace.needs_settings(settings)
    }

    pub fn duplicates_held(&self) -> u64 {
        self.local.workspace.duplicates_held()
    }

    pub fn health(&mut self, id: Id, now: Millis) -> Option<AccountHealth> {
        self.local.health(id, now)
    }

    /// As [`health`](Self::health), of an account made anew from what the workspace knows.
    pub fn rebuilt_health(&self, id: Id, now: Millis) -> Option<AccountHealth> {
        let rules = self.local.workspace.rules();
        self.local.workspace.account(id).map(|account| account.health(&rules, now))
    }

    pub fn stats(&self, from: Millis, to: Millis) -> QualityStats {
        self.local.workspace.stats(from, to)
    }

    pub fn range_quality(&self, from: Millis, to: Millis) -> RangeQuality {
        self.local.workspace.quality(from, to)
    }

    pub fn series(&self, bounds: &[Millis]) -> Vec<RangeQuality> {
        self.local.workspace.series(bounds)
    }

    /// By key.
    pub fn groups(&self, from: Millis, to: Millis, by: GroupBy) -> Vec<(Option<String>, RangeQuality)> {
        let mut groups = self.local.workspace.groups(from, to, by);
        groups.sort_by(|a, b| a.0.cmp(&b.0));
        groups
    }

    pub fn overview(&self, now: (Millis, Millis), before: (Millis, Millis), by: GroupBy) -> Overview {
        self.local.workspace.overview(now, before, Some(by))
    }

    pub fn unscored(&self, from: Millis, to: Millis) -> [u64; 3] {
        self.local.workspace.unscored(from, to)
    }

    pub fn breaker_states(&self, from: Millis, to: Millis) -> [u64; 3] {
        self.local.workspace.breaker_states(from, to)
    }

    pub fn is_retention_due(&self, cutoff: Millis) -> bool {
        self.local.workspace.is_retention_due(cutoff)
    }

    pub fn quality(&self, id: Id) -> Known<ConversationQuality> {
        self.local.workspace.conversation(id)
    }

    pub fn explained(&self, id: Id, now: Millis) -> Known<Explained> {
        match self.local.workspace.explanation(id, now) {
            Known::Unknown => Known::Unknown,
            Known::NotScored => Known::NotScored,
            Known::Gone => Known::Gone,
            Known::Found(found) if !sums_up(&found) && !self.is_a_persons(id) => {
                panic!("the sums behind it do not give its score: {found:?}")
            }
            Known::Found(found) => Known::Found(Explained {
                account: found.account_id.map(|id| (id, found.account_name)),
                labels: [found.channel, found.intent],
                resolved: found.resolved,
                reopened: found.reopened,
                imported: found.imported,
                composite: found.composite_score,
                weights: found.dimensions.map(|of| of.weight),
                expectations: found.dimensions.map(|of| of.expected.zip(of.expectation_source)),
            }),
        }
    }

    /// A person's score without the model's.
    fn is_a_persons(&self, id: Id) -> bool {
        self.override_of(id).is_some_and(|said| said.model.is_none())
    }

    pub fn reasons(&self, id: Id, now: Millis) -> Option<Reasons> {
        let found = self.local.workspace.account_explanation(id, now)?;
        let ids = |of: Vec<Considered>| of.iter().map(|one| one.conversation).collect();
        Some((found.rule, ids(found.run), ids(found.left_out)))
    }

    pub fn active_breakers(&self) -> Vec<BreakerView> {
        self.local.workspace.active_breakers()
    }

    pub fn gate<'a>(&self, question: impl Into<GateQuestion<'a>>) -> Gate {
        self.local.workspace.gate().ask(question)
    }

    pub fn own_settings(&self) -> OwnSettings {
        self.local.workspace.own_settings().clone()
    }

    pub fn override_of(&self, id: Id) -> Option<OverrideView> {
        self.local.workspace.override_of(id)
    }

    pub fn forgotten_at(&self) -> Option<Millis> {
        self.local.workspace.forgotten_at()
    }

    pub fn breaker_detail(&self, id: Id) -> Option<BreakerDetail> {
        self.local.workspace.breaker_detail(id)
    }

    /// Page by page.
    pub fn history(&self, filter: &BreakerFilter) -> Vec<BreakerRow> {
        let (mut all, mut before) = (Vec::new(), None);
        loop {
            let (page, next) = self.local.workspace.breaker_history(filter, before, 3);
            all.extend(page.into_iter().map(|(_, row)| row));
            before = next;
            if next.is_none() {
                return all;
            }
        }
    }

    pub fn csat_config(&self) -> CsatConfig {
        self.local.workspace.csat_config().clone()
    }

    pub fn knows_account(&self, id: Id) -> bool {
        self.local.workspace.knows_account(id)
    }

    pub fn knows_conversation(&self, id: Id) -> bool {
        self.local.workspace.knows_conversation(id)
    }

    pub fn late_events(&self) -> u64 {
        self.local.workspace.late_events()
    }

    pub fn sleep(&mut self, id: Id) {
        self.local.sleep(id);
    }

    /// What the command would be answered without a record, if it changed nothing.
    pub fn in_vain(&self, record: &Record) -> Option<Reply> {
        let Record::Command { command, .. } = record else { return None };
        self.local.workspace.in_vain(command).map(|vain| vain.reply)
    }

    pub fn effect(&self, id: EffectId) -> Option<EffectView> {
        self.local.workspace.effect(id)
    }

    pub fn newest_effect(&self) -> EffectId {
        self.local.workspace.newest_effect()
    }

    pub fn effects_since(&self, since: Millis) -> EffectId {
        self.local.workspace.effects_since(since)
    }

    pub fn misses(&self, after: EffectId, filter: &EffectFilter) -> bool {
        self.local.workspace.effects(after, filter, 1).missed
    }

    pub fn progress(&self, endpoint: Id) -> Option<Progress> {
        self.local.workspace.progress(endpoint).cloned()
    }

    pub fn resources(&self, kind: &str) -> Vec<Resource> {
        self.local.workspace.resources(kind).into_iter().cloned().collect()
    }

    /// Page by page.
    pub fn effects(&self, after: EffectId, filter: &EffectFilter) -> Vec<EffectView> {
        let (mut all, mut after) = (Vec::new(), after);
        loop {
            let page = self.local.workspace.effects(after, filter, PAGE);
            all.extend(page.effects);
            if !page.more {
                assert_eq!(page.upto, self.newest_effect().max(after), "the last page ends at the newest");
                return all;
            }
            assert!(page.upto > after, "a page that goes on has looked at something");
            after = page.upto;
        }
    }

    pub fn revisions(&self, id: Id) -> Vec<(Position, ScoredView)> {
        let found = self.local.workspace.revisions(id, None, usize::MAX);
        assert_eq!((found.newest.len() as u64, found.older), (found.total, None));
        found.newest.into_iter().map(|revision| (revision.at, revision.scored)).collect()
    }

    pub fn trail(&self) -> &Trail<SideAction> {
        self.local.workspace.trail()
    }

    pub fn state_hash(&self) -> [u8; 32] {
        self.local.workspace.state_hash()
    }
}
