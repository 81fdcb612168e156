//! Lists of accounts and of conversations (R6.6): page by page, or whole.
//!
//! Numbers are put in order beside the workspace, from what it shares; rows are read from it, some at a time, as they are
//! by then. Rows that do not fit any more are passed over.

use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use futures::stream::{self, Stream};
use siphasher::sip::SipHasher13;

use super::tenant_load::TenantLoad;
use super::walks::{Order, Walker};
use super::{Service, ServiceError};
use crate::actors::{BodyPermit, EngineError};
use crate::domain::ids::{Position, WorkspaceKey};
use crate::domain::score::Hundredths;
use crate::domain::time::Millis;
use crate::domain::workspace::Workspace;
use crate::domain::workspace::account_list::{AccountQuery, AccountRow, AccountsCut, Stale};
use crate::domain::workspace::conversation_list::{ConversationQuery, ConversationRow, ConversationSort};
use crate::wire::failure::Fault;

/// Accounts that are put in order for the first pages.
const FIRST_ACCOUNTS: usize = 256;
/// So many are put in order on the spot, others in a turn of their tenant.
const FEW_ACCOUNTS: usize = 2_000;
/// Rows that are written in one go, where all are.
const PART: usize = 256;
/// Accounts that a workspace looks at in one go.
const LOOKED_AT: usize = 1_000;
/// How often those are looked for that somebody has to look at: what changes meanwhile may stand where it stood.
const TRIES: usize = 3;

/// Where the next page of a list begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListCursor {
    /// The number of the walk, and how far it has come.
    pub walk: u64,
    pub rank: u64,
    /// Stands for the query.
    pub query: u64,
    /// Where the last row stands in the order, for when the walk is gone.
    pub behind: [u64; 3],
}

/// Rows, and where the next page begins if there are more.
#[derive(Clone, Debug, PartialEq)]
pub struct ListPage<R> {
    pub rows: Vec<R>,
    pub next: Option<ListCursor>,
}

/// A question that a list answers.
pub trait Listed: Clone + Hash + Send + Sync + 'static {
    type Row: Send + 'static;
    /// Numbers that are looked at in one go.
    const SLICE: usize;

    /// At most `most` rows of those numbers that fit, each with its place among them.
    fn rows(&self, workspace: &Workspace, numbers: &[u32], most: usize, now: Millis) -> Vec<(usize, Self::Row)>;

    /// Where a row stands.
    fn place(row: &Self::Row) -> [u64; 3];

    /// The order as it is now, and how many numbers of it are passed behind such a place.
    fn order(
        &self,
        service: &Service,
        load: &Arc<TenantLoad>,
        key: WorkspaceKey,
        behind: Option<[u64; 3]>,
    ) -> impl Future<Output = Result<(Order, usize), EngineError>> + Send;
}

impl Listed for AccountQuery {
    type Row = AccountRow;
    const SLICE: usize = 128;

    fn rows(&self, workspace: &Workspace, numbers: &[u32], most: usize, now: Millis) -> Vec<(usize, AccountRow)> {
        workspace.account_rows(self, numbers, most, now)
    }

    fn place(row: &AccountRow) -> [u64; 3] {
        [row.key, row.number.into(), 0]
    }

    async fn order(
        &self,
        service: &Service,
        load: &Arc<TenantLoad>,
        key: WorkspaceKey,
        behind: Option<[u64; 3]>,
    ) -> Result<(Order, usize), EngineError> {
        let query = self.clone();
        let behind = behind.map(|[place, number, _]| (place, u32::try_from(number).unwrap_or(u32::MAX)));
        let first = move |cut: &AccountsCut, stale: &mut Stale| cut.first(&query, behind, FIRST_ACCOUNTS, stale);
        let (cut, first) = service.of_accounts(load, key, first).await?;
        if first.len() < FIRST_ACCOUNTS {
            return Ok((Order::Numbers(first), 0));
        }
        Ok((Order::Accounts { first, cut, query: Box::new(self.clone()), behind }, 0))
    }
}

impl Listed for ConversationQuery {
    type Row = ConversationRow;
    const SLICE: usize = 2_000;

