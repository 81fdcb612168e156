//! Seeded streams of frames that provoke everything the naive model knows of.

use tripswitch::domain::calibrated::Calibrated;
use tripswitch::domain::csat_config::CsatPatch;
use tripswitch::domain::event::EventRecord;
use tripswitch::domain::ids::Id;
use tripswitch::domain::own_settings::OwnPatch;
use tripswitch::domain::rating::LinkRating;
use tripswitch::domain::record::Override;
use tripswitch::domain::score::Hundredths;
use tripswitch::domain::settings::Settings;
use tripswitch::domain::time::{DAY, HOUR, MINUTE, Millis};
use tripswitch::domain::view::BreakerScope;

use crate::asking::Asking;
use crate::endpoints::Of;
use crate::random::Random;
use crate::scenario::{Scenario, Shares, kept, settings, swap_model, weigh};

/// 2026-03-01T00:00:00Z, or near it.
pub const START: Millis = 1_772_323_200_000;

/// Which breaker a command is about; the numbers choose among those there are when it runs.
#[derive(Clone, Copy, Debug)]
pub enum Pick {
    Active(u64),
    Any(u64),
    Unknown,
}

#[derive(Clone, Debug)]
pub enum Action {
    Events(Vec<EventRecord>),
    Patch(CsatPatch),
    Acknowledge(Pick),
    Resolve(Pick),
    Settings(Box<Settings>),
    Own(OwnPatch),
    Trip(BreakerScope),
    Note(Pick),
    Forgotten,
    Override(Override),
    TakeBack(Id),
    Endpoint(u64, Of),
    /// R13.2, by a link.
    Rate(LinkRating),
    OptOut(Id),
    /// What became of some mails, by a number that says which; after one that was sent its contact is left alone for a
    /// while.
    Mails(u64, Millis),
    Calibrate(Option<Box<Calibrated>>),
    Retention {
        cutoff: Millis,
        most: u32,
    },
    /// R4.10.
    Erase {
        conversation: Option<Id>,
        contact: Option<Box<str>>,
    },
    /// The record of a failure long past: nothing happens.
    Skip,
}

#[derive(Clone, Debug)]
pub enum Step {
    Frame {
        receipt: Millis,
        action: Action,
    },
    /// Everything there is to ask is asked: health as of `now`, statistics of `from` to `to`.
    Check {
        now: Millis,
        from: Millis,
        to: Millis,
    },
    /// An account is dropped between rounds, and rebuilt on the next need.
    Sleep {
        account: Id,
    },
}

#[derive(Clone, Debug)]
pub struct Stream {
    pub seed: u64,
    pub scenario: Scenario,
    pub settings: Settings,
    /// Places passed over because they made `apply` fail once, as (number of the frame, place).
    pub skips: Vec<(u64, u16)>,
    pub steps: Vec<Step>,
}

impl Stream {
    /// Whether a reply depends on the effects that are kept, of which an export has none.
    pub fn asks_for_effects(&self) -> bool {
        let asks =
            |step: &Step| matches!(step, Step::Frame { action: Action::Erase { .. } | Action::Endpoint(..), .. });
        self.steps.iter().any(asks)
    }
}

/// A conversation as the generator remembers it.
pub(crate) struct Thread {
    pub id: Id,
    pub account: Option<Id>,
    pub times: Vec<Millis>,
    pub last_receipt: Millis,
}

/// The state of a generator.
pub(crate) struct Maker {
    pub rng: Random,
    pub shares: Shares,
    pub settings: Settings,
    pub now: Millis,
    pub threads: Vec<Thread>,
    /// Every event sent, with the receipt of its first copy.
    pub sent: Vec<(EventRecord, Millis)>,
    /// Times that edges are measured from: of imports, of terminal events, of resolves.
    pub marks: Vec<Millis>,
    pub window_hours: i64,
    pub threshold: u16,
    pub identities: u64,
    /// The frame before was of new settings.
    pub restarted: bool,
    /// Conversations whose score a person has overridden.
    pub overridden: Vec<Id>,
    pub asking: Asking,
}

pub fn account(number: u64) -> Id {
    Id(0xacc0_0000_0000_0000_0000_0000_0000_0000 + u128::from(number))
}

pub fn conversation(number: u64) -> Id {
    Id(0xc0c0_0000_0000_0000_0000_0000_0000_0000 + u128::from(number))
}

