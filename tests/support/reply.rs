//! An answer, and the form that every failure has (R2.7).

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    pub async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let lasts = headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let text = if lasts { String::new() } else { response.text().await.expect("a body in UTF-8") };
        assert!(headers.contains_key("x-request-id"), "R2.1: every answer has its id");
        Self { status, headers, text }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a header in ASCII"))
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("not JSON ({e}): {}", self.text))
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.json()
    }

    /// The whole form of R2.7, and nothing beside it.
    #[track_caller]
    pub fn fails(&self, status: u16, code: &str) -> &Self {
        let body = self.expect(status);
        self.has_form(&body, code);
        for (member, _) in body.as_object().expect("an object") {
            assert!(["error", "code", "requestId", "details"].contains(&member.as_str()), "{body}");
        }
        self
    }

    #[track_caller]
    fn has_form(&self, body: &Value, code: &str) {
        assert_eq!(self.header("content-type"), "application/json");
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["requestId"], self.header("x-request-id"));
        assert!(body["error"].as_str().is_some_and(|error| error.len() > 10), "{body}");
        let Some(details) = body.get("details") else { return };
        let details = details.as_array().expect("details are an array");
        assert!(!details.is_empty(), "details only where there are some");
        for detail in details {
            let members = detail.as_object().expect("a detail is an object");
            assert_eq!(members.len(), 2, "{detail}");
            assert!(members["pointer"].is_string() && members["error"].is_string(), "{detail}");
        }
        if matches!(self.status.as_u16(), 429 | 503) {
            assert!(self.headers.contains_key("retry-after"), "R2.8");
        }
    }

    /// A 422: R4.3's three members besides R2.7's.
    #[track_caller]
    pub fn all_rejected(&self) -> Value {
        let body = self.expect(422);
        self.has_form(&body, "all_rejected");
        assert_eq!((&body["accepted"], &body["duplicates"]), (&0.into(), &0.into()));
        body["rejected"].clone()
    }

    /// The pointers of the details, in their order.
    pub fn pointers(&self) -> Vec<String> {
        let body = self.json();
        let details = body["details"].as_array().cloned().unwrap_or_default();
        details.iter().map(|d| d["pointer"].as_str().unwrap_or_default().to_owned()).collect()
    }
}
