//! An organization that was made up: accounts with two months of bills, decided about as the suite decides.

use crate::{
    amount::Amount,
    billed::{Billed, Model, Models},
    commitments::{Commitments, Covered},
    model::Facts,
};
use finops::{
    Account, Costs, Currency, Day, Facts as Known, Idle, IdleReport, IdleState, InPlace, Mode, Observed, Period,
    Policy, Record, Switch, Unit, Unpriced, Window, calibrate, day_of, decide, hold_together,
};
use jiff::{Timestamp, ToSpan as _, civil::Date};
use landing_zone::{AccountId, AccountType, Environment};
use rust_decimal::Decimal;
use serde_json::json;
use std::collections::BTreeMap;

pub(crate) fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

pub(crate) fn id(number: u32) -> AccountId {
    AccountId::parse(&format!("{:012}", 100_000_000_000_u64 + u64::from(number) * 7_919)).unwrap()
}

/// The same numbers each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

const NAMES: [&str; 8] = [
    "Foundation models",
    "Claims assistant",
    "Vision at the line",
    "Search and retrieval",
    "Forecasting",
    "Speech to text",
    "Fraud signals",
    "Document understanding for the legal department",
];
const OWNERS: [&str; 6] = [
    "jane@example.com",
    "li.wei@example.com",
    "omar@example.com",
    "sofia@example.com",
    "tom@example.com",
    "mlops@example.com",
];
const MODELS: [&str; 4] = [
    "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "eu.amazon.nova-lite-v1:0",
    "amazon.titan-embed-text-v2:0",
    "meta.llama3-1-70b-instruct-v1:0",
];

pub(crate) fn account(number: u32) -> Account {
    let types: Vec<AccountType> = AccountType::all().filter(|kind| !kind.is_core()).collect();
    let core = AccountType::all().find(|kind| kind.is_core());
    let platform = number % 41 == 40;
    let of = usize::try_from(number).unwrap();
    let environment = [Environment::Dev, Environment::Test, Environment::Prod][of % 3];
    let account_type = if platform { core } else { Some(types[of % types.len()]) };
    let unit = account_type.and_then(|kind| kind.unit(Some(environment).filter(|_| !platform)));
    Account {
        id: id(number),
        name: format!("{} {:02}", NAMES[of % NAMES.len()], number / 8 + 1),
        account_type,
        environment: (!platform).then_some(environment),
        owner: (number % 17 != 9).then(|| OWNERS[of % OWNERS.len()].to_owned()),
        cost_center: (number % 13 != 6).then(|| format!("CC-{}", 100 + number % 9)),
        unit: unit.map(ToString::to_string),
        state: "ACTIVE".to_owned(),
        special: None,
    }
}

/// A bill since the first of October: AI grows, the rest is steady.
pub(crate) fn costs(number: u32, a_day: Decimal) -> Costs {
    let mut dice = Dice(u64::from(number) + 1);
    let window = Window { start: "2026-10-01".parse().unwrap(), end: "2026-11-21".parse().unwrap() };
    let through: Date = "2026-11-19".parse().unwrap();
    let mut costs = Costs::new(id(number), now());
    let mut days = BTreeMap::new();
    for (at, day) in (0_i64..).zip(window.start.series(1.day()).take_while(|day| *day <= through)) {
        let mut percent = |low: i64, wide| Decimal::new(low + i64::try_from(dice.below(wide)).unwrap() + at, 2);
        let services = [
            ("Amazon Bedrock", percent(40, 30)),
            ("Claude Sonnet 4.5 (Amazon Bedrock Edition)", percent(20, 20)),
            ("Amazon SageMaker", percent(10, 10)),
            ("Amazon Elastic Compute Cloud - Compute", percent(5, 10)),
            ("AWS Key Management Service", percent(0, 2)),
        ];
        let services = services.map(|(name, share)| (name.to_owned(), a_day * share));
        days.insert(day, Day { services: services.into(), credits: -a_day * Decimal::new(5, 2) });
    }
    costs.take(window, days, Some(through), now());
    costs.currencies = [Currency::USD].into();
    costs
}

pub(crate) fn observed(account: Account, costs: &Costs) -> Observed {
    let ai = |(day, spent): (&Date, &Day)| (*day, spent.ai());
    let mut seen = Observed::new(account, now());
    seen.in_place = Some(InPlace::default());
    seen.by_day = costs.days.iter().map(ai).collect();
    let today = day_of(now());
    let last = seen.by_day.values().next_back().copied().unwrap_or_default();
    seen.by_day.insert(today, last / Decimal::TWO);
    let models = (1_i64..).zip(MODELS).map(|(part, model)| (model.to_owned(), last / Decimal::from(part)));
    seen.models.insert(today, models.collect());
    seen
}

