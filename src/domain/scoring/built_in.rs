//! The built-in profile of each model.

use std::sync::LazyLock;

use super::profile::{Profile, ScoringModel};
use super::scale::Scale;
use super::{support, task};

impl ScoringModel {
    /// Its built-in profile.
    pub fn profile(self) -> &'static Profile {
        static TASK: LazyLock<Profile> = LazyLock::new(|| {
            let profile = Profile { scale: Scale::of_task(), ..Profile::first() };
            Profile { hash: profile.computed_hash(&task::lexicon::digests(task::lexicon::builtin_packs())), ..profile }
        });
        static SUPPORT: LazyLock<Profile> = LazyLock::new(|| {
            let profile = support::profile::built_in();
            Profile { hash: profile.computed_hash(&support::pack::digests(support::pack::builtin_packs())), ..profile }
        });
        match self {
            Self::Task1 => &TASK,
            Self::Support2 => &SUPPORT,
        }
    }
}

impl Default for Profile {
    /// What holds before the first settings record: [`first`](Self::first) with its hash.
    fn default() -> Self {
        static HASH: LazyLock<[u8; 8]> =
            LazyLock::new(|| Profile::first().computed_hash(&task::lexicon::digests(task::lexicon::builtin_packs())));
        Self { hash: *HASH, ..Self::first() }
    }
}
