//! The ledger.

use crate::{Batch, Call, Store, UnixMillis, Uuid};

const DAY: UnixMillis = 24 * 60 * 60 * 1000;
const T: UnixMillis = 20_000 * DAY;

fn call(id: u128, at: UnixMillis, provider: &str, outcome: &str) -> Call {
    Call {
        id: Uuid::from_u128(id),
        at,
        task: "pulse".to_owned(),
        by: vec!["malvo".to_owned(), "caudex".to_owned()],
        why: "every 30 min".to_owned(),
        provider: provider.to_owned(),
        model: "tiny".to_owned(),
        input: 500,
        output: 60,
        cached: 100,
        estimate: 520,
        money: 1_234,
        latency: 850,
        outcome: outcome.to_owned(),
        words: String::new(),
    }
}

#[test]
fn calls_are_kept_once_and_summed_by_day() {
    let mut store = Store::temporary().unwrap();
    let calls = [
        call(1, T, "a", "answered"),
        call(2, T + DAY - 1, "a", "slow"),
        call(3, T + DAY, "a", "answered"),
        call(4, T + DAY, "understudy", "budget"),
    ];
    let batch = Batch { calls: calls.to_vec(), ..Batch::default() };
    assert!(!batch.is_empty());
    for _ in 0..2 {
        store.commit(&batch).unwrap();
    }
    let reader = store.reader().unwrap();
    let read = reader.calls(T, 100).unwrap();
    assert_eq!(
        read.iter().map(|call| call.id.as_u128()).collect::<Vec<_>>(),
        [4, 3, 2, 1],
        "newest first, once"
    );
    assert_eq!(read[3], calls[0]);
    assert_eq!(reader.calls(T + DAY, 1).unwrap().len(), 1);
    let days = reader.days_of_calls(T).unwrap();
    let seen: Vec<_> = days
        .iter()
        .map(|day| (day.day - T, day.provider.as_str(), day.calls, day.answered, day.money))
        .collect();
    assert_eq!(seen, [(0, "a", 2, 1, 2_468), (DAY, "a", 1, 1, 1_234), (DAY, "understudy", 1, 0, 1_234)]);
}