/// `count` accounts, among them some that nobody would invent.
pub(crate) fn facts(count: u32) -> Facts {
    let policy = Policy::standard();
    let mut facts = Facts {
        now: now(),
        policy,
        costs: Vec::new(),
        observed: Vec::new(),
        decisions: Vec::new(),
        records: Vec::new(),
        idle: Vec::new(),
        sweeps: Vec::new(),
        commitments: Commitments {
            month: Period::Monthly.window("2026-10-01".parse().unwrap()),
            savings_plans: Covered::Known {
                covered: 31_240.into(),
                of: 48_000.into(),
                percent: Some(Decimal::new(651, 1)),
            },
            reservations: Covered::None,
        },
        billed: Billed {
            month: Period::Monthly.window(day_of(now())),
            models: Models::Known {
                models: vec![
                    Model {
                        name: Some("Claude Sonnet 5".to_owned()),
                        amount: Amount(1_900.into()),
                        percent: Some(Decimal::new(950, 1)),
                    },
                    Model { name: None, amount: Amount(100.into()), percent: Some(Decimal::new(50, 1)) },
                ],
            },
        },
    };
    for number in 0..count {
        let mut dice = Dice(u64::from(number) * 31 + 7);
        let a_day = Decimal::from(dice.below(40) + 1);
        let mut account = account(number);
        match number {
            3 => account.name = "<script>alert('x')</script>".to_owned(),
            4 => account.name = "=HYPERLINK(\"https://example.com\")".to_owned(),
            _ => {}
        }
        let bill = costs(number, a_day);
        let mut seen = observed(account, &bill);
        if number % 23 == 5 {
            let what = "model eu.example.new-model-v1:0".to_owned();
            let why = "it is not in the price list".to_owned();
            seen.unpriced = vec![Unpriced { what, why, quantity: 1_250_000.into(), unit: Unit::Tokens }];
        }
        if number % 19 == 11 {
            seen.in_place = None;
            seen.blind = vec!["the suite has no role in this account".to_owned()];
        }
        facts.idle.push(idle(number, &seen.account));
        facts.sweeps.push(
            serde_json::from_value(json!({"accountId": id(number), "region": "eu-west-1", "state": "swept",
            "sweptAt": "2026-11-20T04:00:00Z", "searchedTo": "2026-11-20T03:45:00Z", "replayed": 0, "graceDays": 7,
            "action": "notify", "coverage": {"total": {"resources": 40, "complete": 31 + number % 9}, "services": {},
            "keys": {"owner": {"resources": 40, "complete": 38}, "cost-center": {"resources": 40, "complete": 33}},
            "againstTagPolicy": 0}}))
            .unwrap(),
        );
        facts.records.push(Record::new(id(number)));
        facts.costs.push(bill);
        facts.observed.push(seen);
    }
    decide_all(&mut facts);
    facts
}

fn idle(number: u32, account: &Account) -> IdleReport {
    let found = |kind: &str, state, saving| Idle {
        kind: kind.to_owned(),
        arn: format!("arn:aws:sagemaker:eu-west-1:{}:{kind}/{kind}-{number}", account.id),
        name: format!("{kind}-{number}"),
        region: "eu-west-1".to_owned(),
        owner: account.owner.clone(),
        evidence: "no invocation for 14 days".to_owned(),
        since: Some("2026-11-06T12:00:00Z".parse().unwrap()),
        seen_at: Some(now()),
        monthly_saving: saving,
        state,
    };
    let found = match number % 15 {
        2 => vec![
            found(
                "endpoint",
                IdleState::Warned { at: now(), stops_at: Some("2026-11-23T12:00:00Z".parse().unwrap()) },
                Some(Decimal::new(102_384, 2)),
            ),
            found("notebook", IdleState::Found, None),
        ],
        8 => vec![found("notebook", IdleState::Stopped { at: now() }, Some(Decimal::new(21_024, 2)))],
        _ => Vec::new(),
    };
    IdleReport { account: account.id.clone(), at: now(), found, blind: Vec::new() }
}

/// Decides about all accounts, as `evaluate` does.
pub(crate) fn decide_all(facts: &mut Facts) {
    let mut decisions = Vec::new();
    for seen in &facts.observed {
        let account = &seen.account;
        let costs = facts.costs.iter().find(|costs| costs.account == account.id);
        let meter = seen.meter(&calibrate(&BTreeMap::new(), &BTreeMap::new()));
        let record = Record::new(account.id.clone());
        decisions.push(decide(&Known {
            account,
            budget: &facts.policy.budget(&account.id, account.account_type, account.environment),
            exemption: None,
            costs,
            meter: meter.as_ref(),
            anomalies: &[],
            in_place: seen.in_place.as_ref(),
            record: &record,
            called_since: &BTreeMap::new(),
            mode: Mode::Report,
            now: facts.now,
        }));
    }
    hold_together(&mut decisions, Switch::On);
    facts.decisions = decisions;
}
