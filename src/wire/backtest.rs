//! Backtests: what is asked, how far one has come, and its answer (R10.7).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{Asked, Body, Fields};
use super::calibration::Level;
use super::failure::Fault;
use super::settings as set;
use super::values::{Count, DateOrInstant, Rate, ScopeKey, Score, Shares, Timestamp};
use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::own_settings::OwnWeight;
use crate::domain::score::Hundredths;
use crate::domain::scoring::catalogue::{SignalKind, shares};
use crate::domain::scoring::level as domain_level;
use crate::domain::scoring::profile::ScoringModel;
use crate::domain::time::{DAY, Millis, parse_bound};
use crate::domain::workspace::backtest::{self as domain, OtherSettings, OtherWeight, Question};

/// What would have tripped?
#[derive(Clone, Debug, Default, PartialEq, ToSchema)]
#[schema(examples(json!({"settings": {"circuitBreakerCount": 5}, "from": "2026-03-01"})))]
pub struct NewBacktest {
    #[schema(value_type = BacktestSettings)]
    pub settings: OtherSettings,
    /// Breakers count that trip from then on, and until then the settings are what they are. As far back as
    /// conversations are kept, where it is left out.
    #[schema(required = false, nullable = false, value_type = DateOrInstant)]
    pub from: Option<Millis>,
    /// Inclusive. Until now, where it is left out.
    #[schema(required = false, nullable = false, value_type = DateOrInstant)]
    pub to: Option<Millis>,
}

/// Settings in place of those in force; what is left out stays. They mean what they mean in the configuration and the
/// settings of the workspace.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[schema(examples(json!({"circuitBreakerCount": 5, "minConfidence": 0.4})))]
pub struct BacktestSettings {
    #[schema(required = false, nullable = false)]
    pub threshold_low_composite: Option<Score>,
    #[schema(required = false, nullable = false, minimum = 1, maximum = 100)]
    pub circuit_breaker_count: Option<u16>,
    #[schema(required = false, nullable = false, minimum = 1, maximum = 168)]
    pub circuit_breaker_window_hours: Option<u16>,
    #[schema(required = false, nullable = false, minimum = 1, maximum = 100)]
    pub workspace_factor: Option<u16>,
    /// Null: any counts.
    #[schema(required = false)]
    pub min_confidence: Option<Rate>,
    /// Null: any counts.
    #[schema(required = false, minimum = 0, maximum = 65_535)]
    pub min_signals: Option<u16>,
    /// Null: they have none.
    #[schema(required = false)]
    pub channel_breakers: Option<bool>,
    /// Null: they have none.
    #[schema(required = false)]
    pub intent_breakers: Option<bool>,
    /// Composites are made anew of the dimensions that are kept.
    #[schema(required = false, nullable = false)]
    pub composite_weights: Option<Shares>,
    /// By the names of signals. Scores whose signals are kept are made anew.
    #[schema(required = false, nullable = false)]
    pub signal_weights: Option<BTreeMap<String, OtherSignalWeight>>,
    /// Of a calibration. Scores whose signals are kept are made anew.
    #[schema(required = false, nullable = false)]
    pub level: Option<Level>,
}

/// What a signal weighs, and for what.
#[derive(ToSchema)]
#[schema(examples(json!({"weight": 0.8})))]
pub struct OtherSignalWeight {
    /// In pseudo-counts.
    #[schema(minimum = 0, maximum = 10)]
    pub weight: f64,
    /// The parts of it that go to outcome, process and environment; null or left out: as they are.
    #[schema(required = false)]
    pub loadings: Option<Shares>,
}

impl Body for NewBacktest {
    fn read(fields: &mut Fields<'_>, _: Asked) -> Self {
        let settings = fields.required("settings", |fields, name| fields.object(name, settings));
        let from = fields.parsed("from", |text| parse_bound(text, |day| day * DAY));
        let to = fields.parsed("to", |text| parse_bound(text, |day| day * DAY + DAY - 1));
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            fields.fault("from", "must not be after to");
        }
        Self { settings: settings.unwrap_or_default(), from, to }
    }
}

impl NewBacktest {
    pub fn question(self, now: Millis) -> Question {
        let Self { settings, from, to } = self;
        Question { settings, from, to, now }
    }
}

fn settings(fields: &mut Fields<'_>) -> OtherSettings {
    if fields.has("thresholdResolutionFailure") {
        fields.pass_over("thresholdResolutionFailure");
        fields.fault("thresholdResolutionFailure", "has no part in what trips a breaker");
    }
    OtherSettings {
        threshold_low_composite: fields.score("thresholdLowComposite"),
        circuit_breaker_count: fields.integer("circuitBreakerCount", 1, 100),
        circuit_breaker_window_hours: fields.integer("circuitBreakerWindowHours", 1, 168),
        workspace_factor: fields.integer("workspaceFactor", 1, 100),
        min_confidence: fields.nullable_rate("minConfidence"),
        min_signals: fields.nullable_integer("minSignals", 0, u16::MAX),
        channel_breakers: fields.nullable_boolean("channelBreakers"),
        intent_breakers: fields.nullable_boolean("intentBreakers"),
        composite_weights: composite_weights(fields, "compositeWeights"),
        signals: signal_weights(fields, "signalWeights").unwrap_or_default(),
        level: fields.object("level", level).flatten(),
    }
}

