//! The demo's helpdesk and its people, who use the server's real API over HTTP.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli::exit::{Exit, Failure};
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

    /// The same with another key.
    pub fn with_key(&self, key: &str) -> Self {
        Self { key: key.into(), ..self.clone() }
    }

    /// Sends events; all must be accepted.
    pub async fn send(&self, events: &[Value]) -> Result<(), Failure> {
        self.ask(Method::POST, &self.of_workspace("events"), &json!(events)).await.map(drop)
    }

    /// Sends an event that need not be accepted.
    pub async fn try_to_send(&self, event: &Value) -> Result<(), Failure> {
        self.request(Method::POST, &self.of_workspace("events")).json(event).send().await.map_err(failed).map(drop)
    }

    /// Sends an event to a server that may be about to go: whether it was accepted. If not, it may have been stored all
    /// the same, and has to be sent again.
    pub async fn offer(&self, event: &Value) -> Result<bool, Failure> {
        let Ok(response) = self.request(Method::POST, &self.of_workspace("events")).json(event).send().await else {
            return Ok(false);
        };
        match response.status() {
            StatusCode::ACCEPTED => Ok(true),
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => Ok(false),
            status => Err(refused(status, &response.text().await.unwrap_or_default())),
        }
    }

    /// How many conversations of the last weeks have a score; `None` while there is no answer.
    pub async fn conversations_scored(&self) -> Option<u64> {
        self.get(&self.of_workspace("quality/stats")).await.ok()?["conversationsScored"].as_u64()
    }

    /// The gate's answer, as a pipeline asks before the AI may reply (R8.1): whether the account is paused.
    pub async fn is_paused(&self, account: Uuid) -> Result<bool, Failure> {
        let path = format!("quality/gate?accountId={account}");
        Ok(self.get(&self.of_workspace(&path)).await?["decision"] == "pause")
    }

    /// The composite of a conversation; none where it has no score.
    pub async fn composite(&self, conversation: Uuid) -> Result<Option<f64>, Failure> {
        Ok(self.get(&format!("conversations/{conversation}/quality")).await?["compositeScore"].as_f64())
    }

    pub async fn health(&self, account: Uuid) -> Result<Health, Failure> {
        let body = self.get(&format!("accounts/{account}/quality")).await?;
        Ok(Health {
            churn_risk: body["churnRisk"].as_str().unwrap_or("unknown").to_owned(),
            consecutive_low: body["consecutiveLow"].as_u64().unwrap_or(0),
        })
    }

    /// The newest active breaker's id and reason.
    pub async fn breaker(&self) -> Result<Option<(String, String)>, Failure> {
        let body = self.get(&self.of_workspace("quality/circuit-breakers")).await?;
        let text = |name: &str| body["items"][0][name].as_str().map(str::to_owned);
        Ok(text("id").zip(text("reason")))
    }

    /// The id of the scope's active breaker.
    pub async fn breaker_of(&self, scope: &str) -> Result<String, Failure> {
        let body = self.get(&self.of_workspace("quality/circuit-breakers")).await?;
        let items = body["items"].as_array().into_iter().flatten();
        let found = items.filter(|item| item["scopeKey"] == scope).find_map(|item| item["id"].as_str());
        found.map(str::to_owned).ok_or_else(|| Failure::new(Exit::Failed, format!("no breaker of {scope} is active")))
    }

    /// To a path below the workspace's.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.ask(Method::POST, &self.of_workspace(path), body).await
    }

    /// To a path below the workspace's.
    pub async fn patch(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.ask(Method::PATCH, &self.of_workspace(path), body).await
    }

    /// Replaces a conversation's score (R5.9).
    pub async fn correct(&self, conversation: Uuid, body: &Value) -> Result<(), Failure> {
        self.ask(Method::POST, &format!("conversations/{conversation}/quality/override"), body).await.map(drop)
    }

    pub async fn snapshot(&self) -> Result<(), Failure> {
        self.ask(Method::POST, "admin/snapshots", &json!({})).await.map(drop)
    }

    fn of_workspace(&self, path: &str) -> String {
        format!("workspaces/{}/{path}", self.workspace)
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}/api/{path}", self.base)).bearer_auth(&self.key)
    }

    async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.request(Method::GET, path).send().await.map_err(failed)?.json().await.map_err(failed)
    }

    /// What must succeed, and in whole.
    async fn ask(&self, method: Method, path: &str, body: &Value) -> Result<Value, Failure> {
        let response = self.request(method, path).json(body).send().await.map_err(failed)?;
        let status = response.status();
        let answer: Value = response.json().await.map_err(failed)?;
        if status.is_success() && status != StatusCode::MULTI_STATUS {
            return Ok(answer);
        }
        Err(refused(status, &answer))
    }
}

fn refused(status: StatusCode, answer: &impl Display) -> Failure {
    Failure::new(Exit::Failed, format!("the server answered {status} to the demo's own request: {answer}"))
}

fn failed(error: reqwest::Error) -> Failure {
    Failure::new(Exit::Failed, format!("the demo's own request failed: {error}"))
}
