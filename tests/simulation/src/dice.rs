//! Chance that can be repeated: a draw depends on the seed and on what it is about, not on what was drawn before.
//! All systems that are compared get the same draws.

use rust_decimal::Decimal;

/// The step of `SplitMix64` (<https://prng.di.unimi.it/splitmix64.c>).
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// Dice for one purpose.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dice(u64);

fn mixed(state: u64) -> u64 {
    let once = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let twice = (once ^ (once >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    twice ^ (twice >> 31)
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(mixed(seed.wrapping_add(STEP)))
    }

    /// The dice for something that has a name.
    pub(crate) fn about(self, what: &str) -> Self {
        what.bytes().fold(self, |dice, byte| dice.of(byte.into()))
    }

    /// The dice for something that has a number.
    pub(crate) fn of(self, number: i64) -> Self {
        Self(mixed(self.0 ^ mixed(number.cast_unsigned().wrapping_add(STEP))))
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mixed(self.0)
    }

    /// A whole number, both ends included.
    pub(crate) fn between(&mut self, from: i64, to: i64) -> i64 {
        let span = (to - from + 1).cast_unsigned().max(1);
        from + (self.roll() % span).cast_signed()
    }

    /// True so many times in a thousand.
    pub(crate) fn chance(&mut self, per_mille: i64) -> bool {
        self.between(1, 1_000) <= per_mille
    }

    /// A factor, given in per mille.
    pub(crate) fn factor(&mut self, from: i64, to: i64) -> Decimal {
        Decimal::new(self.between(from, to), 3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_question_gets_the_same_answer() {
        let draw = |seed, what| Dice::new(seed).about(what).of(7).between(0, 1_000_000);
        assert_eq!(draw(1, "bill"), draw(1, "bill"));
        assert_ne!(draw(1, "bill"), draw(2, "bill"));
        assert_ne!(draw(1, "bill"), draw(1, "meter"));
    }

    #[test]
    fn numbers_are_spread_over_the_whole_range() {
        let mut dice = Dice::new(3);
        let draws: Vec<i64> = (0..6_000).map(|_| dice.between(1, 6)).collect();
        for face in 1..=6 {
            let count = draws.iter().filter(|draw| **draw == face).count();
            assert!((850..1_150).contains(&count), "{face}: {count}");
        }
        assert_eq!((0..10_000).filter(|_| dice.chance(0)).count(), 0);
        assert_eq!((0..10_000).filter(|_| dice.chance(1_000)).count(), 10_000);
    }
}
