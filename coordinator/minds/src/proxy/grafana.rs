//! Grafana: the alerts of its own rules, and what the panels of one dashboard
//! show now.

use super::prometheus::{take_alerts, tidy};
use super::{Outlook, Proxy, text};
use crate::Fault;
use serde_json::{Value, json};

/// The most panels that are asked for.
const PANELS: usize = 10;
/// The most values that are told of a panel.
const VALUES: usize = 3;

pub(super) async fn look(proxy: &Proxy) -> Result<Outlook, Fault> {
    let mut outlook = Outlook::default();
    take_alerts(&proxy.json("/api/prometheus/grafana/api/v1/alerts", &[]).await?, &mut outlook)?;
    if let Some(uid) = &proxy.settings.dashboard {
        let dashboard = proxy.json(&format!("/api/dashboards/uid/{}", uid.get_ref()), &[]).await?;
        let (titles, question) = panels(&dashboard);
        if titles.is_empty() {
            outlook.say("its dashboard has no panel that can be asked for");
        } else {
            let answer = proxy.ask("/api/ds/query", &question).await?;
            take_panels(&titles, &answer, &mut outlook);
        }
    }
    Ok(outlook)
}

/// The titles of panels, and the question that fills them all at once.
pub(super) fn panels(dashboard: &Value) -> (Vec<String>, Value) {
    let of = |value: &Value| value.get("panels").and_then(Value::as_array).cloned().unwrap_or_default();
    // Panels of a folded row stand in it.
    let all = of(dashboard.get("dashboard").unwrap_or(&Value::Null)).into_iter();
    let all = all.flat_map(|panel| of(&panel).into_iter().chain([panel]).collect::<Vec<_>>());
    let (mut titles, mut queries) = (Vec::new(), Vec::new());
    for panel in all {
        let target = panel.get("targets").and_then(|targets| targets.get(0)).unwrap_or(&Value::Null);
        let expr = text(target, &["expr"]);
        let source = target.get("datasource").or_else(|| panel.get("datasource"));
        let uid = source.map(|source| text(source, &["uid"])).unwrap_or_default();
        // A dashboard's own variables are not known here; Grafana's intervals are.
        let varies = expr.replace("$__", "").contains('$') || uid.contains('$');
        if expr.is_empty() || uid.is_empty() || varies || titles.len() == PANELS {
            continue;
        }
        queries.push(json!({
            "refId": format!("P{}", titles.len()), "datasource": { "uid": uid }, "expr": expr,
            "instant": true, "range": false, "intervalMs": 60_000, "maxDataPoints": 100,
        }));
        titles.push(text(&panel, &["title"]).to_owned());
    }
    (titles, json!({ "queries": queries, "from": "now-1h", "to": "now" }))
}

/// Takes the newest values of each panel.
pub(super) fn take_panels(titles: &[String], answer: &Value, outlook: &mut Outlook) {
    for (place, title) in titles.iter().enumerate() {
        let result = answer.get("results").and_then(|results| results.get(format!("P{place}")));
        let frames = result.and_then(|result| result.get("frames")).and_then(Value::as_array);
        let values: Vec<String> = frames.into_iter().flatten().filter_map(newest).take(VALUES).collect();
        if !values.is_empty() {
            outlook.say(&format!("{title}: {}", values.join(", ")));
        }
    }
}

/// The newest number of a frame: the last of its last column.
fn newest(frame: &Value) -> Option<String> {
    let column = frame.get("data")?.get("values")?.as_array()?.last()?.as_array()?;
    let number = column.iter().rev().find_map(Value::as_f64)?;
    Some(tidy(number, ""))
}
