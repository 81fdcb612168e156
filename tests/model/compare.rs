//! The same frames to the real domain and to the naive model, and the same questions to both.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tripswitch::domain::effect::{BreakerStep, Effect, EffectFilter, EffectId, EffectKind, EffectType};
use tripswitch::domain::event::EventRecord;
use tripswitch::domain::ids::{Id, Position, Side, WorkspaceKey};
use tripswitch::domain::record::{APPLY_VERSION, Command, Frame, Override, Record};
use tripswitch::domain::reply::Reply;
use tripswitch::domain::time::{DAY, Millis};
use tripswitch::domain::view::{BreakerFilter, BreakerState, Gate, Known};
use tripswitch::domain::workspace::GateQuestion;

use crate::audit::{UNNAMED, line, repeats};
use crate::broken::Broken;
use crate::coverage::Coverage;
use crate::effects::{Happening, What};
use crate::endpoints;
use crate::events::mark_of;
use crate::naive::{Answer, Naive};
use crate::people::LABELS;
use crate::random::Random;
use crate::real::{RESTORED_EVERY, Real};
use crate::scenario::Scenario;
use crate::stream::{Action, Pick, START, Step, Stream, account};
use crate::walks::Walk;

pub const KEY: WorkspaceKey = WorkspaceKey { id: Id(0x3333_0000_0000_0000_0000_0000_0000_0001), side: Side::Live };
pub const NAME: &str = "Support";

/// Where the two came apart.
#[derive(Debug)]
pub struct Divergence {
    /// Number in the stream's steps; 0 is the settings that every stream begins with.
    pub step: usize,
    pub what: String,
}

pub type Check = Result<(), String>;

pub fn same<T: PartialEq + Debug>(what: &str, real: T, naive: T) -> Check {
    if real == naive { Ok(()) } else { Err(format!("{what}\n     domain: {real:?}\n      naive: {naive:?}")) }
}

/// Frame by frame, everything compared. Gives the naive model, the real one and the frames as they
/// were made, or the first divergence. A panic of the real domain is one.
pub fn compare(stream: &Stream, broken: Option<Broken>) -> Result<Compared, Divergence> {
    let mut compared = Compared::new(stream, broken);
    let beginning = Step::Frame { receipt: START, action: Action::Settings(Box::new(stream.settings.clone())) };
    for (step, what) in std::iter::once(&beginning).chain(&stream.steps).enumerate() {
        let outcome = catch_unwind(AssertUnwindSafe(|| compared.step(what)))
            .unwrap_or_else(|panic| Err(format!("panicked: {}", message(panic.as_ref()))));
        outcome.map_err(|what| Divergence { step, what })?;
    }
    Ok(compared)
}

/// [`compare`], and then the same frames in rounds of 2, of 8 and of random size.
pub fn compare_all(stream: &Stream) -> Result<Coverage, Divergence> {
    let mut compared = compare(stream, None)?;
    let step = stream.steps.len() + 1;
    let outcome = catch_unwind(AssertUnwindSafe(|| compared.in_rounds(stream)))
        .unwrap_or_else(|panic| Err(format!("panicked: {}", message(panic.as_ref()))));
    outcome.map_err(|what| Divergence { step, what })?;
    Ok(compared.naive.coverage)
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("without a message").to_owned()
}

/// Both models after the same frames.
pub struct Compared {
    pub naive: Naive,
    pub real: Real,
    pub frames: Vec<Frame>,
    replies: Vec<(u64, Reply)>,
    effects: Vec<Effect>,
    skips: Vec<Position>,
    pub last: Millis,
    pub walks: Vec<Walk>,
    pub scenario: Scenario,
}