    fn rows(&self, workspace: &Workspace, numbers: &[u32], most: usize, _: Millis) -> Vec<(usize, ConversationRow)> {
        workspace.conversation_rows(self, numbers, most)
    }

    fn place(row: &ConversationRow) -> [u64; 3] {
        let (composite, (scored_at, position)) = row.place;
        [composite.0.into(), scored_at.cast_unsigned(), position.packed()]
    }

    async fn order(
        &self,
        service: &Service,
        load: &Arc<TenantLoad>,
        key: WorkspaceKey,
        behind: Option<[u64; 3]>,
    ) -> Result<(Order, usize), EngineError> {
        let behind = behind.map(|[composite, scored_at, position]| {
            let composite = Hundredths(u16::try_from(composite).unwrap_or(u16::MAX));
            (composite, (scored_at.cast_signed(), Position::from_packed(position)))
        });
        let (query, descending) = (self.clone(), self.descending);
        if self.sort == ConversationSort::ScoredAt {
            let pin = move |workspace: &Workspace| {
                let pinned = workspace.pin_conversations(&query);
                let passed = behind.map_or(0, |(_, key)| workspace.pinned_behind(&pinned, descending, key));
                (Order::Conversations { pinned, descending }, passed)
            };
            return service.engine.read(key, pin).await;
        }
        let sort = move |workspace: &mut Workspace| workspace.sort_conversations(&query, behind);
        let (numbers, passed) = match service.engine.tend(key, sort).await? {
            Ok(sorted) => sorted,
            Err(cut) => service.in_turn(load, move || cut.sorted(behind)).await?,
        };
        Ok((Order::Numbers(numbers), passed))
    }
}

impl Service {
    /// A page of at most `limit` rows behind a cursor.
    pub async fn list<Q: Listed>(
        &self,
        load: &Arc<TenantLoad>,
        key: WorkspaceKey,
        query: Q,
        after: Option<ListCursor>,
        limit: usize,
    ) -> Result<ListPage<Q::Row>, ServiceError> {
        let walker = Walker { tenant: Arc::clone(&load.tenant), key, query: number_of(&query, key) };
        if after.is_some_and(|after| after.query != walker.query) {
            return Err(ServiceError::Invalid(vec![Fault::at("cursor", "is a cursor of another query")]));
        }
        let now = self.engine.clock().elapsed();
        let found = after.and_then(|after| Some((after, self.walks.find(after.walk, &walker, now)?)));
        let (walk, mut order, mut rank) = match found {
            Some((after, order)) => (after.walk, order, usize::try_from(after.rank).unwrap_or(usize::MAX)),
            None => {
                let (order, rank) = query.order(self, load, key, after.map(|after| after.behind)).await?;
                (self.ids.uuid().as_u64_pair().1, Arc::new(order), rank)
            }
        };
        let (mut rows, mut next) = (Vec::with_capacity(limit), None);
        loop {
            let most = limit + 1 - rows.len();
            let ranks = rank..rank.saturating_add(Q::SLICE);
            let Some((found, passed)) = self.slice(load, key, &query, &mut order, ranks, most).await? else { break };
            for (at, row) in found {
                if rows.len() == limit {
                    self.walks.keep(walk, walker.clone(), Arc::clone(&order), now);
                    return Ok(ListPage { rows, next });
                }
                let (rank, behind) = ((rank + at + 1) as u64, Q::place(&row));
                next = Some(ListCursor { walk, rank, query: walker.query, behind });
                rows.push(row);
            }
            rank += passed;
        }
        Ok(ListPage { rows, next: None })
    }

    /// All rows, part by part.
    pub async fn whole_list<Q: Listed>(
        self: &Arc<Self>,
        load: &Arc<TenantLoad>,
        key: WorkspaceKey,
        query: Q,
    ) -> Result<impl Stream<Item = Result<Vec<Q::Row>, ServiceError>> + Send + use<Q>, ServiceError> {
        let (order, rank) = query.order(self, load, key, None).await?;
        // An order by time shares its memory with the state.
        let permit = match &order {
            Order::Conversations { .. } => None,
            Order::Accounts { .. } | Order::Numbers(_) => Some(load.room.take(order.bytes())?),
        };
        let (service, load, order) = (Arc::clone(self), Arc::clone(load), Arc::new(order));
        let whole = WholeList { service, load, key, query, order, rank, _permit: permit };
        Ok(stream::try_unfold(whole, WholeList::part))
    }

