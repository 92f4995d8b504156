//! A world for the tests: one account in DEV on the twentieth of a month.

use crate::{
    Account, Anomaly, Budget, Costs, Currency, Day, Decision, Exemption, Facts, InPlace, Meter, Mode, Policy, Record,
    Since, Stage, Verdict, Window, decide,
};
use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Date};
use landing_zone::{AccountId, AccountType, Environment};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

pub(crate) struct World {
    pub(crate) account: Account,
    pub(crate) budget: Budget,
    pub(crate) exemption: Option<Exemption>,
    pub(crate) costs: Option<Costs>,
    pub(crate) meter: Option<Meter>,
    pub(crate) anomalies: Vec<Anomaly>,
    pub(crate) in_place: Option<InPlace>,
    pub(crate) record: Record,
    pub(crate) called_since: BTreeMap<Stage, Since>,
    pub(crate) mode: Mode,
    pub(crate) now: Timestamp,
}

impl World {
    /// A limit of 500, 10 a day for AI and 1 for the rest since two months, and the meter sees it.
    pub(crate) fn new() -> Self {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let id = AccountId::parse("111122223333").unwrap();
        let mut world = Self {
            account: Account {
                id: id.clone(),
                name: "Models".to_owned(),
                account_type: AccountType::parse("llms-foundation-models").ok(),
                environment: Some(Environment::Dev),
                owner: Some("jane@example.com".to_owned()),
                cost_center: None,
                unit: Some("AI/AI DEV".to_owned()),
                state: "ACTIVE".to_owned(),
                special: None,
            },
            budget: Policy::standard().budget(&id, None, Some(Environment::Dev)),
            exemption: None,
            costs: Some(Costs::new(id.clone(), now)),
            meter: Some(Meter { read_at: now, by_day: BTreeMap::new(), machines: BTreeMap::new(), blind: Vec::new() }),
            anomalies: Vec::new(),
            in_place: Some(InPlace::default()),
            record: Record::new(id),
            called_since: BTreeMap::new(),
            mode: Mode::Enforce,
            now,
        };
        world.refresh(now, |_| (10.into(), 1.into()));
        world
    }

    pub(crate) fn at(mut self, now: &str) -> Self {
        self.now = now.parse().unwrap();
        self
    }

    /// The bill and the meter are read at `read_at`; `spend` says what AI and the rest cost on a day.
    pub(crate) fn refresh(&mut self, read_at: Timestamp, spend: impl Fn(Date) -> (Decimal, Decimal)) {
        let today = crate::day_of(read_at);
        let window = Window { start: today.saturating_sub(60.days()), end: today.saturating_add(1.day()) };
        let through = today.saturating_sub(1.day());
        let days = window.start.series(1.day()).take_while(|day| *day <= through);
        let day = |(ai, rest)| Day {
            services: [("Amazon Bedrock".to_owned(), ai), ("AWS Lambda".to_owned(), rest)].into(),
            credits: Decimal::ZERO,
        };
        let costs = self.costs.get_or_insert_with(|| Costs::new(self.account.id.clone(), read_at));
        costs.take(window, days.map(|at| (at, day(spend(at)))).collect(), Some(through), read_at);
        costs.currencies = [Currency::USD].into();
        let metered = window.start.series(1.day()).take_while(|day| *day <= today);
        let by_day = metered.map(|day| (day, spend(day).0)).collect();
        self.meter = Some(Meter { read_at, by_day, machines: BTreeMap::new(), blind: Vec::new() });
        self.now = read_at;
    }

    /// Only the bill changes on a day.
    pub(crate) fn bill(&mut self, day: Date, amount: i64) {
        let services = [("Amazon Bedrock".to_owned(), amount.into())].into();
        self.costs.as_mut().unwrap().days.insert(day, Day { services, credits: Decimal::ZERO });
    }

    pub(crate) fn approve(&mut self, id: &str, approved: bool) {
        let verdict = Verdict { approved, by: "jane".to_owned(), at: self.now, reason: None };
        self.record.verdicts.insert(id.to_owned(), verdict);
    }

    pub(crate) fn facts(&self) -> Facts<'_> {
        Facts {
            account: &self.account,
            budget: &self.budget,
            exemption: self.exemption.as_ref(),
            costs: self.costs.as_ref(),
            meter: self.meter.as_ref(),
            anomalies: &self.anomalies,
            in_place: self.in_place.as_ref(),
            record: &self.record,
            called_since: &self.called_since,
            mode: self.mode,
            now: self.now,
        }
    }

    /// Decides, and remembers since when stages are called for.
    pub(crate) fn decide(&mut self) -> Decision {
        let decision = decide(&self.facts());
        self.called_since.clone_from(&decision.called_since);
        decision
    }

    pub(crate) fn later(&mut self, hours: i64) {
        self.now += SignedDuration::from_hours(hours);
    }
}
