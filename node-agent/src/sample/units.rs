//! The units that a node watches by its configuration: how each is, by systemd.

use super::asked::Asked;
use super::files::{Files, Tree};
use crate::Millis;
use frames::{MAX_SERVICES, Service, ServiceState, Services};
use heapless::Vec;
use std::fmt;
use std::str::FromStr;

/// How often `systemctl` may be asked.
const EVERY: Millis = 10_000;
/// How often it is asked though no unit has come or gone: a failed state can
/// be reset without a trace in `/run`.
const ANYWAY: Millis = 15 * 60_000;

/// The name of a unit: as systemd allows it, with a suffix, and short enough for a frame.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct UnitName(heapless::String<64>);

impl UnitName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UnitName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for UnitName {
    type Err = String;

    /// A name without a suffix means a service, as for `systemctl`.
    fn from_str(text: &str) -> Result<Self, String> {
        // The characters of systemd's unit names, except the backslash of escapes.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":-_.@".contains(&byte);
        if text.is_empty() || text.starts_with('-') || !text.bytes().all(plain) {
            return Err(format!("\"{text}\" is no name of a unit; write it like nginx or nginx.service"));
        }
        let suffix = if text.contains('.') { "" } else { ".service" };
        let mut name = heapless::String::new();
        match name.push_str(text).and_then(|()| name.push_str(suffix)) {
            Ok(()) => Ok(Self(name)),
            Err(_) => Err(format!("\"{text}\" is too long; a frame carries at most 64 bytes")),
        }
    }
}

impl TryFrom<String> for UnitName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// What is remembered between samples.
pub(crate) struct Units {
    names: std::vec::Vec<UnitName>,
    systemctl: Asked,
    /// When `/run/systemd/units` had changed at the last question, and when that was put.
    asked: Option<(Option<i128>, Millis)>,
    known: Vec<ServiceState, MAX_SERVICES>,
    /// How the agent's own data folder was told to be.
    data: Option<ServiceState>,
    changed: bool,
}

impl Units {
    /// Watches these; the configuration has seen to it that they are few enough.
    pub(crate) fn new(names: std::vec::Vec<UnitName>) -> Self {
        let mut arguments = vec!["show", "--property=LoadState,ActiveState", "--"];
        arguments.extend(names.iter().map(UnitName::as_str));
        let systemctl = Asked::new("systemctl", &arguments, EVERY);
        Self { names, systemctl, asked: None, known: Vec::new(), data: None, changed: false }
    }

    /// Asks if a unit may have changed. What comes in is there from [`Units::news`].
    pub(crate) fn read(&mut self, at: Millis, files: &Files) {
        if !self.names.is_empty() && files.here() && files.exists("run/systemd/system") {
            self.ask(at, files);
        }
    }

    fn ask(&mut self, at: Millis, tree: &Tree) {
        let change = tree.modified("run/systemd/units");
        // A unit on its way has no trace of its own when it arrives.
        let settled = !self.known.contains(&ServiceState::Changing);
        let as_before = self
            .asked
            .is_some_and(|(before, since)| settled && before == change && at.saturating_sub(since) < ANYWAY);
        let mut started = false;
        if let Some(answer) = self.systemctl.poll(at, !as_before, &mut started)
            && let Some(states) = states(&answer, self.names.len())
            && states != self.known
        {
            self.known = states;
            self.changed = true;
        }
        if started {
            self.asked = Some((change, at));
        }
    }

    /// Every watched unit and the agent's data folder, which is so now, if one has changed
    /// since this was last asked. What is said replaces what was said before, so that
    /// nothing is said before every unit is known.
    pub(crate) fn news(&mut self, data: Option<ServiceState>) -> Option<Services> {
        let all_known = self.known.len() == self.names.len();
        let has_news = self.changed || data != self.data;
        if !(all_known && has_news) {
            return None;
        }
        (self.changed, self.data) = (false, data);
        let unit =
            |(name, state): (&UnitName, &ServiceState)| Service { name: name.0.clone(), state: *state };
        let own = data.and_then(|state| Some(Service { name: Service::DATA_FOLDER.try_into().ok()?, state }));
        let units = self.names.iter().zip(&self.known).map(unit).chain(own).take(MAX_SERVICES);
        Some(Services { uptime: 0, units: units.collect() })
    }
}

