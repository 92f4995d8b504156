//! Whether a request may start its creation now: a semaphore with leases and a token bucket, as a pure function.

use jiff::{SignedDuration, Timestamp};
use landing_zone::RequestId;
use ledger::Pace;
use std::collections::BTreeMap;

/// What the organization may do. The defaults of the deployment are AWS's own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Creations in progress at once.
    pub slots: usize,
    /// Creations started per second, in the long run.
    pub rate_per_second: f64,
    /// Creations that may start at once after a pause.
    pub burst: f64,
}

/// What to do about a request that wants a slot.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Decision {
    /// It has one.
    Held,
    /// It gets one, once this is stored.
    Granted(Pace),
    /// It asks again later.
    Wait {
        /// At least 1.
        seconds: u32,
    },
}

/// A holder that is not heard of for this long is gone: the workflow polls a creation for less than that.
const LEASE: SignedDuration = SignedDuration::from_hours(2);

/// How long to wait for one of the slots; a creation takes a minute or more.
const SLOT_WAIT_SECONDS: u32 = 15;

/// Longest wait for a token: the rate is configuration and could be tiny.
const LONGEST_WAIT_SECONDS: f64 = 60.0;

pub(crate) fn take(pace: Option<Pace>, holder: &RequestId, now: Timestamp, limits: &Limits) -> Decision {
    let pace =
        pace.unwrap_or(Pace { version: 0, tokens: limits.burst, refilled_at: now.into(), holders: BTreeMap::new() });
    if pace.holders.contains_key(holder) {
        return Decision::Held;
    }
    let mut holders = pace.holders;
    holders.retain(|_, since| now.duration_since(since.time()) < LEASE);
    if holders.len() >= limits.slots {
        return Decision::Wait { seconds: SLOT_WAIT_SECONDS };
    }
    // A clock that runs behind the last writer's adds nothing.
    let elapsed = now.duration_since(pace.refilled_at.time()).as_secs_f64().max(0.0);
    let tokens = (pace.tokens + elapsed * limits.rate_per_second).min(limits.burst);
    if tokens < 1.0 {
        return Decision::Wait { seconds: whole_seconds((1.0 - tokens) / limits.rate_per_second) };
    }
    holders.insert(holder.clone(), now.into());
    Decision::Granted(Pace {
        version: pace.version.saturating_add(1),
        tokens: tokens - 1.0,
        refilled_at: pace.refilled_at.max(now.into()),
        holders,
    })
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 1..=60 first")]
fn whole_seconds(seconds: f64) -> u32 {
    seconds.ceil().clamp(1.0, LONGEST_WAIT_SECONDS) as u32
}

/// A number above zero; with none, no account would ever be made.
pub(crate) fn parse_positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("must be a number above zero".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits { slots: 5, rate_per_second: 0.1, burst: 3.0 };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn granted(decision: Decision) -> Pace {
        match decision {
            Decision::Granted(pace) => pace,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_burst_of_three_then_one_every_ten_seconds() {
        let mut pace = None;
        for _ in 0..3 {
            pace = Some(granted(take(pace, &RequestId::generate(), at(0), &LIMITS)));
        }
        assert_eq!(take(pace.clone(), &RequestId::generate(), at(0), &LIMITS), Decision::Wait { seconds: 10 });
        assert_eq!(take(pace.clone(), &RequestId::generate(), at(4), &LIMITS), Decision::Wait { seconds: 6 });
        granted(take(pace, &RequestId::generate(), at(10), &LIMITS));
    }

    #[test]
    fn asking_twice_takes_one_slot() {
        let id = RequestId::generate();
        let pace = granted(take(None, &id, at(0), &LIMITS));
        assert_eq!(take(Some(pace), &id, at(1), &LIMITS), Decision::Held);
    }

    #[test]
    fn a_slot_that_was_never_given_back_is_free_after_its_lease() {
        let limits = Limits { slots: 1, ..LIMITS };
        let pace = granted(take(None, &RequestId::generate(), at(0), &limits));
        assert_eq!(
            take(Some(pace.clone()), &RequestId::generate(), at(7_199), &limits),
            Decision::Wait { seconds: 15 }
        );
        assert_eq!(granted(take(Some(pace), &RequestId::generate(), at(7_200), &limits)).holders.len(), 1);
    }

    proptest! {
        #[test]
        fn never_more_than_the_slots_and_never_faster_than_the_bucket(gaps in prop::collection::vec(0_i32..40, 1..80)) {
            let (mut pace, mut now, mut started) = (None, 0, 0_u32);
            for (turn, gap) in gaps.iter().enumerate() {
                now += gap;
                if let Decision::Granted(next) = take(pace.clone(), &RequestId::generate(), at(i64::from(now)), &LIMITS) {
                    started += 1;
                    pace = Some(next);
                }
                let Some(current) = pace.as_mut() else { continue };
                prop_assert!(current.holders.len() <= LIMITS.slots);
                if turn % 3 == 0 {
                    current.holders.pop_first();
                }
                prop_assert!(f64::from(started) <= LIMITS.burst + LIMITS.rate_per_second * f64::from(now) + 1e-9);
            }
        }
    }
}
