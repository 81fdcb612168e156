//! What the golden stream must hold: each kind of record, event, command and change of the system.

use std::collections::BTreeSet;

use tripswitch::domain::event::{Body, EventRecord, ObservedSignal};
use tripswitch::domain::record::{Command, Frame, Record};
use tripswitch::domain::resource::ResourceChange;
use tripswitch::domain::system::SystemRecord;

/// All names that the functions below give: a new variant does not compile without one.
const ALL: [&str; 56] = [
    "account updated",
    "acknowledge",
    "attention item",
    "command",
    "delivered",
    "erased by",
    "erased contact",
    "erasure",
    "events",
    "imported score",
    "initialised",
    "key created",
    "key revoked",
    "keys used",
    "marked contact",
    "message",
    "message received",
    "message sent",
    "observed signal",
    "own signal",
    "patch",
    "repeats",
    "repeats in the system",
    "conversation created",
    "conversation resolved",
    "resolve",
    "retention",
    "settings",
    "settings of a model",
    "skip",
    "status",
    "survey",
    "system",
    "workspace created",
    "workspace deleted",
    "breaker note",
    "changed resource",
    "deliveries",
    "forgotten",
    "gone resource",
    "labelled",
    "made resource",
    "override",
    "patch of settings",
    "replay",
    "resend",
    "settings with effects",
    "take back",
    "trip",
    "patch of all settings",
    "address",
    "calibrate",
    "leveled settings",
    "link rating",
    "mails",
    "opt-out",
];

/// The kinds that version 1 does not have.
pub const SINCE_2: [&str; 28] = [
    "erased by",
    "erased contact",
    "marked contact",
    "message",
    "repeats",
    "repeats in the system",
    "settings of a model",
    "workspace deleted",
    "breaker note",
    "changed resource",
    "deliveries",
    "forgotten",
    "gone resource",
    "made resource",
    "override",
    "patch of settings",
    "replay",
    "resend",
    "settings with effects",
    "take back",
    "trip",
    "patch of all settings",
    "address",
    "calibrate",
    "leveled settings",
    "link rating",
    "mails",
    "opt-out",
];

/// The kinds that version 2 does not have.
pub const SINCE_3: [&str; 27] = [
    "erased contact",
    "marked contact",
    "message",
    "repeats",
    "repeats in the system",
    "settings of a model",
    "workspace deleted",
    "breaker note",
    "changed resource",
    "deliveries",
    "forgotten",
    "gone resource",
    "made resource",
    "override",
    "patch of settings",
    "replay",
    "resend",
    "settings with effects",
    "take back",
    "trip",
    "patch of all settings",
    "address",
    "calibrate",
    "leveled settings",
    "link rating",
    "mails",
    "opt-out",
];

/// The kinds that version 3 does not have.
pub const SINCE_4: [&str; 25] = [
    "erased contact",
    "marked contact",
    "repeats",
    "repeats in the system",
    "workspace deleted",
    "breaker note",
    "changed resource",
    "deliveries",
    "forgotten",
    "gone resource",
    "made resource",
    "override",
    "patch of settings",
    "replay",
    "resend",
    "settings with effects",
    "take back",
    "trip",
    "patch of all settings",
    "address",
    "calibrate",
    "leveled settings",
    "link rating",
    "mails",
    "opt-out",
];

/// The kinds that version 4 does not have.
pub const SINCE_5: [&str; 20] = [
    "breaker note",
    "changed resource",
    "deliveries",
    "forgotten",
    "gone resource",
    "made resource",
    "override",
    "patch of settings",
    "replay",
    "resend",
    "settings with effects",
    "take back",
    "trip",
    "patch of all settings",
    "address",
    "calibrate",
    "leveled settings",
    "link rating",
    "mails",
    "opt-out",
];

/// The kinds that version 5 does not have.
pub const SINCE_6: [&str; 7] =
    ["patch of all settings", "address", "calibrate", "leveled settings", "link rating", "mails", "opt-out"];

/// The kinds that version 6 does not have.
pub const SINCE_7: [&str; 6] = ["address", "calibrate", "leveled settings", "link rating", "mails", "opt-out"];

