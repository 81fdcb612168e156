//! What a stream is made of: few names, so that things meet, and shares that lead deep into one
//! corner of the contract each.

use tripswitch::domain::effect::EffectsKept;
use tripswitch::domain::scoring::profile::{Profile, ScoringModel};
use tripswitch::domain::settings::Settings;

/// Which corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scenario {
    /// A few conversations with everything that can happen to a life.
    Lives,
    /// Hundreds of imports on one or two accounts: full windows, runs of a hundred.
    Dense,
    /// Contacts, inferred accounts, moves and mismatches.
    Contacts,
    /// Low scores, trips, acknowledgements and resolves, by small counts.
    Trips,
    /// Health at its thresholds: trends, rates, ages of exactly the window.
    Ladders,
    /// All at once.
    Mixed,
    /// More conversations than one leaf of any index holds.
    Deep,
    /// Conversations that grow old and are removed.
    Aged,
    /// Conversations and contacts that are erased.
    Erased,
    /// Breakers of channels and intents, and scores that do not count in runs.
    Labels,
    /// Runs of a hundred among scores of which some do not count.
    Sparse,
    /// Breakers by hand, notes, and breakers that are forgotten.
    Hands,
    /// People's words on scores, among everything that happens to lives.
    Words,
    /// Small rings of effects, and endpoints that they are delivered to.
    Heard,
    /// Messages of everybody and of machines, several models, channels and intents: what statistics tell apart.
    Counted,
    /// Many accounts with names, in lists that change while somebody goes through them.
    Listed,
    /// Nothing is scored twice, and settings stay as they are: what would trip once more is what did.
    Played,
    /// Conversations that are rated, by events and by links, in time and late, and mails that ask for it.
    Rated,
}

/// Shares of a scenario. Those of steps and of events are weights, the others percentages.
#[derive(Clone, Debug)]
pub struct Shares {
    pub frames: (i64, i64),
    pub events_per_frame: (i64, i64),
    pub accounts: u64,
    pub conversations: u64,
    pub contacts: u64,
    /// Events, patch, acknowledge, resolve, settings.
    pub steps: [u64; 5],
    /// Import, customer, agent, terminal, reopening, item, signal, rating, created, account.updated, ladder, gap.
    pub events: [u64; 12],
    /// A conversation that was not there before.
    pub new_conversation: u64,
    pub names_account: u64,
    /// Of the events that name an account: another than the conversation's.
    pub other_account: u64,
    pub names_contact: u64,
    pub low: u64,
    /// An event is sent a second time.
    pub repeat: u64,
    /// The clock jumps by hours or days.
    pub jump: u64,
    /// An import's time is chosen to meet an edge.
    pub edge: u64,
    /// A step is a retention record.
    pub retains: u64,
    /// A step is an erasure.
    pub erases: u64,
    /// An event names a channel, or an intent.
    pub names_label: u64,
    /// A message is automatic.
    pub automatic: u64,
    /// New settings have another model.
    pub swaps_model: u64,
    /// A step is a person's: settings, trip, note, a look for forgotten ones, override, taking one back, endpoint.
    pub people: [u64; 7],
    /// A step is about ratings: one by a link, an opt-out, mails, a calibration.
    pub asking: [u64; 4],
    /// An event names an address.
    pub names_address: u64,
}

impl Shares {
    pub fn of(scenario: Scenario) -> Self {
        let base = Self::base();
        match scenario {
            Scenario::Lives => Self {
                conversations: 3,
                accounts: 2,
                events: [5, 20, 10, 26, 20, 4, 6, 6, 3, 1, 0, 0],
                names_account: 25,
                names_contact: 5,
                jump: 14,
                ..base
            },
            Scenario::Dense => Self::dense(),
            Scenario::Contacts => Self {
                conversations: 10,
                events: [30, 14, 6, 16, 6, 2, 2, 4, 4, 12, 0, 3],
                names_account: 30,
                other_account: 30,
                names_contact: 60,
                jump: 4,
                ..base
            },
            Scenario::Trips => Self {
                conversations: 30,
                events: [60, 8, 2, 10, 4, 1, 1, 6, 1, 2, 0, 0],
                steps: [70, 6, 12, 12, 1],
                new_conversation: 50,
                names_account: 70,
                low: 80,
                edge: 70,
                ..base
            },
            Scenario::Ladders => Self::ladders(),
            Scenario::Deep => Self::deep(),
            Scenario::Aged => Self {
                frames: (40, 120),
                conversations: 14,
                events: [16, 18, 8, 18, 9, 4, 5, 6, 3, 4, 0, 1],
                retains: 14,
                ..base
            },
            Scenario::Erased => Self {
                frames: (40, 120),
                conversations: 12,
                events: [14, 16, 6, 20, 12, 3, 4, 10, 3, 6, 0, 1],
                steps: [82, 3, 5, 5, 3],
                names_account: 40,
                names_contact: 45,
                low: 75,
                retains: 3,
                erases: 14,
                ..base
            },
            Scenario::Labels => Self::labels(),
            Scenario::Sparse => Self::sparse(),
            Scenario::Hands => Self::hands(),
            Scenario::Heard => Self::heard(),
            Scenario::Words => Self::words(),
            Scenario::Counted => Self::counted(),
            Scenario::Listed => Self::listed(),
            Scenario::Played => Self::played(),
            Scenario::Rated => Self::rated(),
            Scenario::Mixed => {
                Self { frames: (40, 160), conversations: 20, events: [16, 18, 10, 16, 9, 4, 5, 6, 3, 4, 1, 1], ..base }
            }
        }
    }

