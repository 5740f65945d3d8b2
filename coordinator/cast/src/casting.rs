//! The whole cast, and who embodies whom.

use crate::sheet::{Sheet, SheetError, Tie, TieKind};
use std::collections::BTreeMap;

macro_rules! sheets {
    ($($id:literal),*) => {
        [$(($id, include_str!(concat!("../sheets/", $id, ".toml")))),*]
    };
}

/// The sheets that are built in, by file name.
const SHEETS: [(&str, &str); 15] = sheets![
    "calliope",
    "caudex",
    "consul",
    "dragon-mother",
    "glestrine",
    "malvo",
    "marrow",
    "operant-7",
    "prometheus",
    "ravencrest",
    "swift",
    "tallow",
    "umbrell",
    "vaelix",
    "vault"
];

/// The most characters on stage, unless another number is set.
pub const MOST: usize = 24;

/// Every character on stage, and what the nodes are for.
#[derive(Clone, Debug)]
pub struct Cast {
    sheets: Vec<Sheet>,
    most: usize,
    /// The role of each node that has one.
    roles: BTreeMap<String, String>,
}

impl Cast {
    /// The fifteen that are built in: the core six, the four beside them, the
    /// three lords of services, and two who are veiled.
    ///
    /// # Errors
    /// [`SheetError`] if a sheet that was built in is faulty.
    pub fn built_in() -> Result<Self, SheetError> {
        Self::of(SHEETS)
    }

    /// Adds a sheet, or puts it in the place of the one with its file name.
    ///
    /// # Errors
    /// The sheet itself, if the stage is full.
    pub fn add(&mut self, sheet: Sheet) -> Result<(), Box<Sheet>> {
        if let Some(place) = self.sheets.iter_mut().find(|known| known.id == sheet.id) {
            *place = sheet;
            return Ok(());
        }
        if self.is_full() {
            return Err(Box::new(sheet));
        }
        self.sheets.push(sheet);
        Ok(())
    }

