//! The way of one body into the fleet.

use crate::change::{Change, SilentReason};
use crate::marks::Decision;
use crate::node::Node;
use crate::refusal::Refusal;
use crate::registry::Fleet;
use crate::time::{Dated, Millis, Moment, Now, UnixMillis};
use crate::words::{because, tidy};
use frames::{Body, Head, NodeName, Report, Say};

/// A frame of another boot has to be made this long after the running one was
/// first heard: a delayed last word is not an agent that lives.
const TURN: Millis = 2_000;
/// Two boots that go on taking turns are told of this often.
const TELL_TURNS: Millis = 60 * 60_000;
/// Without a turn for this long, the alarm is over.
const TURNS_END: Millis = 10 * 60_000;

/// One reading as the store keeps it. (node, boot, sequence) is its key.
#[derive(Clone, Debug, PartialEq)]
pub struct VitalsRow {
    /// Whose.
    pub node: NodeName,
    /// The boot that made it.
    pub boot: u32,
    /// Its place in that boot.
    pub sequence: u32,
    /// When it was made.
    pub at: Dated,
    /// When it arrived, by the coordinator's clock.
    pub received: UnixMillis,
    /// What was said.
    pub report: Report,
}

/// What became of one body.
#[derive(Clone, Debug, PartialEq)]
pub enum Admission {
    /// It was new.
    Admitted(Box<Admitted>),
    /// It was decided before: nothing changes, but its boot is acknowledged
    /// again, since the node seems not to have heard.
    Double,
    /// It can't be taken. Counted already; [`Fleet::refuse`] is not called for it.
    Refused(Refusal),
}

/// What one new body brings.
#[derive(Clone, Debug, PartialEq)]
pub struct Admitted {
    /// When it was made.
    pub at: Dated,
    /// What to store, if the body held vitals.
    pub row: Option<VitalsRow>,
    /// What it changed, in the order of cause and effect.
    pub changes: Vec<Change>,
    /// Whether it was the node's news of now: the live views show it.
    pub live: bool,
    /// Whether the node says (in a `Hello`) that it hasn't the settings that
    /// it shall have: send them again.
    pub settings_due: bool,
}

impl Fleet {
    /// Takes one verified, decoded body of a node that is enrolled. For a
    /// replay the caller unwraps it and calls this for each body inside, with
    /// `live` false.
    pub fn admit(&mut self, now: Now, name: &NodeName, body: &Body<'_>, live: bool) -> Admission {
        self.awake(now);
        let uptime = match &body.say {
            Say::Hello(hello) => hello.uptime,
            Say::Vitals(report) => report.uptime,
            Say::Services(services) => services.uptime,
            Say::Farewell(farewell) => farewell.uptime,
            Say::Replay(_) => {
                self.counters.refuse(Refusal::NestedReplay);
                return Admission::Refused(Refusal::NestedReplay);
            }
        };
        let uptime = Millis::from(uptime) * 100;
        let board = self.other_on_board(name, &body.say);
        let Some(node) = self.enter(now, name) else {
            self.counters.refuse(Refusal::FleetFull);
            return Admission::Refused(Refusal::FleetFull);
        };
        let Head { boot, sequence, oldest, .. } = body.head;
        node.keep_boot(boot, now);
        node.dirty = true;
        let decision = node.boot_mut(boot).map(|boot| {
            boot.due = true;
            boot.marks.decide(sequence, oldest)
        });
        match decision {
            Some(Decision::New) => {}
            Some(Decision::Double) => {
                self.counters.doubles += 1;
                return Admission::Double;
            }
            Some(Decision::Refused) | None => {
                self.counters.refuse(Refusal::BeyondWindow);
                return Admission::Refused(Refusal::BeyondWindow);
            }
        }
        let mut changes = Vec::new();
        node.meet(&mut changes);
        if let (Say::Hello(hello), Some(known)) = (&body.say, node.boot_mut(boot)) {
            known.hello(sequence, hello);
        }
        let frame = Frame { boot, sequence, uptime, say: Some(&body.say) };
        let news = if live { node.news(now, &frame, &mut changes) } else { None };
        let at = node.date(now, boot, uptime);
        let mut lost = 0;
        let row = if let Say::Vitals(report) = &body.say {
            lost = node.count_losses(boot, report);
            let received = now.unix;
            Some(VitalsRow { node: name.clone(), boot, sequence, at, received, report: report.clone() })
        } else {
            None
        };
        let mut settings_due = false;
        if let Some(made) = news {
            node.take(now, made, at, &frame, &mut changes);
            changes.extend(board);
            settings_due = matches!(body.say, Say::Hello(_)) && node.wanted_settings().is_some();
        }
        self.dropped = self.dropped.saturating_add(lost.into());
        self.counters.accepted += 1;
        Admission::Admitted(Box::new(Admitted { at, row, changes, live: news.is_some(), settings_due }))
    }
}

