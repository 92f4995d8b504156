//! One account as one system treats it, with what is measured against the truth.

use crate::{
    bill::Bill,
    hour::Hour,
    people::{People, Reaction},
    truth::Truth,
    world::{Member, World},
};
use finops::{Budget, Override, Stage};
use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde::Serialize;
use std::{collections::BTreeMap, ops::AddAssign};

/// One period of one account.
#[derive(Debug, Clone)]
pub(crate) struct Period {
    pub begins: Date,
    /// What was spent in truth.
    pub spent: Decimal,
    pub limit: Decimal,
    /// When the truth came to what a stage is for.
    pub crossed: BTreeMap<Stage, Hour>,
    /// When the account was brought to a stage, or its owner was told.
    pub reached: BTreeMap<Stage, Hour>,
    /// The stage that was left from the period before, and when it was taken back.
    pub carried: Stage,
    pub freed: Option<Hour>,
    /// Hours in which it was held back though it had not come to its limit: by this period's figures, and still from the
    /// period before.
    pub held_early: i64,
    pub held_over: i64,
    /// What was spent beyond the limit.
    pub beyond: Beyond,
}

/// What is spent beyond a limit, by what was done by then.
#[derive(Debug, Default, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Beyond {
    /// Nothing was done yet.
    pub undone: Decimal,
    /// A further stage was due, and waited for people or was refused.
    pub waiting: Decimal,
    /// The stage that was due was reached, and leaves this running.
    pub left: Decimal,
}

impl Beyond {
    pub(crate) fn sum(self) -> Decimal {
        self.undone + self.waiting + self.left
    }

    fn times(self, part: Decimal) -> Self {
        Self { undone: self.undone * part, waiting: self.waiting * part, left: self.left * part }
    }
}

impl AddAssign for Beyond {
    fn add_assign(&mut self, other: Self) {
        self.undone += other.undone;
        self.waiting += other.waiting;
        self.left += other.left;
    }
}

impl Period {
    fn new(begins: Date, carried: Stage) -> Self {
        Self {
            begins,
            spent: Decimal::ZERO,
            limit: Decimal::ZERO,
            crossed: BTreeMap::new(),
            reached: BTreeMap::new(),
            carried,
            freed: None,
            held_early: 0,
            held_over: 0,
            beyond: Beyond::default(),
        }
    }

    /// What was spent beyond the limit.
    pub(crate) fn over(&self) -> Decimal {
        (self.spent - self.limit).max(Decimal::ZERO)
    }
}

/// A step up while the truth was below what the stage is for.
#[derive(Debug, Clone)]
pub(crate) struct FalseStep {
    pub stage: Stage,
    pub at: Hour,
    /// What was spent, in percent of what the stage is for.
    pub percent: Decimal,
}

pub(crate) struct Case<'w> {
    pub number: usize,
    pub member: &'w Member,
    pub budget: Budget,
    pub truth: Truth<'w>,
    pub bill: Bill,
    pub people: People,
    pub stage: Stage,
    /// The period and the limit under which it was brought there.
    under: Option<(Date, Decimal)>,
    pub periods: Vec<Period>,
    pub false_steps: Vec<FalseStep>,
    pub steps: usize,
    pub releases: usize,
}

impl<'w> Case<'w> {
    pub(crate) fn new(number: usize, member: &'w Member, world: &World) -> Self {
        Self {
            number,
            member,
            budget: member.budget.clone(),
            truth: Truth::new(&member.demand),
            bill: Bill::new(member.dice, world.begins),
            people: People::new(member.dice, member.grows),
            stage: Stage::None,
            under: None,
            periods: Vec::new(),
            false_steps: Vec::new(),
            steps: 0,
            releases: 0,
        }
    }

    /// True once it was made.
    pub(crate) fn exists(&self, hour: Hour) -> bool {
        self.member.demand.begins <= hour
    }

