//! Bounds, monotony, and that nobody starves.

mod rules;

use super::*;
use crate::Traits;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn rhythm() -> Rhythm {
    Rhythm::default()
}

fn persona<M: Clone>() -> Persona<M> {
    Persona::new("caudex", 0, &rhythm())
}

fn base(base: u16) -> Arrival {
    Arrival { base, ..Arrival::default() }
}

#[test]
fn sixty_messages_at_07_are_all_handled() {
    let rhythm = rhythm();
    let mut persona = persona();
    for number in 0..60 {
        persona.deliver(0, base(600), (&format!("room {number}"), "a", number), number, &rhythm);
    }
    assert_eq!(persona.readiness(0, &rhythm), Readiness::Overwhelmed);
    let mut handled = 0;
    let mut now = 0;
    while handled < 60 && now < 40 * 60_000 {
        now = persona.wakes.max(now + 1);
        let rooms = persona.wake(now, &rhythm).rooms.len();
        handled += rooms;
        persona.state.work(now, 1_000 * rooms as u64, 1, &rhythm);
    }
    assert_eq!(handled, 60, "by {now}");
}

#[test]
fn urgency_is_fixed_at_arrival() {
    let rhythm = rhythm();
    let live = Arrival { base: 500, active: true, ..Arrival::default() };
    assert_eq!(live.priority(), 800, "fresh, a live room and the base");
    assert!(!live.urgent(&rhythm), "are not urgent by themselves");
    assert!(Arrival { base: 100, named: true, ..Arrival::default() }.urgent(&rhythm));
    assert!(base(801).urgent(&rhythm) && !base(800).urgent(&rhythm));
    let mut persona = persona();
    persona.deliver(0, base(700), ("r", "a", 1), (), &rhythm);
    let message = persona.inbox.waiting().next().unwrap();
    assert_eq!(message.effective(60_000, &rhythm), 1_300, "age orders");
    assert!(!message.urgent, "and never makes urgent");
}

#[test]
fn what_was_dropped_is_offered_again_when_few_wait() {
    let rhythm = Rhythm { inbox: 3, ..rhythm() };
    let mut persona = persona();
    for number in 0..3 {
        assert!(persona.deliver(0, base(500), (&number.to_string(), "a", number), number, &rhythm).is_none());
    }
    let dropped = persona.deliver(1, base(600), ("x", "a", 9), 9, &rhythm).unwrap();
    assert_eq!((dropped.why, dropped.message.matter), (Why::Full, 2), "the newest of the least");
    let mut seen = Vec::new();
    for now in [2_u64, 2_000, 4_000] {
        seen.extend(persona.wake(now, &rhythm).rooms.into_iter().flat_map(|(_, list)| list));
    }
    let mut seen: Vec<u64> = seen.into_iter().map(|message| message.matter).collect();
    seen.sort_unstable();
    assert_eq!(seen, [0, 1, 2, 9], "nothing is lost");
}

#[test]
fn moods_of_readiness_do_not_overlap() {
    let rhythm = rhythm();
    let mut state = State::new(0);
    assert_eq!(state.readiness(0, 0, &rhythm), Readiness::Idle);
    state.work(10, 1_000, 1, &rhythm);
    assert_eq!(state.readiness(10, 0, &rhythm), Readiness::Active);
    assert_eq!(state.readiness(40_010, 0, &rhythm), Readiness::Idle, "after the window");
    state.energy = 299;
    assert_eq!(state.readiness(10, 0, &rhythm), Readiness::Tired);
    assert_eq!(state.readiness(10, 21, &rhythm), Readiness::Overwhelmed);
    state.energy = 400;
    assert_eq!(state.readiness(40_010, 0, &rhythm), Readiness::Idle, "between .3 and .5, too");
    state.budget = 199;
    assert_eq!(state.readiness(40_010, 0, &rhythm), Readiness::Overwhelmed);
}

#[test]
fn energy_and_attention_change_what_is_done() {
    let rhythm = rhythm();
    let taken = |energy: u16, attention: u16| {
        let mut persona = persona();
        persona.state.energy = energy;
        persona.state.attention = attention;
        for number in 0..20 {
            persona.deliver(0, base(350), (&number.to_string(), "a", number), (), &rhythm);
        }
        persona.wake(1, &rhythm).rooms.len()
    };
    assert_eq!(taken(1_000, 1_000), 8, "a rested one takes its share");
    assert_eq!(taken(200, 1_000), 0, "a tired one leaves what is slight");
    assert_eq!(taken(1_000, 250), 2, "little attention, few rooms");
    assert_eq!(rhythm.cadence(Readiness::Tired, 1_000), 2_000);
    assert_eq!(rhythm.cadence(Readiness::Tired, 499), 4_000, "a scarce budget slows");
    assert_eq!(
        (compute_budget(0.2, 1_000), compute_budget(4.5, 1_000), compute_budget(0.2, 150)),
        (1_000, 0, 150)
    );
}

