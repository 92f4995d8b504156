//! Brings one account one stage up or down.
