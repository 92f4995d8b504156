//! Keeps an AWS Budget for each AI account in step with the policy. They are doorbells: AWS rings when the bill comes near a
//! limit, and the suite looks itself. A plain budget costs nothing, or 0.02 USD a day beyond the second, by the age of the
//! price page: 0.60 USD a month for an account at most.

mod api;
mod existing;
mod plan;
#[cfg(test)]
mod testing;
mod wanted;

use aws::{AwsFault, Bus, ConfigError, NotPublished, SdkConfig};
use existing::Existing;
use finops::{EVENT_SOURCE, Observed, Override, Policy};
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use landing_zone::{AccountId, Class, Diagnosis, Fault};
use ledger::Ledger;
use plan::{Change, Place};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use telemetry::Metric;
use wanted::Standing;

/// Characters of a budget's name, without the dash and the digits of an account.
const LONGEST_PREFIX: usize = 87;

/// Accounts that are worked on at once. A budget takes six calls to compare; AWS does not say how many it takes a second.
const AT_ONCE: usize = 4;

/// What the function works with.
pub struct App {
    ledger: Ledger,
    organizations: aws_sdk_organizations::Client,
    bus: Bus,
    config: SdkConfig,
    payer: AccountId,
    topic: String,
    prefix: String,
    policy: Policy,
    clock: fn() -> Timestamp,
}

impl App {
    /// Reads the function's environment.
    pub fn from_environment(config: &SdkConfig) -> Result<Self, ConfigError> {
        let policy = |text: &str| Policy::parse(text).map_err(|error| error.to_string());
        Ok(Self {
            ledger: Ledger::from_environment(config)?,
            organizations: aws_sdk_organizations::Client::new(config),
            bus: Bus::from_environment(config)?,
            config: config.clone(),
            payer: aws::required("MANAGEMENT_ACCOUNT", AccountId::parse)?,
            topic: aws::required("BUDGETS_TOPIC", |text| Ok(text.to_owned()))?,
            prefix: aws::required("NAME_PREFIX", prefix)?,
            policy: aws::optional("SPEND_POLICY", policy)?.unwrap_or_else(Policy::standard),
            clock: Timestamp::now,
        })
    }
}

/// What the names of budgets begin with. AWS takes neither `:` nor `\`, and `/action/` means something else.
fn prefix(text: &str) -> Result<String, String> {
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if text.len() <= LONGEST_PREFIX && text.bytes().all(is_usual) {
        Ok(text.to_owned())
    } else {
        Err(format!("{text:?} is not up to {LONGEST_PREFIX} letters, digits and dashes"))
    }
}

/// The schedule's event; nothing in it is read.
#[derive(Debug, Deserialize)]
pub struct Event {}

/// What came of it.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Budgets that are as they should be now.
    in_step: usize,
    /// Changes that were made.
    changed: usize,
    /// Budgets that were left alone, because nobody knows whether their account is there.
    unknown: usize,
}

/// Why not every budget is in step.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ledger did not do it.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// AWS did not do it.
    #[error(transparent)]
    Aws(#[from] AwsFault),
    /// An event was not taken.
    #[error(transparent)]
    NotPublished(#[from] NotPublished),
    /// Some budgets are not in step; the others are.
    #[error("{count} budgets are not in step, the first of account {account}: {first}")]
    Partly {
        /// How many.
        count: usize,
        /// The account of the first.
        account: AccountId,
        /// Why it is not.
        first: Box<Error>,
    },
}

impl Fault for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Ledger(error) => error.diagnosis(),
            // More budgets or notifications than AWS takes are no matter of waiting.
            Self::Aws(fault) if fault.code() == "CreationLimitExceededException" => Diagnosis::named(
                Class::Invalid,
                "TooManyBudgets",
                "Delete budgets, or notifications that people added to this one; it goes on with the next run.",
            ),
            Self::Aws(fault) => fault.diagnosis(),
            Self::NotPublished(error) => error.diagnosis(),
            Self::Partly { first, .. } => first.diagnosis(),
        }
    }
}

