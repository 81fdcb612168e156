//! What is written: events of the standard (HTML, 9.2.6), each ended by an empty line.

use axum::body::Bytes;
use serde::Serialize;

use crate::domain::effect::{EffectContent, EffectFilter, EffectId, EffectPage, EffectType, EffectView};
use crate::domain::ids::Id;
use crate::service::stream::Present;
use crate::wire::effect::Effect;
use crate::wire::stream::{EndReason, StreamEnd, StreamReset};

/// How long a client waits before it connects again.
const RETRY_MILLIS: u32 = 2_000;

/// Effects as they are written, one behind the other, and what readers choose of them by.
#[derive(Debug)]
pub struct Told {
    text: Bytes,
    parts: Vec<Part>,
    /// All effects up to here were looked at.
    pub upto: EffectId,
    /// There is more behind it.
    pub more: bool,
    /// Effects before the first are not kept any more.
    pub missed: bool,
}

#[derive(Debug)]
struct Part {
    id: EffectId,
    kind: EffectType,
    about: About,
    /// Where it ends in the text.
    end: usize,
}

/// Whom an effect concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    /// One account.
    Account(Id),
    /// Every account: the AI is paused for all of them.
    All,
    /// None in particular.
    None,
}

impl About {
    fn of(effect: &EffectView) -> Self {
        let account = |id: Option<Id>| id.map_or(Self::None, Self::Account);
        match &effect.content {
            EffectContent::ConversationScored(view) => account(view.account),
            EffectContent::ConversationResolved { account: id, .. } => account(*id),
            EffectContent::RiskChanged { account: id, .. } => Self::Account(*id),
            EffectContent::Breaker(view) if view.breaker.scope_key.starts_with("workspace:") => Self::All,
            EffectContent::Breaker(view) => account(view.account),
            EffectContent::SettingsChanged(_) => Self::None,
        }
    }
}

impl From<EffectPage> for Told {
    fn from(EffectPage { effects, upto, more, missed }: EffectPage) -> Self {
        Self { upto, more, missed, ..Self::of(&effects) }
    }
}

impl Told {
    /// The effects of a page, so many at a time; each is written when it is asked for.
    pub fn pieces(page: EffectPage, length: usize) -> impl Iterator<Item = Self> {
        let EffectPage { mut effects, upto, more, missed } = page;
        let mut next = Some(());
        std::iter::from_fn(move || {
            next.take()?;
            let rest = effects.split_off(length.min(effects.len()));
            let piece = std::mem::replace(&mut effects, rest);
            let is_last = effects.is_empty();
            next = (!is_last).then_some(());
            let of_piece = Self::of(&piece);
            let upto = if is_last { upto } else { of_piece.upto };
            Some(Self { upto, more: more || !is_last, missed, ..of_piece })
        })
    }

    /// All of them.
    fn of(effects: &[EffectView]) -> Self {
        let mut text = Vec::with_capacity(512 * effects.len());
        let parts = effects.iter().map(|effect| {
            let kind = effect.of_type();
            event(&mut text, kind.name(), Some(effect.id), &Effect::from(effect));
            Part { id: effect.id, kind, about: About::of(effect), end: text.len() }
        });
        let parts = parts.collect();
        let upto = effects.last().map(|effect| effect.id).unwrap_or_default();
        Self { text: text.into(), parts, upto, more: false, missed: false }
    }

    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Those behind `after` that the filter wants, and how many there are.
    pub fn wanted(&self, after: EffectId, filter: &EffectFilter) -> (Bytes, u64) {
        let is_wanted = |part: &Part| {
            let concerns = |account| matches!(part.about, About::All) || part.about == About::Account(account);
            part.id > after && filter.types.contains(part.kind) && filter.account.is_none_or(concerns)
        };
        let count = self.parts.iter().filter(|part| is_wanted(part)).count();
        if count == self.parts.len() {
            return (self.text.clone(), count as u64);
        }
        let (mut text, mut start) = (Vec::new(), 0);
        for part in &self.parts {
            if is_wanted(part) {
                text.extend_from_slice(&self.text[start..part.end]);
            }
            start = part.end;
        }
        (text.into(), count as u64)
    }
}

