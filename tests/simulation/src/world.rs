//! The organization: accounts, what they may spend, and what they would spend.

use crate::{
    bill,
    dice::Dice,
    hour::Hour,
    spend::{Demand, Run, Surge},
};
use finops::{Account, Budget, Policy};
use jiff::{ToSpan as _, civil::Date};
use landing_zone::{AccountId, AccountType, Environment};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The document that holds where nothing is configured: its stages are those that are simulated.
const STANDARD: &str = include_str!("../../../shared/finops/data/policy.json");

const HOURS_OF_MONTH: i64 = 730;

/// Anything that stops this program.
pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// One account.
pub(crate) struct Member {
    pub account: Account,
    pub budget: Budget,
    pub demand: Demand,
    /// Its growth is wanted: when it comes to its limit, somebody raises it.
    pub grows: bool,
    /// For what chance does to it.
    pub dice: Dice,
}

impl Member {
    pub(crate) fn is_prod(&self) -> bool {
        self.account.environment == Some(Environment::Prod)
    }
}

/// The organization, and the time that is looked at.
pub(crate) struct World {
    pub members: Vec<Member>,
    pub dice: Dice,
    /// When spending begins: systems look on for a month before they act.
    pub begins: Hour,
    /// From when on is measured.
    pub measured: Hour,
    pub ends: Hour,
    /// When the bill is refreshed.
    pub refreshes: BTreeSet<Hour>,
}

/// What kind of year it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Year {
    /// With all that happens in one.
    Eventful,
    /// Nobody comes near a limit.
    Calm,
}

/// How spending goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Course {
    Steady,
    Weekly,
    Ramp,
    Grows,
    Dormant,
    New,
    MonthEnd,
}

impl World {
    /// An organization of so many accounts from the first day of `from` for so many months, the month before included.
    pub(crate) fn new(seed: u64, accounts: i64, from: Date, months: i32, year: Year) -> Result<Self, Error> {
        let dice = Dice::new(seed);
        let begins = Hour::first_of(from.saturating_sub(1.month()));
        let ends = Hour::first_of(from.saturating_add(months.months()));
        let drafts: Vec<Draft> =
            (0..accounts).map(|number| Draft::new(dice, number, year)).collect::<Result<_, _>>()?;
        let policy = policy(&drafts)?;
        let members = drafts.into_iter().map(|draft| draft.member(&policy, begins, ends, year)).collect();
        let refreshes = bill::refreshes(dice, begins, ends);
        Ok(Self { members, dice, begins, measured: Hour::first_of(from), ends, refreshes })
    }
}

/// The standard document with a limit for each account, and everything enforced.
fn policy(drafts: &[Draft]) -> Result<Policy, Error> {
    let mut document: Value = serde_json::from_str(STANDARD)?;
    let rows = document.get_mut("budgets").and_then(Value::as_array_mut).ok_or("the standard policy has no budgets")?;
    for draft in drafts {
        let mut row = json!({ "account": draft.id, "limit": draft.limit.to_string() });
        if let Some(fields) = row.as_object_mut() {
            // A third of production may be acted on, each step after approval; the standard only tells it.
            if draft.environment == Environment::Prod && draft.number % 3 == 0 {
                fields.insert("maxStage".to_owned(), json!("stop"));
            }
            if draft.net {
                fields.insert("basis".to_owned(), json!("net"));
            }
        }
        rows.push(row);
    }
    if let Some(fields) = document.as_object_mut() {
        fields.insert("mode".to_owned(), json!("enforce"));
    }
    Ok(Policy::parse(&document.to_string())?)
}

/// An account before the policy is written.
struct Draft {
    number: i64,
    id: AccountId,
    environment: Environment,
    account_type: AccountType,
    course: Course,
    /// USD of an average month in the beginning.
    usual: i64,
    limit: i64,
    net: bool,
    dice: Dice,
}

impl Draft {
    fn new(dice: Dice, number: i64, year: Year) -> Result<Self, Error> {
        let dice = dice.about("account").of(number);
        let mut draw = dice.about("draft");
        let environment = match draw.between(1, 100) {
            1..=45 => Environment::Dev,
            46..=70 => Environment::Test,
            _ => Environment::Prod,
        };
        let (course, slack) = match year {
            Year::Calm => (if draw.chance(500) { Course::Steady } else { Course::Weekly }, draw.between(180, 260)),
            Year::Eventful => {
                let slack = if draw.chance(120) { draw.between(95, 115) } else { draw.between(125, 260) };
                (course(draw.between(1, 100)), slack)
            }
        };
        let usual = match (course, environment) {
            (Course::Dormant, _) => draw.between(2, 10),
            (_, Environment::Dev) => draw.between(150, 1_500),
            (_, Environment::Test) => draw.between(300, 4_000),
            (_, Environment::Prod) => draw.between(1_500, 30_000),
        };
        let types: Vec<AccountType> = AccountType::all().filter(|kind| !kind.is_core()).collect();
        let place = usize::try_from(number)? % types.len().max(1);
        Ok(Self {
            number,
            id: AccountId::parse(&format!("{:012}", 210_000_000_000 + number))?,
            environment,
            account_type: types.get(place).copied().ok_or("there are no AI account types")?,
            course,
            usual,
            limit: (usual * slack / 100).max(100) / 10 * 10,
            net: draw.chance(60),
            dice,
        })
    }

