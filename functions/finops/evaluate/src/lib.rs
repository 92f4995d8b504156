//! Computes the stage each account should be in, and starts what brings it there.
