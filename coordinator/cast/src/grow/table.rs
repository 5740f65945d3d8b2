//! The tables: what changes a character, and what changes a tie.

use crate::fact::{Reading, UnixMillis};
use crate::regard::Strand;
use crate::sheet::Sheet;
use crate::traits::Trait;
use serde::{Deserialize, Serialize};

pub(super) const MINUTE: UnixMillis = 60_000;
pub(super) const HOUR: UnixMillis = 60 * MINUTE;
pub(super) const DAY: UnixMillis = 24 * HOUR;

/// The five things that change anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Catalyst {
    /// How what it stands for is: for long well, or failing.
    ServiceHealth,
    /// What people do with it.
    UserInteraction,
    /// What happens between two of the cast.
    PeerRelation,
    /// What happens to its nodes.
    SystemEvent,
    /// That nobody speaks to it.
    Neglect,
}

macro_rules! whys {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $catalyst:ident, $words:literal;)*) => {
        /// Why something changed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Why { $($(#[$doc])* $variant),* }

        impl Why {
            /// Every cause.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name, as in JSON.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// Which of the five it is one of.
            pub fn catalyst(self) -> Catalyst {
                match self { $(Self::$variant => Catalyst::$catalyst),* }
            }

            /// In words, as the end of a sentence; `about` is the node or whoever it is about.
            pub fn words(self, about: &str) -> String {
                match self { $(Self::$variant => $words),* }.replace("{}", about)
            }
        }
    };
}

whys! {
    /// Its household is under a strain that lasts.
    Strain = "strain", SystemEvent, "{} has been under strain for long";
    /// A crisis of its household lasts.
    Incident = "incident", SystemEvent, "{} has been in crisis for long";
    /// A crisis of its household is over.
    Success = "success", SystemEvent, "the crisis of {} is over";
    /// Somebody came who should not.
    Threat = "threat", SystemEvent, "something that it guards against happened on {}";
    /// What it embodies came back from the dead.
    Resurrection = "resurrection", SystemEvent, "{} came back from the dead";
    /// Nothing of its own has failed for a week.
    Stability = "stability", ServiceHealth, "nothing of its own has failed for a week";
    /// It failed time and again within a day.
    Failures = "failures", ServiceHealth, "its own failed time and again within a day";
    /// Its secrets are asked for all the time.
    Accesses = "accesses", ServiceHealth, "its secrets were asked for more than 50 times within a day";
    /// Two of the cast failed at the same time.
    SharedFailure = "shared_failure", PeerRelation, "it failed at the same time as {}";
    /// Whom it needs failed.
    LetDown = "let_down", PeerRelation, "{}, whom it needs, failed";
    /// Whom it needs is well again.
    Relieved = "relieved", PeerRelation, "{}, whom it needs, is well again";
    /// The other named it as a cause of trouble.
    Blamed = "blamed", PeerRelation, "{} named it as the cause";
    /// The other made fun of its household.
    Teased = "teased", PeerRelation, "{} made fun of its household";
    /// The other praised its household.
    Praised = "praised", PeerRelation, "{} praised its household";
    /// The other's eye saw the contrary.
    Contradicted = "contradicted", PeerRelation, "{} saw the contrary, and said so";
    /// It bet, and was right.
    ProvedRight = "proved_right", PeerRelation, "a bet turned out right";
    /// It bet, and was wrong.
    ProvedWrong = "proved_wrong", PeerRelation, "a bet turned out wrong";
    /// A person asked it something.
    Asked = "asked", UserInteraction, "it was asked";
    /// A person asked the same again.
    Repeated = "repeated", UserInteraction, "it was asked the same again";
    /// A person thanked it.
    Thanked = "thanked", UserInteraction, "it was thanked";
    /// A person's thumb is up.
    ThumbUp = "thumb_up", UserInteraction, "a thumb was put up for it";
    /// A person's thumb is down.
    ThumbDown = "thumb_down", UserInteraction, "a thumb was put down for it";
    /// A person muted it.
    Muted = "muted", UserInteraction, "it was muted";
    /// A person lets it speak again.
    Unmuted = "unmuted", UserInteraction, "it may speak again";
    /// Nobody has spoken to it for a fortnight.
    Neglect = "neglect", Neglect, "nobody has spoken to it for a fortnight";
}

/// Of which kind a strain is, by what speaks loudest for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Whatever it is.
    Any,
    /// Something differs from what is usual.
    Drift,
    /// Something fails.
    Failures,
    /// There is too much work.
    Load,
}

/// The vitals that tell of failures, and of load, by their names in JSON.
const FAILURES: [&str; 9] = [
    "failed_units",
    "oom_kills",
    "disk_errors",
    "filesystem_errors",
    "read_only_mounts",
    "net_errors",
    "under_voltage_now",
    "throttled_now",
    "clock_synchronised",
];
const LOAD: [&str; 21] = [
    "cpu",
    "cpu_busiest",
    "load1",
    "load5",
    "load15",
    "psi_cpu_some",
    "psi_memory_some",
    "psi_memory_full",
    "psi_io_some",
    "psi_io_full",
    "memory_used",
    "swap_used",
    "swap_in",
    "swap_out",
    "disk_busy",
    "net_received",
    "net_sent",
    "tcp_retransmits",
    "processes",
    "blocked",
    "open_files",
];

