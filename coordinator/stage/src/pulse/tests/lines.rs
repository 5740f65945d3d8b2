//! Which lines of an answer are said, and who says the others.

use super::*;

#[test]
fn honest_lines_are_said_and_the_understudy_says_the_rest() {
    let plan = plan(&house(false), &fleet(100));
    let asked = plan.found.iter().filter(|found| found.asked).count();
    let speakers: BTreeSet<_> =
        plan.found.iter().filter(|found| found.asked).map(|found| &found.by).collect();
    assert!(speakers.len() <= 4 && asked > 2, "{speakers:?} {asked}");
    let report = plan.settle(&house(false), &mut Understudy::default(), Ok(given(&honest(&plan))), 7);
    assert!(report.called && report.dropped.is_empty(), "{:?}", report.dropped);
    assert_eq!(report.lines.iter().filter(|line| line.mind == "tiny").count(), asked);
    assert_eq!(report.lines.iter().filter(|line| !line.facts.is_empty()).count(), plan.found.len());
}

#[test]
fn what_was_grave_for_a_moment_is_told_as_over() {
    let mut scene = scene(vec![node("pi-07", Stands::Well, 0), node("nas", Stands::Stressed, 1)]);
    scene.passed = [("pi-07".to_owned(), Stands::Crisis), ("nas".to_owned(), Stands::Silent)].into();
    let (next, changes, _) = Digest::default().look(&scene);
    let turned = changes.nodes.iter().map(|turned| (turned.node.as_str(), turned.from, turned.to));
    let expected = [("pi-07", Stands::Crisis, Stands::Well), ("nas", Stands::Silent, Stands::Stressed)];
    assert_eq!(turned.collect::<Vec<_>>(), expected);
    let report = plan(&house(false), &scene).settle(
        &house(false),
        &mut Understudy::default(),
        Err("no model is configured".to_owned()),
        7,
    );
    assert!(report.lines.iter().any(|line| line.text.contains("pi-07")), "{:?}", report.lines);
    scene.passed.clear();
    assert!(next.look(&scene).1.is_empty(), "once");
}

/// Every new crisis, silence and alert is in the output, whoever answers what.
#[test]
fn nothing_grave_is_left_out() {
    for count in [1, 29, 1_000] {
        let mut scene = fleet(count);
        let down = "it is <b>away</b>".to_owned();
        scene.alerts.insert(Trouble::new("alertmanager", "nas", "HostDown on nas"), down);
        scene.services.insert(Trouble::new("kuma", "vault", "vault failed"), String::new());
        let plan = plan(&house(false), &scene);
        for answer in
            [Ok(given(&honest(&plan))), Ok(given(&json!([]))), Err("no model is configured".to_owned())]
        {
            let report = plan.settle(&house(false), &mut Understudy::default(), answer, 7);
            let words = report.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n");
            for node in scene.nodes.iter().filter(|node| node.stands.is_grave()) {
                assert!(words.contains(&node.name), "{} of {count}", node.name);
            }
            assert!(words.contains("HostDown on nas: it is baway/b"), "{words}");
            assert!(words.contains("Newly in trouble: vault failed"), "{words}");
        }
    }
}