impl Compared {
    fn new(stream: &Stream, broken: Option<Broken>) -> Self {
        let skips: Vec<Position> = stream.skips.iter().map(|(seq, place)| Position::new(*seq, *place)).collect();
        let mut naive = Naive::new(KEY, NAME, stream.settings.clone(), broken);
        naive.skips.clone_from(&skips);
        Self {
            naive,
            real: Real::new(KEY, NAME, stream.settings.clone(), &skips, true),
            frames: Vec::new(),
            replies: Vec::new(),
            effects: Vec::new(),
            skips,
            last: 0,
            walks: Vec::new(),
            scenario: stream.scenario,
        }
    }

    fn step(&mut self, step: &Step) -> Check {
        match step {
            Step::Frame { receipt, action } => self.frame(*receipt, action),
            Step::Check { now, from, to } => {
                self.everything(*now, *from, *to)?;
                self.backtests(*now)
            }
            Step::Sleep { account } => {
                self.real.sleep(*account);
                Ok(())
            }
        }
    }

    fn frame(&mut self, receipt: Millis, action: &Action) -> Check {
        let seq = self.frames.len() as u64 + 1;
        let frame =
            Frame { key: KEY, seq, receipt, apply_version: APPLY_VERSION, record: self.record(receipt, action) };
        let vain = self.real.in_vain(&frame.record);
        let (replies, effects) = self.real.apply(std::slice::from_ref(&frame));
        let (answer, happened) = self.naive.apply(&frame);
        let was_skipped = replies.iter().any(|(_, reply)| *reply == Reply::Skipped);
        let is_asked = matches!(&frame.record, Record::Command { command, .. }
            if !matches!(command, Command::Replay { .. } | Command::Resend { .. }));
        if is_asked && !was_skipped {
            let done = self.real.trail().newest().is_some_and(|entry| entry.at.seq() == seq);
            let expected = replies.first().map(|(_, reply)| reply.clone()).filter(|_| !done);
            same("the answer to a command that changes nothing, before it is applied", &vain, &expected)?;
        }
        self.effects(&effects, &happened)?;
        let expected = match &answer {
            Answer::Events(verdicts) => Reply::Events(verdicts.clone()),
            Answer::Erased(found) => Reply::Erased { found: *found },
            Answer::Done => Reply::Done,
            Answer::Skipped => Reply::Skipped,
            Answer::Config(config) => Reply::Config(config.clone()),
            Answer::Own(own) => Reply::Settings(own.clone()),
            Answer::Accepted(outcome) => Reply::Accepted(*outcome),
            Answer::Rated(outcome) => Reply::Rated(outcome.clone()),
            Answer::OptedOut(known) => Reply::OptedOut(*known),
            Answer::Resource(outcome) => Reply::Resource(outcome.clone()),
            Answer::Breaker(outcome) => {
                Reply::Breaker(outcome.map(|index| self.naive.breaker_view(&self.naive.breakers[index])))
            }
        };
        same("replies", &replies, &vec![(seq, expected)])?;
        self.replies.extend(replies);
        self.effects.extend(effects);
        self.last = receipt;
        same("active breakers", self.real.active_breakers(), self.naive.active_breakers())?;
        same("gate", sorted(self.real.gate(None)), sorted(self.naive.gate(None)))?;
        if let Record::Events(events) = &frame.record {
            self.touched(events, receipt)?;
        }
        if let Action::Override(Override { conversation, .. }) | Action::TakeBack(conversation) = action {
            self.scored(*conversation, receipt)?;
        }
        if let Action::Rate(rating) = action {
            self.scored(rating.conversation, receipt)?;
        }
        if let Action::Settings(configured) = action {
            self.profile_in_force(configured, was_skipped)?;
        }
        self.deliveries()?;
        self.mails(receipt)?;
        same("when one is forgotten", self.real.forgotten_at(), self.naive.forgotten_at())?;
        same("newest of the trail", self.real.trail().newest().map(line), self.naive.trail.last().cloned())?;
        if let Record::Erasure { .. } | Record::ErasedBy { .. } = &frame.record {
            self.everything(receipt, START - 500 * DAY, receipt + DAY)?;
        }
        self.frames.push(frame);
        self.go_on(receipt)?;
        if self.real.restart() {
            self.naive.lose_effects(seq);
            // Whose numbers are others, and whose memory is another process's.
            self.walks.clear();
        }
        // With this step, after every restart, too.
        if seq.is_multiple_of(3) || seq.is_multiple_of(RESTORED_EVERY) {
            self.some_statistics()?;
            self.some_lists(receipt)?;
        }
        Ok(())
    }

