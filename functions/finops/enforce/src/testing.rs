//! An AWS in memory behind the real clients, which can be killed at any call; and what the workflow does with the function.

mod drive;
mod wire;
mod world;

pub(crate) use drive::{Run, decide, step};
pub(crate) use wire::{Kill, Wire};
pub(crate) use world::{Notebook, World};

use jiff::{SignedDuration, Timestamp};
use landing_zone::AccountId;
use std::cell::Cell;

thread_local! {
    static NOW: Cell<Timestamp> = const { Cell::new(Timestamp::UNIX_EPOCH) };
}

pub(crate) fn now() -> Timestamp {
    NOW.get()
}

pub(crate) fn set(at: &str) {
    NOW.set(at.parse().unwrap());
}

pub(crate) fn later(seconds: i64) {
    NOW.set(NOW.get() + SignedDuration::from_secs(seconds));
}

pub(crate) fn account() -> AccountId {
    AccountId::parse("111122223333").unwrap()
}
