//! A council about a node: what the eyes may look at, from what is so now and
//! what is recorded, and what they see in words.

use crate::ask::{Ask, EventQuery, PastQuery, id_at};
use crate::live::NodeSnapshot;
use crate::services::Services;
use crate::surfaces::view::{CouncilView, GazeView, time};
use crate::words::counted;
use cast::Cast;
use cast::council::{Council, Finding, Seat, Sitting};
use cast::eye::{Eye, NEEDS, Need, Verdict, View};
use fleet::words::{quantity, tidy};
use frames::{Mood, Vital};
use stage::Portrait;
use std::collections::BTreeMap;
use std::sync::Arc;

const HOUR: i64 = 60 * 60 * 1000;
const DAY: i64 = 24 * HOUR;
/// What has a season, and a usual: what swings with the work that is done.
const SWINGING: [Vital; 8] = [
    Vital::Cpu,
    Vital::Load5,
    Vital::MemoryUsed,
    Vital::Temperature,
    Vital::DiskBusy,
    Vital::NetReceived,
    Vital::NetSent,
    Vital::PsiIoSome,
];
/// What rises and falls together is looked for in so long, by such steps.
const COURSE: i64 = 6 * HOUR;
const STEP: i64 = 15 * 60 * 1000;
/// Fewer siblings of the same hardware than this are too few to hold a node against.
const SIBLINGS: usize = 3;

/// Has the whole cast look at a node.
pub(super) async fn sit(
    cast: &Cast,
    (ask, services): (&Ask, &Services),
    nodes: &[Arc<NodeSnapshot>],
    node: &NodeSnapshot,
    now: i64,
) -> Council {
    let needs = services.needed_on(nodes, node.name.as_str()).into_iter();
    let view = View {
        needs: needs.map(|(service, ill)| Need { service: service.to_string(), ill }).collect(),
        ..view(ask, nodes, node, now).await
    };
    Council::of(cast.sheets().iter().map(|sheet| (sheet.id.as_str(), sheet.eye)), &view)
}

/// All that an eye may look at about a node, but for what it needs. What can't be read is not in it.
async fn view(ask: &Ask, nodes: &[Arc<NodeSnapshot>], node: &NodeSnapshot, now: i64) -> View {
    let known = |node: &NodeSnapshot| -> BTreeMap<String, f64> {
        let values = Vital::ALL.iter().filter_map(|vital| Some((vital, node.vitals.get(*vital)?)));
        values.map(|(vital, value)| (vital.name().to_owned(), tidy(value))).collect()
    };
    let others = || nodes.iter().filter(|other| other.name != node.name && !other.silent);
    let alike = others().filter(|other| other.about.hardware == node.about.hardware).count();
    let mut siblings: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for other in others().filter(|other| alike < SIBLINGS || other.about.hardware == node.about.hardware) {
        for (name, value) in known(other) {
            siblings.entry(name).or_default().push(value);
        }
    }
    let mean = async |from: i64, to: i64| -> BTreeMap<String, f64> {
        let vitals = SWINGING.to_vec();
        let query = PastQuery { node: node.name.clone(), vitals, from, to, step: to - from };
        let points = ask.past(query).await.unwrap_or_default();
        let of = |place: usize| {
            let values = points.iter().filter_map(|point| {
                let value = point.values.get(place).copied().flatten()?;
                Some((f64::from(value.mean), f64::from(point.reports)))
            });
            let (sum, reports) = values
                .fold((0.0, 0.0), |(sum, all), (value, reports)| (sum + value * reports, all + reports));
            (reports > 0.0).then_some(sum / reports)
        };
        SWINGING
            .iter()
            .enumerate()
            .filter_map(|(place, vital)| Some((vital.name().to_owned(), of(place)?)))
            .collect()
    };
    let query = PastQuery {
        node: node.name.clone(),
        vitals: SWINGING.to_vec(),
        from: now - COURSE,
        to: now,
        step: STEP,
    };
    let points = ask.past(query).await.unwrap_or_default();
    let course = SWINGING.iter().enumerate().filter_map(|(place, vital)| {
        // One with gaps would be held against others at other times.
        let means =
            points.iter().map(|point| Some(f64::from(point.values.get(place).copied().flatten()?.mean)));
        Some((vital.name().to_owned(), means.collect::<Option<Vec<f64>>>()?))
    });
    let course = course.collect();
    let mut events: BTreeMap<String, u32> = BTreeMap::new();
    let query =
        EventQuery { after: Some(id_at(now - DAY)), node: Some(node.name.clone()), ..EventQuery::default() };
    for event in ask.events(query).await.unwrap_or_default() {
        *events.entry(event.kind.clone()).or_default() += 1;
    }
    View {
        // What a silent node read last is no reading of now.
        now: if node.silent { BTreeMap::new() } else { known(node) },
        usual: mean(now - 7 * DAY, now - HOUR).await,
        siblings,
        yesterday: mean(now - DAY - HOUR / 2, now - DAY + HOUR / 2).await,
        last_week: mean(now - 7 * DAY - HOUR / 2, now - 7 * DAY + HOUR / 2).await,
        course,
        distance: node.distance.filter(|_| !node.silent).map(tidy),
        events,
        nodes: nodes.len() as u32,
        silent: nodes.iter().filter(|node| node.silent).count() as u32,
        needs: Vec::new(),
    }
}