    /// A frame's record; commands find their breaker among those there are.
    fn record(&self, receipt: Millis, action: &Action) -> Record {
        let breaker = |pick: Pick| {
            let all: Vec<_> = self.naive.breakers.iter().collect();
            let active: Vec<_> = all.iter().copied().filter(|breaker| breaker.resolved.is_none()).collect();
            let (from, number) = match pick {
                Pick::Active(number) => (active, number),
                Pick::Any(number) => (all, number),
                Pick::Unknown => return Id(7),
            };
            let chosen = from.get(number as usize % from.len().max(1));
            chosen.and_then(|breaker| breaker.id).unwrap_or(Id(7))
        };
        let command = match action {
            Action::Events(events) => return Record::Events(events.clone()),
            Action::Settings(settings) => return Record::of_settings(&self.naive.calibrated(settings)),
            Action::Rate(rating) => return Record::Rated(rating.clone()),
            Action::OptOut(conversation) => return Record::OptOut { conversation: *conversation },
            Action::Mails(number, quiet) => return Record::Mails(self.mail_notes(*number, *quiet, receipt)),
            Action::Retention { cutoff, most } => return Record::Retention { cutoff: *cutoff, most: *most },
            Action::Erase { conversation, contact } => {
                let contact = contact.as_deref().map(mark_of);
                let conversation = *conversation;
                return match self.frames.len() % 2 {
                    0 => Record::Erasure { conversation, contact },
                    _ => Record::ErasedBy { actor: "user-9".into(), conversation, contact },
                };
            }
            Action::Skip => return Record::Skip { seq: 1, place: 0, reason: "index out of bounds".into() },
            Action::Patch(patch) => Command::PatchCsatConfig(patch.clone()),
            Action::Own(patch) => Command::PatchSettings(patch.clone()),
            Action::Trip(scope) => Command::Trip { scope: scope.clone(), reason: "a recall".into() },
            Action::Note(pick) => Command::Note { breaker: breaker(*pick), note: "asked the supplier".into() },
            Action::Override(said) => Command::Override(said.clone()),
            Action::TakeBack(conversation) => Command::TakeBack { conversation: *conversation },
            Action::Forgotten => return Record::Forgotten,
            Action::Endpoint(number, of) => {
                return endpoints::record(&self.naive, *number, *of, self.actor(), receipt);
            }
            Action::Acknowledge(pick) => Command::Acknowledge { breaker: breaker(*pick), note: Some("seen".into()) },
            Action::Resolve(pick) => Command::Resolve { breaker: breaker(*pick), note: None },
            Action::Calibrate(to) => Command::Calibrate(to.clone()),
        };
        Record::Command { actor: self.actor(), command }
    }

    fn actor(&self) -> Box<str> {
        format!("user-{}", self.frames.len() % 3).into()
    }

    /// Compares effects one by one; the naive model takes the id of a breaker that trips from the real one. What the
    /// ring has dropped at once is compared by id alone.
    fn effects(&mut self, real: &[Effect], naive: &[Happening]) -> Check {
        for (place, happening) in naive.iter().enumerate() {
            let Some(effect) = real.get(place) else {
                return Err(format!("an effect that the domain misses: {happening:?}"));
            };
            if let (What::Breaker { index, step: BreakerStep::Triggered, .. }, EffectKind::Breaker { breaker, .. }) =
                (&happening.what, &effect.kind)
            {
                self.name(*index, (*breaker).into())?;
            }
            same("id of an effect", (effect.id, effect.receipt), (happening.id, happening.receipt))?;
            same("type of an effect", effect.kind.of_type(), happening.what.of_type())?;
            if let Some(view) = self.real.effect(effect.id) {
                same("effect", view, self.naive.shown(happening))?;
            }
        }
        same("number of effects", real.len(), naive.len()).map_err(|what| format!("{what}: {real:?}"))?;
        same("newest effect", self.real.newest_effect(), self.naive.newest_effect())
    }

