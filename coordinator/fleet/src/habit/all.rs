//! Every habit of a fleet, and what goes on of them.

use super::{
    DAILY, DAY, DAY_MINUTES, Episode, Habit, HabitError, Known, LATE, MINUTE, MOST, MOST_EACH, News, WINDOW,
    add, is_strain, plain,
};
use crate::change::Change;
use crate::time::UnixMillis;
use crate::words::{Because, span};
use frames::{Mood, NodeName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One that is going on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Open {
    pub(super) habit: u32,
    since: UnixMillis,
    /// It lasts too long, and that was told.
    overdue: bool,
    /// It differs otherwise.
    differs: bool,
}

/// Every habit of a fleet, and those that are going on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Habits {
    all: Vec<Habit>,
    pub(super) open: BTreeMap<NodeName, Open>,
}

impl Habits {
    /// Every habit, the oldest name first.
    pub fn all(&self) -> &[Habit] {
        &self.all
    }

    /// The same without those of simulated nodes.
    #[must_use]
    pub fn without_simulated(&self) -> Self {
        let mut real = self.clone();
        real.all.retain(|habit| !habit.node.is_simulated());
        real.open.retain(|node, _| !node.is_simulated());
        real
    }

    /// Whether what a node goes through now is a habit that is as usual.
    pub fn excuses(&self, node: &NodeName) -> bool {
        self.open.get(node).is_some_and(|open| !open.overdue && !open.differs)
    }

    /// Gives an episode a name. Called so again at its time, the habit takes in
    /// what is new about it.
    ///
    /// # Errors
    /// [`HabitError`]; nothing has changed then.
    pub fn name(
        &mut self,
        episode: Episode,
        name: &str,
        by: &str,
        now: UnixMillis,
    ) -> Result<&Habit, HabitError> {
        let name = plain(name).ok_or(HabitError::Name)?;
        let Episode { node, began, ended, signs, worst } = episode;
        let same = |habit: &Habit| habit.node == node && habit.name == name && habit.comes_at(began);
        let place = if let Some(place) = self.all.iter().position(same) {
            place
        } else {
            let of_node = self.all.iter().filter(|habit| habit.node == node).count();
            if of_node >= MOST_EACH || self.all.len() >= MOST {
                return Err(HabitError::Full(node));
            }
            self.all.push(Habit {
                id: self.all.iter().map(|habit| habit.id).max().unwrap_or(0).saturating_add(1),
                node: node.clone(),
                name,
                by: by.to_owned(),
                named: now,
                begins: began.div_euclid(MINUTE).rem_euclid(DAY_MINUTES) as u16,
                signs: Vec::new(),
                worst,
                lasts: None,
                seen: 0,
                last: began,
                days: 0,
            });
            self.all.len() - 1
        };
        let habit = &mut self.all[place];
        add(&mut habit.signs, signs);
        habit.worst = habit.worst.max(worst);
        match ended {
            // The same one again has been taken in already.
            Some(_) if habit.seen > 0 && habit.last == began => {}
            Some(ended) => {
                habit.came(began);
                habit.learn(began, u64::try_from(ended - began).unwrap_or(0));
            }
            None => {
                let open = Open { habit: habit.id, since: began, overdue: false, differs: false };
                self.open.insert(node, open);
            }
        }
        Ok(habit)
    }

    /// Takes a name away, and every habit of the node that bears it.
    ///
    /// # Errors
    /// [`HabitError::Unknown`].
    pub fn forget(&mut self, node: &NodeName, name: &str) -> Result<(), HabitError> {
        let name = plain(name).ok_or(HabitError::Name)?;
        let before = self.all.len();
        self.all.retain(|habit| habit.node != *node || habit.name != name);
        self.tidy();
        if self.all.len() < before { Ok(()) } else { Err(HabitError::Unknown(node.clone(), name)) }
    }

    /// Forgets all habits of a node.
    pub fn forget_all(&mut self, node: &NodeName) {
        self.all.retain(|habit| habit.node != *node);
        self.tidy();
    }

    /// Forgets who gave names, where it was this person.
    pub fn forget_person(&mut self, person: &str) {
        for habit in self.all.iter_mut().filter(|habit| habit.by == person) {
            "somebody".clone_into(&mut habit.by);
        }
    }