impl Sort {
    /// Whether a reading tells of it.
    pub(super) fn is_told_by(self, reading: &Reading) -> bool {
        let name = reading.name.as_str();
        match self {
            Self::Any => true,
            Self::Drift => reading.usual.is_some(),
            Self::Failures => FAILURES.contains(&name),
            Self::Load => LOAD.contains(&name),
        }
    }
}

/// For whom a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Whoever has no row of its own for the same.
    All,
    /// This sheet.
    Only(&'static str),
    /// Whose social trait is above a half.
    Social,
    /// Whose social trait is not.
    Solitary,
}

impl Who {
    fn is(self, sheet: &Sheet) -> bool {
        match self {
            Self::All => true,
            Self::Only(id) => sheet.id == id,
            Self::Social => sheet.traits.social > 0.5,
            Self::Solitary => sheet.traits.social <= 0.5,
        }
    }
}

/// What changes a nature: for whom, when, by how much in thousandths, for how long.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// For whom.
    pub who: Who,
    /// When.
    pub why: Why,
    /// Which strain it must be.
    pub sort: Sort,
    /// How intense it must be at least, in thousandths: stress is 750, a crisis 1,000.
    pub above: u16,
    /// How long it must have lasted.
    pub after: UnixMillis,
    /// What it moves, and by how much when it is at its most intense.
    pub moves: &'static [(Trait, i16)],
    /// How long until nothing is left of it.
    pub lasts: UnixMillis,
}

const fn row(who: Who, why: Why, moves: &'static [(Trait, i16)], hours: i64) -> Row {
    Row { who, why, sort: Sort::Any, above: 0, after: 0, moves, lasts: hours * HOUR }
}

impl Row {
    const fn when(self, sort: Sort, above: u16, after: UnixMillis) -> Self {
        Self { sort, above, after, ..self }
    }
}

use Trait::{
    Aggression, Confidence, Curiosity, Dedication, Empathy, Humor, Manipulation, Paranoia, Perfectionism,
    Precision, Protective, Scholarly, Social, Verbosity,
};
use Who::{All, Only, Social as IfSocial, Solitary};

/// Everything that changes a nature. Where a change has a name that is none of
/// the sixteen, it moves the trait that it shows in: pedantry is precision,
/// satisfaction with oneself is confidence, anxiety is a want of it, obsession is
/// perfectionism, suspicion asks (curiosity), loneliness seeks company, and whoever
/// likes to be alone grows milder; wisdom is scholarly, a trauma is paranoia.
pub const NATURE: &[Row] =
    &[
        // A strain that lasts.
        row(Only("calliope"), Why::Strain, &[(Aggression, 100), (Perfectionism, 150)], 24).when(
            Sort::Drift,
            700,
            6 * HOUR,
        ),
        row(Only("caudex"), Why::Strain, &[(Curiosity, 200), (Scholarly, 150)], 18).when(
            Sort::Failures,
            600,
            4 * HOUR,
        ),
        row(Only("glestrine"), Why::Strain, &[(Humor, 100), (Aggression, 150), (Empathy, -100)], 16).when(
            Sort::Load,
            700,
            3 * HOUR,
        ),
        row(Only("malvo"), Why::Strain, &[(Aggression, 100), (Paranoia, 150), (Empathy, -50)], 24).when(
            Sort::Failures,
            600,
            2 * HOUR,
        ),
        row(Only("operant-7"), Why::Strain, &[(Precision, 50), (Perfectionism, 50)], 48).when(
            Sort::Any,
            800,
            4 * HOUR,
        ),
        row(Only("umbrell"), Why::Strain, &[], 0),
        row(All, Why::Strain, &[(Aggression, 300)], 12).when(Sort::Any, 700, 2 * HOUR),
        // A crisis that lasts.
        row(Only("calliope"), Why::Incident, &[(Aggression, 200), (Perfectionism, 100), (Empathy, -100)], 12)
            .when(Sort::Any, 1_000, 2 * HOUR),
        row(Only("caudex"), Why::Incident, &[(Curiosity, 150), (Confidence, 100)], 8).when(
            Sort::Any,
            1_000,
            30 * MINUTE,
        ),
        row(Only("glestrine"), Why::Incident, &[(Humor, 200), (Confidence, 100), (Manipulation, 100)], 12)
            .when(Sort::Any, 1_000, HOUR),
        // To the end of the scale: whatever the sheet says.
        row(Only("malvo"), Why::Incident, &[(Protective, 500), (Paranoia, 200), (Aggression, 100)], 72).when(
            Sort::Any,
            1_000,
            30 * MINUTE,
        ),
        row(Only("operant-7"), Why::Incident, &[(Dedication, 500), (Precision, 500)], 24).when(
            Sort::Any,
            1_000,
            HOUR,
        ),
        row(Only("umbrell"), Why::Incident, &[(Scholarly, 100), (Curiosity, 80), (Confidence, 50)], 8).when(
            Sort::Any,
            1_000,
            45 * MINUTE,
        ),
        row(All, Why::Incident, &[(Protective, 200)], 12).when(Sort::Any, 1_000, HOUR),
        // At once.
        row(All, Why::Success, &[(Confidence, 200)], 12),
        row(All, Why::Threat, &[(Paranoia, 400)], 24),
        row(All, Why::Failures, &[(Confidence, -400), (Perfectionism, 300)], 48),
        row(All, Why::Accesses, &[(Paranoia, 300), (Curiosity, 400)], 48),
        row(All, Why::SharedFailure, &[(Empathy, 400)], 7 * 24),
        row(All, Why::Resurrection, &[(Scholarly, 300), (Paranoia, 200)], 30 * 24),
        row(All, Why::ProvedRight, &[(Confidence, 100)], 48),
        row(All, Why::ProvedWrong, &[(Confidence, -100)], 48),
        row(All, Why::Thanked, &[(Empathy, 100), (Verbosity, 50)], 24),
        row(All, Why::ThumbUp, &[(Confidence, 100)], 48),
        row(All, Why::ThumbDown, &[(Confidence, -100)], 48),
        row(All, Why::Muted, &[(Social, -150)], 7 * 24),
        // What lasts.
        row(All, Why::Stability, &[(Precision, 200), (Confidence, 300)], 7 * 24).when(Sort::Any, 0, 7 * DAY),
        row(IfSocial, Why::Neglect, &[(Social, 400)], 14 * 24).when(Sort::Any, 0, 14 * DAY),
        row(Solitary, Why::Neglect, &[(Aggression, -300)], 14 * 24).when(Sort::Any, 0, 14 * DAY),
    ];