/// The stream of a seed.
pub fn stream(scenario: Scenario, seed: u64) -> Stream {
    let mut maker = Maker::new(scenario, seed);
    let settings = maker.settings.clone();
    let (low, high) = maker.shares.frames;
    let frames = maker.rng.range(low, high);
    let mut steps = Vec::new();
    if maker.rng.chance(70) {
        steps.push(maker.first_patch());
    }
    if maker.shares.people[0] > 0 || scenario == Scenario::Played {
        let patch = maker.first_own_patch();
        steps.push(Step::Frame { receipt: maker.now, action: Action::Own(patch) });
    }
    for _ in 0..frames {
        maker.advance();
        let step = maker.frame();
        steps.push(step);
        if maker.rng.chance(12) {
            steps.push(maker.check());
        }
        if maker.rng.chance(12) {
            let account = account(maker.rng.below(maker.shares.accounts));
            steps.push(Step::Sleep { account });
        }
    }
    steps.push(maker.check());
    let skips = if maker.rng.chance(15) {
        (0..3).map(|_| (maker.rng.range(2, frames) as u64, maker.rng.below(2) as u16)).collect()
    } else {
        Vec::new()
    };
    Stream { seed, scenario, settings, skips, steps }
}

impl Maker {
    pub fn new(scenario: Scenario, seed: u64) -> Self {
        let mut rng = Random::new(seed ^ ((scenario as u64) << 56));
        let settings = settings(scenario, &mut rng);
        let mut shares = Shares::of(scenario);
        if scenario == Scenario::Dense && rng.chance(40) {
            shares.turn_bad();
        }
        Self {
            rng,
            shares,
            settings,
            now: START,
            threads: Vec::new(),
            sent: Vec::new(),
            marks: Vec::new(),
            window_hours: 72,
            threshold: 300,
            identities: 0,
            restarted: false,
            overridden: Vec::new(),
            asking: Asking::default(),
        }
    }

    /// Small counts and windows, so that runs are soon long enough.
    fn first_patch(&mut self) -> Step {
        let count = match self.shares.conversations {
            // Counts that only a full run reaches, too.
            100..1_000_000 => self.rng.pick(&[2, 3, 20, 50, 99, 100]),
            _ => self.rng.pick(&[1, 1, 2, 3]),
        };
        let hours = self.rng.pick(&[1, 24, 72, 72, 168]);
        self.window_hours = i64::from(hours);
        let patch = CsatPatch {
            circuit_breaker_count: Some(count),
            circuit_breaker_window_hours: Some(hours),
            email_followup_enabled: (self.shares.names_address > 0).then_some(true),
            ..CsatPatch::default()
        };
        Step::Frame { receipt: self.now, action: Action::Patch(patch) }
    }

    /// Moves the clock: mostly little, at times onto an edge or far ahead.
    fn advance(&mut self) {
        let next = if let Some(at) = self.asked_at() {
            at
        } else if self.rng.chance(self.shares.jump) {
            let jitter = self.rng.range(-1, 1);
            let settle = self.settings.model.settle_span();
            match self.rng.below(6) {
                0 => self.now + self.rng.range(1, 100) * HOUR,
                1 => self.now + self.rng.range(1, 9) * DAY,
                2 if !self.threads.is_empty() => {
                    let index = self.rng.below(self.threads.len() as u64) as usize;
                    self.threads[index].last_receipt + settle + jitter
                }
                3 if !self.sent.is_empty() => {
                    let index = self.rng.below(self.sent.len() as u64) as usize;
                    self.sent[index].1 + self.settings.model.duplicate_span() + jitter
                }
                4 => self.mark() + self.window_hours * HOUR + jitter,
                5 if self.rng.chance(30) => self.mark() + self.settings.model.window_span() + jitter,
                _ => self.now + settle + jitter,
            }
        } else if self.rng.chance(25) || (self.restarted && self.rng.chance(50)) {
            self.now
        } else {
            self.now + self.rng.range(1, 120_000)
        };
        self.now = self.now.max(next);
        self.restarted = false;
    }

    /// A time that edges can be measured from.
    pub(crate) fn mark(&mut self) -> Millis {
        let count = self.marks.len() as u64;
        if count == 0 {
            return self.now;
        }
        // The latest ones are the likeliest to matter.
        let back = if self.rng.chance(70) { self.rng.below(count.min(4)) } else { self.rng.below(count) };
        self.marks[(count - 1 - back) as usize]
    }

    fn frame(&mut self) -> Step {
        if let Some(action) = self.by_customers() {
            return Step::Frame { receipt: self.now, action };
        }
        if let Some(action) = self.by_people() {
            return Step::Frame { receipt: self.now, action };
        }
        if self.shares.retains > 0 && self.rng.chance(self.shares.retains) {
            return Step::Frame { receipt: self.now, action: self.retention() };
        }
        if self.shares.erases > 0 && self.rng.chance(self.shares.erases) {
            return Step::Frame { receipt: self.now, action: self.erasure() };
        }
        let action = match self.rng.weighted(&self.shares.steps.clone()) {
            0 => Action::Events(self.request()),
            1 => Action::Patch(self.patch()),
            2 => Action::Acknowledge(self.which()),
            3 => {
                self.marks.push(self.now);
                Action::Resolve(self.which())
            }
            _ if self.rng.chance(10) => Action::Skip,
            _ => Action::Settings(Box::new(self.changed_settings())),
        };
        Step::Frame { receipt: self.now, action }
    }

