//! The whole cast, and who embodies whom.

use crate::sheet::{Sheet, SheetError};

macro_rules! sheets {
    ($($id:literal),*) => {
        [$(($id, include_str!(concat!("../sheets/", $id, ".toml")))),*]
    };
}

/// The core cast's sheets, by file name.
const CORE: [(&str, &str); 6] = sheets!["calliope", "caudex", "glestrine", "malvo", "operant-7", "umbrell"];

/// Every character on stage.
#[derive(Clone, Debug)]
pub struct Cast {
    sheets: Vec<Sheet>,
}

impl Cast {
    /// The six core characters.
    ///
    /// # Errors
    /// [`SheetError`] if a sheet that was built in is faulty.
    pub fn core() -> Result<Self, SheetError> {
        Self::of(CORE)
    }

    /// A cast of these sheets, each as the file's name without `.toml` and its text.
    ///
    /// # Errors
    /// [`SheetError`] of the first faulty sheet.
    pub fn of<'a>(sheets: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, SheetError> {
        let sheets = sheets.into_iter().map(|(id, text)| Sheet::parse(id, text));
        Ok(Self { sheets: sheets.collect::<Result<_, _>>()? })
    }

    /// Every sheet.
    pub fn sheets(&self) -> &[Sheet] {
        &self.sheets
    }

    /// The sheet of this file name.
    pub fn get(&self, id: &str) -> Option<&Sheet> {
        self.sheets.iter().find(|sheet| sheet.id == id)
    }

    /// Who embodies the node of this name: always the same one, and when the
    /// cast grows only the newcomer's nodes change hands. None in an empty cast.
    pub fn embody(&self, node: &str) -> Option<&Sheet> {
        // Highest random weight, of a hash that will never change.
        self.sheets.iter().max_by_key(|sheet| weight(&sheet.id, node))
    }
}

/// FNV-1a over both names, and the finaliser of `SplitMix64` to spread it.
fn weight(persona: &str, node: &str) -> u64 {
    let bytes = persona.bytes().chain([0]).chain(node.bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}
