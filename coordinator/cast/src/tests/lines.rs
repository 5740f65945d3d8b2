//! What moves a trait or a tie changes which lines are chosen.

use super::*;

/// Lines about so many facts, each drawn with its own seed and nothing said before.
fn drawn(sheet: &Sheet, bearing: Bearing, seeds: u64) -> Vec<Utterance> {
    let facts = [Occasion::Stressed, Occasion::Happy, Occasion::Returned].map(whole);
    let each = facts.iter().flat_map(|fact| (0..seeds).map(move |seed| (fact, seed)));
    each.filter_map(|(fact, seed)| {
        utter(sheet, fact, bearing, &mut Rand64::new(u128::from(seed)), &mut Recent::default())
    })
    .collect()
}

/// Of each character and trait: the trait is moved by .3, and everything else is
/// drawn as before.
#[test]
fn a_trait_moved_by_three_tenths_changes_which_lines_are_chosen() {
    let (mut changed, mut pairs, mut differing, mut lines) = (0, 0, 0, 0);
    for sheet in Cast::built_in().unwrap().sheets() {
        let before = drawn(sheet, Bearing::default(), 60);
        for which in Trait::ALL {
            let by = if sheet.traits.get(*which) <= 0.7 { 0.3 } else { -0.3 };
            let moved = Sheet { traits: sheet.traits.moved(*which, by), ..sheet.clone() };
            let after = drawn(&moved, Bearing::default(), 60);
            assert_eq!(before.len(), after.len());
            let others = before.iter().zip(&after).filter(|(one, other)| one.text != other.text).count();
            // One line in a hundred at least.
            changed += usize::from(others * 100 >= before.len());
            pairs += 1;
            differing += others;
            lines += before.len();
        }
    }
    println!("{changed} of {pairs} pairs of character and trait; {differing} of {lines} lines differ");
    assert!(changed * 4 >= pairs * 3, "{changed} of {pairs}");
}

#[test]
fn a_tie_changes_what_is_made_of_the_others_trouble() {
    let cast = Cast::built_in().unwrap();
    let sheet = cast.get("glestrine").unwrap();
    let count = |regard: Regard, made: Move| {
        let bearing = Bearing { regard, ..Bearing::default() };
        drawn(sheet, bearing, 300).iter().filter(|line| line.made == Some(made)).count()
    };
    let strangers = Regard::default();
    let rivals = strangers.moved(Strand::Rivalry, 900);
    let despised = strangers.moved(Strand::Contempt, 900);
    let friends = strangers.moved(Strand::Affection, 900).moved(Strand::Alliance, 900);
    assert!(count(rivals, Move::Tease) > count(strangers, Move::Tease));
    assert!(count(despised, Move::Blame) > count(strangers, Move::Blame));
    assert!(count(friends, Move::Praise) > count(strangers, Move::Praise));
    assert!(count(friends, Move::Blame) < count(strangers, Move::Blame));
    // In a crisis nobody makes anything of it, whoever it is.
    let grave = whole(Occasion::Crisis);
    let said: BTreeSet<Option<Move>> = (0..50)
        .filter_map(|seed| {
            let bearing = Bearing { regard: rivals, ..Bearing::default() };
            utter(sheet, &grave, bearing, &mut Rand64::new(seed), &mut Recent::default())
        })
        .map(|line| line.made)
        .collect();
    assert_eq!(said, BTreeSet::from([None]));
}
