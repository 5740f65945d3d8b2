//! Loki: how many lines the logs of a week have, how many speak of failures,
//! and the newest of these.

use super::prometheus::{series, tidy, told};
use super::{Outlook, Proxy, list};
use crate::Fault;
use futures_util::future::try_join4;
use serde_json::Value;
use std::time::Duration;

/// Every stream that has a job, as most collectors give them.
const EVERYTHING: &str = r#"{job=~".+"}"#;
/// What a line has that speaks of a failure.
const FAILURE: &str = r"|~ `(?i)\b(error|fatal|panic|fail(ed|ure)?)\b`";
/// How many lines are told.
const TOLD: &str = "3";
/// The shortest time that is asked about.
const LEAST: Duration = Duration::from_mins(1);

pub(super) async fn look(proxy: &Proxy, since: Duration) -> Result<Outlook, Fault> {
    let logs = proxy.settings.logs.as_ref().map_or(EVERYTHING, |logs| logs.get_ref().as_str());
    let seconds = since.max(LEAST).as_secs();
    let all = format!("sum(count_over_time({logs}[7d]))");
    let failures = format!("topk(3, sum by (job) (count_over_time({logs} {FAILURE} [7d])))");
    let new = format!("sum(count_over_time({logs} {FAILURE} [{seconds}s]))");
    let lines = format!("{logs} {FAILURE}");
    let back = format!("{seconds}s");
    let (all, failures, new, lines) = try_join4(
        proxy.json("/loki/api/v1/query", &[("query", all.as_str())]),
        proxy.json("/loki/api/v1/query", &[("query", failures.as_str())]),
        proxy.json("/loki/api/v1/query", &[("query", new.as_str())]),
        proxy.json(
            "/loki/api/v1/query_range",
            &[
                ("query", lines.as_str()),
                ("since", back.as_str()),
                ("limit", TOLD),
                ("direction", "backward"),
            ],
        ),
    )
    .await?;
    outlook([&all, &failures, &new], &lines)
}

pub(super) fn outlook([all, failures, new]: [&Value; 3], lines: &Value) -> Result<Outlook, Fault> {
    let mut outlook = Outlook::default();
    let total = |answer: &Value| -> Result<String, Fault> {
        let series = series(answer)?;
        Ok(series
            .first()
            .map_or_else(|| "0".to_owned(), |(_, value)| tidy(value.parse().unwrap_or(0.0), value)))
    };
    let failures = series(failures)?;
    let most =
        if failures.is_empty() { String::new() } else { format!("; failures by job: {}", told(&failures)) };
    outlook.say(&format!("{} lines within a week{most}", total(all)?));
    let new = total(new)?;
    if new == "0" {
        return Ok(outlook);
    }
    outlook.say(&format!("{new} lines about failures since the last look"));
    for stream in list(lines, &["data", "result"])? {
        let job = super::text(stream, &["stream", "job"]);
        for line in list(stream, &["values"])?.iter().filter_map(|pair| pair.get(1)).filter_map(Value::as_str)
        {
            outlook.say(&format!("{job}: {line}"));
        }
    }
    Ok(outlook)
}
