//! Uptime Kuma: a public status page as JSON, or the metrics of all monitors,
//! which need a key of its own.

use super::{Outlook, Proxy, State, list, text};
use crate::Fault;
use futures_util::future::try_join;
use regex::Regex;
use serde_json::Value;
use std::sync::LazyLock;

/// One line of its metrics: the labels, quoted as Prometheus's text format has
/// them, and the state. Of that format nothing else is read here.
static STATUS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"^monitor_status\{((?:[a-z_]+="(?:[^"\\]|\\.)*",?)*)\}\s+(\d)(?:\.0+)?(?:\s|$)"#).ok()
});
static MONITOR: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?:^|,)monitor_name="((?:[^"\\]|\\.)*)""#).ok());

pub(super) async fn look(proxy: &Proxy) -> Result<Outlook, Fault> {
    match &proxy.settings.page {
        Some(page) => {
            let page = page.get_ref();
            let (about, beats) =
                (format!("/api/status-page/{page}"), format!("/api/status-page/heartbeat/{page}"));
            let (about, beats) = try_join(proxy.json(&about, &[]), proxy.json(&beats, &[])).await?;
            of_page(&about, &beats, |theirs| proxy.service(theirs))
        }
        None => of_metrics(&String::from_utf8_lossy(&proxy.text("/metrics").await?), |theirs| {
            proxy.service(theirs)
        }),
    }
}

/// What a status page shows.
pub(super) fn of_page(
    about: &Value,
    beats: &Value,
    ours: impl Fn(&str) -> Option<String>,
) -> Result<Outlook, Fault> {
    let mut outlook = Outlook::default();
    let heard = beats.get("heartbeatList").and_then(Value::as_object);
    let heard = heard.ok_or_else(|| Fault::Shape("it has no list at \"heartbeatList\"".to_owned()))?;
    for group in list(about, &["publicGroupList"])? {
        for monitor in list(group, &["monitorList"])? {
            let id = monitor.get("id").map(ToString::to_string).unwrap_or_default();
            // The newest beat is the last.
            let beat = heard.get(&id).and_then(Value::as_array).and_then(|beats| beats.last());
            let state = beat.and_then(|beat| beat.get("status")).and_then(Value::as_u64).and_then(state);
            if let Some((state, name)) = state.zip(ours(text(monitor, &["name"]))) {
                outlook.service(name, state);
            }
        }
    }
    let incident = text(about, &["incident", "title"]);
    if !incident.is_empty() {
        outlook.say(&format!("announced: {incident}"));
    }
    Ok(counted(outlook))
}

/// What its metrics say.
pub(super) fn of_metrics(metrics: &str, ours: impl Fn(&str) -> Option<String>) -> Result<Outlook, Fault> {
    let mut outlook = Outlook::default();
    let (Some(status), Some(monitor)) = (STATUS.as_ref(), MONITOR.as_ref()) else { return Ok(outlook) };
    for line in metrics.lines() {
        let Some(found) = status.captures(line) else { continue };
        let theirs = monitor.captures(&found[1]).map(|name| unquoted(&name[1])).unwrap_or_default();
        let state = found[2].parse().ok().and_then(state);
        if let Some((state, name)) = state.zip(ours(&theirs)) {
            outlook.service(name, state);
        }
    }
    if outlook.services.is_empty() && !metrics.contains("monitor_status") {
        return Err(Fault::Shape("its metrics have no monitor_status".to_owned()));
    }
    Ok(counted(outlook))
}

fn counted(mut outlook: Outlook) -> Outlook {
    let down = outlook.services.iter().filter(|(_, state)| **state == State::Down);
    let down: Vec<&str> = down.map(|(name, _)| name.as_str()).collect();
    let all = outlook.services.len();
    let words = match down.as_slice() {
        [] => format!("all of {all} monitors up or excused"),
        down => format!("{} of {all} monitors down: {}", down.len(), down.join(", ")),
    };
    outlook.say(&words);
    outlook
}

/// Its numbers for states.
fn state(number: u64) -> Option<State> {
    match number {
        0 => Some(State::Down),
        1 => Some(State::Up),
        2 => Some(State::Pending),
        3 => Some(State::Maintenance),
        _ => None,
    }
}

/// What stands between quotes, without the marks that the quoting needs.
fn unquoted(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let escaped = if c == '\\' { rest.next() } else { Some(c) };
        plain.push(match (c, escaped) {
            ('\\', Some('n')) => '\n',
            (_, escaped) => escaped.unwrap_or(c),
        });
    }
    plain
}
