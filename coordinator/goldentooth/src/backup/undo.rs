//! The way back from a restore that was cut short.

use super::{ASIDE, BackupError, failed, list, private, shift, sync};
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

/// Names the folder of what was there before while files are on their way.
pub(super) const MOVING: &str = "aside-under-way";

/// Notes that files are on their way to the folder `aside`, before the first one is.
pub(super) fn begin(folder: &Path, aside: &Path) -> Result<(), BackupError> {
    let moving = folder.join(MOVING);
    let name = aside.file_name().unwrap_or_default();
    let mut note = private(&moving)?;
    note.write_all(name.as_encoded_bytes())
        .and_then(|()| note.sync_all())
        .map_err(failed(&moving, "written"))?;
    sync(folder)
}

/// Puts back what a restore that was cut short has set aside; whether there was one. So
/// nobody goes on with half of a state, nor takes older epochs for the newest.
///
/// # Errors
/// [`BackupError::File`].
pub fn undo(folder: &Path) -> Result<bool, BackupError> {
    let moving = folder.join(MOVING);
    let name = match fs::read_to_string(&moving) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        name => name.map_err(failed(&moving, "read"))?,
    };
    // Empty where the power failed before it was written: then nothing has moved either.
    if name.starts_with(ASIDE) && !name.contains('/') {
        let aside = folder.join(name);
        let mut names = Vec::new();
        list(&aside, Path::new(""), &mut names)?;
        shift(&aside, &names, folder)?;
        if aside.exists() {
            fs::remove_dir_all(&aside).map_err(failed(&aside, "removed"))?;
        }
    }
    fs::remove_file(&moving).map_err(failed(&moving, "removed"))?;
    sync(folder)?;
    Ok(true)
}