/// Brings all budgets in step. One that cannot be does not hold up the others.
pub async fn handle(app: &App, _: Event) -> Result<Answer, Error> {
    let now = (app.clock)();
    let observed: BTreeMap<AccountId, Observed> =
        app.ledger.all_observed().await?.into_iter().map(|seen| (seen.account.id.clone(), seen)).collect();
    let changes: BTreeMap<AccountId, Override> =
        app.ledger.all_spend().await?.into_iter().filter_map(|record| Some((record.account, record.change?))).collect();
    let existing = api::budgets(&app.config, &app.payer, &app.prefix).await?;
    let mut existing: BTreeMap<String, Existing> =
        existing.into_iter().map(|budget| (budget.name.clone(), budget)).collect();
    let left_over = existing.values().filter_map(|budget| budget.account(&app.prefix));
    let accounts: BTreeSet<AccountId> = observed.keys().cloned().chain(left_over).collect();

    let accounts: Vec<_> = accounts
        .into_iter()
        .map(|account| {
            let standing = Standing::of(observed.get(&account), &app.policy, changes.get(&account), &app.prefix, now);
            let budget = existing.remove(&wanted::name(&app.prefix, &account));
            (account, standing, budget)
        })
        .collect();
    let mut work = stream::iter(accounts)
        .map(|(account, standing, budget)| async move {
            let mut answer = Answer::default();
            let done = one(app, &account, standing, budget, &mut answer).await;
            (account, answer, done)
        })
        .buffered(AT_ONCE);
    let mut answer = Answer::default();
    let mut failed: Vec<(AccountId, Error)> = Vec::new();
    while let Some((account, own, done)) = work.next().await {
        answer.in_step += own.in_step;
        answer.changed += own.changed;
        answer.unknown += own.unknown;
        if let Err(error) = done {
            telemetry::warn!(account = account.as_str(), reason = %error, "a budget is not in step");
            failed.push((account, error));
        }
    }
    measure(&answer, failed.len(), now);
    let count = failed.len();
    match failed.into_iter().next() {
        None => Ok(answer),
        Some((account, first)) => Err(Error::Partly { count, account, first: Box::new(first) }),
    }
}

/// Brings the budget of one account in step.
async fn one(
    app: &App,
    account: &AccountId,
    standing: Standing,
    budget: Option<Existing>,
    answer: &mut Answer,
) -> Result<(), Error> {
    let place = Place { payer: &app.payer, topic: &app.topic };
    match (standing, budget) {
        (Standing::Wanted(wanted), mut budget) => {
            if let Some(budget) = &mut budget {
                api::subscribers(&app.config, &app.payer, budget).await?;
            }
            for change in place.towards(&wanted, budget.as_ref()) {
                make(app, account, &wanted.name, &change, answer).await?;
            }
            answer.in_step += 1;
        }
        (_, None) => {}
        // What is not ours as a whole is not removed.
        (_, Some(budget)) if budget.account(&app.prefix).as_ref() != Some(account) => {}
        (Standing::Unknown, Some(_)) if !is_gone(app, account).await? => answer.unknown += 1,
        (_, Some(budget)) => make(app, account, &budget.name, &place.removal(&budget.name), answer).await?,
    }
    Ok(())
}

async fn make(app: &App, account: &AccountId, name: &str, change: &Change, answer: &mut Answer) -> Result<(), Error> {
    api::make(&app.config, change).await?;
    answer.changed += 1;
    let detail = json!({"accountId": account, "budget": name, "change": change.what, "action": change.call.action});
    app.bus.publish(EVENT_SOURCE, "Spend Budget Changed", detail.to_string()).await?;
    Ok(())
}

/// True where Organizations says that an account is closed or not there.
async fn is_gone(app: &App, account: &AccountId) -> Result<bool, AwsFault> {
    let described = app.organizations.describe_account().account_id(account.as_str()).send().await;
    match described.map_err(|error| AwsFault::new("organizations:DescribeAccount", &error)) {
        Ok(described) => {
            let state = described.account.and_then(|account| account.state);
            Ok(state.is_some_and(|state| matches!(state.as_str(), "SUSPENDED" | "PENDING_CLOSURE" | "CLOSED")))
        }
        Err(fault) if fault.code() == "AccountNotFoundException" => Ok(true),
        Err(fault) => Err(fault),
    }
}

fn measure(answer: &Answer, failed: usize, now: Timestamp) {
    let metrics = [
        Metric::counted("BudgetsInStep", answer.in_step),
        Metric::counted("BudgetsChanged", answer.changed),
        Metric::counted("BudgetsFailed", failed),
    ];
    telemetry::emit("budgets", &metrics, &[], &[], now);
}

#[cfg(test)]
mod tests;