    /// What the scenarios differ from.
    fn base() -> Self {
        Self {
            frames: (20, 90),
            events_per_frame: (1, 4),
            accounts: 3,
            conversations: 8,
            contacts: 3,
            steps: [88, 3, 3, 3, 3],
            events: [10, 20, 14, 16, 10, 4, 6, 6, 3, 3, 0, 0],
            new_conversation: 20,
            names_account: 35,
            other_account: 6,
            names_contact: 15,
            low: 60,
            repeat: 8,
            jump: 10,
            edge: 40,
            retains: 0,
            erases: 0,
            names_label: 0,
            automatic: 5,
            swaps_model: 0,
            people: [0; 7],
            asking: [0; 4],
            names_address: 0,
        }
    }

    /// Many conversations of two accounts: windows and moves.
    fn dense() -> Self {
        Self {
            frames: (30, 90),
            events_per_frame: (1, 8),
            accounts: 2,
            conversations: 260,
            events: [80, 4, 2, 6, 3, 1, 1, 2, 0, 1, 0, 0],
            steps: [94, 2, 2, 2, 1],
            new_conversation: 80,
            names_account: 92,
            other_account: 3,
            names_contact: 4,
            low: 70,
            repeat: 2,
            jump: 6,
            edge: 15,
            ..Self::base()
        }
    }

    /// Many accounts, steep and flat: every trend and risk.
    fn ladders() -> Self {
        Self {
            frames: (10, 40),
            accounts: 16,
            conversations: 200,
            events: [10, 2, 1, 4, 2, 1, 0, 2, 0, 1, 40, 0],
            steps: [90, 6, 2, 2, 2],
            new_conversation: 60,
            jump: 6,
            repeat: 2,
            ..Self::base()
        }
    }

    /// More conversations than one leaf of an index holds.
    fn deep() -> Self {
        Self {
            frames: (180, 220),
            events_per_frame: (8, 20),
            accounts: 3,
            conversations: 1_900,
            events: [84, 3, 6, 3, 1, 1, 1, 1, 0, 1, 0, 0],
            new_conversation: 75,
            names_account: 60,
            edge: 60,
            jump: 5,
            repeat: 1,
            names_label: 30,
            swaps_model: 50,
            ..Self::base()
        }
    }

    /// Breakers of channels and intents, in runs with scores that do not count.
    fn labels() -> Self {
        Self {
            conversations: 30,
            events: [60, 8, 2, 10, 4, 1, 1, 6, 1, 2, 0, 0],
            steps: [76, 4, 9, 9, 1],
            new_conversation: 50,
            names_account: 60,
            low: 80,
            edge: 50,
            names_label: 60,
            people: [5, 0, 0, 0, 0, 0, 0],
            retains: 1,
            erases: 1,
            ..Self::base()
        }
    }

    /// Breakers by hand, noted and forgotten.
    fn hands() -> Self {
        Self {
            conversations: 20,
            events: [60, 8, 2, 10, 4, 1, 1, 6, 1, 2, 0, 0],
            steps: [70, 3, 12, 10, 1],
            new_conversation: 50,
            names_account: 60,
            low: 70,
            names_label: 20,
            people: [4, 8, 5, 12, 0, 0, 0],
            retains: 1,
            erases: 1,
            ..Self::base()
        }
    }

    /// Endpoints, and few effects that are kept for them.
    fn heard() -> Self {
        Self {
            conversations: 16,
            events: [40, 8, 4, 14, 6, 1, 1, 6, 1, 2, 0, 0],
            steps: [70, 4, 12, 10, 6],
            new_conversation: 40,
            names_account: 60,
            low: 80,
            jump: 14,
            names_label: 30,
            people: [3, 5, 0, 3, 3, 1, 26],
            erases: 1,
            ..Self::base()
        }
    }

    /// Few conversations with much of a life, and people's words on their scores.
    fn words() -> Self {
        Self {
            frames: (40, 120),
            conversations: 5,
            events: [14, 18, 6, 24, 18, 3, 4, 8, 3, 3, 0, 1],
            steps: [84, 3, 4, 4, 3],
            names_account: 45,
            names_contact: 15,
            names_label: 20,
            people: [2, 1, 0, 1, 14, 8, 0],
            retains: 2,
            erases: 3,
            ..Self::base()
        }
    }

    /// Many short lives, of everybody's messages.
    fn counted() -> Self {
        Self {
            frames: (30, 80),
            conversations: 40,
            events: [12, 16, 18, 24, 8, 2, 2, 4, 4, 3, 0, 1],
            steps: [76, 4, 7, 7, 6],
            new_conversation: 45,
            names_account: 45,
            names_contact: 20,
            names_label: 40,
            automatic: 40,
            swaps_model: 60,
            people: [3, 3, 0, 0, 6, 3, 0],
            retains: 2,
            erases: 3,
            ..Self::base()
        }
    }

