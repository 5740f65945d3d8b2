//! Bets on stage: who foretells what of a trend that a look has found. What
//! becomes of it is for the host to measure.

use super::Stage;
use crate::line::Note;
use cast::bet::{Bet, Outcome, Prospect};
use serde_json::{Value, json};
use store::Event;

/// The kind of the event of a bet that was made.
pub const BET: &str = "bet";
/// And of one that is settled: it follows from the former.
pub const SETTLED: &str = "bet_settled";

impl Stage {
    /// What somebody bets on the trends that a look has found: one bet at a time.
    pub(super) fn foretell(&mut self, event: &Event) {
        let Some(node) = event.node() else { return };
        let Some(trends) = event.payload.get("trends") else { return };
        let trends: Vec<Prospect> = match serde_json::from_value(trends.clone()) {
            Ok(trends) => trends,
            Err(error) => return tracing::warn!(event = %event.id, %error, "trends that nobody can read"),
        };
        let company = &self.company;
        let offer =
            |trend| company.kept.bets.offer(&self.cast, |id| company.is_muted(id), (node, event.at), trend);
        let Some(bet) = trends.iter().find_map(offer) else { return };
        let name = self.cast.get(&bet.by).map_or(bet.by.as_str(), |sheet| sheet.name.as_str());
        let mut payload = json!(bet);
        payload["words"] = bet.told(name).into();
        payload["says"] = bet.says().into();
        self.notes.push(Note { kind: BET, payload, cause: Some(event.id) });
    }

    /// Takes in what is recorded of bets: they stand only once they are.
    pub(super) fn bets_heard(&mut self, event: &Event) {
        let text = |key: &str| event.payload.get(key).and_then(Value::as_str);
        let book = &mut self.company.kept.bets;
        match event.kind.as_str() {
            BET => {
                if let Ok(bet) = serde_json::from_value::<Bet>(event.payload.clone()) {
                    book.take(Bet { event: event.id.to_string(), ..bet });
                }
            }
            SETTLED => {
                let outcome = event.payload.get("outcome").cloned().unwrap_or_default();
                if let (Some(bet), Ok(outcome)) = (text("bet"), serde_json::from_value::<Outcome>(outcome)) {
                    let by = book.open().iter().find(|open| open.event == bet).map(|open| open.by.clone());
                    book.settle(bet, outcome);
                    // Told once: what is settled already moves nobody.
                    if let Some(by) = by.filter(|_| outcome != Outcome::Void) {
                        self.proved(&by, outcome == Outcome::Right, event);
                    }
                }
            }
            "renamed" => {
                if let (Some(from), Some(to)) = (text("from"), text("node")) {
                    book.rename(from, to);
                }
            }
            _ => {}
        }
    }

    /// What the stage wants recorded, since this was last asked.
    pub fn notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }
}
