//! Alone speaks SQL.