/// The kinds that none of the frames is of.
pub fn missing(frames: &[Frame]) -> Vec<&'static str> {
    let found: BTreeSet<_> = frames.iter().flat_map(|frame| kinds(&frame.record)).collect();
    assert!(found.iter().all(|kind| ALL.contains(kind)), "{found:?}");
    ALL.into_iter().filter(|kind| !found.contains(kind)).collect()
}

fn kinds(record: &Record) -> Vec<&'static str> {
    match record {
        Record::Events(events) => {
            let bodies = events.iter().map(|event| body(&event.body));
            let is_marked = events.iter().flat_map(EventRecord::contacts).any(|contact| contact.mark.is_some());
            let is_labelled = events.iter().any(|event| event.channel.is_some() && event.intent.is_some());
            let more = is_marked.then_some("marked contact").into_iter().chain(is_labelled.then_some("labelled"));
            let has_address = events.iter().any(|event| event.address.is_some());
            let more = more.chain(has_address.then_some("address"));
            std::iter::once("events").chain(bodies).chain(more).collect()
        }
        Record::Command { command: done, .. } => vec!["command", command(done)],
        Record::SettingsV1(_) => vec!["settings"],
        Record::SettingsV2(_) => vec!["settings of a model"],
        Record::Settings(_) => vec!["settings with effects"],
        Record::LeveledSettings { .. } => vec!["leveled settings"],
        Record::Rated(_) => vec!["link rating"],
        Record::OptOut { .. } => vec!["opt-out"],
        Record::Mails(_) => vec!["mails"],
        Record::Resource { record, .. } => vec![match record.change {
            ResourceChange::Made { .. } => "made resource",
            ResourceChange::Changed { .. } => "changed resource",
            ResourceChange::Gone => "gone resource",
        }],
        Record::Deliveries(_) => vec!["deliveries"],
        Record::Forgotten => vec!["forgotten"],
        Record::Skip { .. } => vec!["skip"],
        Record::System(change) => vec!["system", system(change)],
        Record::Delivered { .. } => vec!["delivered"],
        Record::Erasure { .. } => vec!["erasure"],
        Record::ErasedBy { .. } => vec!["erased by"],
        Record::Retention { .. } => vec!["retention"],
        Record::Repeats(_) => vec!["repeats"],
        Record::ErasedContact { .. } => vec!["erased contact"],
    }
}

fn body(body: &Body) -> &'static str {
    match body {
        Body::ConversationCreated => "conversation created",
        Body::MessageReceived(_) => "message received",
        Body::MessageSent { .. } => "message sent",
        Body::Message { .. } => "message",
        Body::StatusChanged(_) => "status",
        Body::ConversationResolved(_) => "conversation resolved",
        Body::AttentionItemCreated(_) => "attention item",
        Body::SignalObserved { signal: ObservedSignal::Catalogue(_), .. } => "observed signal",
        Body::SignalObserved { signal: ObservedSignal::Own(_), .. } => "own signal",
        Body::SurveyResponded { .. } => "survey",
        Body::ConversationScored(_) => "imported score",
        Body::AccountUpdated { .. } => "account updated",
    }
}

fn command(command: &Command) -> &'static str {
    match command {
        Command::PatchCsatConfig(_) => "patch",
        Command::Acknowledge { .. } => "acknowledge",
        Command::Resolve { .. } => "resolve",
        Command::Trip { .. } => "trip",
        Command::Note { .. } => "breaker note",
        Command::PatchSettingsV1(_) => "patch of settings",
        Command::PatchSettings(_) => "patch of all settings",
        Command::Override(_) => "override",
        Command::TakeBack { .. } => "take back",
        Command::Replay { .. } => "replay",
        Command::Resend { .. } => "resend",
        Command::Calibrate(_) => "calibrate",
    }
}

fn system(change: &SystemRecord) -> &'static str {
    match change {
        SystemRecord::Initialised { .. } => "initialised",
        SystemRecord::WorkspaceCreated { .. } => "workspace created",
        SystemRecord::KeyCreated { .. } => "key created",
        SystemRecord::KeyRevoked { .. } => "key revoked",
        SystemRecord::KeysUsed(_) => "keys used",
        SystemRecord::Repeats(_) => "repeats in the system",
        SystemRecord::WorkspaceDeleted { .. } => "workspace deleted",
    }
}
