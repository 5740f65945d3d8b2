//! Who puts words in a character's mouth.
