//! What ours is compared with: thresholds on Cost Explorer, and AWS Budgets with actions. Both use the stages, limits and
//! approvals of the same policy, act at once, and have no rails.

use crate::{
    bill::{currency, days_of, forget, month_of},
    case::Case,
    dice::Dice,
    hour::Hour,
    people::UNBELIEVABLE,
    run::{Look, Method},
    world::World,
};
use finops::{Budget, Costs, Signals, Stage};
use jiff::civil::Date;
use rust_decimal::Decimal;

/// Nobody does anything, and nobody is told.
pub(crate) struct Nobody;

impl Method for Nobody {
    fn look(&mut self, _: &mut [Case<'_>], _: &Look<'_>) {}
}

/// When the figures are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// Cost Explorer, after each refresh.
    Bill,
    /// AWS Budgets, which update up to three times a day, 8 to 12 hours after the update before
    /// (<https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-managing-costs.html>), and begin anew with
    /// their period.
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
    /// When Budgets update.
    due: Hour,
    /// When the whole month was looked at last.
    whole_on: Date,
    costs: Vec<Costs>,
    /// What the last figures call for.
    called: Vec<Called>,
}

impl Rival {
    pub(crate) fn new(world: &World, source: Source) -> Self {
        let costs = |id| Costs { currencies: currency(), ..Costs::new(id, world.begins.begins()) };
        Self {
            source,
            dice: world.dice.about("budgets"),
            due: world.begins,
            whole_on: Date::MIN,
            costs: world.members.iter().map(|member| costs(member.account.id.clone())).collect(),
            called: Vec::new(),
        }
    }

    /// True when there are new figures.
    fn updates(&mut self, look: &Look<'_>) -> bool {
        match self.source {
            Source::Bill => look.refreshed,
            Source::Budgets if look.hour < self.due => false,
            Source::Budgets => {
                self.due = look.hour.later(self.dice.of(look.hour.0).between(8, 12));
                true
            }
        }
    }

    fn read(&mut self, cases: &[Case<'_>], look: &Look<'_>) {
        let today = look.hour.day();
        let window = if self.whole_on == today { days_of(today) } else { month_of(today) };
        self.whole_on = today;
        let bills: Vec<_> = cases.iter().map(|case| case.bill.read(window, look, case.number)).collect();
        let through = bills.iter().filter_map(|days| days.keys().next_back().copied()).max();
        for (costs, days) in self.costs.iter_mut().zip(bills) {
            costs.take(window, days, through, look.hour.after_end(0));
            forget(costs, today);
        }
        let called = cases.iter().zip(&self.costs).map(|(case, costs)| called(&case.budget, costs, look.hour));
        self.called = called.collect();
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
        let updated = self.updates(look);
        if updated {
            self.read(cases, look);
        }
        if !look.acts {
            return;
        }
        for (case, called) in cases.iter_mut().zip(&self.called).filter(|(case, _)| case.exists(look.hour)) {
            let (period, limit) = (case.period(look.hour), case.budget.limit);
            let current = Some(*called).filter(|called| called.period == period && called.limit == limit);
            // Budgets begin anew with their period, and the bill with its first refresh.
            let told_anew = self.source == Source::Budgets || updated;
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
