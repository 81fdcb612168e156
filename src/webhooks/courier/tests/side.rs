//! A side in memory: it keeps effects and progress as the domain does.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::domain::delivery::{DeliveryNotes, Done, Outcome, Progress};
use crate::domain::effect::{EffectContent, EffectPage, EffectView, EndedAs};
use crate::domain::ids::Position;
use crate::ids::SeededIds;
use crate::webhooks::endpoint::InForce;
use crate::webhooks::sign::SigningSecret;

pub fn url(endpoint: u128) -> String {
    format!("https://{endpoint}.example/")
}

pub fn id(n: u64) -> EffectId {
    EffectId { at: Position::new(n, 0), number: 1 }
}

#[derive(Default)]
pub struct Side {
    pub state: Mutex<State>,
    /// Notes are refused, as on a full disk.
    pub is_full: AtomicBool,
}

#[derive(Default)]
pub struct State {
    pub effects: BTreeMap<EffectId, EffectView>,
    endpoints: Vec<Listed>,
    pub progress: HashMap<Id, Progress>,
    pub notes: Vec<DeliveryNotes>,
    pub disabled: Vec<Id>,
}

impl Side {
    pub fn add_endpoint(&self, id: u128, types: EffectTypes, format: WebhookFormat) {
        let ids = SeededIds::new(1);
        let endpoint = Endpoint {
            url: url(id).into(),
            types,
            format,
            enabled: true,
            description: "".into(),
            secrets: vec![InForce { secret: SigningSecret::random(&ids), until: None }],
            routing_key: None,
            disabled: None,
        };
        let mut state = self.state.lock();
        state.endpoints.push(Listed { id: Id(id), endpoint: Arc::new(endpoint), turns: 0, lagging: false });
        let (open, done) = (BTreeMap::new(), Default::default());
        let upto = EffectId::ZERO;
        let progress = Progress { upto, open, done, last_delivery: None, lagging: false, turns: 0 };
        state.progress.insert(Id(id), progress);
    }

    /// The end of conversation `n` of an account.
    pub fn happen(&self, n: u64, account: Option<u128>) {
        let content = EffectContent::ConversationResolved {
            conversation: Some(Id(n.into())),
            account: account.map(Id),
            ending: EndedAs::AiResolved,
            link: None,
        };
        self.state.lock().effects.insert(id(n), EffectView { id: id(n), receipt: 0, content });
    }

    /// Takes an effect away, as its age does.
    pub fn lose(&self, n: u64) {
        self.state.lock().effects.remove(&id(n));
    }

    /// Has everything delivered again.
    pub fn replay(&self, endpoint: u128) {
        let mut state = self.state.lock();
        let progress = state.progress.get_mut(&Id(endpoint)).unwrap();
        progress.upto = EffectId::ZERO;
        progress.open.clear();
        progress.turns += 1;
    }

    /// The numbers of what is over: delivered, or not.
    pub fn done(&self, endpoint: u128) -> Vec<(u64, bool)> {
        let state = self.state.lock();
        let done = &state.progress[&Id(endpoint)].done;
        done.iter().map(|done| (done.effect.at.seq(), done.delivered)).collect()
    }

    pub fn open(&self, endpoint: u128) -> usize {
        self.state.lock().progress[&Id(endpoint)].open.len()
    }
}

fn apply(progress: &mut Progress, notes: &DeliveryNotes) {
    progress.upto = progress.upto.max(notes.upto);
    for (effect, outcome) in &notes.outcomes {
        let attempts = progress.open.entry(*effect).or_default();
        let (delivered, last) = match outcome {
            Outcome::Open => continue,
            Outcome::Failed(attempt) => {
                attempts.push(*attempt);
                continue;
            }
            Outcome::Delivered(attempt) => (true, Some(*attempt)),
            Outcome::Abandoned(attempt) => (false, *attempt),
        };
        attempts.extend(last);
        let attempts = progress.open.remove(effect).unwrap_or_default();
        progress.done.push_back(Done { effect: *effect, delivered, attempts });
    }
}

impl Source for Side {
    fn endpoints(&self) -> BoxFuture<'_, Result<Vec<Listed>, EngineError>> {
        let state = self.state.lock();
        let enabled = state.endpoints.iter().filter(|listed| !state.disabled.contains(&listed.id));
        let now = |listed: &Listed| Listed { turns: state.progress[&listed.id].turns, ..listed.clone() };
        let listed = enabled.map(now).collect();
        Box::pin(async { Ok(listed) })
    }

    fn progress(&self, endpoint: Id) -> BoxFuture<'_, Result<Option<Progress>, EngineError>> {
        let progress = self.state.lock().progress.get(&endpoint).cloned();
        Box::pin(async { Ok(progress) })
    }

    fn scopes(&self, effects: Vec<EffectId>) -> BoxFuture<'_, Result<HashMap<EffectId, Scope>, EngineError>> {
        let state = self.state.lock();
        let scope = |effect: EffectId| Some((effect, state.effects.get(&effect)?.into()));
        let scopes = effects.into_iter().filter_map(scope).collect();
        Box::pin(async { Ok(scopes) })
    }

    fn effects(&self, after: EffectId, types: EffectTypes) -> BoxFuture<'_, Result<EffectPage, EngineError>> {
        let state = self.state.lock();
        let mut behind = state.effects.range((std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded));
        let looked: Vec<_> = behind.by_ref().take(100).map(|(_, effect)| effect.clone()).collect();
        let upto = looked.last().map_or(after, |last| last.id);
        let effects = looked.into_iter().filter(|effect| types.contains(effect.of_type())).collect();
        let more = behind.next().is_some();
        Box::pin(async move { Ok(EffectPage { effects, upto, more, missed: false }) })
    }

    fn effect(&self, id: EffectId) -> BoxFuture<'_, Result<Option<EffectView>, EngineError>> {
        let effect = self.state.lock().effects.get(&id).cloned();
        Box::pin(async { Ok(effect) })
    }

    fn note(&self, notes: DeliveryNotes, turns: u32) -> BoxFuture<'_, Result<(), EngineError>> {
        if self.is_full.load(Ordering::Relaxed) {
            return Box::pin(async { Err(EngineError::DiskFull) });
        }
        let mut state = self.state.lock();
        let progress = state.progress.get_mut(&notes.endpoint).unwrap();
        if progress.turns == turns {
            apply(progress, &notes);
            state.notes.push(notes);
        }
        Box::pin(async move { Ok(()) })
    }

    fn disable(&self, endpoint: Id) -> BoxFuture<'_, Result<(), EngineError>> {
        self.state.lock().disabled.push(endpoint);
        Box::pin(async { Ok(()) })
    }
}