#[test]
fn a_minute_of_work_takes_a_tenth_and_half_a_minute_gives_it_back() {
    let rhythm = rhythm();
    let mut state = State::new(0);
    state.work(60_000, 60_000, 1, &rhythm);
    assert_eq!(state.energy, 900);
    for step in 1..=30 {
        state.rest(60_000 + step * 1_000, &rhythm);
    }
    assert_eq!(state.energy, 1_000, "small steps lose nothing");
}

#[test]
fn a_circle_of_waits_is_refused_with_its_path() {
    let mut needs = Needs::default();
    needs.wait("caudex", "prometheus", 1_000).unwrap();
    needs.wait("prometheus", "consul", 1_000).unwrap();
    let cycle = needs.wait("consul", "caudex", 1_000).unwrap_err();
    assert_eq!(cycle.0, ["consul", "caudex", "prometheus", "consul"]);
    assert!(cycle.to_string().contains("consul → caudex → prometheus → consul"));
    assert!(needs.wait("vault", "vault", 1_000).is_err());
    assert_eq!(needs.done("consul"), ["prometheus"]);
    assert!(needs.is_waiting("caudex"));
    assert_eq!(needs.expire(1_000), ["caudex"], "a wait has a deadline");
}

#[test]
fn the_floor_goes_by_relevance_and_fairness() {
    let thought = |by: &str, relevance, reason, lately| Thought::new(by, relevance, reason, "a b", lately);
    let thoughts = [
        thought("umbrell", 700, Reason::Eye, 4),
        thought("caudex", 600, Reason::Eye, 0),
        thought("malvo", 100, Reason::Named, 9),
    ];
    let granted: Vec<&str> = grant(&thoughts, 2).into_iter().map(|one| one.by.as_str()).collect();
    assert_eq!(granted, ["malvo", "caudex"], "the named first, then who has spoken less");
    let long = Thought::new("a", 1, Reason::Eye, "1 2 3 4 5 6 7 8 9 10 11 12 13", 0);
    assert_eq!(long.thought.split(' ').count(), 12);
}

#[test]
fn a_room_has_enough_at_some_point() {
    use Call::{Asked, Named, Open};
    let mut room = Room::default();
    assert_eq!(room.may_answer(0, Open), Ok(()), "nobody has spoken");
    room.speak(0, "ann", true);
    assert!(room.is_active(29_999, &rhythm()) && !room.is_active(30_000, &rhythm()));
    assert_eq!(room.may_answer(0, Open), Ok(()));
    room.answered(0, "caudex");
    assert_eq!(room.may_answer(9_000, Open), Err(Hold::Pace));
    assert_eq!(room.may_answer(9_000, Named), Ok(()), "the named may");
    room.answered(10_000, "caudex");
    room.answered(20_000, "malvo");
    assert_eq!(room.may_answer(29_999, Open), Err(Hold::Burst), "three within half a minute");
    assert_eq!(room.may_answer(29_999, Named), Ok(()), "then only those who are named");
    for minute in 1..15 {
        room.answered(minute * 60_000, "caudex");
    }
    let late = 15 * 60_000;
    assert_eq!(room.may_answer(late, Named), Err(Hold::Asleep), "characters alone fall asleep");
    assert_eq!(room.may_answer(late, Asked), Ok(()), "and a person wakes them");
    room.speak(late, "ann", true);
    assert_eq!(room.may_answer(late, Open), Ok(()));
    for turn in 0..60 {
        room.answered(late + turn, "caudex");
    }
    assert_eq!(room.may_answer(late + 60, Named), Err(Hold::Session));
    room.speak(late + 60 + late, "caudex", false);
    assert_eq!(room.may_answer(late + 60 + late, Open), Ok(()), "after a pause a session begins anew");
}

#[test]
fn each_cause_makes_a_feeling_and_none_lasts_for_ever() {
    let mut seen = std::collections::BTreeSet::new();
    let natures = [
        Traits::default(),
        Traits { aggression: 0.9, curiosity: 0.9, social: 0.9, confidence: 0.95, ..Traits::default() },
        Traits { paranoia: 1.0, protective: 1.0, ..Traits::default() },
    ];
    for traits in natures {
        for felt in [
            Felt::OwnCrisis,
            Felt::OwnCrisisAgain,
            Felt::OwnStress,
            Felt::OwnRelief,
            Felt::OwnSilence,
            Felt::OwnReturn,
            Felt::RivalsTrouble,
            Felt::FriendsTrouble,
            Felt::Overload,
            Felt::Neglect,
            Felt::Thanks,
            Felt::Quiet,
        ] {
            let (feeling, lasts) = felt.makes(&traits);
            seen.insert(feeling);
            let mut heart = Heart::default();
            heart.feel(0, felt, &traits);
            assert_eq!(heart.feeling(0), feeling);
            assert_eq!(heart.feeling(lasts), Feeling::Content, "{felt:?}");
        }
    }
    assert_eq!(seen.len(), Feeling::ALL.len(), "{seen:?}");
    let mut heart = Heart::default();
    heart.feel(0, Felt::OwnCrisis, &Traits::default());
    heart.feel(1, Felt::Quiet, &Traits::default());
    assert_eq!(heart.feeling(2), Feeling::Stressed, "a lighter cause covers no graver one");
    heart.feel(3, Felt::OwnRelief, &Traits::default());
    assert_eq!(heart.feeling(4), Feeling::Content);
}

