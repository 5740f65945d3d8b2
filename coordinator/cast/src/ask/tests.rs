//! The 300 questions, and what goes on from one to the next.

use super::*;
use std::fmt::Write as _;

const BUILD: &str = include_str!("../../questions/build.tsv");
const TEST: &str = include_str!("../../questions/test.tsv");

fn names() -> Names {
    let cast = crate::Cast::built_in().unwrap();
    let mut names = Names {
        nodes: ["pi-03", "pi-05", "pi-07", "nas"].map(str::to_owned).to_vec(),
        characters: cast.called(),
        ..Names::default()
    };
    names.vitals.insert("temperature".to_owned(), "temperature".to_owned());
    names
}

fn score(questions: &str) -> (usize, usize, String) {
    let names = names();
    let (mut right, mut all, mut wrong) = (0, 0, String::new());
    for line in questions.lines() {
        let (kind, text) = line.split_once('\t').unwrap();
        let known = Question::ALL.iter().any(|(_, name, _)| *name == kind);
        assert!(known, "{kind}");
        let found = understand(text, &names, None).kind.map_or("nothing", Question::name);
        all += 1;
        if found == kind {
            right += 1;
        } else {
            writeln!(wrong, "{text:?} is {kind}, not {found}").unwrap();
        }
    }
    (right, all, wrong)
}

#[test]
fn most_questions_go_to_the_right_kind() {
    for (half, questions, least) in [("build", BUILD, 94), ("test", TEST, 85)] {
        let (right, all, wrong) = score(questions);
        println!("{half}: {right} of {all}\n{wrong}");
        assert_eq!(all, 150);
        assert!(right * 100 >= all * least, "{half}: {right} of {all}\n{wrong}");
    }
}

#[test]
fn what_is_no_question_of_ours_is_understood_as_nothing() {
    let names = names();
    for text in [
        "",
        "sing me a song",
        "is the pope catholic",
        "blue",
        "order a pizza for two",
        "what's the capital of France",
    ] {
        assert_eq!(understand(text, &names, None).kind, None, "{text}");
    }
}

#[test]
fn slots_are_found() {
    let asked = understand("How often was PI-03 stressed this week, Malvo?", &names(), None);
    assert_eq!(asked.kind, Some(Question::Often));
    assert_eq!((asked.nodes, asked.state.as_deref()), (vec!["pi-03".to_owned()], Some("stressed")));
    assert_eq!(
        (asked.characters, asked.stretch),
        (vec!["malvo".to_owned()], Some(Stretch { from: 168, to: 0 }))
    );
}

#[test]
fn services_are_asked_after_by_name() {
    let names = Names { services: vec!["db".to_owned(), "vault".to_owned()], ..names() };
    for (text, service) in [
        ("is db running?", "db"),
        ("how is the state of db", "db"),
        ("is vault up", "vault"),
        ("what about db?", "db"),
    ] {
        let asked = understand(text, &names, None);
        assert_eq!(
            (asked.kind, asked.services),
            (Some(Question::Service), vec![service.to_owned()]),
            "{text}"
        );
    }
    assert_eq!(understand("who is vault?", &names, None).kind, Some(Question::Who), "the character");
    let first = understand("is db running?", &names, None);
    assert_eq!(understand("and vault?", &names, Some(&first)).services, ["vault"]);
}

#[test]
fn times_are_understood() {
    let back =
        |text: &str| understand(text, &names(), None).stretch.map(|stretch| (stretch.from, stretch.to));
    assert_eq!(back("how was pi-03 an hour ago?"), Some((2, 1)));
    assert_eq!(back("what happened in the last hour?"), Some((1, 0)));
    assert_eq!(back("how was pi-03 the day before yesterday?"), Some((72, 48)));
    assert_eq!(back("what changed a week ago?"), Some((192, 168)));
    assert_eq!(back("how is pi-03?"), None);
}

#[test]
fn questions_go_on_from_each_other() {
    let names = names();
    let first = understand("what's the trend of the temperature on pi-03 today", &names, None);
    let second = understand("and yesterday?", &names, Some(&first));
    assert_eq!(second.kind, Some(Question::Trend));
    assert_eq!((second.nodes.clone(), second.vital.as_deref()), (first.nodes, Some("temperature")));
    assert_eq!(second.stretch, Some(Stretch { from: 48, to: 24 }));
    let third = understand("and nas?", &names, Some(&second));
    assert_eq!((third.kind, third.nodes.clone()), (Some(Question::Trend), vec!["nas".to_owned()]));
    let fourth = understand("why is it stressed?", &names, Some(&third));
    assert_eq!((fourth.kind, &fourth.nodes), (Some(Question::Why), &vec!["nas".to_owned()]));
    // "why?" after a question to one of them is for the same one.
    let named = Asked { to: vec!["caudex".to_owned()], ..fourth.clone() };
    for goes_on in ["why?", "and yesterday?", "since when is it so?"] {
        assert_eq!(understand(goes_on, &names, Some(&named)).to, ["caudex"], "{goes_on}");
    }
    assert!(understand("which node is worst?", &names, Some(&named)).to.is_empty());
    for another in ["what rhymes with orange?", "sing something", "and then?"] {
        assert_eq!(understand(another, &names, Some(&fourth)).kind, None, "{another}");
    }
}
