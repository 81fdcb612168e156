//! One stream, from its first bytes to its last.
//!
//! A reader that begins behind the newest effects reads pages of its own until it has caught up, and then takes what the
//! side's hub hands on. Between the two nothing is missed and nothing comes twice: it joins the hub first, and then
//! reads up to where the hub was.

use std::sync::Arc;

use axum::body::Bytes;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::Streams;
use super::frame::{self, Told};
use super::hub::{AGAIN, News, PAGE, Seat};
use crate::actors::{BodyPermit, EngineError};
use crate::background::Stop;
use crate::domain::effect::{EffectFilter, EffectId, EffectTypes};
use crate::domain::ids::WorkspaceKey;
use crate::http::App;
use crate::http::answer_room::PORTION;
use crate::http::monitor::OpenStream;
use crate::service::stream::{Lapse, StreamStart};
use crate::service::tenant_load::StreamPlace;
use crate::service::{Principal, Service};
use crate::wire::stream::EndReason;

/// What a page of a reader's own takes until it is written, about.
const PAGE_BYTES: usize = 4 << 20;
/// Effects of a page that is not counted.
const SMALL_PAGE: usize = 64;

/// Who reads what.
pub struct Asked {
    pub who: Principal,
    pub key: WorkspaceKey,
    pub filter: EffectFilter,
    pub place: StreamPlace,
}

/// A stream under way.
pub struct Reader {
    source: Source,
    guard: Guard,
    pulse: Interval,
    /// What is written before anything else.
    text: Bytes,
    /// Where its client would go on.
    told: EffectId,
    /// Its last event is written.
    ended: bool,
    counted: OpenStream,
}

impl Reader {
    pub fn new(app: &App, asked: Asked, start: StreamStart) -> Self {
        let Asked { who, key, filter, place } = asked;
        let (service, streams, at) = (Arc::clone(&app.service), app.streams.clone(), start.after);
        let reset = start.reset.map(|present| frame::reset(present, at)).unwrap_or_default();
        let text = [frame::hello(at), reset].concat().into();
        let mut pulse = interval(streams.heartbeat);
        // Not at once.
        pulse.reset();
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let guard =
            Guard { service: Arc::clone(&service), who, key, stop: app.stop.clone(), rights: service.watch_rights() };
        let source = Source {
            service,
            streams,
            key,
            filter,
            place,
            at,
            until: at,
            seat: None,
            is_fresh: true,
            is_far: false,
            permit: None,
        };
        Self { source, guard, pulse, text, told: at, ended: false, counted: app.meter.stream() }
    }

    /// The next bytes; none after the last event.
    pub async fn next(&mut self) -> Option<Bytes> {
        if self.text.is_empty() {
            self.text = self.more().await?;
        } else {
            // What was handed over is written first: a connection keeps the room that it ever needed at a time.
            tokio::task::yield_now().await;
        }
        Some(self.text.split_to(self.text.len().min(PORTION)))
    }

    async fn more(&mut self) -> Option<Bytes> {
        if self.ended {
            return None;
        }
        let next = tokio::select! {
            biased;
            reason = self.guard.ends() => Err(reason),
            more = self.source.more() => Ok(Some(more)),
            _ = self.pulse.tick() => Ok(None),
        };
        let next = next.and_then(|more| more.transpose().map_err(|lost| self.guard.reason(lost)));
        // Nothing is told to a credential that has lapsed.
        let bytes = match self.guard.lapse().map_or(next, Err) {
            Ok(Some((text, count))) => {
                self.counted.sent(count);
                self.told = self.source.at;
                self.pulse.reset();
                text
            }
            Ok(None) => self.heartbeat(),
            Err(reason) => {
                self.ended = true;
                self.counted.ends(reason);
                frame::end(reason)
            }
        };
        Some(bytes)
    }

    /// A reader that wants little is told how far it has come, so that it does not go on from far behind.
    fn heartbeat(&mut self) -> Bytes {
        self.source.look();
        let at = Some(self.source.at).filter(|at| *at > self.told);
        self.told = self.source.at;
        frame::heartbeat(at)
    }
}

/// What ends a stream from outside.
struct Guard {
    service: Arc<Service>,
    who: Principal,
    key: WorkspaceKey,
    stop: Stop,
    rights: watch::Receiver<()>,
}

