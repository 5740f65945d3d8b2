//! What an event does to whom.

use super::life::is_more_than;
use super::table::{DAY, MINUTE, Sort, Why};
use super::{Change, Growth, Since, TROUBLED, Trouble};
use crate::casting::Cast;
use crate::fact::{Fact, Mood, Occasion, UnixMillis};
use crate::memory::Memory;
use crate::sheet::{Sheet, TieKind};
use crate::signal::Signal;

/// More than so many failures within a day are too many.
const FAILURES: usize = 5;
/// And so many accesses to secrets.
const ACCESSES: usize = 50;
/// The event that records how often secrets of a service were asked for: told by the
/// service itself, in its report.
const ACCESSED: &str = "secret_accessed";
/// What is an attempt on the fleet.
const THREATS: [&str; 2] = ["frame_refused", "two_boots_alternate"];
/// A new card in a known board.
const CARD: &str = "card_changed";
/// Who fails within this time fails together; so many are remembered for it.
const TOGETHER: UnixMillis = 10 * MINUTE;
const FAILING: usize = 16;

/// One event, as it concerns the cast.
#[derive(Clone, Copy, Debug)]
pub struct Happened<'a> {
    /// The event's id.
    pub event: &'a str,
    /// When.
    pub at: UnixMillis,
    /// Its kind.
    pub kind: &'a str,
    /// The node, or the service that runs on none that is known; empty for none.
    pub node: &'a str,
    /// What it says in plain words.
    pub words: &'a str,
    /// What can be said of it, if anything.
    pub fact: Option<&'a Fact>,
    /// What it is a signal of.
    pub signals: &'a [Signal],
    /// Whether it tells that a service failed, or that one is well; none if it tells of no service.
    pub failed: Option<bool>,
    /// How often it happened: 1, but for accesses to secrets, which are told together.
    pub times: u32,
}

impl Happened<'_> {
    fn occasion(&self) -> Option<Occasion> {
        self.fact.map(|fact| fact.occasion)
    }

    /// Whether a node failed: its crisis or its silence begins.
    fn is_failure(&self) -> bool {
        matches!(self.occasion(), Some(Occasion::Crisis | Occasion::Silent))
    }

    /// Whether a crisis is over.
    fn is_success(&self) -> bool {
        self.fact.is_some_and(|fact| fact.occasion == Occasion::Eased && fact.was == Some(Mood::Crisis))
    }

    /// As what it is remembered.
    fn remembered(&self) -> &str {
        match self.occasion() {
            Some(Occasion::Signal) | None if self.failed == Some(true) => "service_failed",
            Some(Occasion::Signal) | None => self.kind,
            Some(occasion) => occasion.name(),
        }
    }

    fn cause(&self) -> (&str, &str) {
        (self.node, self.event)
    }
}

impl Growth {
    /// Takes in what happened; gives what changed by it.
    pub fn heard(&mut self, cast: &Cast, happened: &Happened<'_>) -> Vec<Change> {
        let mut changes = Vec::new();
        let head = Some(happened.node).filter(|node| !node.is_empty()).and_then(|node| cast.embody(node));
        let reacts = |sheet: &&Sheet| happened.signals.iter().any(|signal| sheet.trigger(signal).is_some());
        // Whose service it is: a trigger on events of a kind makes nobody answer for them.
        let service = |signal: &&Signal| matches!(signal, Signal::Service(_));
        let serves = |sheet: &&Sheet| {
            happened.signals.iter().filter(service).any(|signal| sheet.trigger(signal).is_some())
        };
        self.follow(happened);
        if let Some(head) = head {
            self.health(head, happened, happened.is_failure(), happened.fact.is_some(), &mut changes);
            if happened.is_success() {
                self.change(&mut changes, (head, Why::Success, 1_000), happened.cause(), happened.at);
            }
            self.needed(cast, head, happened, &mut changes);
        }
        for sheet in cast.sheets().iter().filter(serves) {
            let failed = happened.failed == Some(true);
            self.health(sheet, happened, failed, happened.failed == Some(false), &mut changes);
            if happened.kind == ACCESSED {
                let accesses = &mut self.life_of(&sheet.id).accesses;
                // More than so many at once say no more.
                let times = (happened.times as usize).min(ACCESSES + 1);
                let more = (0..times).filter(|_| is_more_than(accesses, happened.at, ACCESSES)).count();
                if more > 0 {
                    self.change(&mut changes, (sheet, Why::Accesses, 1_000), happened.cause(), happened.at);
                }
            }
        }
        if THREATS.contains(&happened.kind) {
            for sheet in cast.sheets().iter().filter(reacts) {
                self.change(&mut changes, (sheet, Why::Threat, 1_000), happened.cause(), happened.at);
            }
        }
        self.rise(cast, happened, &mut changes);
        let lasted = happened.fact.and_then(|fact| fact.lasted.as_ref().or(fact.unheard.as_ref()));
        let lasted = lasted.map_or(0, |span| span.value.max(0.0) as u64);
        let at = (happened.event, happened.at);
        let memory = Memory::of(at, happened.remembered(), happened.node, happened.words, lasted);
        for sheet in cast.sheets() {
            if head.is_some_and(|head| head.id == sheet.id) || reacts(&sheet) {
                self.remember(&sheet.id, memory.clone(), &mut changes);
            }
        }
        changes
    }