    /// R7.4: ids are UUIDs of version 8, each its own.
    fn name(&mut self, index: usize, id: Id) -> Check {
        same("version of a breaker's id", id.uuid().get_version_num(), 8)?;
        if self.naive.breakers.iter().any(|breaker| breaker.id == Some(id)) {
            return Err(format!("two breakers of the id {id}"));
        }
        self.naive.breakers[index].id = Some(id);
        if let Some(line) = self.naive.trail.last_mut() {
            line.3 = line.3.replace(UNNAMED, &format!("{:?}", Some(id)));
        }
        Ok(())
    }

    fn scored(&mut self, id: Id, now: Millis) -> Check {
        same("conversation", self.real.quality(id), self.naive.quality(id))?;
        same("explanation", self.real.explained(id, now), self.naive.explained(id, now))?;
        same("override", self.real.override_of(id), self.naive.override_of(id))?;
        let Some(account) = self.naive.conversation(id).and_then(|known| known.attachment.account()) else {
            return Ok(());
        };
        same("health", self.real.health(account, now), self.naive.health(account, now))
    }

    /// R8.3: all endpoints, also those that are gone.
    fn deliveries(&self) -> Check {
        for id in (0..endpoints::ENDPOINTS).map(endpoints::endpoint) {
            let naive = self.naive.endpoints.iter().find(|endpoint| endpoint.id == id);
            same("progress", self.real.progress(id), naive.map(|endpoint| endpoint.progress.clone()))?;
        }
        let mut resources = self.naive.resources.clone();
        resources.sort_by_key(|resource| (resource.made, resource.id));
        same("resources", self.real.resources("webhook"), resources)
    }

    /// R8.2, of all, of an account, and of some types behind some place.
    fn kept(&self, from: Millis) -> Check {
        let number = self.frames.len();
        let all: Vec<EffectId> = self.naive.lanes.iter().flat_map(|lane| &lane.kept).map(|kept| kept.id).collect();
        let place = all.get(number % all.len().max(1)).copied().unwrap_or_default();
        let types = EffectType::ALL.into_iter().filter(|kind| (number >> *kind as usize) & 1 == 1).collect();
        let account = Some(account(number as u64 % 3));
        for (after, filter) in [
            (EffectId::ZERO, EffectFilter::default()),
            (place, EffectFilter { account, ..EffectFilter::default() }),
            (place, EffectFilter { types, account: None }),
        ] {
            let missed = self.real.misses(after, &filter);
            same("effects missed", missed, self.naive.misses(after, filter.types))?;
            same("effects", self.real.effects(after, &filter), self.naive.kept(after, &filter))?;
        }
        same("effects since", self.real.effects_since(from), self.naive.effects_since(from))
    }

    /// R7.5.
    fn breakers(&mut self, from: Millis, to: Millis) -> Check {
        for breaker in &self.naive.breakers {
            let id = breaker.id.expect("named when it tripped");
            same("breaker", self.real.breaker_detail(id), Some(self.naive.detail(breaker)))?;
        }
        let scope = self.naive.breakers.first().map(|breaker| breaker.scope.clone());
        let state = [None, Some(BreakerState::Triggered), Some(BreakerState::Resolved)][self.frames.len() % 3];
        let filters = [
            BreakerFilter::default(),
            BreakerFilter { from: Some(from), to: Some(to), state, ..BreakerFilter::default() },
            BreakerFilter { scope, ..BreakerFilter::default() },
        ];
        for filter in filters {
            same("history of breakers", self.real.history(&filter), self.naive.history(&filter))?;
        }
        Ok(())
    }