impl Guard {
    async fn ends(&mut self) -> EndReason {
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return EndReason::Stopping,
                _ = self.rights.changed() => {
                    if let Some(reason) = self.lapse() {
                        return reason;
                    }
                }
            }
        }
    }

    fn lapse(&self) -> Option<EndReason> {
        let lapse = self.service.lapse(&self.who, self.key)?;
        Some(match lapse {
            Lapse::Expired => EndReason::Expired,
            Lapse::Revoked => EndReason::Revoked,
            Lapse::Deleted => EndReason::Deleted,
        })
    }

    fn reason(&self, lost: Lost) -> EndReason {
        match lost {
            Lost::Behind => EndReason::Slow,
            Lost::Side if self.stop.is_cancelled() => EndReason::Stopping,
            Lost::Side => self.lapse().unwrap_or(EndReason::Unavailable),
        }
    }
}

/// Why there is nothing more to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lost {
    /// The reader did not keep up.
    Behind,
    /// The side has ended.
    Side,
}

/// Where effects come from.
struct Source {
    service: Arc<Service>,
    streams: Streams,
    key: WorkspaceKey,
    filter: EffectFilter,
    place: StreamPlace,
    /// Everything up to here was read.
    at: EffectId,
    /// Up to here it reads for itself.
    until: EffectId,
    /// None while it has to catch up before it joins.
    seat: Option<Seat>,
    /// It has taken nothing of the hub yet.
    is_fresh: bool,
    /// One page was not enough.
    is_far: bool,
    /// Of the last page of its own, until it is written.
    permit: Option<BodyPermit>,
}

impl Source {
    /// The next effects that are wanted, and how many. Nothing is lost where this is not awaited to its end.
    async fn more(&mut self) -> Result<(Bytes, u64), Lost> {
        self.permit = None;
        loop {
            let found = match &mut self.seat {
                Some(seat) if self.at >= self.until => {
                    let news = seat.next().await;
                    self.take(news)?
                }
                Some(_) | None => self.page().await?,
            };
            if let Some(found) = found.filter(|(_, count)| *count > 0) {
                return Ok(found);
            }
        }
    }

    /// What the hub has handed on; `None` for what the reader has to read for itself.
    fn take(&mut self, news: Result<Arc<News>, RecvError>) -> Result<Option<(Bytes, u64)>, Lost> {
        match news {
            Ok(news) => {
                self.is_fresh = false;
                match &*news {
                    News::Told { told, types, .. } if covers(*types, self.filter.types) => {
                        let wanted = told.wanted(self.at, &self.filter);
                        self.at = self.at.max(told.upto);
                        return Ok(Some(wanted));
                    }
                    News::Told { told: Told { upto, .. }, .. } | News::Upto(upto) => self.until = *upto,
                }
            }
            // It was busy with what lay before.
            Err(RecvError::Lagged(_)) if self.is_fresh => self.seat = None,
            Err(RecvError::Lagged(_)) => return Err(Lost::Behind),
            Err(RecvError::Closed) => return Err(Lost::Side),
        }
        Ok(None)
    }

    /// The next page of its own; joins the hub behind the last.
    async fn page(&mut self) -> Result<Option<(Bytes, u64)>, Lost> {
        // A large one only for a reader that is far behind, and where there is room for it.
        let permit = if self.is_far { self.place.room().take(PAGE_BYTES).ok() } else { None };
        let limit = if permit.is_some() { PAGE } else { SMALL_PAGE };
        let told = match self.service.effects(self.key, self.at, self.filter, limit, Told::from).await {
            Ok(told) => told,
            Err(EngineError::ShuttingDown) => return Err(Lost::Side),
            Err(cause) => {
                tracing::debug!(%cause, "effects could not be read for a stream");
                tokio::time::sleep(AGAIN).await;
                return Ok(None);
            }
        };
        if told.missed {
            return Err(Lost::Behind);
        }
        let wanted = told.wanted(self.at, &self.filter);
        (self.at, self.is_far) = (told.upto, told.more);
        self.permit = permit.filter(|_| wanted.1 > 0);
        if let Some(permit) = &mut self.permit {
            // More than was taken may not be there; then what was taken has to do.
            let _ = permit.resize(wanted.0.len());
        }
        if self.seat.is_none() && !told.more {
            self.join()?;
        }
        Ok(Some(wanted))
    }

    fn join(&mut self) -> Result<(), Lost> {
        let (service, room, types) = (&self.service, self.place.room(), self.filter.types);
        let seat = self.streams.hubs.join(service, self.key, room, self.at, types).ok_or(Lost::Side)?;
        (self.until, self.is_fresh) = (seat.from, true);
        self.seat = Some(seat);
        Ok(())
    }

    /// Sees how far the hub has looked without finding anything for this reader.
    fn look(&mut self) {
        let reached = self.seat.as_ref().filter(|_| self.at >= self.until).and_then(Seat::reached);
        self.at = self.at.max(reached.unwrap_or_default());
    }
}

fn covers(looked_for: EffectTypes, wanted: EffectTypes) -> bool {
    wanted.iter().all(|kind| looked_for.contains(kind))
}
