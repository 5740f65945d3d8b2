//! The rules hold whatever comes, and whatever it is about.

use super::*;
use crate::{Fact, Mood, Occasion};

/// What one character took up: when, in which room, and what.
type Lived<M> = Vec<(Millis, String, Vec<M>)>;

/// The whole loop of one character: messages come at their times, it wakes and
/// takes its slices, until nothing waits. Nothing in it knows what they are about.
fn live<M: Clone>(messages: impl IntoIterator<Item = (Millis, Arrival, String, M)>) -> Lived<M> {
    let rhythm = rhythm();
    let mut persona: Persona<M> = persona();
    let mut lived = Vec::new();
    let mut clock = 0;
    let mut wake = |persona: &mut Persona<M>, until: Millis| {
        while !persona.inbox.is_empty() && persona.wakes <= until {
            let now = persona.wakes.max(clock);
            clock = now;
            for (room, list) in persona.wake(now, &rhythm).rooms {
                persona.state.work(now, 800, 1, &rhythm);
                lived.push((now, room, list.into_iter().map(|message| message.matter).collect()));
            }
        }
        if until < Millis::MAX {
            clock = clock.max(until);
        }
    };
    for (key, (at, arrival, room, matter)) in messages.into_iter().enumerate() {
        wake(&mut persona, at);
        persona.deliver(at, arrival, (&room, "x", key as u64), matter, &rhythm);
    }
    wake(&mut persona, Millis::MAX);
    lived
}

/// The moves of a game in its usual notation, without numbers and result.
fn moves(game: &str) -> Vec<String> {
    let lines = game.lines().filter(|line| !line.starts_with('['));
    let words = lines.flat_map(str::split_whitespace);
    words.filter(|word| !word.ends_with('.') && *word != "1-0").map(str::to_owned).collect()
}

/// When what was taken up where, and how much of it.
fn pattern<M>(lived: &Lived<M>) -> Vec<(Millis, String, usize)> {
    lived.iter().map(|(at, room, list)| (*at, room.clone(), list.len())).collect()
}

fn fact(number: usize) -> Fact {
    Fact {
        event: format!("event {number}"),
        mood: Some(Mood::Stressed),
        ..Fact::of(format!("pi-{number:02}"), i64::try_from(number).unwrap(), Occasion::Stressed)
    }
}

#[test]
fn one_loop_runs_a_chat_a_fleet_and_a_game_of_chess() {
    let game = moves(include_str!("opera.pgn"));
    assert_eq!((game.len(), game[0].as_str(), game[22].as_str()), (24, "e4", "O-O-O"));
    // One pattern of arrivals: only what the messages are about is another.
    let arrivals: Vec<(Millis, Arrival, String)> = (0..game.len())
        .map(|number| {
            let named = number % 7 == 3;
            let arrival = Arrival { base: (number * 137 % 600) as u16, named, ..Arrival::default() };
            ((number * number * 40) as Millis, arrival, format!("room {}", number % 3))
        })
        .collect();
    let with = |number: usize| arrivals.get(number).cloned().unwrap();
    let chat = live((0..game.len()).map(|number| {
        let (at, arrival, room) = with(number);
        (at, arrival, room, format!("how is pi-{number:02}?"))
    }));
    let fleet = live((0..game.len()).map(|number| {
        let (at, arrival, room) = with(number);
        (at, arrival, room, fact(number))
    }));
    let chess = live(game.iter().enumerate().map(|(number, played)| {
        let (at, arrival, room) = with(number);
        (at, arrival, room, played.clone())
    }));
    assert_eq!(pattern(&chat), pattern(&fleet));
    assert_eq!(pattern(&fleet), pattern(&chess));
    let played: usize = chess.iter().map(|(.., list)| list.len()).sum();
    assert_eq!(played, game.len(), "every move was seen to");
    assert!(chess.iter().any(|(.., list)| list.len() > 1), "what is of one room is seen to together");
}

fn script() -> impl Strategy<Value = Vec<(Millis, u16, bool, u8)>> {
    prop::collection::vec((0..3_000_u64, 0..800_u16, any::<bool>(), 0..40_u8), 1..120)
}