    /// A cast of these sheets, each as the file's name without `.toml` and its text.
    ///
    /// # Errors
    /// [`SheetError`] of the first faulty sheet.
    pub fn of<'a>(sheets: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, SheetError> {
        let sheets = sheets.into_iter().map(|(id, text)| Sheet::parse(id, text));
        Ok(Self { sheets: sheets.collect::<Result<_, _>>()?, most: MOST, roles: BTreeMap::new() })
    }

    /// The text of a built-in sheet.
    pub fn built_in_text(id: &str) -> Option<&'static str> {
        SHEETS.iter().find(|(known, _)| *known == id).map(|(_, text)| *text)
    }

    /// The same with so many on stage at most.
    #[must_use]
    pub fn with_most(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    /// How many may be on stage.
    pub fn most(&self) -> usize {
        self.most
    }

    /// Whether nobody else may come on stage.
    pub fn is_full(&self) -> bool {
        self.sheets.len() >= self.most
    }

    /// Veils a character: what it stands for is for people to find out. False if
    /// there is none of that name.
    pub fn veil(&mut self, id: &str) -> bool {
        let found = self.sheets.iter_mut().find(|sheet| sheet.id == id);
        found.is_some_and(|sheet| {
            sheet.veiled = true;
            true
        })
    }

    /// Says what a node is for; gives whether that is new. Nodes of one role
    /// live in one household.
    pub fn live_as(&mut self, node: &str, role: Option<&str>) -> bool {
        let before = match role {
            Some(role) => self.roles.insert(node.to_owned(), role.to_owned()),
            None => self.roles.remove(node),
        };
        before.as_deref() != role
    }

    /// What a node is for.
    pub fn role_of(&self, node: &str) -> Option<&str> {
        self.roles.get(node).map(String::as_str)
    }

    /// Whether just one node has this role.
    pub fn is_unique_role(&self, role: &str) -> bool {
        self.roles.values().filter(|known| *known == role).count() == 1
    }

    /// Ties characters as the declared relations do: whoever stands for a service
    /// depends on whoever stands for what it needs. Ties of a sheet's own stay.
    /// `needs` is who, whom, and the words for it.
    pub fn bind<'a>(&mut self, needs: impl IntoIterator<Item = (&'a str, &'a str, String)>) {
        for (who, whom, why) in needs {
            let both = self.get(whom).is_some() && who != whom;
            if let Some(sheet) = self.sheets.iter_mut().find(|sheet| both && sheet.id == who)
                && !sheet.ties.iter().any(|tie| tie.to == whom)
            {
                sheet.ties.push(Tie { to: whom.to_owned(), kind: TieKind::Dependency, why });
            }
        }
    }

    /// Who reacts to a service by its name.
    pub fn stands_for(&self, service: &str) -> Option<&Sheet> {
        let signal = crate::Signal::Service(service.to_owned());
        self.sheets.iter().find(|sheet| sheet.trigger(&signal).is_some())
    }

    /// Every sheet.
    pub fn sheets(&self) -> &[Sheet] {
        &self.sheets
    }

    /// The sheet of this file name.
    pub fn get(&self, id: &str) -> Option<&Sheet> {
        self.sheets.iter().find(|sheet| sheet.id == id)
    }

    /// The character that is this node's own, if it has one.
    pub fn own_of(&self, node: &str) -> Option<&Sheet> {
        self.sheets.iter().find(|sheet| sheet.node.as_deref() == Some(node))
    }

    /// A character of a node's own lives on under the node's new name. False if there
    /// is none of that sheet's name.
    pub fn follow(&mut self, id: &str, to: &str) -> bool {
        let Some(sheet) = self.sheets.iter_mut().find(|sheet| sheet.id == id) else { return false };
        sheet.node = Some(to.to_owned());
        true
    }

    /// Who embodies the node of this name: its own character, else the head of
    /// the household in which it lives.
    pub fn embody(&self, node: &str) -> Option<&Sheet> {
        self.own_of(node).or_else(|| self.household(node))
    }

    /// The head of the household in which a node lives: by its role, else by its
    /// name. Always the same one, and when the cast grows only the newcomer's
    /// nodes change hands. None without a head of a household.
    pub fn household(&self, node: &str) -> Option<&Sheet> {
        // A space is in no node's name: no role is mistaken for one.
        let place = self.role_of(node).map_or_else(|| node.to_owned(), |role| format!("role {role}"));
        // Highest random weight, of a hash that will never change.
        self.sheets.iter().filter(|sheet| sheet.heads_a_house()).max_by_key(|sheet| weight(&sheet.id, &place))
    }

    /// What each character is called, in small letters, and its sheet: names of
    /// one word only, without titles.
    pub fn called(&self) -> BTreeMap<String, String> {
        let mut called = BTreeMap::new();
        for sheet in &self.sheets {
            called.insert(sheet.id.clone(), sheet.id.clone());
            let full = sheet.name.to_lowercase();
            let parts = full.split(|c: char| !(c.is_alphanumeric() || c == '-'));
            for part in parts.filter(|part| part.len() > 4 && !TITLES.contains(part)) {
                called.entry(part.to_owned()).or_insert_with(|| sheet.id.clone());
            }
        }
        // The words of services are not their lords' names.
        called.retain(|name, _| !matches!(name.as_str(), "dragon"));
        called
    }

    /// Everybody who is meant by a name in a text: the file name, the full name,
    /// any longer word of it, or the office, in any case.
    pub fn meant_by(&self, name: &str) -> Vec<&Sheet> {
        let name = name.trim_start_matches('@').to_lowercase();
        let is = |sheet: &&Sheet| {
            let full = sheet.name.to_lowercase();
            let office = sheet.office.map(crate::Office::name);
            sheet.id == name
                || full == name
                || office == Some(name.as_str())
                || (name.len() > 3
                    && !TITLES.contains(&name.as_str())
                    && full.split(|c: char| !c.is_alphanumeric()).any(|part| part == name))
        };
        self.sheets.iter().filter(is).collect()
    }
}

/// Words of names that name nobody.
pub(crate) const TITLES: [&str; 9] =
    ["madam", "miss", "lord", "captain", "mother", "maester", "keeper", "sexton", "operant"];

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