    /// What one had is another's from now on; gives the names that went along.
    pub fn inherit(&mut self, from: &NodeName, to: &NodeName) -> Vec<String> {
        let mut names = Vec::new();
        for habit in self.all.iter_mut().filter(|habit| habit.node == *from) {
            habit.node = to.clone();
            names.push(habit.name.clone());
        }
        if let Some(open) = self.open.remove(from) {
            self.open.insert(to.clone(), open);
        }
        names
    }

    /// Takes in a change; says what a habit's name makes of it, if one does.
    pub fn hear(&mut self, now: UnixMillis, change: &Change) -> Option<Known> {
        let Change::MoodChanged { node, to, because, .. } = change else { return None };
        if is_strain(*to) { self.begins(now, node, *to, because) } else { self.ends(now, node) }
    }

    fn begins(&mut self, now: UnixMillis, node: &NodeName, mood: Mood, because: &[Because]) -> Option<Known> {
        let open = self.open.get_mut(node);
        let since = open.as_ref().map_or(now, |open| open.since);
        let going_on = open.as_ref().map(|open| open.habit);
        let alike = self.all.iter().filter(|habit| {
            habit.node == *node
                && going_on.is_none_or(|id| habit.id == id)
                && habit.comes_at(since)
                && because.iter().any(|because| habit.has(because))
        });
        let Some(habit) = alike.min_by_key(|habit| habit.off(since).abs()) else {
            // What goes on is not the habit alone any more.
            if let Some(open) = open {
                open.differs = true;
            }
            return None;
        };
        let but = habit.differs(mood, because);
        let differs = but.is_some();
        match open {
            // What differed once is no habit's matter any more.
            Some(open) if open.differs => return None,
            Some(open) => open.differs = differs,
            None => {
                let open = Open { habit: habit.id, since, overdue: false, differs };
                self.open.insert(node.clone(), open);
            }
        }
        Some(Known::new(habit, but))
    }

    fn ends(&mut self, now: UnixMillis, node: &NodeName) -> Option<Known> {
        let open = self.open.remove(node)?;
        let habit = self.all.iter_mut().find(|habit| habit.id == open.habit)?;
        let lasted = u64::try_from(now - open.since).unwrap_or(0);
        let longer = habit.lasts.map(|lasts| lasted.saturating_sub(lasts));
        let longer = longer.filter(|_| open.overdue).map(|longer| format!("{} longer", span(longer)));
        habit.came(open.since);
        // Whatever else there was about it is over, too: that is no habit's matter.
        if open.differs {
            return None;
        }
        let known = Known::new(habit, longer);
        habit.learn(open.since, lasted);
        Some(known)
    }

    /// What time alone brings: what lasts too long, and what does not come.
    /// `speaks` says whether a node is heard at all.
    pub fn tick(&mut self, now: UnixMillis, speaks: impl Fn(&NodeName) -> bool) -> Vec<News> {
        let mut news = Vec::new();
        for (node, open) in self.open.iter_mut().filter(|(_, open)| !open.overdue && !open.differs) {
            let Some(habit) = self.all.iter().find(|habit| habit.id == open.habit) else { continue };
            let lasts = u64::try_from(now - open.since).unwrap_or(0);
            if lasts <= habit.allowed() {
                continue;
            }
            open.overdue = true;
            let rule = habit.lasts.map_or_else(
                || format!("it lasts {} already", span(lasts)),
                |rule| format!("{} longer than its usual {}", span(lasts.saturating_sub(rule)), span(rule)),
            );
            let words = format!("{node}: {}, {} as usual, is not over: {rule}.", habit.name, habit.usual());
            news.push(News { kind: "habit_overdue", node: node.clone(), name: habit.name.clone(), words });
        }
        for habit in self.all.iter_mut().filter(|habit| habit.days >= DAILY) {
            let late = now - habit.last - DAY > WINDOW * MINUTE + LATE.cast_signed();
            let goes_on = self.open.get(&habit.node).is_some_and(|open| open.habit == habit.id);
            if !late || goes_on {
                continue;
            }
            let (name, node) = (habit.name.clone(), habit.node.clone());
            let words = format!(
                "{node}: {name} has not come: {} is its usual time, and it came {} days in a row.",
                habit.usual(),
                habit.days
            );
            habit.days = 0;
            if speaks(&node) {
                news.push(News { kind: "habit_missed", node, name, words });
            }
        }
        news
    }

    /// What goes on of a habit that is none any more goes on without a name.
    fn tidy(&mut self) {
        let all = &self.all;
        self.open.retain(|_, open| all.iter().any(|habit| habit.id == open.habit));
    }
}