impl Fleet {
    /// What is to be told if a board that is new under this name was another node before.
    fn other_on_board(&self, name: &NodeName, say: &Say<'_>) -> Option<Change> {
        let Say::Hello(hello) = say else { return None };
        let serial = hello.serial.as_deref().filter(|_| !name.is_simulated())?;
        let known = self.nodes.get(name).and_then(|node| node.hello.as_ref()?.serial.as_deref());
        if known == Some(serial) {
            return None;
        }
        let before = self.on_board(serial, name)?.clone();
        Some(Change::BoardRenamed { node: name.clone(), before, serial: serial.to_owned() })
    }
}

/// What the steps need of one frame. No words means: of a newer version.
struct Frame<'a> {
    boot: u32,
    sequence: u32,
    uptime: Millis,
    say: Option<&'a Say<'a>>,
}

impl Node {
    /// Tells of the node's joining, once.
    pub(crate) fn meet(&mut self, changes: &mut Vec<Change>) {
        if !self.greeted {
            self.greeted = true;
            changes.push(Change::Joined { node: self.name.clone(), simulated: self.is_simulated() });
        }
    }

    /// Whether a live frame is the newest word of the node, and when it was
    /// made. It is not if it comes late, or is of a boot that is over.
    fn news(&mut self, now: Now, frame: &Frame<'_>, changes: &mut Vec<Change>) -> Option<Millis> {
        let running = self.running == Some(frame.boot);
        let boot = self.boot_mut(frame.boot)?;
        if frame.sequence <= boot.newest {
            return None;
        }
        let first = boot.newest == 0;
        boot.newest = frame.sequence;
        if boot.old {
            return None;
        }
        let made = now.mono.saturating_sub(boot.heard(now, frame.uptime, running || first)?);
        if running {
            return Some(made);
        }
        if first {
            self.start(frame, changes);
        } else {
            self.take_turns(now, made, frame.boot, changes)?;
        }
        self.running = Some(frame.boot);
        Some(made)
    }

    /// A boot speaks that was never heard live.
    fn start(&mut self, frame: &Frame<'_>, changes: &mut Vec<Change>) {
        if self.running.is_none() {
            return;
        }
        let kernel = self.hello.as_ref().map(|hello| hello.kernel_boot).filter(|kernel| *kernel != [0; 16]);
        let machine = match (kernel, frame.say) {
            (Some(kernel), Some(Say::Hello(hello))) if hello.kernel_boot != [0; 16] => {
                Some(hello.kernel_boot != kernel)
            }
            _ => None,
        };
        changes.push(Change::Restarted {
            node: self.name.clone(),
            boot: frame.boot,
            machine,
            uptime: frame.uptime,
        });
    }