/// The states of so many units, in the order in which they were asked for: one
/// block of lines each.
fn states(answer: &str, units: usize) -> Option<Vec<ServiceState, MAX_SERVICES>> {
    let mut states = Vec::new();
    for block in answer.split("\n\n") {
        let value = |key: &str| block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        let state = match (value("LoadState")?, value("ActiveState")?) {
            ("not-found", "inactive") => ServiceState::Missing,
            (_, "active") => ServiceState::Active,
            (_, "inactive") => ServiceState::Inactive,
            (_, "failed") => ServiceState::Failed,
            // activating, deactivating, reloading, refreshing, maintenance
            _ => ServiceState::Changing,
        };
        states.push(state).ok()?;
    }
    (states.len() == units).then_some(states)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn watching(names: &[&str], answer: &str) -> Units {
        let mut units = Units::new(names.iter().map(|name| name.parse().unwrap()).collect());
        units.systemctl = Asked::new("printf", &[answer], EVERY);
        units
    }

    /// What is new at `at`, once a program that was started has answered.
    fn news(units: &mut Units, at: Millis, tree: &Tree) -> Option<std::vec::Vec<(String, ServiceState)>> {
        units.ask(at, tree);
        units.systemctl.wait();
        units.ask(at, tree);
        let services = units.news(None)?;
        Some(services.units.iter().map(|unit| (unit.name.to_string(), unit.state)).collect())
    }

    #[test]
    fn a_change_is_told_once_with_every_unit() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("run/systemd/units");
        fs::create_dir_all(&folder).unwrap();
        let files = Files::new(root.path());
        let both = |state| {
            format!("LoadState=loaded\\nActiveState=active\\n\\nLoadState=loaded\\nActiveState={state}\\n")
        };
        let mut units = watching(&["nginx", "backup.timer"], &both("active"));
        let (nginx, backup) = ("nginx.service".to_owned(), "backup.timer".to_owned());
        assert_eq!(
            news(&mut units, 0, &files),
            Some(vec![(nginx.clone(), ServiceState::Active), (backup.clone(), ServiceState::Active)])
        );
        units.systemctl = Asked::new("printf", &[&both("failed")], EVERY);
        assert_eq!(news(&mut units, 60_000, &files), None, "no unit has come or gone: nobody is asked");
        fs::write(folder.join("invocation:backup.service"), "").unwrap();
        let failed = vec![(nginx, ServiceState::Active), (backup, ServiceState::Failed)];
        assert_eq!(news(&mut units, 120_000, &files), Some(failed));
        assert_eq!(news(&mut units, 120_000 + ANYWAY, &files), None, "asked, and the same");
    }

    #[test]
    fn the_data_folder_is_told_with_the_units_and_not_before_them() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("run/systemd/units")).unwrap();
        let files = Files::new(root.path());
        let told = |units: &mut Units, data| {
            let services = units.news(data)?;
            Some(
                services
                    .units
                    .iter()
                    .map(|unit| (unit.name.to_string(), unit.state))
                    .collect::<std::vec::Vec<_>>(),
            )
        };
        let data = |state| (Service::DATA_FOLDER.to_owned(), state);
        let (memory, nowhere) = (Some(ServiceState::Inactive), Some(ServiceState::Failed));
        let mut alone = Units::new(std::vec::Vec::new());
        assert_eq!(told(&mut alone, memory), Some(vec![data(ServiceState::Inactive)]));
        assert_eq!(told(&mut alone, memory), None, "nothing new");
        assert_eq!(told(&mut alone, nowhere), Some(vec![data(ServiceState::Failed)]));
        assert_eq!(told(&mut Units::new(std::vec::Vec::new()), None), None, "without a folder");
        let mut units = watching(&["nginx"], "LoadState=loaded\\nActiveState=active\\n");
        assert_eq!(told(&mut units, memory), None, "how nginx is, is not known yet");
        units.ask(0, &files);
        units.systemctl.wait();
        units.ask(0, &files);
        let both = vec![("nginx.service".to_owned(), ServiceState::Active), data(ServiceState::Inactive)];
        assert_eq!(told(&mut units, memory), Some(both));
    }

    #[test]
    fn an_answer_that_is_none_changes_nothing() {
        let loaded = "LoadState=loaded\nActiveState=active";
        assert_eq!(states(loaded, 1).unwrap(), [ServiceState::Active]);
        assert_eq!(states(loaded, 2), None, "one is missing");
        assert_eq!(states("Failed to connect to bus", 1), None);
        let missing = "LoadState=not-found\nActiveState=inactive\n\nLoadState=loaded\nActiveState=reloading";
        assert_eq!(states(missing, 2).unwrap(), [ServiceState::Missing, ServiceState::Changing]);
    }

    #[test]
    fn names_are_checked() {
        assert_eq!("pihole-FTL".parse::<UnitName>().unwrap().as_str(), "pihole-FTL.service");
        assert_eq!("getty@tty1.service".parse::<UnitName>().unwrap().as_str(), "getty@tty1.service");
        for wrong in ["", "-x", "a b", "a;b", "../x"] {
            assert!(wrong.parse::<UnitName>().is_err(), "{wrong}");
        }
        assert!("x".repeat(60).parse::<UnitName>().unwrap_err().contains("64 bytes"));
    }
}
