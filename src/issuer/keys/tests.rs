use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::*;
use crate::clock::ManualClock;
use crate::domain::time::{HOUR, MINUTE, SECOND};
use crate::issuer::signing::Signer;

/// Answers from a script; with none left, as an issuer that is down. Each fetch takes a permit.
struct Script {
    answers: Mutex<VecDeque<Vec<u8>>>,
    permits: Semaphore,
    begun: AtomicUsize,
}

impl Fetch for Script {
    fn fetch(&self) -> BoxFuture<'_, Result<Vec<u8>, FetchError>> {
        Box::pin(async {
            self.begun.fetch_add(1, Ordering::SeqCst);
            self.permits.acquire().await.expect("the semaphore stays open").forget();
            self.answers.lock().pop_front().ok_or(FetchError::Status(503))
        })
    }
}

struct Ground {
    script: Arc<Script>,
    clock: Arc<ManualClock>,
    keys: Arc<Keys>,
    key: Value,
}

impl Ground {
    /// `permits`: fetches that come to an end at once.
    fn new(permits: usize) -> Self {
        let script = Script { answers: Mutex::default(), permits: Semaphore::new(permits), begun: AtomicUsize::new(0) };
        let (script, clock) = (Arc::new(script), Arc::new(ManualClock::new(0)));
        let keys = Keys::new(Arc::clone(&script) as _, Arc::clone(&clock) as _, Handle::current(), WAIT);
        Self { script, clock, keys: Arc::new(keys), key: Signer::generate().jwk("") }
    }

    /// The next answer is a set of one key under each of these names.
    fn answer(&self, kids: &[&str]) {
        let named = |kid: &&str| {
            let mut key = self.key.clone();
            key["kid"] = json!(kid);
            key
        };
        let set = json!({"keys": kids.iter().map(named).collect::<Vec<_>>()});
        self.script.answers.lock().push_back(set.to_string().into_bytes());
    }

    fn begun(&self) -> usize {
        self.script.begun.load(Ordering::SeqCst)
    }

    async fn finds(&self, kid: &str) -> bool {
        self.keys.find(kid).await.is_ok()
    }

    /// The end of the fetch under way, if there is one.
    async fn settled(&self) {
        let end = self.keys.schedule.lock().under_way().cloned();
        if let Some(mut end) = end {
            let _ = end.changed().await;
        }
    }
}

/// Short: what is waited for here either comes at once or not at all.
const WAIT: Duration = Duration::from_millis(50);

#[tokio::test]
async fn r2_13_unknown_kids_fetch_at_most_once_a_minute() {
    let ground = Ground::new(100);
    ground.answer(&["a"]);
    assert!(ground.finds("a").await);
    for n in 0..1_000 {
        assert_eq!(ground.keys.find(&format!("random-{n}")).await.unwrap_err(), Missing::Unknown);
    }
    assert_eq!(ground.begun(), 1);
    ground.clock.advance(MINUTE - 1);
    assert!(!ground.finds("b").await);
    assert_eq!(ground.begun(), 1);
    ground.clock.advance(1);
    ground.answer(&["a", "b"]);
    assert!(ground.finds("b").await, "rotation");
    assert!(!ground.finds("c").await);
    assert_eq!(ground.begun(), 2);
}

#[tokio::test]
async fn r2_13_failures_count_too_and_the_keys_are_kept() {
    let ground = Ground::new(100);
    ground.answer(&["a"]);
    assert!(ground.finds("a").await);
    for minute in 1..=5 {
        ground.clock.advance(MINUTE);
        for _ in 0..10 {
            assert!(!ground.finds("b").await && ground.finds("a").await);
        }
        assert_eq!(ground.begun(), 1 + minute);
    }
    ground.clock.advance(100 * HOUR);
    assert!(ground.finds("a").await, "however old");
}