    /// A known boot speaks while another one runs. None if it only comes late.
    fn take_turns(&mut self, now: Now, made: Millis, boot: u32, changes: &mut Vec<Change>) -> Option<()> {
        // Without a running boot there is nobody to take turns with.
        let Some(other) = self.running.and_then(|running| self.boot(running)) else { return Some(()) };
        let (other, began) = (other.number, other.first_heard.mono.unwrap_or(0));
        if made < began.saturating_add(TURN) || !self.shows_life(now, made) {
            return None;
        }
        self.alternated = Some(now.mono);
        if self.alternation_told.is_none_or(|told| now.mono >= told.saturating_add(TELL_TURNS)) {
            self.alternation_told = Some(now.mono);
            changes.push(Change::TwoBootsAlternate { node: self.name.clone(), boots: [boot, other] });
        }
        Some(())
    }

    /// Takes the newest word of the node.
    fn take(&mut self, now: Now, made: Millis, at: Dated, frame: &Frame<'_>, changes: &mut Vec<Change>) {
        self.unreadable = None;
        self.calm_turns(now);
        self.seen(now, made);
        match frame.say {
            Some(Say::Farewell(_)) => {
                changes.extend(self.silence_now(now, SilentReason::Farewell));
                return;
            }
            Some(Say::Hello(hello)) => self.greet(frame.boot, hello, changes),
            Some(Say::Services(services)) => self.serve(&services.units, changes),
            // The interval in a report says how long it shows life.
            Some(Say::Vitals(report)) => self.feel(now, made, at, report, changes),
            Some(Say::Replay(_)) | None => {}
        }
        if self.shows_life(now, made) {
            changes.extend(self.alive(now));
        }
        changes.extend(self.tell_losses(now));
    }

    fn seen(&mut self, now: Now, made: Millis) {
        if self.last_seen_mono().is_none_or(|last| made > last) {
            self.last_seen = Some(Moment::ago(now, now.mono.saturating_sub(made)));
        }
    }

    /// Takes the newest report.
    fn feel(&mut self, now: Now, made: Millis, at: Dated, report: &Report, changes: &mut Vec<Change>) {
        self.trend.heard(made, report);
        let mut report = report.clone();
        match (report.mood, self.report.take()) {
            // An agent's first report has no verdict yet: the last one stands.
            (None, Some((_, before))) => {
                report.mood = before.mood;
                report.probabilities = before.probabilities;
                report.causes = before.causes;
                report.distance = before.distance;
                report.classifier = before.classifier;
            }
            (Some(mood), _) if self.mood() != Some(mood) => {
                let since = Moment::ago(now, now.mono.saturating_sub(made));
                let former = self.mood.replace((mood, since));
                let probability = report.probabilities.get(mood as usize).map_or(0.0, |p| tidy(p.get()));
                changes.push(Change::MoodChanged {
                    node: self.name.clone(),
                    from: former.map(|(former, _)| former),
                    to: mood,
                    probability,
                    because: because(&report),
                    classifier: report.classifier,
                    lasted: former.and_then(|(_, since)| Some(made.saturating_sub(since.mono?))),
                });
            }
            _ => {}
        }
        self.report = Some((at, report));
    }

    fn calm_turns(&mut self, now: Now) {
        if self.alternated.is_some_and(|last| now.mono >= last.saturating_add(TURNS_END)) {
            self.alternated = None;
        }
    }

    /// A live, sealed frame of a newer version: all that it shows is life.
    pub(crate) fn heard_unreadable(&mut self, now: Now, head: &Head, changes: &mut Vec<Change>) {
        self.keep_boot(head.boot, now);
        let running = self.running == Some(head.boot);
        let Some(boot) = self.boot_mut(head.boot) else { return };
        let first = boot.newest == 0;
        // Its uptime is in the part that can't be read, so that nothing shows
        // whether another boot's frame is late.
        if head.sequence <= boot.newest || boot.old || !(running || first) {
            return;
        }
        boot.newest = head.sequence;
        if !running {
            let frame = Frame { boot: head.boot, sequence: head.sequence, uptime: 0, say: None };
            self.start(&frame, changes);
            self.running = Some(head.boot);
        }
        self.dirty = true;
        self.seen(now, now.mono);
        changes.extend(self.alive(now));
    }
}