    /// Follows a node's trouble from its beginning to its end.
    fn follow(&mut self, happened: &Happened<'_>) {
        let Some(fact) = happened.fact else { return };
        let in_trouble = match fact.occasion {
            Occasion::Signal | Occasion::Joined | Occasion::Returned => return,
            Occasion::Silent => false,
            _ => matches!(fact.mood, Some(Mood::Stressed | Mood::Crisis)),
        };
        if !in_trouble {
            self.troubled.remove(happened.node);
            return;
        }
        let here = || Since::new(happened.at, happened.event);
        if self.troubled.len() >= TROUBLED && !self.troubled.contains_key(happened.node) {
            return;
        }
        let begin = || Trouble { since: here(), ..Trouble::default() };
        let trouble = self.troubled.entry(happened.node.to_owned()).or_insert_with(begin);
        if fact.mood == Some(Mood::Crisis) {
            trouble.crisis.get_or_insert_with(here);
        } else {
            trouble.crisis = None;
        }
        let told = |sort: &Sort| fact.readings.iter().any(|reading| sort.is_told_by(reading));
        trouble.sorts = [Sort::Drift, Sort::Failures, Sort::Load].into_iter().filter(told).collect();
    }

    /// How what a character stands for is: what failed, and since when nothing did.
    fn health(
        &mut self,
        sheet: &Sheet,
        happened: &Happened<'_>,
        failed: bool,
        well: bool,
        changes: &mut Vec<Change>,
    ) {
        let life = self.life_of(&sheet.id);
        if !failed {
            if well {
                life.well.get_or_insert_with(|| Since::new(happened.at, happened.event));
            }
            return;
        }
        life.well = Some(Since::new(happened.at, happened.event));
        if is_more_than(&mut life.failures, happened.at, FAILURES) {
            self.change(changes, (sheet, Why::Failures, 1_000), happened.cause(), happened.at);
        }
        self.share(sheet, happened, changes);
    }

    /// Who fails at the same time is bound by it.
    fn share(&mut self, sheet: &Sheet, happened: &Happened<'_>, changes: &mut Vec<Change>) {
        let now = happened.at;
        self.failing.retain(|(_, since)| (0..TOGETHER).contains(&(now - since.at)));
        let others: Vec<String> =
            self.failing.iter().map(|(who, _)| who.clone()).filter(|who| *who != sheet.id).collect();
        for other in others {
            let both = [(sheet.id.as_str(), other.as_str()), (other.as_str(), sheet.id.as_str())];
            for (who, whom) in both {
                let bound = self.between((who, whom), Why::SharedFailure, happened.event, now);
                if bound.is_none() {
                    continue;
                }
                changes.extend(bound);
                let words = format!("{who} and {whom} failed at the same time: {}", happened.words);
                let memory = Memory::of((happened.event, now), "shared_failure", happened.node, &words, 0);
                self.remember(who, memory, changes);
            }
            self.change(changes, (sheet, Why::SharedFailure, 1_000), (&other, happened.event), now);
        }
        if self.failing.len() >= FAILING {
            self.failing.pop_front();
        }
        self.failing.push_back((sheet.id.clone(), Since::new(now, happened.event)));
    }

    /// Who needs a character is let down by its failure, and relieved when that is over.
    fn needed(&mut self, cast: &Cast, head: &Sheet, happened: &Happened<'_>, changes: &mut Vec<Change>) {
        let why = if happened.is_failure() {
            Why::LetDown
        } else if happened.is_success() || happened.occasion() == Some(Occasion::Returned) {
            Why::Relieved
        } else {
            return;
        };
        let needs = |sheet: &&Sheet| {
            sheet.ties.iter().any(|tie| tie.kind == TieKind::Dependency && tie.to == head.id)
        };
        for sheet in cast.sheets().iter().filter(needs) {
            changes.extend(self.between((&sheet.id, &head.id), why, happened.event, happened.at));
        }
    }

    /// A node's own character: its silence may be its death, and whoever comes
    /// back after a day, or with a new card, comes back from the dead.
    fn rise(&mut self, cast: &Cast, happened: &Happened<'_>, changes: &mut Vec<Change>) {
        let Some(sheet) = cast.own_of(happened.node) else { return };
        let (node, now) = (happened.node, happened.at);
        if happened.occasion() == Some(Occasion::Silent) {
            let since = || (Since::new(now, happened.event), false);
            self.absent.entry(node.to_owned()).or_insert_with(since);
            return;
        }
        let dead = match happened.occasion() {
            None => false,
            Some(_) => self.absent.remove(node).is_some_and(|(since, told)| told || now - since.at >= DAY),
        };
        if dead || happened.kind == CARD {
            self.fate(&sheet.id, "resurrected", happened.cause(), now, changes);
            self.change(changes, (sheet, Why::Resurrection, 1_000), happened.cause(), now);
        }
    }

    /// Somebody was born: it is the first thing that it remembers.
    pub fn born(&mut self, id: &str, node: &str, words: &str, event: &str, at: UnixMillis) {
        let memory = Memory::of((event, at), "born", node, words, 0);
        // One memory is no reason to reflect.
        self.remember(id, memory, &mut Vec::new());
    }
}