    /// What the events of a frame may have changed.
    fn touched(&mut self, events: &[EventRecord], receipt: Millis) -> Check {
        let conversations: BTreeSet<Id> = events.iter().filter_map(|event| event.conversation).collect();
        let named = events.iter().filter_map(|event| event.account);
        let theirs = conversations.iter().filter_map(|id| self.naive.conversation(*id)?.attachment.account());
        let accounts: BTreeSet<Id> = named.chain(theirs).collect();
        for id in conversations {
            same("conversation", self.real.quality(id), self.naive.quality(id))?;
            same("explanation", self.real.explained(id, receipt), self.naive.explained(id, receipt))?;
        }
        for id in accounts {
            let known = self.naive.accounts.iter().any(|(known, _)| *known == id);
            same("knows account", self.real.knows_account(id), known)?;
            same("health", self.real.health(id, receipt), self.naive.health(id, receipt))?;
            same("gate", sorted(self.real.gate(Some(id))), sorted(self.naive.gate(Some(id))))?;
        }
        self.gates()
    }

    /// R5.5b. The latest scoring is the score in force.
    fn revisions(&self, id: Id) -> Check {
        let found = self.real.revisions(id);
        same("revisions", &found, &self.naive.revisions(id))?;
        if let (Some((_, latest)), Known::Found(in_force)) = (found.first(), self.real.quality(id)) {
            same("the latest revision", &latest.quality, &in_force)?;
        }
        Ok(())
    }

    fn everything(&mut self, now: Millis, from: Millis, to: Millis) -> Check {
        self.statistics(from, to)?;
        self.lists(now)?;
        same("retention due", self.real.is_retention_due(from), self.naive.is_retention_due(from))?;
        let named = self.naive.conversations.iter().filter(|known| !known.erased).map(|known| known.id);
        let conversations: Vec<Id> = named.chain(self.naive.erased.iter().copied()).collect();
        for id in conversations {
            same("conversation", self.real.quality(id), self.naive.quality(id))?;
            same("explanation", self.real.explained(id, now), self.naive.explained(id, now))?;
            same("override", self.real.override_of(id), self.naive.override_of(id))?;
            self.revisions(id)?;
            self.links(id, now)?;
            same("knows conversation", self.real.knows_conversation(id), self.naive.knows_conversation(id))?;
        }
        let trail: Vec<_> = self.real.trail().iter().map(line).collect();
        same("trail", &trail, &self.naive.trail)?;
        let vain: Vec<_> = self.real.trail().repeats().iter().map(repeats).collect();
        same("what changed nothing", &vain, &self.naive.vain)?;
        same("late events", self.real.late_events(), self.naive.late_events)?;
        same("identities held", self.real.duplicates_held(), self.naive.identities.len() as u64)?;
        same("needs settings", self.real.needs_settings(&self.naive.settings), false)?;
        same("configuration", self.real.csat_config(), self.naive.csat.clone())?;
        self.breakers(from, to)?;
        same("settings of its own", self.real.own_settings(), self.naive.own.clone())?;
        same("unknown conversation", self.real.quality(Id(9)), self.naive.quality(Id(9)))?;
        self.kept(from)?;
        self.pairs(from, to)?;
        for id in self.accounts() {
            same("health", self.real.health(id, now), self.naive.health(id, now))?;
            same("rebuilt health", self.real.rebuilt_health(id, now), self.naive.health(id, now))?;
            if let Some(reasons) = self.real.reasons(id, now) {
                same("reasons of a risk", reasons, self.naive.reasons(id, now))?;
            }
            self.explanation_of(id, now)?;
            same("gate", sorted(self.real.gate(Some(id))), sorted(self.naive.gate(Some(id))))?;
        }
        self.gates()
    }

