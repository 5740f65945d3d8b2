//! The characters on stage as they are shown.

use super::grown::Grown;
use super::nature::Natures;
use super::plots::Plots;
use super::{CompanyError, Hosted, word};
use crate::ask::Ask;
use crate::surfaces::view::{
    ArcView, BetView, BetsView, BornView, CharacterView, ProfileView, SaidView, ServiceView, TriggerView,
    time,
};
use crate::words::hundredths;
use cast::life::Readiness;
use cast::{Sheet, Signal, UnixMillis};
use node_agent::clock::wall;
use serde_json::json;
use stage::{Now, Portrait, Request};
use std::collections::BTreeMap;

impl Hosted {
    pub(super) async fn characters(&self) -> Result<Vec<CharacterView>, CompanyError> {
        let portraits = self.request(Request::Portraits).await?;
        let moment = self.moment();
        let shown = portraits.iter().filter_map(|portrait| moment.character(portrait));
        Ok(shown.collect())
    }

    /// What became of everybody on stage, by their sheets' names.
    pub(super) async fn arcs(&self) -> BTreeMap<String, ArcView> {
        let seen = self.seen.borrow().clone();
        let past = Past::read(&self.ask, None, wall()).await;
        let sheets = seen.cast.sheets().iter();
        sheets.map(|sheet| (sheet.id.clone(), past.arc(&seen, sheet))).collect()
    }

    /// One character, and what became of it.
    pub(super) async fn profile(&self, id: &str) -> Result<ProfileView, CompanyError> {
        let nobody = || CompanyError::Nobody(id.to_owned());
        let portrait = self.request(|answer| Request::Portrait(id.to_owned(), answer)).await?;
        let portrait = portrait.ok_or_else(nobody)?;
        let moment = self.moment();
        let shown = moment.character(&portrait).zip(moment.seen.cast.get(id));
        let (character, sheet) = shown.ok_or_else(nobody)?;
        let past = Past::read(&self.ask, Some(id), moment.now).await;
        Ok(ProfileView { arc: past.arc(&moment.seen, sheet), character })
    }

    fn moment(&self) -> Moment {
        Moment {
            seen: self.seen.borrow().clone(),
            services: self.services.all(&self.live).iter().map(ServiceView::from).collect(),
            nodes: self.live.nodes().into_iter().map(|node| node.name.to_string()).collect(),
            now: wall(),
        }
    }
}

/// What is recorded of the cast, or of one of it.
struct Past {
    plots: Plots,
    natures: Natures,
}

impl Past {
    async fn read(ask: &Ask, id: Option<&str>, now: UnixMillis) -> Self {
        Self { plots: Plots::read(ask).await, natures: Natures::read(ask, id, now).await }
    }

    /// What became of a character.
    fn arc(&self, Now { cast, kept }: &Now, sheet: &Sheet) -> ArcView {
        let nature = if kept.grown.is_fixed() { None } else { self.natures.of(sheet) };
        ArcView { nature, threads: self.plots.threads(&kept.threads, cast, sheet) }
    }
}

/// How the house stands while characters are shown.
struct Moment {
    seen: Now,
    services: Vec<ServiceView>,
    nodes: Vec<String>,
    now: UnixMillis,
}