/// How long the longest of these lasts.
pub const LONGEST: UnixMillis = {
    let (mut longest, mut place) = (0, 0);
    while place < NATURE.len() {
        if NATURE[place].lasts > longest {
            longest = NATURE[place].lasts;
        }
        place += 1;
    }
    longest
};

/// The rows of a character for a cause: its own, or else everybody's.
pub(super) fn rows(sheet: &Sheet, why: Why) -> Vec<&'static Row> {
    let all = NATURE.iter().filter(|row| row.why == why && row.who.is(sheet));
    let (own, others): (Vec<&Row>, Vec<&Row>) = all.partition(|row| matches!(row.who, Only(_)));
    if own.is_empty() { others } else { own }
}

/// What changes a tie of somebody to whom it is about: by how much in thousandths,
/// up to how much in all, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Bond {
    /// When.
    pub why: Why,
    /// What it moves.
    pub strand: Strand,
    /// By how much.
    pub by: i16,
    /// Up to how much, when it happens time and again.
    pub most: u16,
    /// How long until nothing is left of it.
    pub lasts: UnixMillis,
}

const fn bond(why: Why, strand: Strand, by: i16, most: u16, days: i64) -> Bond {
    Bond { why, strand, by, most, lasts: days * DAY }
}

/// Everything that changes a tie, between two of the cast or to a person.
pub const BONDS: &[Bond] = &[
    bond(Why::SharedFailure, Strand::Trust, 300, 300, 30),
    bond(Why::SharedFailure, Strand::SharedSuffering, 400, 500, 30),
    bond(Why::LetDown, Strand::Trust, -200, 400, 7),
    bond(Why::LetDown, Strand::Contempt, 100, 200, 7),
    bond(Why::Relieved, Strand::Trust, 100, 200, 7),
    bond(Why::Blamed, Strand::Affection, -200, 400, 3),
    bond(Why::Blamed, Strand::Rivalry, 200, 400, 3),
    bond(Why::Teased, Strand::Rivalry, 100, 300, 2),
    bond(Why::Praised, Strand::Affection, 150, 400, 3),
    bond(Why::Contradicted, Strand::Rivalry, 100, 300, 3),
    bond(Why::Contradicted, Strand::Trust, -100, 300, 3),
    bond(Why::ProvedRight, Strand::Trust, 100, 300, 14),
    bond(Why::ProvedWrong, Strand::Trust, -100, 300, 14),
    // Towards people.
    bond(Why::Asked, Strand::Affection, 50, 300, 7),
    bond(Why::Repeated, Strand::Affection, -50, 200, 1),
    bond(Why::Thanked, Strand::Affection, 150, 400, 14),
    bond(Why::Thanked, Strand::Trust, 50, 300, 14),
    bond(Why::ThumbUp, Strand::Affection, 200, 400, 14),
    bond(Why::ThumbUp, Strand::Trust, 100, 300, 14),
    bond(Why::ThumbDown, Strand::Affection, -200, 400, 14),
    bond(Why::Muted, Strand::Affection, -300, 300, 7),
    bond(Why::Unmuted, Strand::Affection, 150, 300, 7),
];
