//! What a character makes of facts: the form in which it tells them.

use serde::{Deserialize, Serialize};

/// A whole, as a character tells it in its literary style.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Told"))]
pub struct ToldView {
    /// Who tells it: the sheet's name.
    pub by: String,
    /// Its full name.
    pub name: String,
    /// What people call its style.
    pub style: String,
    /// What stands before the whole.
    pub opens: String,
    /// What is told; empty where chapters hold it.
    pub lines: Vec<String>,
    /// What stands after it.
    pub ends: String,
}

impl ToldView {
    /// Who tells it, and as what.
    pub fn words(&self) -> String {
        format!("As {} tells it: {}.", self.name, self.style)
    }
}