/// The first that a reader gets: how long to wait before it connects again, and where it then goes on.
pub fn hello(at: EffectId) -> Bytes {
    format!("retry: {RETRY_MILLIS}\nid: {at}\n\n").into()
}

/// The connection stands; where there is something to say, where a reader would go on.
pub fn heartbeat(at: Option<EffectId>) -> Bytes {
    at.map_or_else(|| Bytes::from_static(b": \n\n"), |at| format!(": \nid: {at}\n\n").into())
}

/// The state that a reader begins anew from, and where it goes on.
pub fn reset(present: Present, at: EffectId) -> Bytes {
    let breakers = present.breakers.into_iter().map(Into::into).collect();
    let reset = StreamReset { epoch: present.epoch.into(), breakers, total: present.total.into() };
    let mut text = Vec::new();
    event(&mut text, "reset", Some(at), &reset);
    text.into()
}

/// The last.
pub fn end(reason: EndReason) -> Bytes {
    let mut text = Vec::new();
    event(&mut text, "end", None, &StreamEnd { reason });
    text.into()
}

/// JSON has no line breaks of its own, so that one line is enough.
fn event(text: &mut Vec<u8>, kind: &str, id: Option<EffectId>, data: &impl Serialize) {
    let begun = text.len();
    let id = id.map_or_else(String::new, |id| format!("id: {id}\n"));
    text.extend_from_slice(format!("event: {kind}\n{id}data: ").as_bytes());
    match serde_json::to_writer(&mut *text, data) {
        Ok(()) => text.extend_from_slice(b"\n\n"),
        Err(cause) => {
            tracing::error!(%cause, "an event of a stream could not be written");
            text.truncate(begun);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::domain::effect::{EffectTypes, EndedAs};
    use crate::domain::ids::Position;

    fn id(seq: u64) -> EffectId {
        EffectId { at: Position::new(seq, 0), number: 1 }
    }

    /// Ends of conversations of accounts 1 to 5.
    fn page() -> EffectPage {
        let one = |seq| EffectView {
            id: id(seq),
            receipt: 0,
            content: EffectContent::ConversationResolved {
                conversation: None,
                account: Some(Id(seq.into())),
                ending: EndedAs::Closed,
                link: None,
            },
        };
        EffectPage { effects: (1..=5).map(one).collect(), upto: id(9), more: false, missed: false }
    }

    #[test]
    fn r8_2_pieces_are_the_page_and_the_last_knows_how_far_was_looked() {
        let whole = Told::from(page());
        let pieces: Vec<_> = Told::pieces(page(), 2).collect();
        let ends: Vec<_> = pieces.iter().map(|piece| (piece.parts.len(), piece.upto, piece.more)).collect();
        assert_eq!(ends, [(2, id(2), true), (2, id(4), true), (1, id(9), false)]);
        assert_eq!(pieces.iter().map(|piece| &*piece.text).collect::<Vec<_>>().concat(), whole.text);
        let none = EffectPage { effects: Vec::new(), ..page() };
        assert_eq!(Told::pieces(none, 2).map(|piece| piece.upto).collect::<Vec<_>>(), [id(9)]);
    }

    #[test]
    fn r8_2_a_reader_gets_what_it_wants_behind_where_it_is() {
        let told = Told::from(page());
        let all = EffectFilter::default();
        assert_eq!(told.wanted(EffectId::ZERO, &all), (told.text.clone(), 5));
        let (text, count) = told.wanted(id(3), &all);
        assert!(
            count == 2 && told.text.ends_with(&text) && text.starts_with(b"event: conversation.resolved\nid: 4-0.1\n")
        );
        let of_one = EffectFilter { account: Some(Id(2)), ..all };
        let (text, count) = told.wanted(EffectId::ZERO, &of_one);
        assert!(
            count == 1
                && text.starts_with(b"event: conversation.resolved\nid: 2-0.1\ndata: {")
                && text.ends_with(b"}\n\n")
        );
        let others = EffectFilter { types: [EffectType::BreakerTriggered].into_iter().collect::<EffectTypes>(), ..all };
        assert_eq!(told.wanted(EffectId::ZERO, &others), (Bytes::new(), 0));
    }
}