#[tokio::test]
async fn r2_13_a_new_set_replaces_the_old_one_whole() {
    let ground = Ground::new(100);
    ground.answer(&["a", "b"]);
    assert!(ground.finds("a").await);
    ground.clock.advance(HOUR - 1);
    assert!(ground.finds("a").await);
    assert_eq!(ground.begun(), 1);
    ground.clock.advance(1);
    ground.answer(&["b"]);
    assert!(ground.finds("a").await, "what is known does not wait");
    ground.settled().await;
    assert_eq!(ground.begun(), 2);
    assert!(!ground.finds("a").await && ground.finds("b").await);
    // What is no key set, or has no key to take, withdraws none.
    for body in ["<html>", r#"{"keys": []}"#] {
        ground.clock.advance(MINUTE);
        ground.script.answers.lock().push_back(body.into());
        assert!(!ground.finds("a").await && ground.finds("b").await);
    }
    assert_eq!(ground.begun(), 4);
}

#[tokio::test]
async fn r2_13_without_any_keys_the_answer_is_when_to_come_back() {
    let ground = Ground::new(100);
    let never = |seconds| Missing::NeverLoaded { retry_after: Duration::from_secs(seconds) };
    assert_eq!(ground.keys.find("a").await.unwrap_err(), never(60));
    ground.clock.advance(59_500);
    assert_eq!(ground.keys.find("a").await.unwrap_err(), never(1));
    assert_eq!(ground.begun(), 1);
    ground.clock.advance(500);
    ground.answer(&["a"]);
    assert!(ground.finds("a").await);
}

#[tokio::test]
async fn r2_13_a_slow_issuer_holds_up_nobody_for_long_and_is_asked_once() {
    let ground = Ground::new(1);
    ground.answer(&["a"]);
    assert!(ground.finds("a").await);
    ground.clock.advance(HOUR);
    assert!(ground.finds("a").await);
    let unknown = |n: usize| {
        let keys = Arc::clone(&ground.keys);
        tokio::spawn(async move { keys.find(&format!("x{n}")).await.unwrap_err() })
    };
    let waiting: Vec<_> = (0..100).map(unknown).collect();
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap(), Missing::Unknown, "within the bound, though the fetch hangs");
    }
    ground.clock.advance(HOUR);
    assert!(ground.finds("a").await && !ground.finds("y").await);
    assert_eq!(ground.begun(), 2, "one at a time");
    ground.answer(&["a", "b"]);
    ground.script.permits.add_permits(1);
    ground.settled().await;
    assert!(ground.finds("b").await);
}

#[tokio::test]
async fn r2_13_those_who_wait_for_a_rotated_key_get_it() {
    let ground = Ground::new(0);
    let (script, clock) = (Arc::clone(&ground.script), Arc::clone(&ground.clock));
    let keys = Arc::new(Keys::new(script, clock, Handle::current(), Duration::from_secs(600)));
    let waiting: Vec<_> = (0..10)
        .map(|_| {
            let keys = Arc::clone(&keys);
            tokio::spawn(async move { keys.find("b").await.is_ok() })
        })
        .collect();
    ground.answer(&["b"]);
    ground.script.permits.add_permits(1);
    for waiting in waiting {
        assert!(waiting.await.unwrap());
    }
    assert_eq!(ground.begun(), 1);
}

#[tokio::test]
async fn a_fetch_that_panics_is_an_end_like_any_other() {
    struct Panics;
    impl Fetch for Panics {
        fn fetch(&self) -> BoxFuture<'_, Result<Vec<u8>, FetchError>> {
            Box::pin(async { panic!("a defect of the fetch") })
        }
    }
    let clock = Arc::new(ManualClock::new(0));
    let keys = Keys::new(Arc::new(Panics), Arc::clone(&clock) as _, Handle::current(), Duration::from_secs(600));
    let keys = Arc::new(keys);
    for _ in 0..3 {
        assert!(matches!(keys.find("a").await, Err(Missing::NeverLoaded { .. })));
        clock.advance(MINUTE);
    }
}

#[tokio::test]
async fn r2_16_a_step_of_the_wall_clock_moves_no_fetch() {
    let ground = Ground::new(100);
    ground.answer(&["a"]);
    assert!(ground.finds("a").await);
    for step in [10 * HOUR, -10 * HOUR] {
        ground.clock.set(step);
        assert!(ground.finds("a").await && !ground.finds("b").await);
    }
    assert_eq!(ground.begun(), 1);
    ground.clock.advance(61 * SECOND);
    assert!(!ground.finds("b").await);
    assert_eq!(ground.begun(), 2);
}
