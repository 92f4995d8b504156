//! Starts the function; see the library for what it does.

fn main() {}