    /// A cut-off at or beside an age that something has, or far off.
    fn retention(&mut self) -> Action {
        let jitter = self.rng.range(-1, 1);
        let cutoff = match self.rng.below(4) {
            0 => self.now - self.rng.range(0, 40) * DAY,
            1 | 2 if !self.marks.is_empty() => {
                let index = self.rng.below(self.marks.len() as u64) as usize;
                self.marks[index] + jitter
            }
            _ if !self.threads.is_empty() => {
                let index = self.rng.below(self.threads.len() as u64) as usize;
                self.threads[index].last_receipt + jitter
            }
            _ => self.now,
        };
        Action::Retention { cutoff, most: self.rng.pick(&[1, 2, 4, 10_000]) }
    }

    /// Of a conversation, or of a contact; known ones for the most part, and now and then of both.
    fn erasure(&mut self) -> Action {
        let (kind, known) = (self.rng.below(10), self.threads.len() as u64);
        let conversation = (kind < 6).then(|| conversation(self.rng.below(known + 1)));
        let contact = (kind == 5 || conversation.is_none()).then(|| self.erased_contact());
        Action::Erase { conversation, contact }
    }

    pub(crate) fn which(&mut self) -> Pick {
        let number = self.rng.next();
        match self.rng.below(20) {
            0 => Pick::Unknown,
            1..=4 => Pick::Any(number),
            _ => Pick::Active(number),
        }
    }

    fn patch(&mut self) -> CsatPatch {
        let mut patch = CsatPatch::default();
        if self.rng.chance(30) {
            self.threshold = self.rng.pick(&[200, 250, 299, 300, 300, 301, 350]);
            patch.threshold_low_composite = Some(Hundredths(self.threshold));
        }
        if self.rng.chance(30) {
            patch.threshold_resolution_failure = Some(Hundredths(self.rng.pick(&[150, 200, 200, 250, 300])));
        }
        if self.rng.chance(30) {
            patch.circuit_breaker_count = Some(self.rng.pick(&[1, 2, 3, 5]));
        }
        if self.rng.chance(25) {
            self.window_hours = self.rng.pick(&[1, 24, 72, 168]);
            patch.circuit_breaker_window_hours = Some(self.window_hours as u16);
        }
        let mut baseline = || {
            self.rng
                .chance(15)
                .then(|| if self.rng.chance(50) { None } else { Some(Hundredths(self.rng.range(100, 500) as u16)) })
        };
        patch.baseline_outcome = baseline();
        patch.baseline_process = baseline();
        patch.baseline_environment = baseline();
        patch.link_expiry_days = self.rng.chance(10).then_some(30);
        self.patch_asking(&mut patch);
        patch
    }

    /// A restart with another config.toml.
    fn changed_settings(&mut self) -> Settings {
        self.restarted = true;
        let settings = &mut self.settings;
        if self.shares.people[6] > 0 && self.rng.chance(50) {
            settings.effects = kept(&mut self.rng);
            return settings.clone();
        }
        if self.shares.swaps_model > 0 && self.rng.chance(self.shares.swaps_model) {
            swap_model(settings);
            return settings.clone();
        }
        match self.rng.below(9) {
            0 => settings.model.window_size = self.rng.pick(&[3, 6, 50, 110]),
            1 => settings.model.window_days = self.rng.pick(&[2, 30, 90]),
            2 => settings.model.workspace_factor = self.rng.pick(&[1, 2, 3]),
            3 => settings.model.max_turns = self.rng.pick(&[2, 4, 1_000]),
            4 => settings.model.settle_days = self.rng.pick(&[1, 7, 14]),
            5 => settings.model.duplicate_days = self.rng.pick(&[2, 7, 9]),
            6 => settings.model.explanation_days = self.rng.pick(&[1, 30, 90]),
            7 => {}
            _ => weigh(settings, self.rng.pick(&[[1.0 / 3.0; 3], [0.5, 0.3, 0.2]])),
        }
        settings.clone()
    }

    fn check(&mut self) -> Step {
        let jitter = self.rng.range(-1, 1);
        let now = match self.rng.below(6) {
            0 => self.now,
            1 => self.now + self.rng.range(0, 30) * DAY,
            2 if !self.sent.is_empty() => {
                let index = self.rng.below(self.sent.len() as u64) as usize;
                self.sent[index].1 + self.settings.model.explanation_span() + jitter
            }
            _ => self.mark() + self.settings.model.window_span() + jitter,
        };
        let (mut from, mut to) = (self.mark() + jitter, self.mark() + self.rng.range(-1, 1));
        if from > to {
            std::mem::swap(&mut from, &mut to);
        }
        if self.rng.chance(30) {
            (from, to) = (START - 500 * DAY, self.now + 10 * MINUTE);
        }
        Step::Check { now: now.max(self.now), from, to }
    }
}