    /// At most `most` rows of these numbers of an order, and how many numbers there were; none at the end.
    async fn slice<Q: Listed>(
        &self,
        load: &Arc<TenantLoad>,
        key: WorkspaceKey,
        query: &Q,
        order: &mut Arc<Order>,
        ranks: Range<usize>,
        most: usize,
    ) -> Result<Option<(Vec<(usize, Q::Row)>, usize)>, EngineError> {
        let numbers = match order.numbers(ranks.start, ranks.len()) {
            Some(numbers) => numbers,
            None => {
                let unsorted = Arc::clone(order);
                if let Some(sorted) = self.in_turn(load, move || unsorted.sorted()).await? {
                    *order = Arc::new(sorted);
                }
                order.numbers(ranks.start, ranks.len()).unwrap_or_default()
            }
        };
        if numbers.is_empty() {
            return Ok(None);
        }
        let (query, now, passed) = (query.clone(), self.now(), numbers.len());
        let rows = self.engine.read(key, move |workspace| query.rows(workspace, &numbers, most, now)).await?;
        Ok(Some((rows, passed)))
    }

    /// How many accounts have each risk as of now, the riskiest first (R6.7).
    pub async fn risk_counts(&self, load: &Arc<TenantLoad>, key: WorkspaceKey) -> Result<[u64; 4], ServiceError> {
        Ok(self.of_accounts(load, key, AccountsCut::risk_counts).await?.1)
    }

    /// What `ask` finds in a cut of all accounts in which each stands where it belongs.
    async fn of_accounts<T: Send + 'static>(
        &self,
        load: &Arc<TenantLoad>,
        key: WorkspaceKey,
        ask: impl Fn(&AccountsCut, &mut Stale) -> T + Send + Sync + 'static,
    ) -> Result<(AccountsCut, T), EngineError> {
        let (ask, mut tries) = (Arc::new(ask), TRIES);
        loop {
            let (cut, now) = (self.engine.tend(key, Workspace::cut_accounts).await?, self.now());
            let ask = Arc::clone(&ask);
            let few = cut.count() <= FEW_ACCOUNTS;
            tries -= 1;
            let asked = move || {
                let mut stale = if tries > 0 { Stale::at(now) } else { Stale::nobody() };
                let found = ask(&cut, &mut stale);
                if stale.numbers.is_empty() || tries == 0 { Ok((found, cut)) } else { Err(stale.numbers) }
            };
            match if few { asked() } else { self.in_turn(load, asked).await? } {
                Ok((found, cut)) => return Ok((cut, found)),
                Err(stale) => {
                    for numbers in stale.chunks(LOOKED_AT) {
                        let numbers = numbers.to_vec();
                        self.engine.tend(key, move |workspace| workspace.look_at(&numbers, now)).await?;
                    }
                }
            }
        }
    }
}

/// What a list that is read as a whole goes on with.
struct WholeList<Q> {
    service: Arc<Service>,
    load: Arc<TenantLoad>,
    key: WorkspaceKey,
    query: Q,
    order: Arc<Order>,
    rank: usize,
    _permit: Option<BodyPermit>,
}

impl<Q: Listed> WholeList<Q> {
    /// The next rows; none at the end.
    async fn part(mut self) -> Result<Option<(Vec<Q::Row>, Self)>, ServiceError> {
        let Self { service, load, key, query, order, rank, .. } = &mut self;
        let ranks = *rank..rank.saturating_add(PART);
        let Some((rows, passed)) = service.slice(load, *key, query, order, ranks, PART).await? else {
            return Ok(None);
        };
        *rank += passed;
        Ok(Some((rows.into_iter().map(|(_, row)| row).collect(), self)))
    }
}

/// Stands for a query of a side: the same in every process.
fn number_of(query: &impl Hash, key: WorkspaceKey) -> u64 {
    let mut hasher = SipHasher13::new();
    (key, query).hash(&mut hasher);
    hasher.finish()
}