fn level(fields: &mut Fields<'_>) -> Option<domain_level::Level> {
    let mut number = |name: &str, range| fields.required(name, |fields, name| fields.number(name, range));
    let shift = number("shift", -4.0..=4.0);
    let (spread, center) = (number("spread", 0.25..=4.0), number("center", 1.0..=5.0));
    Some(domain_level::Level { shift: shift?, spread: spread?, center: center? })
}

/// What has no value here that null would go back to.
const NULL: &str = "must not be null here";

fn composite_weights(fields: &mut Fields<'_>, name: &str) -> Option<[f64; 3]> {
    let parts = set::composite_weights(fields, name)?;
    if parts.is_none() {
        fields.fault(name, NULL);
    }
    shares(parts?.map(|part| part.0))
}

fn signal_weights(fields: &mut Fields<'_>, name: &str) -> Option<Vec<(SignalKind, OtherWeight)>> {
    let sent = set::signal_weights(fields, name, None)?;
    let weight = |weight: OwnWeight| OtherWeight {
        weight: weight.weight.0,
        loadings: weight.loadings.and_then(|parts| shares(parts.map(|part| part.0))),
    };
    let weights = sent.and_then(|sent| sent.into_iter().map(|(kind, sent)| Some((kind, weight(sent?)))).collect());
    if weights.is_none() {
        fields.fault(name, NULL);
    }
    weights
}

/// Signals that the side's model does not have.
pub fn faults_of_model(settings: &OtherSettings, model: ScoringModel) -> Vec<Fault> {
    let foreign = settings.signals.iter().filter(|(kind, _)| model.place(*kind).is_none());
    let fault = |(kind, _): &(SignalKind, OtherWeight)| Fault {
        pointer: format!("/settings/signalWeights/{}", kind.name()),
        error: "is a signal of another model".into(),
    };
    foreign.map(fault).collect()
}

/// A backtest under way, or its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(examples(json!({"id": "0191b5a2-7c3e-7d11-9f00-0000000bac0e", "progress": 0.42, "result": null})))]
pub struct BacktestProgress {
    pub id: Id,
    /// How much of it is done.
    #[schema(value_type = Rate)]
    pub progress: Hundredths,
    /// Null until it is done.
    #[schema(required)]
    pub result: Option<Backtest>,
}

/// The breakers that tripped, and those that would have under other settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Backtest {
    /// From when on breakers count: at the earliest from when on conversations are kept. Null: from the beginning.
    #[schema(required)]
    pub from: Option<Timestamp>,
    /// Null: until now.
    #[schema(required)]
    pub to: Option<Timestamp>,
    /// Those that tripped. What people tripped by hand is in neither, and stopped its scope in both.
    pub as_is: TrippedBreakers,
    /// Those that would have tripped.
    pub what_if: TrippedBreakers,
    /// With other weights of signals, conversations that were scored with them.
    #[schema(required)]
    pub rescored: Option<Count>,
    /// With other weights of signals, conversations whose scores stayed: their signals are gone, were never observed,
    /// or a person's word stands in their place.
    #[schema(required)]
    pub unchanged: Option<Count>,
}

/// Breakers that tripped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TrippedBreakers {
    /// The newest of them, newest first.
    #[schema(max_items = 1000)]
    pub breakers: Vec<TrippedBreaker>,
    /// All of them.
    pub total: Count,
}

/// A breaker that tripped, or would have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "scopeKey": "account:acc_0191b5a2-7c3e-7d11-9f00-00000000acc1", "accountName": "Nordic Parts ApS",
    "triggeredAt": "2026-03-15T14:35:00.000Z", "resolvedAt": null, "runLength": 3, "secondsActive": 86400
})))]
pub struct TrippedBreaker {
    #[schema(value_type = ScopeKey)]
    pub scope_key: String,
    /// As the account is called now; null for one without a name, and where it is no account that is stopped.
    #[schema(required)]
    pub account_name: Option<String>,
    pub triggered_at: Timestamp,
    /// The first resolve of its scope since; null: there was none.
    #[schema(required)]
    pub resolved_at: Option<Timestamp>,
    /// Low conversations of the run that tripped it.
    pub run_length: Count,
    /// Until it was resolved, or until now.
    pub seconds_active: Count,
}