    /// R8.1 and R7.8: with every channel and intent there is, of an account and of none.
    fn gates(&self) -> Check {
        for (number, (channel, intent)) in (0..).zip([(0, 0), (1, 1), (0, 1)]) {
            let account = (number > 0).then(|| account(number));
            let (channel, intent) = (Some(LABELS[0][channel]), Some(LABELS[1][intent]));
            let intent = intent.filter(|_| number < 2);
            let question = GateQuestion { account, channel, intent };
            same("gate", sorted(self.real.gate(question)), sorted(self.naive.gate(question)))?;
        }
        same("gate", sorted(self.real.gate(None)), sorted(self.naive.gate(None)))
    }

    /// Those there are, and one that is not.
    fn accounts(&self) -> Vec<Id> {
        self.naive.accounts.iter().map(|(id, _)| *id).chain([account(9_999)]).collect()
    }

    /// I1 and I3: where rounds begin and end, and which accounts sleep, changes nothing.
    fn in_rounds(&mut self, stream: &Stream) -> Check {
        let mut first: Option<Rounds> = None;
        for size in [1, 2, 8, 0] {
            let mut rounds = self.rounds(stream, size);
            self.statistics_of(&rounds.real)?;
            let (replies, effects) = rounds.real.apply_again(&self.frames[..1]);
            same("what was applied once", (replies.len(), effects.len()), (0, 0))?;
            for id in self.accounts() {
                let kept = rounds.real.health(id, self.last);
                same("kept and rebuilt", rounds.real.rebuilt_health(id, self.last), kept.clone())?;
                same("health after rounds", kept, self.naive.health(id, self.last))?;
            }
            same(&format!("effects in rounds of {size}"), &rounds.effects, &self.effects)?;
            if !stream.asks_for_effects() {
                same(&format!("replies in rounds of {size}"), &rounds.replies, &self.replies)?;
                same(&format!("trail in rounds of {size}"), rounds.real.trail(), self.real.trail())?;
            }
            let Some(first) = &first else {
                first = Some(rounds);
                continue;
            };
            same(&format!("replies in rounds of {size}"), &rounds.replies, &first.replies)?;
            same(&format!("state hash in rounds of {size}"), rounds.real.state_hash(), first.real.state_hash())?;
            same(&format!("trail in rounds of {size}"), rounds.real.trail(), first.real.trail())?;
            let all = |real: &Real| real.effects(EffectId::ZERO, &EffectFilter::default());
            same(&format!("effects kept in rounds of {size}"), all(&rounds.real), all(&first.real))?;
            for id in (0..endpoints::ENDPOINTS).map(endpoints::endpoint) {
                same(&format!("progress in rounds of {size}"), rounds.real.progress(id), first.real.progress(id))?;
            }
        }
        Ok(())
    }

    /// The frames in rounds of `size`, or of any size.
    fn rounds(&self, stream: &Stream, size: u64) -> Rounds {
        let mut rng = Random::new(stream.seed ^ size);
        let mut real = Real::new(KEY, NAME, stream.settings.clone(), &self.skips, false);
        let (mut replies, mut effects) = (Vec::new(), Vec::new());
        let mut left = &self.frames[..];
        while !left.is_empty() {
            let wanted = if size == 0 { rng.range(1, 12) as usize } else { size as usize };
            let (round, rest) = left.split_at(round_length(left, wanted));
            let (some_replies, some_effects) = real.apply(round);
            replies.extend(some_replies);
            effects.extend(some_effects);
            real.restart();
            left = rest;
            if size == 0 && rng.chance(20) {
                real.sleep(account(rng.below(4)));
            }
        }
        Rounds { real, replies, effects }
    }
}

/// What came of frames in rounds of some size.
struct Rounds {
    real: Real,
    replies: Vec<(u64, Reply)>,
    effects: Vec<Effect>,
}

/// How many of `frames` make one round: event frames up to `wanted`, or one of another kind.
fn round_length(frames: &[Frame], wanted: usize) -> usize {
    let events = frames.iter().take(wanted).take_while(|frame| matches!(frame.record, Record::Events(_))).count();
    events.max(1)
}

fn sorted(mut gate: Gate) -> Gate {
    gate.breakers.sort_unstable();
    gate
}
