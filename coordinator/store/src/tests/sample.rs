//! Made-up but plausible things to store.

use crate::{Event, EventIds, Store, UnixMillis};
use fleet::{Dated, Fleet, NodeRecord, Now, VitalsRow};
use frames::{
    Body, Budget, Cause, Classifier, Clock, Direction, Head, Headroom, Hello, Mood, NodeName, Probability,
    Readings, Report, Say, VERSION, Vital, Vitals,
};
use serde_json::json;
use std::sync::Arc;

/// A time that tests may call now: 2027-01-15, on a full quarter of an hour.
pub(crate) const T: UnixMillis = 1_800_000_000_000;

pub(crate) fn node(number: u32) -> NodeName {
    format!("pi-{number:02}").parse().unwrap()
}

/// A report that follows from a seed alone.
pub(crate) fn report(seed: u64) -> Report {
    let mut state = seed;
    let mut next = move || {
        // SplitMix64, so that tests need no generator.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let mut readings = Readings::default();
    for vital in Vital::ALL {
        let random = next();
        if !random.is_multiple_of(8) {
            let code = (random >> 8) as u8;
            readings.set(*vital, vital.row().scale.decode(if vital.is_flag() { code & 1 } else { code }));
        }
    }
    let mood = Mood::ALL.get(next() as usize % 5).copied();
    Report {
        uptime: next() as u32,
        vitals: Vitals::from(&readings),
        mood,
        probabilities: [Probability::new(0.25); 4],
        causes: [Cause { vital: Vital::Cpu, direction: Direction::Above, usual: Some(7) }]
            .into_iter()
            .collect(),
        distance: Some(next() as u8),
        classifier: Classifier::Rules,
        budget: Budget { headroom: Probability::new(0.5), source: Headroom::NoSensor },
        interval: 100,
        dropped: 0,
    }
}

/// A row of known time. Its report follows from its key.
pub(crate) fn row(number: u32, boot: u32, sequence: u32, at: UnixMillis) -> VitalsRow {
    let seed = u64::from(number) << 48 ^ u64::from(boot) << 24 ^ u64::from(sequence);
    VitalsRow {
        node: node(number),
        boot,
        sequence,
        at: Dated::At(at),
        received: at + 40,
        report: report(seed),
    }
}

/// What the fleet remembers of a node that has said hello and one report.
pub(crate) fn record(number: u32) -> NodeRecord {
    let now = Now { mono: 5_000_000, unix: T, trusted: true };
    let hello = Hello {
        kernel_boot: [7; 16],
        agent: "0.1.0".try_into().unwrap(),
        model: None,
        hardware: "Raspberry Pi 5 Model B Rev 1.0".try_into().unwrap(),
        serial: Some("10000000deadbeef".try_into().unwrap()),
        measurable: [Vital::Cpu, Vital::ClockSynchronised].into_iter().collect(),
        uptime: 12_345,
        clock: Some(Clock { offset: T - 1_234_500, trusted: true }),
        settings: 3,
        downlink: 4,
    };
    let report = Report { uptime: 12_346, ..report(u64::from(number)) };
    let mut fleet = Fleet::new(now);
    for (sequence, say) in [(1, Say::Hello(hello)), (2, Say::Vitals(report))] {
        let head = Head { version: VERSION, boot: 7, sequence, oldest: 1 };
        fleet.admit(now, &node(number), &Body { head, say }, true);
    }
    fleet.records().remove(0)
}

/// Events of several kinds about several nodes.
pub(crate) fn events(ids: &mut EventIds) -> Vec<Arc<Event>> {
    let joined = Event::new(ids, T, "joined", "fleet", json!({"node": "pi-01", "simulated": false}));
    let changed = Event::new(ids, T + 5, "mood_changed", "fleet", json!({"node": "pi-01", "to": "crisis"}));
    let line = json!({"node": "pi-01", "by": "malvo", "text": "Ash."});
    let says = Event::caused_by(ids, &changed, T + 6, "says", "malvo", line);
    let silent = Event::new(ids, T + 9, "silent", "fleet", json!({"node": "pi-02"}));
    let refused = Event::new(ids, T + 12, "frame_refused", "intake", json!({"cause": "bad_seal"}));
    [joined, changed, says, silent, refused].map(Arc::new).into()
}

/// Everything that is stored, table by table, as text: two stores with the
/// same dump hold the same.
pub(crate) fn dump(store: &Store) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    let mut tables = store
        .db
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name",
        )
        .unwrap();
    let tables: Vec<String> =
        tables.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    for table in tables {
        let mut rows = store.db.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = rows.column_names().collect::<Vec<_>>().join(" ");
        let count = rows.column_count();
        writeln!(out, "{table}: {columns}").unwrap();
        let mut rows = rows.query([]).unwrap();
        let mut lines = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let values: Vec<String> = (0..count).map(|i| value(row.get_ref(i).unwrap())).collect();
            lines.push(format!("  {}\n", values.join(" ")));
        }
        lines.sort();
        out.extend(lines);
    }
    out
}

fn value(value: rusqlite::types::ValueRef<'_>) -> String {
    use rusqlite::types::ValueRef::{Blob, Integer, Null, Real, Text};
    match value {
        Null => "null".to_owned(),
        Integer(number) => number.to_string(),
        Real(number) => number.to_string(),
        Text(text) => String::from_utf8_lossy(text).into_owned(),
        Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}