impl Backtest {
    /// That of this workspace.
    pub fn of(key: WorkspaceKey, backtest: domain::Backtest) -> Self {
        let domain::Backtest { from, to, as_is, what_if, reweighed } = backtest;
        let breaker = |breaker: domain::TrippedBreaker| TrippedBreaker {
            scope_key: breaker.scope.key(key),
            account_name: breaker.account_name.as_deref().map(str::to_owned),
            triggered_at: Timestamp(breaker.triggered_at),
            resolved_at: breaker.resolved_at.map(Timestamp),
            run_length: breaker.run.into(),
            seconds_active: breaker.seconds_active.into(),
        };
        let tripped = |tripped: domain::Tripped| TrippedBreakers {
            breakers: tripped.breakers.into_iter().map(breaker).collect(),
            total: tripped.total.into(),
        };
        Self {
            from: from.map(Timestamp),
            to: to.map(Timestamp),
            as_is: tripped(as_is),
            what_if: tripped(what_if),
            rescored: reweighed.map(|reweighed| reweighed.rescored.into()),
            unchanged: reweighed.map(|reweighed| reweighed.unchanged.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::body::{self, BodyError};
    use super::*;

    fn read(body: &str) -> Result<NewBacktest, BodyError> {
        body::read(body.as_bytes(), Asked::default())
    }

    fn pointers(body: &str) -> Vec<String> {
        match read(body) {
            Err(BodyError::Faults(faults)) => faults.into_iter().map(|fault| fault.pointer).collect(),
            other => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn r10_7_settings_are_read_as_where_they_are_set() {
        let body = r#"{"settings": {"thresholdLowComposite": 3.25, "circuitBreakerCount": 5, "minConfidence": null,
            "channelBreakers": true, "compositeWeights": [2, 1, 1],
            "signalWeights": {"thanks": {"weight": 0.8}, "shout": {"weight": 0, "loadings": [0, 1, 1]}}},
            "from": "2026-03-01", "to": "2026-03-01"}"#;
        let NewBacktest { settings, from, to } = read(body).unwrap();
        assert_eq!(to.zip(from).map(|(to, from)| to - from), Some(DAY - 1));
        assert_eq!(settings.threshold_low_composite, Some(Hundredths(325)));
        assert_eq!((settings.circuit_breaker_count, settings.min_confidence), (Some(5), Some(None)));
        assert_eq!((settings.channel_breakers, settings.min_signals), (Some(Some(true)), None));
        assert_eq!(settings.composite_weights, Some([0.5, 0.25, 0.25]));
        let shout = OtherWeight { weight: 0.0, loadings: Some([0.0, 0.5, 0.5]) };
        let thanks = OtherWeight { weight: 0.8, loadings: None };
        assert_eq!(settings.signals, [(SignalKind::Thanks, thanks), (SignalKind::Shout, shout)]);
        assert_eq!(faults_of_model(&settings, ScoringModel::Support2), []);
        let foreign = faults_of_model(&settings, ScoringModel::Task1);
        let foreign: Vec<_> = foreign.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(foreign, ["/settings/signalWeights/thanks", "/settings/signalWeights/shout"]);
    }

    #[test]
    fn r10_7_what_is_no_such_setting_is_named_with_all_else_that_is_wrong() {
        let body = r#"{"settings": {"circuitBreakerCount": 0, "minSignals": 1.5, "workspaceFactor": null,
            "compositeWeights": null, "thresholdResolutionFailure": 2, "windowDays": 9,
            "signalWeights": {"no_reply": {"weight": 1}, "nps": {"weight": 1}, "thanks": {"weight": 11, "x": 1}}},
            "from": "2026-03-02", "to": "2026-03-01", "period": "last_7d"}"#;
        let mut found = pointers(body);
        found.sort();
        let settings = [
            "circuitBreakerCount",
            "compositeWeights",
            "minSignals",
            "signalWeights/no_reply",
            "signalWeights/nps",
            "signalWeights/thanks/weight",
            "signalWeights/thanks/x",
            "thresholdResolutionFailure",
            "windowDays",
            "workspaceFactor",
        ];
        let mut expected = vec!["/from".to_owned(), "/period".to_owned()];
        expected.extend(settings.map(|name| format!("/settings/{name}")));
        assert_eq!(found, expected);
        assert_eq!(pointers("{}"), ["/settings"]);
        assert_eq!(pointers(r#"{"settings": [], "from": "soon"}"#), ["/settings", "/from"]);
        for null in [r#""signalWeights": null"#, r#""signalWeights": {"thanks": null}"#] {
            assert_eq!(pointers(&format!(r#"{{"settings": {{{null}}}}}"#)), ["/settings/signalWeights"]);
        }
        assert_eq!(read(r#"{"settings": {}}"#).unwrap(), NewBacktest::default());
    }
}
