//! Everybody as they are, and what lasts: what people say of them, who is born, what the nodes are for, who depends on whom.

use super::{Millis, Stage};
use crate::kept::{Birth, Kept};
use crate::line::{Born, Portrait};
use cast::birth::{BirthError, Why};
use cast::life::Felt;
use cast::thread::Threads;
use cast::{Fact, Sheet, UnixMillis};
use std::sync::Arc;
use store::Uuid;

/// So many nodes without a place on stage are remembered.
const UNBORN: usize = 1_024;

impl Stage {
    /// Everybody on stage, as they are now.
    pub fn portraits(&mut self, at: Millis) -> Vec<Portrait> {
        self.company.rest(at, &self.cast);
        self.cast.sheets().iter().filter_map(|sheet| self.portray(at, sheet)).collect()
    }

    /// A character as it is now; none if there is none of that name.
    pub fn portrait(&mut self, at: Millis, id: &str) -> Option<Portrait> {
        self.company.rest(at, &self.cast);
        self.portray(at, self.cast.get(id)?)
    }

    fn portray(&self, at: Millis, sheet: &Sheet) -> Option<Portrait> {
        let persona = self.company.persona(&sheet.id)?;
        let bearing = self.company.bearing(at, &sheet.id);
        let guessed = self.company.kept.guessed.get(&sheet.id);
        let embodies = match (sheet.domain.as_str(), guessed) {
            (_, None) if sheet.veiled => None,
            ("", answer) => answer.cloned(),
            (domain, _) => Some(domain.to_owned()),
        };
        Some(Portrait {
            id: sheet.id.clone(),
            known: embodies.is_some(),
            embodies,
            cause: persona.heart.cause(at).map(Felt::words),
            birth: self.company.kept.born.get(&sheet.id).cloned(),
            readiness: bearing.readiness,
            feeling: bearing.feeling,
            energy: f64::from(persona.state.energy) / 1_000.0,
            attention: f64::from(persona.state.attention) / 1_000.0,
            waiting: persona.inbox.len(),
            tone: bearing.tone,
            muted: self.company.is_muted(&sheet.id),
            thumbs: self.company.thumbs(&sheet.id),
            bets: self.company.kept.bets.of(&sheet.id).cloned().collect(),
            record: self.company.kept.bets.record(&sheet.id),
            last: self.last.get(&sheet.id).cloned(),
        })
    }

    /// Mutes a character, or lets it speak again. False if there is none of that name.
    pub fn mute(&mut self, id: &str, mute: bool) -> bool {
        let known = self.cast.get(id).is_some();
        if known {
            self.company.mute(id, mute);
        }
        known
    }

    /// A person's thumb for a character. False if there is none of that name.
    pub fn thumb(&mut self, at: Millis, id: &str, up: bool) -> bool {
        let Some(sheet) = self.cast.get(id) else { return false };
        self.company.thumb(at, sheet, up);
        true
    }

    /// Whether a guess tells what a veiled character stands for; a right one
    /// lifts its veil. None if there is none of that name, or it has no veil.
    pub fn guess(&mut self, id: &str, guess: &str) -> Option<bool> {
        let sheet = self.cast.get(id).filter(|sheet| sheet.veiled)?;
        let answer = sheet.guessed(guess);
        let right = answer.is_some();
        if let Some(answer) = answer {
            self.company.kept.guessed.insert(id.to_owned(), answer);
        }
        Some(right)
    }

    /// What is remembered for good.
    pub fn kept(&self) -> &Kept {
        &self.company.kept
    }

    /// Takes what was remembered before.
    pub fn remember(&mut self, kept: Kept) {
        self.threads = Threads::resume(kept.threads.clone());
        self.follow(&kept);
        self.company.kept = kept;
        self.company.kept.grown.fix(!self.settings.grows);
    }

    /// Says what a node is for: nodes of one role live in one household.
    pub fn settle(&mut self, node: &str, role: Option<&str>) {
        if self.cast.role_of(node) != role {
            Arc::make_mut(&mut self.cast).live_as(node, role);
            self.bind();
        }
    }

    /// Lets the declared relations of services tie their characters.
    pub(super) fn bind(&mut self) {
        let relations = &self.settings.relations;
        let stands = |service: &fleet::Declared| {
            let by_name = self.cast.stands_for(service.name.as_str());
            let by_place = || service.nodes.first().and_then(|node| self.cast.embody(node.as_str()));
            by_name.or_else(by_place).map(|sheet| sheet.id.clone())
        };
        let mut needs = Vec::new();
        for who in relations.iter() {
            for whom in who.needs.iter().filter_map(|need| relations.get(need)) {
                if let (Some(one), Some(other)) = (stands(who), stands(whom)) {
                    needs.push((one, other, format!("{} needs {}.", who.name, whom.name)));
                }
            }
        }
        if !needs.is_empty() {
            let needs = needs.iter().map(|(one, other, why)| (one.as_str(), other.as_str(), why.clone()));
            Arc::make_mut(&mut self.cast).bind(needs);
        }
    }

    /// Gives a node a character of its own; gives its sheet's name.
    ///
    /// # Errors
    /// [`BirthError`] says why not.
    pub fn bear(
        &mut self,
        at: Millis,
        now: UnixMillis,
        node: &str,
        why: Why,
        cause: Option<Uuid>,
    ) -> Result<String, BirthError> {
        let seed = self.draw();
        let (sheet, text) = cast::birth::bear(&self.cast, node, seed)?;
        let (id, full) = (sheet.id.clone(), BirthError::Full(self.cast.most()));
        Arc::make_mut(&mut self.cast).add(sheet).map_err(|_| full)?;
        self.company.enter(at, &id);
        let birth = Birth { node: node.to_owned(), why, at: now, cause: cause.map(|id| id.to_string()) };
        self.company.kept.born.insert(id.clone(), birth.clone());
        self.bind();
        self.newborn.push(Born { id: id.clone(), birth, text });
        Ok(id)
    }

    /// Who was born since this was last asked.
    pub fn newborn(&mut self) -> Vec<Born> {
        std::mem::take(&mut self.newborn)
    }

    /// What a node has earned by what happened to it.
    pub(super) fn earn(&mut self, at: Millis, fact: &Fact, event: Uuid) {
        let Some(rules) = self.settings.births else { return };
        let Some(why) = self.company.kept.earn(&self.cast, fact, rules) else { return };
        if self.unborn.contains(&fact.node) {
            return;
        }
        if let Err(error) = self.bear(at, fact.at, &fact.node, why, Some(event)) {
            tracing::info!(node = fact.node, %error, "a node has earned a character, and gets none");
            if self.unborn.len() < UNBORN {
                self.unborn.insert(fact.node.clone());
            }
        }
    }
}
