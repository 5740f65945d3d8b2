//! What another has to add once somebody has spoken, or when somebody came upon
//! something: two argue only when their eyes disagree.

use crate::company::Company;
use crate::facts::{Looked, Seen};
use crate::stage::{Millis, Waiting};
use cast::eye::Verdict;
use cast::life::{Readiness, Reason};
use cast::{Cast, Fact, Mood, Occasion, Quantity, Reading};
use store::Event;

/// Why somebody adds something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// It waited for who has spoken.
    After,
    /// Its eye sees otherwise.
    Dissent,
    /// It came upon it by looking about.
    Found,
}

impl Sort {
    pub(crate) fn reason(self) -> Reason {
        match self {
            Self::After => Reason::Dependency,
            Self::Dissent => Reason::Dissent,
            Self::Found => Reason::Territory,
        }
    }
}

/// Somebody with something to add.
#[derive(Clone, Debug)]
pub(crate) struct Second {
    pub(crate) by: String,
    pub(crate) sort: Sort,
    /// Whom it answers; none where it begins.
    pub(crate) to: Option<String>,
    pub(crate) waiting: Waiting,
}

/// Who has something to add to what every eye saw, if anybody has.
pub(crate) fn of(
    cast: &Cast,
    company: &Company,
    now: Millis,
    event: &Event,
    looked: &Looked,
) -> Option<Second> {
    let (seen, sort) = match &looked.after {
        Some(speaker) => (dissenter(cast, company, now, (looked, speaker))?, Sort::Dissent),
        None => (finder(company, now, looked)?, Sort::Found),
    };
    let fact = fact(event, looked, seen, sort)?;
    let plain = format!("{}: {}.", looked.node, seen.words);
    let waiting = Waiting { fact, plain, signals: Vec::new(), event: event.id, heard: now, due: now };
    Some(Second { by: seen.by.clone(), sort, to: looked.after.clone(), waiting })
}

/// One with a tie to who has spoken, whose eye concludes the contrary: of several
/// the one who believes the speaker least. Who takes the speaker's word doesn't object.
fn dissenter<'a>(
    cast: &Cast,
    company: &Company,
    now: Millis,
    (looked, speaker): (&'a Looked, &str),
) -> Option<&'a Seen> {
    let own = looked.seen.iter().find(|seen| seen.by == speaker)?;
    let uneasy = own.verdict >= Verdict::Uneasy;
    if own.verdict == Verdict::Blind {
        return None;
    }
    let tied = |one: &str, other: &str| {
        cast.get(one).is_some_and(|sheet| sheet.ties.iter().any(|tie| tie.to == other))
    };
    let contrary = |seen: &&Seen| {
        let calm = seen.verdict == Verdict::Calm;
        let other = if uneasy { calm } else { seen.verdict >= Verdict::Uneasy };
        other
            && seen.by != speaker
            && !company.is_muted(&seen.by)
            && (tied(&seen.by, speaker) || tied(speaker, &seen.by))
    };
    let doubts = |seen: &&Seen| company.doubts(now, cast.get(&seen.by)?, speaker);
    let contrary = looked.seen.iter().filter(contrary);
    contrary
        .filter_map(|seen| Some((doubts(&seen)?, seen)))
        .min_by_key(|(belief, _)| *belief)
        .map(|(_, seen)| seen)
}

/// Who is most alarmed, of those who are up to a stroll, where the node itself
/// has not complained.
fn finder<'a>(company: &Company, now: Millis, looked: &'a Looked) -> Option<&'a Seen> {
    if matches!(looked.mood, Some(Mood::Stressed | Mood::Crisis) | None) {
        return None;
    }
    let strolls = |seen: &&Seen| {
        let ready = company.persona(&seen.by).map(|persona| persona.readiness(now, &company.rhythm));
        seen.verdict >= Verdict::Uneasy
            && !company.is_muted(&seen.by)
            && matches!(ready, Some(Readiness::Idle | Readiness::Active))
    };
    looked.seen.iter().filter(strolls).max_by_key(|seen| seen.verdict)
}

fn fact(event: &Event, looked: &Looked, seen: &Seen, sort: Sort) -> Option<Fact> {
    let subject = seen.subject.clone()?;
    let mood = looked.mood?;
    // Found by a stroll: the reading itself is the news.
    let (occasion, reading) = if sort == Sort::Found {
        (Occasion::Signal, Reading::sign(&subject, &seen.sign))
    } else {
        let value = Quantity { value: seen.value, unit: seen.unit.clone(), text: seen.text.clone() };
        let (words, direction, usual) = (seen.vital.clone(), None, None);
        (Occasion::of(None, mood), Reading { name: subject, words, flag: false, value, direction, usual })
    };
    Some(Fact {
        event: event.id.to_string(),
        mood: Some(mood),
        readings: vec![reading],
        ..Fact::of(&looked.node, event.at, occasion)
    })
}