/// A hundred characters, ten thousand messages a second for a minute, two in a
/// hundred of them urgent: in the time of the simulation.
#[test]
fn a_hundred_under_ten_thousand_a_second() {
    let rhythm = rhythm();
    let mut cast: Vec<Persona<u64>> = (0..100).map(|_| persona()).collect();
    let mut chance = oorandom::Rand32::new(5);
    let (mut urgent, mut late, mut slowest) = (0_u64, 0_u64, 0_u64);
    let (mut handled, mut sent) = (0_usize, 0_usize);
    let mut declined: BTreeMap<&str, usize> = BTreeMap::new();
    let mut slices = vec![0_u32; 100];
    for tick in 0..75_000_u64 / 10 {
        let now = tick * 10;
        // A hundred in ten milliseconds, for a minute.
        for _ in 0..if now < 60_000 { 100 } else { 0 } {
            sent += 1;
            let who = chance.rand_range(0..100) as usize;
            let named = chance.rand_range(0..50) == 0;
            urgent += u64::from(named);
            let arrival = Arrival { base: chance.rand_range(0..700) as u16, named, ..Arrival::default() };
            let room = format!("room {}", chance.rand_range(0..400));
            let key = u64::from(chance.rand_u32());
            if let Some(no) = cast[who].deliver(now, arrival, (&room, "x", key), now, &rhythm) {
                assert!(!no.message.urgent, "no urgent one is declined");
                *declined.entry(no.why.name()).or_default() += 1;
            }
        }
        for (who, persona) in cast.iter_mut().enumerate() {
            if persona.wakes > now {
                continue;
            }
            let slice = persona.wake(now, &rhythm);
            assert!(persona.inbox.len() <= 1_000 && persona.inbox.deferred() <= 200);
            slices[who] += u32::from(!slice.rooms.is_empty());
            // An answer of the understudy takes a few milliseconds.
            persona.state.work(now, 5 * slice.rooms.len() as u64, 1, &rhythm);
            for message in slice.rooms.into_iter().flat_map(|(_, list)| list) {
                handled += 1;
                let waited = now - message.at;
                if message.urgent {
                    slowest = slowest.max(waited);
                    late += u64::from(waited > 10_000);
                }
            }
        }
    }
    let waiting: usize = cast.iter().map(|persona| persona.inbox.len()).sum();
    println!(
        "sent {sent}, urgent {urgent}, slowest urgent {slowest} ms, handled {handled}, declined {declined:?}, waiting {waiting}"
    );
    assert!(urgent > 10_000 && late == 0, "{late} of {urgent} came late, the slowest after {slowest} ms");
    assert!(cast.iter().all(|persona| persona.inbox.waiting().all(|message| !message.urgent)));
    assert!(slices.iter().all(|slices| *slices > 10), "everybody gets a slice: {slices:?}");
    assert!(declined.contains_key("rate"), "{declined:?}");
}

proptest! {
    /// However messages come, an urgent one is in the next slice, and none is
    /// dropped while a lesser waits.
    #[test]
    fn the_urgent_come_through(script in prop::collection::vec((0..2_000_u64, 0..1_000_u16, any::<bool>(), 0..30_u8), 1..200)) {
        let rhythm = Rhythm { inbox: 20, ..rhythm() };
        let mut persona = persona();
        let mut now = 0;
        for (passed, priority, named, room) in script {
            now += passed;
            let arrival = Arrival { base: priority, named, ..Arrival::default() };
            let key = (&*room.to_string(), "a", now);
            if let Some(no) = persona.deliver(now, arrival, key, (), &rhythm) {
                let lesser = |one: &Message<()>| {
                    (one.urgent, one.priority) < (no.message.urgent, no.message.priority)
                };
                prop_assert!(no.why != Why::Full || !persona.inbox.waiting().any(lesser));
                prop_assert!(!no.message.urgent || persona.inbox.waiting().all(|one| one.urgent));
            }
            prop_assert!(persona.inbox.len() <= rhythm.inbox);
            if persona.wakes <= now {
                persona.wake(now, &rhythm);
                prop_assert!(persona.inbox.waiting().all(|one| !one.urgent));
                prop_assert!(persona.wakes > now);
                prop_assert!(persona.wakes - now <= 6_000, "cadence is a ceiling");
            }
        }
    }

    /// Energy and attention stay within their bounds, and rest never lowers them.
    #[test]
    fn shares_stay_shares(steps in prop::collection::vec((0..200_000_u64, 0..200_000_u64, 0..9_u16), 1..50)) {
        let rhythm = rhythm();
        let mut state = State::new(0);
        let mut now = 0;
        for (rest, work, complexity) in steps {
            now += rest;
            let (energy, attention) = (state.energy, state.attention);
            state.rest(now, &rhythm);
            prop_assert!(state.energy >= energy && state.attention >= attention);
            now += work;
            let energy = state.energy;
            state.work(now, work, complexity, &rhythm);
            prop_assert!(state.energy <= energy && state.energy <= 1_000 && state.attention <= 1_000);
        }
    }
}
