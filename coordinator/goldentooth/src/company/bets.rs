//! Settling the cast's bets: by what was measured, and by nothing else.

use super::record::before;
use crate::ask::{Ask, AskError, EventQuery, PastQuery};
use crate::intake::{Cause, Order};
use crate::live::{Event, Live, NodeSnapshot};
use cast::bet::{Bet, LIMITS, Prospect};
use fleet::Outlook;
use fleet::words::quantity;
use frames::{NodeName, Vital};
use node_agent::clock::wall;
use serde_json::json;
use stage::{BET, Now, SETTLED};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

const HOUR: i64 = 60 * 60 * 1000;
const DAY: i64 = 24 * HOUR;
/// Trends are drawn through a day of quarters.
const QUARTER: i64 = 15 * 60 * 1000;
/// How often open bets are looked at.
const EVERY: Duration = Duration::from_mins(1);
/// A bet's time is read in so many steps.
const STEPS: i64 = 20;

/// The trends of a node that lead to a limit.
pub(super) async fn prospects(ask: &Ask, node: &NodeSnapshot, now: i64) -> Vec<Prospect> {
    let limits = LIMITS.iter().filter_map(|(name, limit)| Some((Vital::from_name(name)?, *limit)));
    let limits: Vec<(Vital, u32)> = limits.filter(|(vital, _)| node.vitals.get(*vital).is_some()).collect();
    let vitals = limits.iter().map(|(vital, _)| *vital).collect();
    let query = PastQuery { node: node.name.clone(), vitals, from: now - DAY, to: now, step: QUARTER };
    let points = ask.past(query).await.unwrap_or_default();
    let prospect = |(place, (vital, limit)): (usize, &(Vital, u32))| {
        let means = points.iter().filter_map(|point| {
            Some((point.at + QUARTER / 2, f64::from(point.values.get(place).copied().flatten()?.mean)))
        });
        let outlook = Outlook::through(&means.collect::<Vec<_>>())?;
        let arrival = outlook.reaches(f64::from(*limit))?;
        let (pace, of) = if outlook.per_hour < 0.5 { (24.0, "a day") } else { (1.0, "an hour") };
        Some(Prospect {
            vital: vital.name().to_owned(),
            words: vital.row().words.to_owned(),
            limit: *limit,
            text: quantity(*vital, *limit as f32),
            pace: format!("{} {of}", quantity(*vital, (outlook.per_hour * pace) as f32)),
            reaches: arrival.at,
            give_or_take: arrival.give_or_take,
        })
    };
    limits.iter().enumerate().filter_map(prospect).collect()
}