    fn member(self, policy: &Policy, begins: Hour, ends: Hour, year: Year) -> Member {
        let budget = policy.budget(&self.id, Some(self.account_type), Some(self.environment));
        let demand = self.demand(begins, ends, year);
        let unit = self.account_type.unit(Some(self.environment)).map(|unit| unit.as_str().to_owned());
        let account = Account {
            name: format!("{} {} {}", self.account_type.title(), self.environment.id(), self.number),
            id: self.id,
            account_type: Some(self.account_type),
            environment: Some(self.environment),
            owner: Some(format!("owner-{}@example.com", self.number)),
            cost_center: None,
            unit,
            state: "ACTIVE".to_owned(),
            special: None,
        };
        Member { account, budget, demand, grows: self.course == Course::Grows, dice: self.dice }
    }

    fn demand(&self, begins: Hour, ends: Hour, year: Year) -> Demand {
        let mut draw = self.dice.about("demand");
        let days = ends.since(begins) / 24;
        let starts =
            if self.course == Course::New { begins.later(24 * draw.between(40, days.max(41))) } else { begins };
        let hourly = Decimal::new(self.usual * 1_000 / HOURS_OF_MONTH, 3);
        // What of it is tokens and machines; the rest is other services.
        let (tokens, machines) = (draw.factor(300, 550), draw.factor(150, 350));
        let growth = match self.course {
            Course::Ramp => draw.between(60, 250),
            Course::Grows => draw.between(80, 200),
            _ => draw.between(-5, 15),
        };
        let used_up = begins.later(24 * draw.between(60, 330));
        let mut demand = Demand {
            dice: self.dice.about("tokens"),
            begins: starts,
            tokens: hourly * tokens,
            others: hourly * (Decimal::ONE - tokens - machines),
            weekly: matches!(self.course, Course::Weekly | Course::MonthEnd),
            growth,
            credits: (if self.net { draw.between(200, 500) } else { 0 }, used_up),
            surges: Vec::new(),
            runs: self.machines(hourly * machines, starts, ends),
            usual: Vec::new(),
        };
        if year == Year::Eventful {
            demand.surges = self.surges(starts, ends);
            demand.runs.extend(self.forgotten(starts, ends));
        }
        demand.runs.sort_by_key(|run| run.begins);
        demand.drawn(ends)
    }

    /// What runs as it should: an endpoint all the time, or notebooks on weekdays; jobs at the end of a month.
    fn machines(&self, rate: Decimal, starts: Hour, ends: Hour) -> Vec<Run> {
        let run = |begins, ends, rate| Run { begins, ends, rate, forgotten: false };
        if self.environment != Environment::Dev {
            let mut runs = vec![run(starts, ends, rate)];
            if self.course == Course::MonthEnd {
                let closing = starts.until(ends).filter(|hour| hour.day().day() == 26 && hour.of_day() == 20);
                runs.extend(closing.map(|hour| run(hour, hour.later(60), rate * Decimal::from(6))));
            }
            return runs;
        }
        // Nine hours of five days cost as much as the whole week would.
        let workdays = starts.until(ends).filter(|hour| hour.of_day() == 9 && !hour.is_weekend());
        workdays.map(|hour| run(hour, hour.later(9), rate * Decimal::new(37, 1))).collect()
    }

    /// Agents in a loop: every other account has one a year, production fewer and smaller ones.
    fn surges(&self, starts: Hour, ends: Hour) -> Vec<Surge> {
        let (per_mille, highest) = match self.environment {
            Environment::Dev => (50, 200),
            Environment::Test => (35, 120),
            Environment::Prod => (20, 8),
        };
        let month = |number: i64| {
            let mut draw = self.dice.about("surge").of(number);
            let begins = starts.later(HOURS_OF_MONTH * number + draw.between(0, HOURS_OF_MONTH - 1));
            let times = Decimal::from(draw.between(highest.min(20) / 2, highest));
            let surge = Surge { begins, ends: begins.later(draw.between(6, 72)), times, rises: draw.between(1, 6) };
            draw.chance(per_mille).then_some(surge)
        };
        (0..=ends.since(starts) / HOURS_OF_MONTH).filter_map(month).collect()
    }

    /// GPU instances that were left on: most over a weekend, some until somebody sees the bill.
    fn forgotten(&self, starts: Hour, ends: Hour) -> Vec<Run> {
        let (per_mille, rates) = match self.environment {
            Environment::Dev => (12, (1_200, 33_000)),
            Environment::Test => (8, (4_000, 55_000)),
            Environment::Prod => (3, (10_000, 98_000)),
        };
        let fridays = starts.until(ends).filter(|hour| hour.weekday() == 4 && hour.of_day() == 17);
        let left = |friday: Hour| {
            let mut draw = self.dice.about("forgotten").of(friday.0);
            let hours = if draw.chance(750) { draw.between(63, 67) } else { draw.between(120, 300) };
            let run =
                Run { begins: friday, ends: friday.later(hours), rate: draw.factor(rates.0, rates.1), forgotten: true };
            draw.chance(per_mille).then_some(run)
        };
        fridays.filter_map(left).collect()
    }
}

fn course(percent: i64) -> Course {
    match percent {
        1..=30 => Course::Steady,
        31..=55 => Course::Weekly,
        56..=67 => Course::Ramp,
        68..=73 => Course::Grows,
        74..=81 => Course::Dormant,
        82..=89 => Course::New,
        _ => Course::MonthEnd,
    }
}
