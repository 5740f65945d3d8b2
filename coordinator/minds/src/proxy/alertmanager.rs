//! Alertmanager: the alerts that are active, and that nobody has silenced or
//! that another one stands for.

use super::prometheus::of;
use super::{Outlook, Proxy};
use crate::Fault;
use serde_json::Value;

const ACTIVE: [(&str, &str); 4] =
    [("active", "true"), ("silenced", "false"), ("inhibited", "false"), ("unprocessed", "false")];

pub(super) async fn look(proxy: &Proxy) -> Result<Outlook, Fault> {
    outlook(&proxy.json("/api/v2/alerts", &ACTIVE).await?)
}

pub(super) fn outlook(answer: &Value) -> Result<Outlook, Fault> {
    let alerts = answer.as_array().ok_or_else(|| Fault::Shape("it is no list of alerts".to_owned()))?;
    let mut outlook = Outlook::default();
    for alert in alerts {
        outlook.alert(&of(alert));
    }
    Ok(outlook)
}
