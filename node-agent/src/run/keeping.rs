//! How the data folder is, as far as writing there has shown.

use crate::say::folder::Folder;
use frames::ServiceState;
use std::io;

/// The data folder, or none.
#[derive(Debug, Default)]
pub(super) struct Keeping {
    state: Option<ServiceState>,
    in_memory: bool,
    /// Whether it was said that what is undecided can't be written.
    told: bool,
}

impl Keeping {
    /// A folder that has been claimed.
    pub(super) fn of(folder: &Folder) -> Self {
        let mut keeping = Self { in_memory: folder.is_in_memory(), ..Self::default() };
        keeping.state = Some(if folder.takes_writes() { keeping.well() } else { ServiceState::Failed });
        keeping
    }

    /// As the coordinator is told; none without a folder.
    pub(super) fn state(&self) -> Option<ServiceState> {
        self.state
    }

    /// The same behind a line for `systemctl status`.
    pub(super) fn words(&self) -> &'static str {
        match self.state {
            Some(ServiceState::Failed) => ", in memory alone: the disk takes nothing",
            Some(ServiceState::Inactive) => "; its folder lies in memory, which a reboot empties",
            _ => "",
        }
    }

    /// What came of writing what is undecided (whether anything was written), and of writing
    /// what the node knows of itself, if it was time to.
    pub(super) fn wrote(&mut self, undecided: &io::Result<bool>, known: Option<bool>) {
        match undecided {
            Err(error) if !self.told => {
                self.told = true;
                tracing::warn!("the disk takes nothing ({error}): what is undecided stays in memory for now");
            }
            Ok(true) if self.told => {
                self.told = false;
                tracing::info!("the disk takes what is undecided again");
            }
            _ => {}
        }
        match (undecided, known) {
            (Err(_), _) | (_, Some(false)) => self.state = Some(ServiceState::Failed),
            (Ok(true), _) | (_, Some(true)) => self.state = Some(self.well()),
            _ => {}
        }
    }

    /// A folder that takes what is written.
    fn well(&self) -> ServiceState {
        if self.in_memory { ServiceState::Inactive } else { ServiceState::Active }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ServiceState::{Active, Failed, Inactive};

    #[test]
    fn the_last_write_decides_and_where_the_folder_lies() {
        for (in_memory, well) in [(false, Active), (true, Inactive)] {
            let mut keeping = Keeping { state: Some(well), in_memory, told: false };
            keeping.wrote(&Ok(false), None);
            assert_eq!(keeping.state(), Some(well), "nothing was written");
            keeping.wrote(&Err(io::Error::from(io::ErrorKind::StorageFull)), None);
            assert_eq!(keeping.state(), Some(Failed));
            keeping.wrote(&Ok(false), None);
            assert_eq!(keeping.state(), Some(Failed));
            keeping.wrote(&Ok(true), None);
            assert_eq!(keeping.state(), Some(well));
            keeping.wrote(&Ok(false), Some(false));
            assert_eq!(keeping.state(), Some(Failed));
            keeping.wrote(&Ok(false), Some(true));
            assert_eq!(keeping.state(), Some(well));
        }
        assert_eq!(Keeping::default().state(), None);
    }

    #[test]
    fn a_folder_shows_at_the_start_whether_it_can_be_written() {
        let disk = tempfile::tempdir().unwrap();
        let mut folder = Folder::new(&disk.path().join("data"));
        assert!(folder.claim());
        assert_eq!(Keeping::of(&folder).state(), Some(if folder.is_in_memory() { Inactive } else { Active }));
        // Where a file stands, no folder can be made.
        std::fs::write(disk.path().join("file"), "").unwrap();
        let mut nowhere = Folder::new(&disk.path().join("file/data"));
        assert!(nowhere.claim());
        assert_eq!(Keeping::of(&nowhere).state(), Some(Failed));
    }
}