/// A council as it is shown. What a veiled character looks at is for people to find out.
pub(super) fn shown(
    cast: &Cast,
    portraits: &[Portrait],
    council: &Council,
    node: &NodeSnapshot,
    now: i64,
) -> CouncilView {
    let known = |by: &str| portraits.iter().any(|portrait| portrait.id == by && portrait.known);
    let in_crisis = node.mood == Some(Mood::Crisis) || node.silent;
    let sitting = match (in_crisis, council.sides()) {
        (true, _) => Sitting::Emergency,
        (false, Some(_)) => Sitting::Debate,
        (false, None) => Sitting::Consensus,
    };
    let readings = council.seats.iter().map(|seat| {
        let shown = known(&seat.by);
        GazeView {
            by: seat.by.clone(),
            name: cast.get(&seat.by).map_or_else(|| seat.by.clone(), |sheet| sheet.name.clone()),
            eye: if shown { super::word(&seat.eye) } else { String::new() },
            verdict: super::word(&seat.gaze.verdict),
            subject: seat.gaze.subject.clone().filter(|_| shown),
            value: seat.gaze.value.filter(|_| shown).map(|value| tidy(value as f32)),
            against: seat.gaze.against.filter(|_| shown).map(|value| tidy(value as f32)),
            measure: if shown { seat.gaze.measure.to_owned() } else { String::new() },
            words: if shown { reading(seat) } else { "keeps what it sees to itself".to_owned() },
        }
    });
    CouncilView {
        node: node.name.to_string(),
        at: time(now),
        sitting: super::word(&sitting),
        finding: super::word(&council.finding),
        uneasy: council.uneasy as u32,
        calm: council.calm as u32,
        blind: council.blind as u32,
        agreement: council.agreement().map(|share| (share * 100.0).round() / 100.0),
        words: count(council),
        readings: readings.collect(),
    }
}

/// The count in a sentence.
pub(super) fn count(council: &Council) -> String {
    let Council { uneasy, calm, finding, .. } = *council;
    let seeing = uneasy + calm;
    match finding {
        Finding::Blind => "No eye of the cast has what it looks at.".to_owned(),
        _ if uneasy == 0 => format!("All {seeing} eyes that see find it calm."),
        _ if calm == 0 => format!("All {seeing} eyes that see find trouble."),
        Finding::Undecided => format!("The cast is divided, {uneasy} against {calm}: nobody can be sure."),
        Finding::Trouble if uneasy > calm => format!("{uneasy} eyes find trouble, {calm} find none."),
        Finding::Trouble => {
            let alarmed = council.seats.iter().filter(|seat| seat.gaze.verdict == Verdict::Alarmed).count();
            let it =
                if alarmed == 1 { "is alarmed, and what it sees" } else { "are alarmed, and what they see" };
            format!("{alarmed} of {seeing} eyes {it} stands; {calm} see nothing.")
        }
        Finding::Calm => {
            format!("{calm} eyes find it calm, {uneasy} {} uneasy.", if uneasy == 1 { "is" } else { "are" })
        }
    }
}

/// What one eye sees, in words.
pub(super) fn reading(seat: &Seat) -> String {
    let gaze = &seat.gaze;
    let (Some(subject), Some(value), Some(against)) = (&gaze.subject, gaze.value, gaze.against) else {
        return "lacks what it looks at".to_owned();
    };
    if gaze.measure == NEEDS {
        return if value > 0.0 {
            format!("{subject} in trouble, {value} of {against} services that it needs")
        } else {
            format!("none of {against} services that it needs in trouble")
        };
    }
    if let Some(vital) = Vital::from_name(subject) {
        // Of what should never be, the count says it all.
        if vital.is_flag() || (gaze.measure == "limit" && against < 1.0) {
            return fleet::words::named(vital, value as f32);
        }
        let (value, against) = (quantity(vital, value as f32), quantity(vital, against as f32));
        let words = vital.row().words;
        return match gaze.measure {
            "limit" => format!("{words} {value}, limit {against}"),
            "mean" => format!("{words} {value}, all cores {against}"),
            "siblings" => format!("{words} {value}, its siblings {against}"),
            measure => format!("{words} {value}, {measure} {against}"),
        };
    }
    let number = tidy(value as f32);
    match (subject.as_str(), seat.eye) {
        ("distance", _) => {
            format!("{number} standard deviations from its own normal, limit {}", tidy(against as f32))
        }
        ("silent", Eye::Roll) => format!("{} silent", counted(value as usize, "node", "nodes")),
        (kind, _) => format!("{number} × {} within 24 h", kind.replace('_', " ")),
    }
}

/// The word for what one finds.
pub(super) fn finds(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Blind => "can't tell",
        Verdict::Calm => "finds nothing",
        Verdict::Uneasy => "is uneasy",
        Verdict::Alarmed => "is alarmed",
    }
}
