//! A large state: scores from elsewhere, of random accounts, over eight months.

use tripswitch::domain::event::{Body, EventRecord, Identity, ImportedScore};
use tripswitch::domain::ids::{Id, Side, WorkspaceKey};
use tripswitch::domain::local::Local;
use tripswitch::domain::record::{APPLY_VERSION, Frame, Record};
use tripswitch::domain::score::Hundredths;
use tripswitch::domain::settings::Settings;
use tripswitch::domain::system::SystemRecord;
use tripswitch::domain::system_table::SystemTable;
use tripswitch::domain::time::{DAY, Millis};
use tripswitch::domain::workspace::Workspace;

use super::random::Random;

const START: Millis = 1_750_000_000_000;
const SPAN: Millis = 240 * DAY;
const FRAME: u64 = 100;
/// Accounts that stay awake while it is made.
const AWAKE: usize = 16_384;

/// The system workspace, and every other.
pub fn make(conversations: u64, accounts: u64, workspaces: u64) -> (SystemTable, Vec<Workspace>) {
    let mut system = SystemTable::default();
    let first = SystemRecord::Initialised { incarnation: Id(1), identity_key: [7; 32] };
    system.apply(&first, START).expect("the first record is taken");
    let mut all = Vec::new();
    for n in 0..workspaces {
        let id = Id(u128::from(n) + 1);
        let record =
            SystemRecord::WorkspaceCreated { id, name: "Load".into(), tenant: "load".into(), actor: "b".into() };
        system.apply(&record, START).expect("the workspace is new");
        all.push(workspace(id, conversations / workspaces, accounts / workspaces));
    }
    system.advance(workspaces + 1);
    (system, all)
}

fn workspace(id: Id, conversations: u64, accounts: u64) -> Workspace {
    let key = WorkspaceKey { id, side: Side::Live };
    let mut local = Local::new(key, "Load".into(), Settings::default());
    let frame = |seq, receipt, record| Frame { key, seq, receipt, apply_version: APPLY_VERSION, record };
    local.apply(&[frame(1, START, Record::Settings(Box::default()))]);
    let (mut random, mut seq) = (Random::new(id.0 as u64), 1);
    for first in (0..conversations).step_by(FRAME as usize) {
        seq += 1;
        let receipt = START + (u128::from(first) * SPAN as u128 / u128::from(conversations)) as Millis;
        let count = FRAME.min(conversations - first);
        let events = (first..first + count).map(|n| event(n, random.below(accounts), random.next(), receipt));
        local.apply(&[frame(seq, receipt, Record::Events(events.collect()))]);
        if local.accounts.len() > AWAKE {
            let awake: Vec<Id> = local.accounts.keys().copied().collect();
            awake.into_iter().for_each(|id| local.sleep(id));
        }
    }
    let awake: Vec<Id> = local.accounts.keys().copied().collect();
    awake.into_iter().for_each(|id| local.sleep(id));
    local.workspace
}

fn event(n: u64, account: u64, drawn: u64, time: Millis) -> EventRecord {
    let mut key = [0; 12];
    key[..8].copy_from_slice(&(n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    let score = |shift: u64| Hundredths(100 + (drawn >> shift & 0xff) as u16 % 401);
    let import = ImportedScore {
        dimensions: [score(0), score(8), score(16)],
        resolved: drawn & 1 << 24 != 0,
        confidence: Hundredths((drawn >> 25 & 63) as u16),
        signal_count: (drawn >> 31 & 15) as u16,
    };
    EventRecord {
        identity: Identity { key, content: n as u32 },
        time: Some(time),
        conversation: Some(Id(u128::from(drawn) << 64 | u128::from(n))),
        account: Some(Id(1 << 100 | u128::from(account))),
        account_name: None,
        contact: None,
        channel: None,
        intent: None,
        body: Body::ConversationScored(import),
        address: None,
    }
}
