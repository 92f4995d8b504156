//! People: those who approve, and the owner who is told. All systems that are compared meet the same ones.

use crate::{dice::Dice, hour::Hour};
use finops::Stage;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Times the limit beyond which nobody believes a figure, so that nobody approves anything on it.
pub(crate) const UNBELIEVABLE: i64 = 100;

/// What the owner does after being told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reaction {
    /// Ends what nobody needs, and saves for the rest of the month.
    Calms,
    /// Has the limit raised.
    Raises,
}

/// The people of one account.
pub(crate) struct People {
    dice: Dice,
    grows: bool,
    /// When an answer comes, and whether it is yes.
    answers: BTreeMap<(Date, Stage), (Hour, bool)>,
    told: BTreeMap<Date, Hour>,
    coming: Vec<(Hour, Reaction)>,
    pub asked: usize,
}

impl People {
    pub(crate) fn new(dice: Dice, grows: bool) -> Self {
        Self {
            dice: dice.about("people"),
            grows,
            answers: BTreeMap::new(),
            told: BTreeMap::new(),
            coming: Vec::new(),
            asked: 0,
        }
    }

    /// Somebody is asked to approve a stage in a period, once. The answer takes one to four hours of work, and one in
    /// ten is no.
    pub(crate) fn ask(&mut self, period: Date, stage: Stage, hour: Hour) {
        if self.answers.contains_key(&(period, stage)) {
            return;
        }
        let mut draw = self.dice.about(stage.id()).of(Hour::first_of(period).0);
        let answer = (hour.after_work(draw.between(1, 4)), !draw.chance(100));
        self.answers.insert((period, stage), answer);
        self.asked += 1;
    }

    /// The answer, once there is one.
    pub(crate) fn answer(&self, period: Date, stage: Stage, hour: Hour) -> Option<bool> {
        self.answers.get(&(period, stage)).filter(|(due, _)| *due <= hour).map(|(_, yes)| *yes)
    }

    /// The owner is told of spending. The first letter of a period counts: one of three owners reacts to it within two
    /// days of work.
    pub(crate) fn tell(&mut self, period: Date, hour: Hour) {
        if self.told.contains_key(&period) {
            return;
        }
        self.told.insert(period, hour);
        let mut draw = self.dice.about("letter").of(Hour::first_of(period).0);
        let (reacts, hours) = (draw.chance(350), draw.between(2, 16));
        if self.grows {
            self.coming.push((hour.after_work(8 + hours), Reaction::Raises));
        } else if reacts {
            self.coming.push((hour.after_work(hours), Reaction::Calms));
        }
    }

    /// What the owner does in an hour.
    pub(crate) fn reaction(&mut self, hour: Hour) -> Option<Reaction> {
        let at = self.coming.iter().position(|(due, _)| *due <= hour)?;
        Some(self.coming.swap_remove(at).1)
    }

    /// How many letters were written.
    pub(crate) fn letters(&self) -> usize {
        self.told.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn an_answer_takes_its_time_and_stays() {
        let (period, friday) = (date(2026, 7, 1), Hour::first_of(date(2026, 7, 17)).later(20));
        let (mut yes, mut monday) = (0, 0);
        for number in 0..1_000 {
            let mut people = People::new(Dice::new(9).of(number), false);
            people.ask(period, Stage::Stop, friday);
            people.ask(period, Stage::Stop, friday.later(500));
            assert_eq!((people.asked, people.answer(period, Stage::Stop, friday.later(60))), (1, None));
            assert_eq!(people.answer(date(2026, 8, 1), Stage::Stop, friday.later(900)), None);
            monday += usize::from(people.answer(period, Stage::Stop, friday.later(64)).is_some());
            yes += usize::from(people.answer(period, Stage::Stop, friday.later(70)).unwrap());
        }
        assert!((860..940).contains(&yes) && (1_000 - monday) < 800, "{yes} {monday}");
    }

    #[test]
    fn an_owner_is_told_once_in_a_period_and_some_react() {
        let period = date(2026, 7, 1);
        let reacted = (0..1_000).filter(|number| {
            let mut people = People::new(Dice::new(9).of(*number), false);
            people.tell(period, Hour::first_of(period));
            people.tell(period, Hour::first_of(period).later(5));
            assert_eq!(people.letters(), 1);
            people.reaction(Hour::first_of(period).later(100)) == Some(Reaction::Calms)
        });
        assert!((300..400).contains(&reacted.count()));
    }
}
