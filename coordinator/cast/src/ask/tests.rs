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
    for another in ["what rhymes with orange?", "sing something", "and then?"] {
        assert_eq!(understand(another, &names, Some(&fourth)).kind, None, "{another}");
    }
}