/// Settles every bet when it came true or its time is over, until the stage is gone.
pub(crate) async fn settle(
    seen: watch::Receiver<Now>,
    (live, ask): (Live, Ask),
    orders: mpsc::Sender<Order>,
) {
    let mut every = interval(EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // What was settled, and has not come back as an event yet.
    let mut under_way: BTreeSet<String> = BTreeSet::new();
    loop {
        every.tick().await;
        let now = seen.borrow().clone();
        under_way.retain(|event| now.kept.bets.open().iter().any(|bet| bet.event == *event));
        for bet in now.kept.bets.open() {
            if under_way.contains(&bet.event) {
                continue;
            }
            let order = match one(&now, (&live, &ask), bet).await {
                Ok(Some(order)) => order,
                Ok(None) => continue,
                Err(error) => {
                    tracing::warn!(%error, bet = bet.event, "a bet can't be settled now");
                    continue;
                }
            };
            under_way.insert(bet.event.clone());
            // Intake gone means that everything stops.
            if orders.send(order).await.is_err() {
                return;
            }
        }
        if seen.has_changed().is_err() {
            return;
        }
    }
}

/// What is to be recorded of a bet; none while it is open.
async fn one(now: &Now, (live, ask): (&Live, &Ask), bet: &Bet) -> Result<Option<Order>, AskError> {
    let clock = wall();
    let (highest, last) = measured(live, ask, bet, clock).await?;
    let Some(outcome) = bet.judge(clock, highest, last) else { return Ok(None) };
    let Some(made) = event(ask, &bet.event).await? else { return Ok(None) };
    let name = now.cast.get(&bet.by).map_or(bet.by.as_str(), |sheet| sheet.name.as_str());
    let record = now.kept.bets.record(&bet.by).with(bet.chance, outcome);
    let came =
        highest.zip(Vital::from_name(&bet.vital)).map(|(highest, vital)| quantity(vital, highest as f32));
    let payload = json!({
        "node": bet.node, "by": bet.by, "bet": bet.event, "vital": bet.vital, "limit": bet.limit,
        "chance": f64::from(bet.chance) / 1_000.0, "outcome": outcome, "highest": highest,
        "right": record.right, "settled": record.settled, "brier": record.brier(),
        "words": bet.settled(name, outcome, record), "says": bet.owns(outcome, came.as_deref(), record),
    });
    let lasting = bet.node.parse::<NodeName>().is_ok_and(|node| !node.is_simulated());
    let cause = Some(Cause::from(&*made));
    Ok(Some(Order::Note { kind: SETTLED, source: "stage", payload, cause, lasting }))
}

/// The highest reading since the bet was made, and when the last one was taken. The
/// store is read only when its time is over: what came late is in it, too.
async fn measured(
    live: &Live,
    ask: &Ask,
    bet: &Bet,
    now: i64,
) -> Result<(Option<f64>, Option<i64>), AskError> {
    let (Ok(node), Some(vital)) = (bet.node.parse::<NodeName>(), Vital::from_name(&bet.vital)) else {
        return Ok((None, None));
    };
    let during = |at: &i64| (bet.made..bet.before).contains(at);
    let snapshot = live.node(&node);
    let mut last = snapshot.as_ref().and_then(|node| node.last_seen).filter(during);
    let mut highest = last.and(snapshot).and_then(|node| node.vitals.get(vital)).map(f64::from);
    if now >= bet.before {
        let step = ((bet.before - bet.made) / STEPS).max(60_000);
        let query = PastQuery { node, vitals: vec![vital], from: bet.made, to: bet.before, step };
        for point in ask.past(query).await? {
            let Some(value) = point.values.first().copied().flatten() else { continue };
            let value = f64::from(value.max);
            highest = Some(highest.map_or(value, |highest| highest.max(value)));
            last = last.max(Some(point.at + step));
        }
    }
    Ok((highest, last))
}

/// The event of this id.
async fn event(ask: &Ask, id: &str) -> Result<Option<Arc<Event>>, AskError> {
    let Ok(id) = id.parse::<Uuid>() else { return Ok(None) };
    let query = EventQuery {
        after: Some(before(id)),
        kind: Some(BET.to_owned()),
        limit: 10,
        ..EventQuery::default()
    };
    Ok(ask.events(query).await?.into_iter().find(|event| event.id == id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surfaces::fixtures::{NOW, node};
    use cast::Cast;
    use cast::bet::{Book, Outcome};
    use fleet::{Dated, VitalsRow};
    use frames::{Budget, Classifier, Headroom, Mood, Probability, Readings, Report, Vitals};
    use store::{Batch, Store};

    fn vitals(disk: f32) -> Vitals {
        let mut readings = Readings::default();
        readings.set(Vital::DiskUsed, disk);
        Vitals::from(&readings)
    }

    /// A report every five minutes.
    fn rows(from: i64, until: i64, disk: impl Fn(f64) -> f64) -> Vec<VitalsRow> {
        let times = (from..until).step_by(300_000);
        let row = |at: i64| VitalsRow {
            node: "pi-07".parse().unwrap(),
            boot: 7,
            sequence: ((at - NOW + DAY) / 300_000) as u32 + 1,
            at: Dated::At(at),
            received: at,
            report: Report {
                uptime: 0,
                vitals: vitals(disk((at - NOW) as f64 / HOUR as f64) as f32),
                mood: Some(Mood::Happy),
                probabilities: [Probability::new(0.25); 4],
                causes: heapless::Vec::new(),
                distance: None,
                classifier: Classifier::Rules,
                budget: Budget { headroom: Probability::new(1.0), source: Headroom::Temperature },
                interval: 3_000,
                dropped: 0,
            },
        };
        times.map(row).collect()
    }

    #[tokio::test]
    async fn a_disk_that_fills_is_bet_on_and_what_was_measured_settles_it() {
        let mut store = Store::temporary().unwrap();
        let fills = |hours: f64| 75.0 + hours;
        store.commit(&Batch { rows: rows(NOW - DAY, NOW, fills), ..Batch::default() }).unwrap();
        let ask = Ask::new(store.reader().unwrap(), None);
        let now = NodeSnapshot { vitals: vitals(75.0), ..node("pi-07", Some(Mood::Happy)) };
        let found = prospects(&ask, &now, NOW).await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].text.as_str(), found[0].pace.as_str()), ("95 %", "1 % an hour"));
        assert!((found[0].reaches - NOW - 20 * HOUR).abs() < HOUR, "{found:?}");

        let cast = Cast::built_in().unwrap();
        let bet = Book::default().offer(&cast, |_| false, ("pi-07", NOW), &found[0]).unwrap();
        let live = Live::new(NOW);
        let over = bet.before;
        let judged = async |ask: &Ask| {
            let (highest, last) = measured(&live, ask, &bet, over).await.unwrap();
            bet.judge(over, highest, last)
        };
        assert_eq!(judged(&ask).await, Some(Outcome::Void), "nothing was heard since");
        let stays = |hours: f64| 75.0 + hours / 4.0;
        store.commit(&Batch { rows: rows(NOW, over, stays), ..Batch::default() }).unwrap();
        assert_eq!(judged(&ask).await, Some(Outcome::Wrong));
        let mut other = Store::temporary().unwrap();
        other.commit(&Batch { rows: rows(NOW, over, fills), ..Batch::default() }).unwrap();
        let other = Ask::new(other.reader().unwrap(), None);
        assert_eq!(judged(&other).await, Some(Outcome::Right));
    }
}
