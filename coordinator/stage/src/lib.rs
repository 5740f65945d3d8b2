//! The loops that host the cast.