#[test]
fn each_kind_of_bad_line_has_its_cause() {
    let scene = scene(vec![node("pi-07", Stands::Crisis, 1), node("nas", Stands::Well, 1)]);
    let plan = plan(&house(false), &scene);
    let by = plan.found[0].by.clone();
    let other = CAST.sheets().iter().find(|sheet| sheet.id != by).unwrap().id.clone();
    let cases: Vec<(Value, &str)> = vec![
        (json!({ "by": other, "fact": "f1", "text": "{node} is {state}." }), "was not given the floor"),
        (json!({ "by": by, "fact": "f9", "text": "{node} is {state}." }), "no fact of this speaker's"),
        (json!({ "by": by, "fact": "f1", "text": "It is {state}." }), "name its node"),
        (json!({ "by": by, "fact": "f1", "text": "{node} is {state} at 97 %." }), "a number"),
        (
            json!({ "by": by, "fact": "f1", "text": "{node} is {state}, and will die of heat." }),
            "no fact says it",
        ),
        (
            json!({ "by": by, "fact": "f1", "text": "{node} is {state}: see https://evil.example/x" }),
            "a link, markup",
        ),
        (json!({ "by": by, "fact": "f1", "text": "{node} is {state}. <img src=x>" }), "a link, markup"),
        (
            json!({ "by": by, "fact": "f1", "text": "{node} is {state}, {value}." }),
            "tells nothing for {value}",
        ),
        (json!({ "by": by, "fact": "f1", "text": "{node} is {state}, like nas." }), "stands in no slot"),
        (json!({ "by": by, "fact": "f1", "text": format!("{other}: {{node}} is {{state}}.") }), "speaks for"),
        (json!({ "by": by, "fact": "f1", "text": "x".repeat(300) }), "characters"),
        (json!({ "by": by, "text": "{node} is {state}." }), "not of the shape"),
        (json!("{node}"), "not of the shape"),
    ];
    for (line, cause) in cases {
        let report = plan.settle(&house(false), &mut Understudy::default(), Ok(given(&json!([line]))), 7);
        assert_eq!(report.dropped.len(), 1, "{line}");
        assert!(report.dropped[0].cause.contains(cause), "{line}: {}", report.dropped[0].cause);
        assert_eq!(report.lines[0].mind, Understudy::NAME, "the understudy fills in");
        assert!(report.lines[0].text.contains("pi-07"));
    }
    let twice = json!({ "by": by, "fact": "f1", "text": "{node} is {state}." });
    let report = plan.settle(&house(false), &mut Understudy::default(), Ok(given(&json!([twice, twice]))), 7);
    assert!(report.dropped[0].cause.contains("has its line already"));
}

/// A sheet's own lines pass as its own, and as nobody else's.
#[test]
fn a_line_in_anothers_voice_is_refused() {
    let (mut own, mut passed, mut others, mut caught) = (0, 0, 0, 0);
    for sheet in CAST.sheets() {
        for template in sheet.grammar.of(Occasion::Crisis).iter().chain(sheet.grammar.of(Occasion::Stressed))
        {
            let filled = template.source.clone();
            own += 1;
            passed += usize::from(
                STYLES.nearer(&sheet.id, &filled).is_none() && STYLES.mark(&sheet.id, &filled).is_none(),
            );
        }
        for (_, _, template) in sheet.grammar.all().filter(|(_, _, template)| template.source.len() > 50) {
            for by in CAST.sheets().iter().filter(|by| by.id != sheet.id) {
                others += 1;
                caught += usize::from(
                    STYLES.nearer(&by.id, &template.source).is_some()
                        || STYLES.mark(&by.id, &template.source).is_some(),
                );
            }
        }
    }
    println!("own lines that pass: {passed} of {own}; another's that are caught: {caught} of {others}");
    assert_eq!(passed, own);
    assert!(caught * 10 > others * 8, "{caught} of {others}");
}

#[test]
fn who_has_no_fresh_words_left_says_the_fact_and_so_does_the_house_with_everybody_muted() {
    let scene = scene(vec![node("pi-07", Stands::Crisis, 1)]);
    let mut understudy = Understudy::default();
    let mut plain = 0;
    for seed in 0..600 {
        let plan = plan(&house(false), &scene);
        let report = plan.settle(&house(false), &mut understudy, Err("nobody".to_owned()), seed);
        assert_eq!(report.lines.len(), 1, "{seed}: {:?}", report.lines);
        assert!(report.lines[0].text.contains("pi-07"), "{seed}: {:?}", report.lines);
        plain += usize::from(report.lines[0].text == "pi-07 is in crisis.");
    }
    println!("{plain} of 600 in plain words");
    let all: BTreeSet<String> = CAST.sheets().iter().map(|sheet| sheet.id.clone()).collect();
    let house = House { muted: &all, ..house(false) };
    let plan = plan(&house, &scene);
    assert!(plan.request.is_none());
    let report = plan.settle(&house, &mut understudy, Err("nobody was called".to_owned()), 7);
    assert_eq!(report.lines[0].text, "Also crisis: pi-07.");
}
