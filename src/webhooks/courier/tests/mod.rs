//! The courier over a side that stands in memory and receivers that do as they are told, on a clock that jumps.

mod bounds;
mod faults;
mod order;
mod restart;
mod side;

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use self::side::Side;
use super::*;
use crate::clock::Clock;
use crate::domain::delivery::DeliveryFault;
use crate::domain::effect::EffectTypes;
use crate::domain::time::Millis;
use crate::webhooks::client::{Answer, Message, Post};
use crate::wire::webhook::WebhookFormat;

const KEY: WorkspaceKey = WorkspaceKey { id: Id(1), side: crate::domain::ids::Side::Live };

/// Server time that goes as tokio's does, which jumps to the next timer where nothing else is to be done.
struct Jumping(Instant);

impl Clock for Jumping {
    fn now(&self) -> Millis {
        1_774_432_800_000 + Millis::try_from(self.elapsed().as_millis()).unwrap()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

impl News for watch::Receiver<EffectId> {
    async fn changed(&mut self) -> bool {
        Self::changed(self).await.is_ok()
    }
}

/// What has arrived: when, the endpoint's URL, and the message.
#[derive(Clone, Debug)]
struct Arrived {
    at: Duration,
    url: String,
    message: Message,
}

impl Arrived {
    /// Of the effect.
    fn data(&self) -> serde_json::Value {
        serde_json::from_slice::<serde_json::Value>(&self.message.body).unwrap()["data"].take()
    }
}

/// What a receiver does with a message, after so long.
type Behave = Box<dyn Fn(&Arrived, usize) -> (Duration, Answer) + Send + Sync>;

/// All receivers.
struct Receivers {
    began: Instant,
    behave: Mutex<Arc<Behave>>,
    arrived: Mutex<Vec<Arrived>>,
}

impl Post for Receivers {
    fn post(&self, message: Message) -> BoxFuture<'_, Answer> {
        Box::pin(async move {
            let arrived = Arrived { at: self.began.elapsed(), url: message.url.to_string(), message };
            let earlier = {
                let mut all = self.arrived.lock();
                all.push(arrived.clone());
                all.iter()
                    .filter(|other| (&other.url, &other.message.id) == (&arrived.url, &arrived.message.id))
                    .count()
            };
            let behave = Arc::clone(&self.behave.lock());
            let (after, answer) = behave(&arrived, earlier);
            sleep(after).await;
            answer
        })
    }
}

/// A side, its receivers, and the courier between them.
struct World {
    side: Arc<Side>,
    receivers: Arc<Receivers>,
    sender: Arc<Sender>,
    stop: Stop,
    news: watch::Sender<EffectId>,
    courier: Option<JoinHandle<()>>,
}

fn answer(status: u16) -> Answer {
    let fault = (status >= 300).then_some(DeliveryFault::Status);
    Answer { status: Some(status), fault, ..Answer::default() }
}

fn ok(_: &Arrived, _: usize) -> (Duration, Answer) {
    (Duration::from_millis(5), answer(200))
}

impl World {
    /// With so many endpoints that want everything.
    fn new(endpoints: u128, behave: impl Fn(&Arrived, usize) -> (Duration, Answer) + Send + Sync + 'static) -> Self {
        let behave: Mutex<Arc<Behave>> = Mutex::new(Arc::new(Box::new(behave)));
        let receivers = Arc::new(Receivers { began: Instant::now(), behave, arrived: Mutex::default() });
        let clock = Arc::new(Jumping(Instant::now()));
        let sender = Arc::new(Sender::new(Arc::clone(&receivers) as Arc<dyn Post>, clock, 64, None));
        let (news, _) = watch::channel(EffectId::ZERO);
        let world = Self { side: Arc::default(), receivers, sender, stop: Stop::new(), news, courier: None };
        (1..=endpoints).for_each(|id| world.side.add_endpoint(id, EffectTypes::ALL, WebhookFormat::Standard));
        world
    }

    fn start(&mut self) {
        let (source, sender) = (Arc::clone(&self.side), Arc::clone(&self.sender));
        let courier = Courier::new(source, sender, Arc::default(), KEY, "tenant".into());
        let (news, stop) = (self.news.subscribe(), self.stop.clone());
        let (_, asked) = mpsc::channel(1);
        self.courier = Some(tokio::spawn(async move { courier.run(news, asked, &stop).await }));
    }

    fn tell(&self) {
        self.news.send_modify(|_| {});
    }

    /// As a process that is killed.
    async fn kill(&mut self) {
        let courier = self.courier.take().unwrap();
        courier.abort();
        assert!(courier.await.unwrap_err().is_cancelled());
    }

    async fn stop(&mut self) {
        self.stop.cancel();
        self.courier.take().unwrap().await.unwrap();
    }

    fn behave(&self, behave: impl Fn(&Arrived, usize) -> (Duration, Answer) + Send + Sync + 'static) {
        *self.receivers.behave.lock() = Arc::new(Box::new(behave));
    }

    fn arrived(&self) -> Vec<Arrived> {
        self.receivers.arrived.lock().clone()
    }

    /// What has arrived at an endpoint, by `conversationId` and in its order.
    fn conversations_at(&self, endpoint: u128) -> Vec<String> {
        let url = side::url(endpoint);
        let at = self.arrived().into_iter().filter(|arrived| arrived.url == url);
        at.map(|arrived| arrived.data()["conversationId"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// Lets so much time pass.
async fn pass(seconds: u64) {
    sleep(Duration::from_secs(seconds)).await;
}
