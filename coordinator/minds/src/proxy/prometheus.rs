//! Prometheus: alerts that fire, targets that don't answer, and questions of
//! one's own.

use super::{Alert, Outlook, Proxy, State, list, text};
use crate::Fault;
use futures_util::future::{join_all, try_join};
use serde_json::Value;
use std::collections::BTreeMap;

/// The most series of an answer that are told.
const SERIES: usize = 3;

pub(super) async fn look(proxy: &Proxy) -> Result<Outlook, Fault> {
    let up = [("query", "up")];
    let known = try_join(proxy.json("/api/v1/alerts", &[]), proxy.json("/api/v1/query", &up));
    let asked = proxy.settings.queries.iter().map(|(name, query)| async move {
        let query = [("query", query.get_ref().as_str())];
        (name, proxy.json("/api/v1/query", &query).await)
    });
    let (known, asked) = futures_util::future::join(known, join_all(asked)).await;
    let (alerts, up) = known?;
    let mut outlook = Outlook::default();
    take_alerts(&alerts, &mut outlook)?;
    take_targets(&up, &proxy.settings.services, &mut outlook)?;
    for (name, answer) in asked {
        // One question that is wrong spoils no other.
        match answer.and_then(|answer| series(&answer)) {
            Ok(series) => outlook.say(&format!("{name}: {}", told(&series))),
            Err(fault) => outlook.say(&format!("{name} can't be told: {fault}")),
        }
    }
    Ok(outlook)
}

/// Takes the alerts that fire; Grafana tells its own in the same shape.
pub(super) fn take_alerts(answer: &Value, outlook: &mut Outlook) -> Result<(), Fault> {
    for alert in list(answer, &["data", "alerts"])? {
        let state = text(alert, &["state"]);
        if state.eq_ignore_ascii_case("firing") || state.eq_ignore_ascii_case("alerting") {
            outlook.alert(&of(alert));
        }
    }
    Ok(())
}

/// An alert by its labels and annotations.
pub(super) fn of(alert: &Value) -> Alert {
    let label = |name: &str| text(alert, &["labels", name]);
    let first = |names: &[&str]| names.iter().map(|name| label(name)).find(|value| !value.is_empty());
    let summary = ["summary", "description", "message"];
    let summary =
        summary.iter().map(|name| text(alert, &["annotations", *name])).find(|text| !text.is_empty());
    Alert {
        name: first(&["alertname"]).unwrap_or("an alert without a name").to_owned(),
        severity: label("severity").to_owned(),
        subject: first(&["node", "instance", "host", "service", "job"]).unwrap_or_default().to_owned(),
        summary: summary.unwrap_or_default().to_owned(),
    }
}

/// Takes which targets answer. A job is a service only where the configuration
/// names it as one: of fifty machines under one job one may be off.
fn take_targets(
    answer: &Value,
    services: &BTreeMap<String, String>,
    outlook: &mut Outlook,
) -> Result<(), Fault> {
    let series = series(answer)?;
    let mut down = Vec::new();
    for (labels, value) in &series {
        let of = |name: &str| labels.get(name).map(String::as_str).unwrap_or_default();
        let is_up = value == "1";
        if let Some(ours) = services.get(of("job")) {
            outlook.service(ours.clone(), if is_up { State::Up } else { State::Down });
        }
        if !is_up {
            down.push(format!("{} of {}", of("instance"), of("job")));
        }
    }
    let more = down.len().saturating_sub(SERIES);
    let told = down.iter().take(SERIES).map(String::as_str).collect::<Vec<_>>().join(", ");
    match (down.len(), more) {
        (0, _) => outlook.say(&format!("all of {} targets answer", series.len())),
        (count, 0) => outlook.say(&format!("{count} of {} targets don't answer: {told}", series.len())),
        (count, more) => {
            outlook.say(&format!("{count} of {} targets don't answer: {told} and {more} more", series.len()));
        }
    }
    Ok(())
}

/// One series of an answer: its labels, and its newest value.
pub(super) type Series = (BTreeMap<String, String>, String);

/// What an instant question was answered, Loki's as well as Prometheus's.
///
/// # Errors
/// [`Fault::Shape`] if it is no vector and no scalar.
pub(super) fn series(answer: &Value) -> Result<Vec<Series>, Fault> {
    let data = answer.get("data").unwrap_or(&Value::Null);
    match text(data, &["resultType"]) {
        "vector" => Ok(list(data, &["result"])?.iter().filter_map(one).collect()),
        "scalar" => {
            let value = data.get("result").and_then(|pair| pair.get(1)).and_then(Value::as_str);
            Ok(value.map(|value| (BTreeMap::new(), value.to_owned())).into_iter().collect())
        }
        other => Err(Fault::Shape(format!("an answer of type {other:?}, where one value is wanted"))),
    }
}

fn one(series: &Value) -> Option<Series> {
    let labels = series.get("metric")?.as_object()?.iter();
    let labels = labels.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    Some((labels.collect(), series.get("value")?.get(1)?.as_str()?.to_owned()))
}

/// The largest of an answer, in words.
pub(super) fn told(series: &[Series]) -> String {
    let number = |value: &str| value.parse::<f64>().unwrap_or(f64::NAN);
    let mut sorted: Vec<&Series> = series.iter().collect();
    sorted
        .sort_by(|one, other| number(&other.1).total_cmp(&number(&one.1)).then_with(|| one.0.cmp(&other.0)));
    let words = sorted.iter().take(SERIES).map(|(labels, value)| {
        let labels = labels.iter().filter(|(name, _)| *name != "__name__").map(|(_, value)| value.as_str());
        let labels = labels.collect::<Vec<_>>().join(" ");
        let value = tidy(number(value), value);
        if labels.is_empty() { value } else { format!("{labels} {value}") }
    });
    let words = words.collect::<Vec<_>>().join(", ");
    match series.len().saturating_sub(SERIES) {
        0 if words.is_empty() => "nothing".to_owned(),
        0 => words,
        more => format!("{words} and {more} more"),
    }
}

/// A number with as many digits as say something.
pub(super) fn tidy(number: f64, written: &str) -> String {
    if !number.is_finite() {
        return written.to_owned();
    }
    let rounded = if number.abs() >= 100.0 { number.round() } else { (number * 100.0).round() / 100.0 };
    format!("{rounded}")
}
