//! What ours is compared with: thresholds on Cost Explorer, and AWS Budgets with actions. Both use the stages, limits and
//! approvals of the same policy, act at once, and have no rails.

use crate::{
    bill::currency,
    case::Case,
    dice::Dice,
    hour::Hour,
    people::UNBELIEVABLE,
    run::{Look, Method},
    world::World,
};
use finops::{Budget, Costs, Signals, Stage, Window};
use jiff::{ToSpan as _, civil::Date};
use rust_decimal::Decimal;
use std::collections::VecDeque;

/// Nobody does anything, and nobody is told.
pub(crate) struct Nobody;

impl Method for Nobody {
    fn look(&mut self, _: &mut [Case<'_>], _: &Look<'_>) {}
}

/// Whose figures they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// Cost Explorer, read after each refresh.
    Bill,
    /// AWS Budgets, which know what the bill shows eight to twelve hours later
    /// (<https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-best-practices.html>), and tell each
    /// threshold once in a period.
    Budgets,
}

/// What the figures of one account call for.
#[derive(Debug, Clone, Copy)]
struct Called {
    period: Date,
    limit: Decimal,
    stage: Stage,
    /// People who are asked to approve anything on these figures say no.
    unbelievable: bool,
}

pub(crate) struct Rival {
    source: Source,
    dice: Dice,
    costs: Vec<Costs>,
    /// What the last figures that arrived call for.
    called: Vec<Option<Called>>,
    /// Figures on their way.
    coming: VecDeque<(Hour, Vec<Called>)>,
}

impl Rival {
    pub(crate) fn new(world: &World, source: Source) -> Self {
        let costs = |id| Costs { currencies: currency(), ..Costs::new(id, world.begins.begins()) };
        Self {
            source,
            dice: world.dice.about("budgets"),
            costs: world.members.iter().map(|member| costs(member.account.id.clone())).collect(),
            called: vec![None; world.members.len()],
            coming: VecDeque::new(),
        }
    }

    fn read(&mut self, cases: &[Case<'_>], look: &Look<'_>) {
        let today = look.hour.day();
        let from = today.first_of_month().min(today.saturating_sub(6.days()));
        let window = Window { start: from, end: today.saturating_add(1.day()) };
        let bills: Vec<_> =
            cases.iter().map(|case| case.bill.read(window, look.glitches, case.number, look.hour)).collect();
        let through = bills.iter().filter_map(|days| days.keys().next_back().copied()).max();
        for (costs, days) in self.costs.iter_mut().zip(bills) {
            costs.take(window, days, through, look.hour.after_end(0));
        }
        let called = cases.iter().zip(&self.costs).map(|(case, costs)| called(&case.budget, costs, look.hour)).collect();
        let wait = match self.source {
            Source::Bill => 0,
            Source::Budgets => self.dice.of(look.hour.0).between(8, 12),
        };
        self.coming.push_back((look.hour.later(wait), called));
    }

    fn arrived(&mut self, hour: Hour) -> bool {
        let mut any = false;
        while self.coming.front().is_some_and(|(due, _)| *due <= hour) {
            let Some((_, figures)) = self.coming.pop_front() else { break };
            any = true;
            self.called = figures.into_iter().map(Some).collect();
        }
        any
    }
}

/// The furthest stage that the bill calls for, forecasts included.
fn called(budget: &Budget, costs: &Costs, hour: Hour) -> Called {
    let window = budget.period.window(hour.day());
    let signals = Signals::of(budget, window, Some(costs), None, &[], hour.after_end(0));
    let least = |percent: Option<Decimal>| percent.map(|percent| percent * budget.limit / Decimal::ONE_HUNDRED);
    let (reported, forecast) = (signals.reported.amount(), signals.forecast.amount());
    let passes = |amount: Option<Decimal>, least: Option<Decimal>| {
        amount.zip(least).is_some_and(|(amount, least)| amount >= least)
    };
    let holds = |stage: &&Stage| {
        budget.stages.get(stage).into_iter().flatten().any(|condition| {
            passes(reported, least(condition.reported_percent)) || passes(forecast, least(condition.forecast_percent))
        })
    };
    Called {
        period: window.start,
        limit: budget.limit,
        stage: budget.stages.keys().filter(holds).max().copied().unwrap_or_default().min(budget.max_stage),
        unbelievable: reported.is_some_and(|amount| amount > budget.limit * Decimal::from(UNBELIEVABLE)),
    }
}

impl Method for Rival {
    fn look(&mut self, cases: &mut [Case<'_>], look: &Look<'_>) {
        if look.refreshed {
            self.read(cases, look);
        }
        let arrived = self.arrived(look.hour);
        if !look.acts {
            return;
        }
        for (case, called) in cases.iter_mut().zip(&self.called).filter(|(case, _)| case.exists(look.hour)) {
            let (period, limit) = (case.period(look.hour), case.budget.limit);
            let current = called.filter(|called| called.period == period && called.limit == limit);
            // Budgets begin anew with their period, and the bill with its first refresh.
            let told_anew = self.source == Source::Budgets || arrived;
            let goal = current.map(|called| called.stage).unwrap_or_default().enforced();
            // Within a period nothing is taken back, unless somebody raises the limit.
            let begins_anew = case.acted_under() != Some((period, limit));
            if told_anew && begins_anew && case.stage > goal {
                case.bring(goal, look.hour);
            }
            if let Some(called) = current {
                climb(case, called, look.hour);
            }
        }
    }
}

fn climb(case: &mut Case<'_>, called: Called, hour: Hour) {
    if called.stage >= Stage::Notify {
        case.tell(hour);
    }
    for stage in Stage::ENFORCED.into_iter().filter(|stage| *stage <= called.stage) {
        if stage <= case.stage {
            continue;
        }
        if case.budget.approval.contains(&stage) {
            if !called.unbelievable {
                case.people.ask(called.period, stage, hour);
            }
            if case.people.answer(called.period, stage, hour) != Some(true) {
                return;
            }
        }
        case.bring(stage, hour);
    }
}
