//! The dashboard and the alerts that are shipped: what they name is there.

use std::collections::BTreeSet;
use std::path::Path;

use regex::Regex;
use serde_json::Value;
use tripswitch::app::Standing;

use super::Watched;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The metrics in a text.
fn named(text: &str) -> BTreeSet<String> {
    let names = Regex::new(r"\b(?:tripswitch|process)_[a-z0-9_]+").expect("a pattern");
    names.find_iter(text).map(|found| found.as_str().to_owned()).collect()
}

/// The expressions of a dashboard's panels.
fn expressions(dashboard: &Value) -> Vec<&str> {
    let panels = dashboard["panels"].as_array().expect("panels");
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    targets.map(|target| target["expr"].as_str().expect("an expression")).collect()
}

/// As code hosts make them of headings.
fn anchors(markdown: &str) -> BTreeSet<String> {
    let headings = markdown.lines().filter(|line| line.starts_with('#'));
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let anchor =
        |heading: &str| heading.trim_matches(['#', ' ']).to_lowercase().chars().filter(kept).collect::<String>();
    headings.map(|heading| anchor(heading).replace(' ', "-")).collect()
}

#[tokio::test]
async fn every_metric_of_dashboard_and_alerts_is_on_the_page() {
    let watched = Watched::node(Standing::default()).await;
    watched.world.trip().await;
    watched.world.server.engine.snapshot().await.expect("a snapshot");
    let page = watched.page().await;
    let dashboard: Value = serde_json::from_str(&read("packaging/grafana-dashboard.json")).expect("JSON");
    let expressions = expressions(&dashboard).join("\n");
    let alerts = read("packaging/prometheus-alerts.yml");
    let (shown, watched_for) = (named(&expressions), named(&alerts));
    assert!(shown.len() > 40 && watched_for.len() > 10, "{} and {}", shown.len(), watched_for.len());
    let missing: Vec<_> = shown.union(&watched_for).filter(|name| !page.has(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The metrics in the table of the documentation: the first column has their names without what all begin with, and
/// their labels.
fn documented(operations: &str) -> BTreeSet<String> {
    let table = operations.lines().skip_while(|line| !line.starts_with("| `tripswitch_…` |")).skip(2);
    let columns = table.map_while(|line| line.strip_prefix('|')?.split('|').next());
    let names = columns.flat_map(|column| column.split('`').skip(1).step_by(2));
    names.map(|name| format!("tripswitch_{}", name.split('{').next().unwrap_or(name))).collect()
}

#[tokio::test]
async fn r10_10_the_documentation_names_every_metric_and_no_other() {
    let watched = Watched::node(Standing::default()).await;
    watched.world.trip().await;
    watched.world.server.engine.snapshot().await.expect("a snapshot");
    let (page, operations) = (watched.page().await, read("docs/operations.md"));
    let documented = documented(&operations);
    let shown: BTreeSet<_> = page.metrics().into_iter().map(str::to_owned).collect();
    let ours: BTreeSet<_> = shown.iter().filter(|name| name.starts_with("tripswitch_")).cloned().collect();
    assert_eq!(documented, ours);
}

#[test]
fn the_dashboard_asks_the_data_source_that_its_reader_picks() {
    let dashboard: Value = serde_json::from_str(&read("packaging/grafana-dashboard.json")).expect("JSON");
    assert_eq!(dashboard["templating"]["list"][0]["type"], "datasource");
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().expect("panels") {
        assert!(ids.insert(panel["id"].as_u64().expect("an id")), "{panel}");
        assert!(panel["gridPos"]["w"].is_u64() && panel["title"].is_string(), "{panel}");
        if panel["type"] != "row" {
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{panel}");
        }
    }
}

#[test]
fn every_alert_has_a_summary_and_a_chapter_of_the_runbook() {
    let (alerts, anchors) = (read("packaging/prometheus-alerts.yml"), anchors(&read("docs/operations.md")));
    let count =
        |text: &str| alerts.lines().filter(|line| line.trim_start_matches([' ', '-']).starts_with(text)).count();
    let all = count("alert: ");
    assert!(all >= 10);
    for member in ["expr: ", "summary: ", "description: ", "runbook: ", "severity: "] {
        assert_eq!(count(member), all, "{member}");
    }
    let runbooks = Regex::new(r"runbook: docs/operations\.md#(\S+)").expect("a pattern");
    let named: Vec<_> = runbooks.captures_iter(&alerts).map(|found| found[1].to_owned()).collect();
    assert_eq!(named.len(), all);
    let missing: Vec<_> = named.iter().filter(|anchor| !anchors.contains(*anchor)).collect();
    assert!(missing.is_empty(), "{missing:?} of {anchors:?}");
}
