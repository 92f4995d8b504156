//! Finds what is idle, warns its owner, and stops it where that is wanted.
