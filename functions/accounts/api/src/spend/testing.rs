//! Accounts that spend, decided about as the suite does.

use crate::{
    response::Response,
    testing::{Cloud, NOW, event},
};
use finops::{
    Account, Costs, Currency, Day, Decision, Facts, InPlace, Meter, Mode, Observed, Policy, Record, Stage, Window,
    decide,
};
use jiff::{Timestamp, ToSpan as _, civil::date};
use landing_zone::{AccountId, AccountType, Environment};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) const ACCOUNT: &str = "111122223333";

/// An account in DEV, whose limit is 500 a month, on the 23rd.
pub(super) struct Spender {
    pub(super) id: AccountId,
    pub(super) environment: Environment,
    pub(super) owner: String,
    /// What each day costs.
    pub(super) daily: u32,
    /// Whether the meter saw it too.
    pub(super) metered: bool,
    pub(super) stage: Stage,
    pub(super) mode: Mode,
}

impl Spender {
    pub(super) fn new(id: &str, daily: u32) -> Self {
        Self {
            id: AccountId::parse(id).unwrap(),
            environment: Environment::Dev,
            owner: "jane@example.com".to_owned(),
            daily,
            metered: true,
            stage: Stage::None,
            mode: Mode::Enforce,
        }
    }

    /// Far over its limit and restricted: to stop it needs approval.
    pub(super) fn waiting() -> Self {
        Self { stage: Stage::Restrict, ..Self::new(ACCOUNT, 40) }
    }

    fn observed(&self) -> Observed {
        let account = Account {
            id: self.id.clone(),
            name: format!("Models {}", self.id),
            account_type: AccountType::parse("llms-foundation-models").ok(),
            environment: Some(self.environment),
            owner: Some(self.owner.clone()),
            cost_center: None,
            unit: Some(format!("AI/AI {}", self.environment.id().to_uppercase())),
            state: "ACTIVE".to_owned(),
            special: None,
        };
        let guardrails = finops::guardrails_of(self.stage).iter().copied().collect();
        Observed {
            in_place: Some(InPlace { guardrails, running: 0 }),
            blind: vec!["eu-west-1: access denied".to_owned()],
            ..Observed::new(account, now())
        }
    }

    fn costs(&self) -> Costs {
        let mut costs = Costs::new(self.id.clone(), now());
        let window = Window { start: date(2026, 10, 1), end: date(2026, 11, 23) };
        let day = Day { services: [("Amazon Bedrock".to_owned(), self.daily.into())].into(), credits: Decimal::ZERO };
        let days =
            window.start.series(1.day()).take_while(|day| *day < window.end).map(|at| (at, day.clone())).collect();
        costs.take(window, days, Some(date(2026, 11, 22)), now());
        costs.currencies = [Currency::USD].into();
        costs
    }

    pub(super) fn decide(&self) -> Decision {
        let (observed, costs, budget) = (self.observed(), self.costs(), self.budget());
        let by_day = costs.days.iter().map(|(day, of)| (*day, of.ai())).collect();
        let meter = Meter { read_at: now(), by_day, machines: BTreeMap::new(), blind: Vec::new() };
        let mut record = Record::new(self.id.clone());
        record.reach(self.stage, budget.period.window(date(2026, 11, 23)), budget.limit, now());
        decide(&Facts {
            account: &observed.account,
            budget: &budget,
            exemption: None,
            costs: Some(&costs),
            meter: Some(&meter).filter(|_| self.metered),
            anomalies: &[],
            in_place: observed.in_place.as_ref(),
            record: &record,
            called_since: &BTreeMap::new(),
            mode: self.mode,
            now: now(),
        })
    }

    fn budget(&self) -> finops::Budget {
        Policy::standard().budget(&self.id, None, Some(self.environment))
    }

    /// Puts the account and the decision about it into the ledger.
    pub(super) async fn store(&self, cloud: &Cloud) {
        let ledger = cloud.app().ledger;
        ledger.store_observed(&self.observed()).await.unwrap();
        ledger.store_costs(&self.costs()).await.unwrap();
        ledger.store_decision(&self.decide(), true).await.unwrap();
    }
}

pub(super) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// What the ledger has on record of the account.
pub(super) async fn record(cloud: &Cloud) -> Record {
    cloud.app().ledger.spend(&AccountId::parse(ACCOUNT).unwrap()).await.unwrap().value
}

/// A GET of `/spend` or of what is below it.
pub(super) async fn get(cloud: &Cloud, below: &str, query: &[(&str, &str)]) -> Response {
    let query: BTreeMap<_, _> = query.iter().map(|(name, value)| (*name, [*value])).collect();
    let path = format!("/spend{below}");
    cloud
        .send(event(&json!({
            "httpMethod": "GET", "resource": "/{proxy+}", "path": path, "multiValueQueryStringParameters": query
        })))
        .await
}

/// A POST of what somebody says of the account.
pub(super) async fn post(cloud: &Cloud, what: &str, body: &Value) -> Response {
    cloud
        .send(event(&json!({
            "resource": format!("/spend/{{accountId}}/{what}"),
            "path": format!("/spend/{ACCOUNT}/{what}"),
            "pathParameters": {"accountId": ACCOUNT},
            "body": body.to_string()
        })))
        .await
}
