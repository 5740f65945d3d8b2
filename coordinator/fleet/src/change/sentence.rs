//! A change in plain words.

use super::{Change, SilentReason};
use crate::service::state_word;
use crate::words::span;
use frames::{Mood, NodeName, Service, ServiceState};

impl Change {
    /// The fact as one sentence in plain words, for people and logs.
    pub fn sentence(&self) -> String {
        match self {
            Self::Joined { node, simulated: true } => format!("{node}, a simulated node, joined the fleet."),
            Self::Joined { node, .. } => format!("{node} joined the fleet."),
            Self::MoodChanged { node, from, to, because, .. } => {
                let was = from.map(|from| format!(" (was {from})")).unwrap_or_default();
                let why: Vec<&str> = because.iter().map(|because| because.words.as_str()).collect();
                let why = if why.is_empty() { String::new() } else { format!(": {}", why.join(" and ")) };
                format!("{node} is {}{was}{why}.", feeling(*to))
            }
            Self::Silent { node, reason: SilentReason::Farewell, .. } => {
                format!("{node} said farewell and is silent.")
            }
            Self::Silent { node, reason: SilentReason::ConnectionLost, .. } => {
                format!("{node} is silent: its connection was lost and no frame followed.")
            }
            Self::Silent { node, interval, .. } => {
                format!("{node} is silent: three intervals of {} passed without a frame.", span(*interval))
            }
            Self::Returned { node, silent_for: Some(silence) } => {
                format!("{node} is back after {} of silence.", span(*silence))
            }
            Self::Returned { node, .. } => format!("{node} is back."),
            Self::Restarted { node, machine: Some(true), .. } => format!("{node} rebooted."),
            Self::Restarted { node, machine: Some(false), .. } => {
                format!("The agent on {node} started anew; the machine went on.")
            }
            Self::Restarted { node, .. } => format!("The agent on {node} started anew."),
            Self::ClockChanged { node, by, trusted } => clock_sentence(node, *by, *trusted),
            Self::ModelChanged { node, to: Some(to), .. } => format!("{node} feels with model {to} now."),
            Self::ModelChanged { node, .. } => format!("{node} has no model; the rules speak for it."),
            Self::AgentChanged { node, from, to } => format!("{node} went from agent {from} to {to}."),
            Self::HardwareChanged { node, from, to } => {
                format!("{node} is other hardware now: {to} (was {from}).")
            }
            Self::BoardRenamed { node, before, serial } => format!(
                "{node} speaks from the board that was {before} (serial {serial}): a new card, it seems. \
                 Its past stays with {before}."
            ),
            Self::CardChanged { node, serial } => format!(
                "{node} started anew with a new enrolment on the same board (serial {serial}): a new card, it seems."
            ),
            Self::ServiceChanged { node, unit, to, .. } if unit == Service::DATA_FOLDER => match to {
                ServiceState::Active => format!("{node} keeps what it knows on its disk again."),
                ServiceState::Inactive => format!(
                    "{node} keeps what it knows in memory, or in a layer over a read-only system: a reboot may take it."
                ),
                _ => format!(
                    "{node} can't write into its data folder: it goes on, and keeps what it knows in memory alone."
                ),
            },
            Self::ServiceChanged { node, unit, from, to } => {
                let was = from.map(|from| format!(" (was {})", state_word(from))).unwrap_or_default();
                format!("{unit} on {node} is {}{was}.", state_word(*to))
            }
            Self::ServiceReported { service, node, from, to, note, seen_by } => {
                let place = node.as_ref().map(|node| format!(" on {node}")).unwrap_or_default();
                let was = from.map(|from| format!(" (was {})", state_word(from))).unwrap_or_default();
                let note = note.as_ref().map(|note| format!(": “{note}”")).unwrap_or_default();
                match seen_by {
                    Some(by) => format!("{by} sees {service}{place} as {}{was}{note}.", state_word(*to)),
                    None => format!("{service}{place} says that it is {}{was}{note}.", state_word(*to)),
                }
            }
            Self::SettingsApplied { node, version } => format!("{node} took settings version {version}."),
            Self::SpoolDropped { node, frames, total } => {
                let what = if *frames == 1 { "frame" } else { "frames" };
                format!(
                    "{node} lost {frames} {what} for want of room or time, {total} since its agent started."
                )
            }
            Self::TwoBootsAlternate { node, .. } => {
                format!(
                    "Two agents speak as {node} in turns: one enrolment file is on two machines. Enrol one again."
                )
            }
            Self::FrameRefused { node, cause, count } => {
                let whose =
                    node.as_ref().map_or_else(|| "of nobody here".into(), |node| format!("of {node}"));
                let what = if *count == 1 { "A frame was".into() } else { format!("{count} frames were") };
                format!("{what} refused on the topic {whose}: {cause}.")
            }
            Self::Unreadable { node, version } => {
                format!(
                    "{node} speaks frame version {version}, which can't be read here: upgrade the coordinator."
                )
            }
        }
    }
}

fn feeling(mood: Mood) -> &'static str {
    match mood {
        Mood::Crisis => "in crisis",
        calm => calm.name(),
    }
}

fn clock_sentence(node: &NodeName, by: Option<i64>, trusted: bool) -> String {
    let trust = if trusted { "it follows a time server" } else { "it follows no time server" };
    match by {
        // Under a second only the trust changed.
        Some(by) if by.unsigned_abs() >= 1_000 => {
            let way = if by < 0 { "back" } else { "forwards" };
            format!("The clock of {node} was set {way} by {}; {trust}.", span(by.unsigned_abs()))
        }
        _ => format!("The clock of {node} changed: {trust}."),
    }
}