impl Moment {
    /// A character as it is; none if it has left the stage meanwhile.
    fn character(&self, portrait: &Portrait) -> Option<CharacterView> {
        let Now { cast, kept } = &self.seen;
        let (growth, now) = (&kept.grown, self.now);
        let sheet = cast.get(&portrait.id)?;
        let grown = Grown { growth, cast, sheet, now };
        let shares = |traits: cast::Traits| {
            traits.iter().map(|(name, value)| (name.to_owned(), hundredths(value))).collect()
        };
        let nodes =
            self.nodes.iter().filter(|node| cast.embody(node).is_some_and(|head| head.id == sheet.id));
        let said = portrait.last.as_ref().map(|line| SaidView {
            by: line.by.clone(),
            text: line.text.clone(),
            bare: line.bare.clone(),
            plain: line.plain.clone(),
            kind: serde_json::from_value(json!(line.kind)).unwrap_or(crate::live::SaidKind::Fact),
            facts: serde_json::to_value(&line.facts).unwrap_or_default(),
            at: time(line.at),
        });
        Some(CharacterView {
            id: sheet.id.clone(),
            name: sheet.name.clone(),
            house: sheet.house.clone(),
            archetype: sheet.archetype.clone(),
            style: sheet.style.map(|style| style.name.clone()),
            office: sheet.office.map(|office| office.name().to_owned()),
            embodies: portrait.embodies.clone(),
            readiness: word(&portrait.readiness),
            readiness_because: readiness_because(portrait),
            feeling: word(&portrait.feeling),
            feeling_because: portrait.cause.map(str::to_owned),
            energy: portrait.energy,
            attention: portrait.attention,
            traits: shares(growth.traits(sheet, now)),
            sheet_traits: shares(sheet.traits),
            modifiers: grown.modifiers(),
            relationships: grown.relationships(),
            last_said: said,
            nodes: nodes.cloned().collect(),
            muted: portrait.muted,
            // What a veiled one reacts to is for people to find out.
            triggers: sheet
                .triggers
                .iter()
                .filter(|_| portrait.known)
                .map(|trigger| {
                    let (supplied, supply) = supply(&trigger.signal, &self.services);
                    TriggerView {
                        signal: trigger.signal.to_string(),
                        feeling: word(&trigger.feeling),
                        why: trigger.why.clone(),
                        supplied,
                        supply,
                    }
                })
                .collect(),
            eye: if portrait.known { word(&sheet.eye) } else { String::new() },
            born: portrait.birth.as_ref().map(|birth| BornView {
                node: birth.node.clone(),
                why: birth.why.to_string(),
                at: time(birth.at),
                event: birth.cause.clone(),
            }),
            bets: bets(portrait),
            // Nor what it remembers, which would tell.
            memories: if portrait.known { grown.memories() } else { Vec::new() },
            insights: if portrait.known { grown.insights() } else { Vec::new() },
            people: grown.people(),
        })
    }
}

/// What a character bets on, and how well it did.
fn bets(portrait: &Portrait) -> BetsView {
    let thousandths = |value: f64| (value * 1_000.0).round() / 1_000.0;
    let open = portrait.bets.iter().map(|bet| BetView {
        event: bet.event.clone(),
        node: bet.node.clone(),
        vital: bet.vital.clone(),
        claim: bet.claim.clone(),
        chance: f64::from(bet.chance) / 1_000.0,
        before: time(bet.before),
    });
    BetsView {
        right: portrait.record.right,
        settled: portrait.record.settled,
        brier: portrait.record.brier().map(thousandths),
        open: open.collect(),
    }
}

/// Why a character is as ready as it is.
fn readiness_because(portrait: &Portrait) -> String {
    match portrait.readiness {
        Readiness::Idle => "nothing waits for it".to_owned(),
        Readiness::Active => "it spoke a moment ago".to_owned(),
        Readiness::Tired => format!("its energy is {:.0} %", portrait.energy * 100.0),
        Readiness::Overwhelmed if portrait.waiting > 0 => {
            format!("{} messages wait for it", portrait.waiting)
        }
        Readiness::Overwhelmed => "the machine has little to spare".to_owned(),
    }
}

/// Whether anything supplies a signal, and what, or why nothing does.
fn supply(signal: &Signal, services: &[ServiceView]) -> (bool, String) {
    match signal {
        Signal::Vital(_) | Signal::Event(_) if stage::facts::is_supplied(signal, &[]) => {
            (true, "the fleet's agents".to_owned())
        }
        Signal::Vital(name) => (false, format!("there is no vital {name}")),
        Signal::Event(kind) => (false, format!("there is no event {kind}")),
        // Of two of one name, the one that is heard of.
        Signal::Service(name) => {
            let of_name = services.iter().filter(|one| one.name == *name);
            of_name.max_by_key(|one| one.is_supplied()).map_or_else(
                || {
                    (
                        false,
                        format!("no service {name} is declared, and no agent watches a unit of that name"),
                    )
                },
                |one| (one.is_supplied(), one.supply.clone()),
            )
        }
    }
}