    /// An hour goes by.
    pub(crate) fn live(&mut self, hour: Hour, measured: bool) {
        match self.people.reaction(hour) {
            // Who finds nothing to end goes on.
            Some(Reaction::Calms) if self.spent() * Decimal::TWO >= self.budget.limit => self.truth.calm(hour),
            Some(Reaction::Raises) => self.raise(hour),
            _ => {}
        }
        let passed = self.truth.pass(hour, self.stage);
        if !measured {
            return;
        }
        let begins = self.budget.period.window(hour.day()).start;
        if self.periods.last().is_none_or(|period| period.begins != begins) {
            self.periods.push(Period::new(begins, self.stage));
        }
        let limits: Vec<(Stage, Decimal)> = self.reachable().collect();
        let Some(period) = self.periods.last_mut() else { return };
        let spent = passed.total(self.budget.basis);
        period.spent += spent;
        period.limit = self.budget.limit;
        let due = limits.iter().filter(|(_, least)| period.spent >= *least).map(|(stage, _)| *stage).max();
        let beyond = match self.stage {
            Stage::None | Stage::Notify => &mut period.beyond.undone,
            stage if due.is_some_and(|due| stage < due) => &mut period.beyond.waiting,
            _ => &mut period.beyond.left,
        };
        *beyond += (period.spent - period.limit).clamp(Decimal::ZERO, spent.max(Decimal::ZERO));
        for (stage, least) in limits {
            if period.spent >= least {
                period.crossed.entry(stage).or_insert(hour);
            }
        }
        if self.stage.acts() && !period.crossed.contains_key(&Stage::Restrict) {
            let by_it = period.reached.keys().any(|stage| stage.acts());
            *(if by_it { &mut period.held_early } else { &mut period.held_over }) += 1;
        }
    }

    /// What was spent in the period, in truth.
    pub(crate) fn spent(&self) -> Decimal {
        self.periods.last().map(|period| period.spent).unwrap_or_default()
    }

    /// The first day of the period.
    pub(crate) fn period(&self, hour: Hour) -> Date {
        self.budget.period.window(hour.day()).start
    }

    /// Stages that the policy allows, with the amount that each is for.
    fn reachable(&self) -> impl Iterator<Item = (Stage, Decimal)> {
        let allowed = self.budget.stages.iter().filter(|(stage, _)| **stage <= self.budget.max_stage);
        allowed.filter_map(|(stage, conditions)| {
            let percents = conditions.iter().filter_map(|condition| condition.reported_percent);
            Some((*stage, percents.min()? * self.budget.limit / Decimal::ONE_HUNDRED))
        })
    }

    /// A limit that is too low for what is wanted is raised by half.
    fn raise(&mut self, hour: Hour) {
        let change = Override {
            limit: Some((self.budget.limit * Decimal::new(15, 1)).round()),
            max_stage: None,
            until: Timestamp::MAX,
            by: "finance@example.com".to_owned(),
            reason: "wanted growth".to_owned(),
        };
        self.budget = self.budget.clone().with(Some(&change), hour.begins());
        if let Some(period) = self.periods.last_mut() {
            period.limit = self.budget.limit;
            let left = period.over().checked_div(period.beyond.sum()).unwrap_or_default();
            period.beyond = period.beyond.times(left);
        }
    }

    /// The owner is told.
    pub(crate) fn tell(&mut self, hour: Hour) {
        self.people.tell(self.period(hour), hour);
        if let Some(period) = self.periods.last_mut() {
            period.reached.entry(Stage::Notify).or_insert(hour);
        }
    }

    /// The period and the limit under which the account was brought to its stage.
    pub(crate) fn acted_under(&self) -> Option<(Date, Decimal)> {
        self.under
    }

    /// The account is brought to a stage.
    pub(crate) fn bring(&mut self, to: Stage, hour: Hour) {
        let least = self.reachable().find(|(stage, _)| *stage == to).map(|(_, least)| least).unwrap_or_default();
        let spent = self.spent();
        if to > self.stage {
            self.steps += 1;
            if spent < least {
                let percent = (spent * Decimal::ONE_HUNDRED / least).round_dp(1);
                self.false_steps.push(FalseStep { stage: to, at: hour, percent });
            }
        } else if to < self.stage && !to.acts() {
            self.releases += 1;
        }
        let up = to > self.stage;
        self.stage = to;
        self.under = Some((self.period(hour), self.budget.limit));
        let Some(period) = self.periods.last_mut() else { return };
        if up {
            period.reached.entry(to).or_insert(hour);
        } else if !to.acts() {
            period.freed.get_or_insert(hour);
        }
    }
}
