//! The independent programs that tests ask.