proptest! {
    /// Whatever comes, everything that was not declined is seen to, once, and
    /// not later than its age and the queue before it demand.
    #[test]
    fn nobody_starves(script in script()) {
        let mut at = 0;
        let messages: Vec<_> = script
            .iter()
            .enumerate()
            .map(|(number, (passed, base, named, room))| {
                at += passed;
                let arrival = Arrival { base: *base, named: *named && number % 4 == 0, ..Arrival::default() };
                (at, arrival, format!("room {room}"), (at, number, arrival.urgent(&rhythm())))
            })
            .collect();
        let sent = messages.len();
        let lived = live(messages);
        let mut seen = std::collections::BTreeSet::new();
        for (now, _, list) in &lived {
            for (came, number, urgent) in list {
                prop_assert!(seen.insert(*number), "{number} twice");
                prop_assert!(!urgent || now - came <= 10_000, "an urgent one waited {} ms", now - came);
                // Full age, and then one room a slice at the slowest cadence, of forty.
                prop_assert!(now - came <= 30_000 + 40 * 6_000, "{number} waited {} ms", now - came);
            }
        }
        // None is declined below the rate, with room in the inbox.
        prop_assert_eq!(seen.len(), sent);
    }

    /// More priority, more age, more attention, more energy, more budget: never less done.
    #[test]
    fn more_is_never_less(
        base in 0..900_u16, more in 0..100_u16, waited in 0..60_000_u64, longer in 0..60_000_u64,
        low in 0..1_000_u16, high in 0..1_000_u16,
    ) {
        let rhythm = rhythm();
        let (low, high) = (low.min(high), low.max(high));
        let arrival = |base| Arrival { base, ..Arrival::default() };
        prop_assert!(arrival(base + more).priority() >= arrival(base).priority());
        prop_assert!(arrival(base + more).urgent(&rhythm) >= arrival(base).urgent(&rhythm));
        let effective = |base, waited| {
            let mut persona = persona();
            persona.deliver(0, arrival(base), ("r", "a", 1), (), &rhythm);
            persona.inbox.waiting().next().unwrap().effective(waited, &rhythm)
        };
        prop_assert!(effective(base, waited + longer) >= effective(base, waited));
        prop_assert!(effective(base + more, waited) >= effective(base, waited));
        prop_assert!(effective(base, waited) <= 1_500, "age adds a half at most");
        for readiness in [Readiness::Idle, Readiness::Active, Readiness::Tired, Readiness::Overwhelmed] {
            prop_assert!(rhythm.threshold(readiness, high) <= rhythm.threshold(readiness, low));
            prop_assert!(rhythm.cadence(readiness, high) <= rhythm.cadence(readiness, low));
        }
        let ready = |energy, budget| {
            let mut state = State::new(0);
            (state.energy, state.budget) = (energy, budget);
            state.readiness(0, 0, &rhythm)
        };
        prop_assert!(ready(high, 1_000) <= ready(low, 1_000));
        prop_assert!(ready(1_000, high) <= ready(1_000, low));
        let taken = |attention| {
            let mut persona = persona();
            persona.state.attention = attention;
            for number in 0..20 {
                persona.deliver(0, arrival(700), (&number.to_string(), "a", number), (), &rhythm);
            }
            persona.wake(0, &rhythm).rooms.len()
        };
        prop_assert!(taken(high) >= taken(low));
        prop_assert!((1..=8).contains(&taken(low)));
    }

    /// Age orders and admits, and is no shield: what is dropped from a full
    /// inbox is the least by urgency and priority at arrival.
    #[test]
    fn age_is_no_shield(bases in prop::collection::vec(0..800_u16, 6..40)) {
        let rhythm = Rhythm { inbox: 5, rate_per_second: 1_000, ..rhythm() };
        let mut persona = persona();
        for (number, base) in bases.iter().enumerate() {
            let arrival = Arrival { base: *base, ..Arrival::default() };
            let place = (&*number.to_string(), "a", number as u64);
            // Each is a minute older than the next.
            if let Some(no) = persona.deliver(number as u64 * 60_000, arrival, place, (), &rhythm) {
                let least = persona.inbox.waiting().map(|one| one.priority).min().unwrap();
                prop_assert!(no.message.priority <= least);
            }
        }
    }
}
