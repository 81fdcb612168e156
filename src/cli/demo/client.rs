//! The demo's pipeline, which uses the server's real API over HTTP.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::script::{DialogueStep, Script, Who};
use crate::cli::exit::{Exit, Failure};
use crate::domain::time::{self, Millis};
use crate::outgoing;

/// A client of one workspace. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    pub base: Arc<str>,
    pub key: Arc<str>,
    pub workspace: Uuid,
}

/// What the demo shows of an account's health.
#[derive(Clone, Debug)]
pub struct Health {
    pub churn_risk: String,
    pub consecutive_low: u64,
}

impl Client {
    pub fn new(base: &str, key: &str, workspace: Uuid) -> Result<Self, Failure> {
        let http = outgoing::client().no_proxy().timeout(Duration::from_secs(30));
        // Plain HTTP needs no certificate authorities.
        let http = http.tls_certs_only([]).build().map_err(failed)?;
        Ok(Self { http, base: base.into(), key: key.into(), workspace })
    }

    /// Sends events; all must be accepted.
    pub async fn send(&self, events: &[Value]) -> Result<(), Failure> {
        let url = format!("{}/api/workspaces/{}/events", self.base, self.workspace);
        let response = self.http.post(url).bearer_auth(&self.key).json(events).send().await.map_err(failed)?;
        if response.status().as_u16() == 202 {
            return Ok(());
        }
        let status = response.status();
        let body = response.text().await.unwrap_or_default();
        Err(Failure::new(Exit::Failed, format!("the server answered {status} to the demo's events: {body}")))
    }

    /// The gate's answer, as a pipeline asks before the AI may reply (R8.1): whether the account is paused.
    pub async fn is_paused(&self, account: Uuid) -> Result<bool, Failure> {
        let path = format!("/api/workspaces/{}/quality/gate?accountId={account}", self.workspace);
        Ok(self.get(&path).await?["decision"] == "pause")
    }

    /// The composite of a conversation; none where it has no score.
    pub async fn composite(&self, conversation: Uuid) -> Result<Option<f64>, Failure> {
        Ok(self.get(&format!("/api/conversations/{conversation}/quality")).await?["compositeScore"].as_f64())
    }

    pub async fn health(&self, account: Uuid) -> Result<Health, Failure> {
        let body = self.get(&format!("/api/accounts/{account}/quality")).await?;
        Ok(Health {
            churn_risk: body["churnRisk"].as_str().unwrap_or("unknown").to_owned(),
            consecutive_low: body["consecutiveLow"].as_u64().unwrap_or(0),
        })
    }

    /// The active breaker's id and reason.
    pub async fn breaker(&self) -> Result<Option<(String, String)>, Failure> {
        let body = self.get(&format!("/api/workspaces/{}/quality/circuit-breakers", self.workspace)).await?;
        let text = |name: &str| body["items"][0][name].as_str().map(str::to_owned);
        Ok(text("id").zip(text("reason")))
    }

    async fn get(&self, path: &str) -> Result<Value, Failure> {
        let request = self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.key);
        request.send().await.map_err(failed)?.json().await.map_err(failed)
    }
}

fn failed(error: reqwest::Error) -> Failure {
    Failure::new(Exit::Failed, format!("the demo's own request failed: {error}"))
}

/// The events of a script, from the first message to the end. With `start` they have times, a
/// minute apart; without, the server's.
pub fn events(script: &Script, account: (Uuid, &str), conversation: Uuid, start: Option<Millis>) -> Vec<Value> {
    let data = |extra: Value| {
        let mut data = json!({
            "conversationId": conversation, "accountId": account.0, "accountName": account.1,
            "channel": script.channel, "intent": script.intent,
        });
        if let (Some(data), Value::Object(extra)) = (data.as_object_mut(), extra) {
            data.extend(extra);
        }
        data
    };
    let mut bodies = vec![("conversation.created", json!({}))];
    bodies.extend(script.steps.iter().map(|step| match step {
        DialogueStep::Says(Who::Customer, text) => ("message.received", json!({"text": text, "language": "en"})),
        DialogueStep::Says(Who::Ai, text) => ("message.sent", json!({"sender": "ai", "text": text, "language": "en"})),
        DialogueStep::Says(Who::Human, text) => {
            ("message.sent", json!({"sender": "human", "text": text, "language": "en"}))
        }
        DialogueStep::Attention(kind) => ("attention_item.created", json!({"attentionType": kind})),
        DialogueStep::Rates(rating) => ("survey.responded", json!({"rating": rating})),
    }));
    bodies.push(("conversation.resolved", json!({"resolution": script.resolution})));
    let event = |(number, (kind, extra)): (usize, (&str, Value))| {
        let mut event = json!({
            "specversion": "1.0", "source": "tripswitch-demo", "id": format!("{conversation}-{number}"),
            "type": kind, "data": data(extra),
        });
        if let Some(start) = start {
            let minutes = Millis::try_from(number).unwrap_or(0);
            event["time"] = time::format(start + minutes * time::MINUTE).into();
        }
        event
    };
    bodies.into_iter().enumerate().map(event).collect()
}