    /// Accounts of every risk, and conversations that change what they are.
    fn listed() -> Self {
        Self {
            frames: (40, 100),
            accounts: 12,
            conversations: 90,
            events: [30, 12, 8, 16, 10, 2, 2, 6, 1, 8, 6, 1],
            steps: [80, 5, 6, 6, 3],
            new_conversation: 50,
            names_account: 70,
            names_label: 20,
            swaps_model: 30,
            people: [2, 3, 0, 0, 5, 2, 0],
            retains: 2,
            erases: 3,
            ..Self::base()
        }
    }

    /// New imports and nothing else, tripped, by hand too, and resolved.
    fn played() -> Self {
        Self {
            frames: (30, 110),
            accounts: 4,
            conversations: 1_000_000,
            events: [100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            steps: [72, 0, 14, 14, 0],
            new_conversation: 100,
            names_account: 75,
            names_label: 40,
            low: 80,
            edge: 40,
            repeat: 0,
            people: [0, 5, 2, 0, 0, 0, 0],
            ..Self::base()
        }
    }

    /// Lives that end, some of them again, and customers who say what they think of it.
    fn rated() -> Self {
        Self {
            frames: (50, 130),
            events_per_frame: (1, 3),
            conversations: 9,
            events: [6, 14, 4, 28, 15, 1, 4, 10, 2, 2, 0, 1],
            steps: [72, 9, 6, 5, 4],
            new_conversation: 25,
            names_account: 45,
            names_contact: 20,
            low: 70,
            jump: 8,
            swaps_model: 40,
            people: [2, 0, 0, 0, 3, 1, 0],
            retains: 1,
            erases: 3,
            asking: [20, 2, 12, 3],
            names_address: 50,
            ..Self::base()
        }
    }

    /// Low scores of one account, of which some do not count.
    fn sparse() -> Self {
        let mut sparse = Self {
            conversations: 260,
            accounts: 1,
            names_account: 95,
            new_conversation: 80,
            events_per_frame: (4, 9),
            people: [4, 0, 0, 0, 0, 0, 0],
            ..Self::base()
        };
        sparse.turn_bad();
        sparse
    }

    /// Low imports and little else: runs of more than a hundred.
    pub fn turn_bad(&mut self) {
        self.frames = (50, 60);
        self.low = 100;
        self.steps = [93, 1, 0, 0, 6];
        self.events = [97, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0];
        self.jump = 0;
        self.edge = 0;
    }
}

/// Settings that a stream begins with: the defaults, or small ones that are soon met.
pub fn settings(scenario: Scenario, rng: &mut crate::random::Random) -> Settings {
    let mut settings = Settings::default();
    if rng.chance(40) {
        settings.model.max_turns = rng.pick(&[2, 3, 5]);
    }
    if rng.chance(30) {
        settings.model.settle_days = rng.pick(&[1, 2, 7, 14]);
        settings.model.duplicate_days = rng.pick(&[2, 3, 7]);
    }
    if rng.chance(25) {
        settings.model.window_days = rng.pick(&[2, 10, 30]);
    }
    if rng.chance(30) {
        settings.model.workspace_factor = rng.pick(&[1, 2, 4]);
    }
    if scenario != Scenario::Dense && rng.chance(35) {
        settings.model.window_size = rng.pick(&[3, 5, 6, 8]);
    }
    if scenario == Scenario::Dense && rng.chance(15) {
        settings.model.window_size = rng.pick(&[20, 120]);
    }
    if scenario == Scenario::Rated && rng.chance(60) {
        // Within the hours of a run.
        settings.model.settle_days = 1;
    }
    if scenario == Scenario::Heard {
        settings.effects = kept(rng);
    }
    if rng.chance(15) {
        weigh(&mut settings, rng.pick(&[[0.5, 0.25, 0.25], [0.2, 0.3, 0.5]]));
    }
    if scenario != Scenario::Dense && rng.chance(50) {
        swap_model(&mut settings);
    }
    settings
}

/// The other model, with the same composite weights.
pub fn swap_model(settings: &mut Settings) {
    let composite_weights = settings.profile.composite_weights;
    let is_support = settings.profile.name == ScoringModel::Support2.profile().name;
    let other = if is_support { ScoringModel::Task1 } else { ScoringModel::Support2 };
    settings.profile = Profile { composite_weights, ..other.profile().clone() };
    settings.profile.hash = settings.profile.computed_hash(&[]);
}

/// Few effects, or for a short time.
pub fn kept(rng: &mut crate::random::Random) -> EffectsKept {
    EffectsKept { hours: rng.pick(&[1, 24, 24, 168]), most: rng.pick(&[3, 8, 8, 20, 100_000]) }
}

/// Other composite weights, under a hash of their own.
pub fn weigh(settings: &mut Settings, weights: [f64; 3]) {
    settings.profile.composite_weights = weights;
    settings.profile.hash = settings.profile.computed_hash(&[]);
}
