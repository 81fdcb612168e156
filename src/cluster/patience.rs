//! Stores in NATS, made by whichever node comes first.

use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::kv::{Config, Store};
use tokio::time::sleep;

/// How long is waited at least, and longer by what attempts take: several nodes may be making it at once, and a cluster of NATS servers that has just
/// started has to agree on who leads.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// What `attempt` answers in the end: that it worked, or how it failed last.
pub(super) async fn patiently<T, E>(attempt: impl AsyncFn() -> Result<T, E>) -> Result<T, E> {
    let mut pauses = PATIENCE.as_millis() / PAUSE.as_millis();
    loop {
        let done = attempt().await;
        if done.is_ok() || pauses == 0 {
            return done;
        }
        pauses -= 1;
        sleep(PAUSE).await;
    }
}

/// The bucket of this configuration, made where there is none.
pub(super) async fn bucket(jetstream: &Context, config: Config) -> Result<Store, async_nats::Error> {
    patiently(async || match jetstream.get_key_value(&config.bucket).await {
        Ok(store) => Ok::<_, async_nats::Error>(store),
        Err(_) => Ok(jetstream.create_key_value(config.clone()).await?),
    })
    .await
}
