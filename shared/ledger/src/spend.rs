//! Spending: the bill and what was observed, decisions, what was done to an account, what was stopped in it.

use crate::{
    Error, Ledger, Versioned,
    table::{item, text, update, value},
    versioned::{Stored, parsed, written},
};
use aws::AwsFault;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use finops::{Anomaly, Costs, Decision, IdleReport, Observed, Record};
use jiff::{Timestamp, civil::Date};
use landing_zone::AccountId;
use serde::{Serialize, de::DeserializeOwned};

/// Decisions and what was stopped outlive an audit of the year before, in seconds.
const KEPT_SECONDS: i64 = 400 * 86_400;

/// Turns that are over are kept for a day.
const DAY_SECONDS: i64 = 86_400;

/// Anomalies are kept by AWS for 90 days; here they matter for a week.
const ANOMALY_SECONDS: i64 = 30 * 86_400;

/// People are not told the same within so many seconds: longer than a year.
const TOLD_SECONDS: i64 = 400 * 86_400;

/// The kinds of the records in the index.
const COSTS: &str = "spend-costs";
const OBSERVED: &str = "spend-observed";
const RECORD: &str = "spend-record";
const DECISION: &str = "spend-decision";
const ANOMALY: &str = "spend-anomaly";
const IDLE: &str = "spend-idle";

fn history_kind(account: &AccountId) -> String {
    format!("spend-history#{account}")
}

fn stopped_kind(account: &AccountId) -> String {
    format!("spend-stopped#{account}")
}

fn in_seconds(now: Timestamp, kept: i64) -> i64 {
    now.as_second().saturating_add(kept)
}

impl Ledger {
    /// The bill of an account, as it was read last.
    pub async fn costs(&self, account: &AccountId) -> Result<Option<Costs>, Error> {
        self.content(&format!("costs#{account}")).await
    }

    /// The bills of all accounts.
    pub async fn all_costs(&self) -> Result<Vec<Costs>, Error> {
        self.of_kind(COSTS).await
    }

    /// Keeps the bill of an account. One reader at a time reads bills; the last one is right.
    pub async fn store_costs(&self, costs: &Costs) -> Result<(), Error> {
        self.overwrite(format!("costs#{}", costs.account), COSTS.to_owned(), costs, costs.read_at, KEPT_SECONDS).await
    }

    /// What was observed in an account.
    pub async fn observed(&self, account: &AccountId) -> Result<Option<Observed>, Error> {
        self.content(&format!("observed#{account}")).await
    }

    /// What was observed in all accounts.
    pub async fn all_observed(&self) -> Result<Vec<Observed>, Error> {
        self.of_kind(OBSERVED).await
    }

    /// Keeps what was observed in an account. False where a later look is kept already: it stays, for it saw more.
    pub async fn store_observed(&self, observed: &Observed) -> Result<bool, Error> {
        let id = format!("observed#{}", observed.account.id);
        self.store_newer(id, OBSERVED, observed, observed.at, KEPT_SECONDS).await
    }

    /// Anomalies of all accounts, each with the account that caused it.
    pub async fn all_anomalies(&self) -> Result<Vec<(AccountId, Anomaly)>, Error> {
        self.of_kind(ANOMALY).await
    }

    /// Keeps an anomaly. Told of again, it has its later impact; an older telling that comes late changes nothing.
    pub async fn store_anomaly(&self, account: &AccountId, anomaly: &Anomaly) -> Result<(), Error> {
        let id = format!("anomaly#{account}#{}", anomaly.id);
        self.store_newer(id, ANOMALY, &(account, anomaly), anomaly.told_at, ANOMALY_SECONDS).await.map(drop)
    }

    /// The last decision about an account.
    pub async fn decision(&self, account: &AccountId) -> Result<Option<Decision>, Error> {
        self.content(&format!("decision#{account}")).await
    }

    /// The last decision about each account.
    pub async fn decisions(&self) -> Result<Vec<Decision>, Error> {
        self.of_kind(DECISION).await
    }

    /// Keeps a decision as the last one about its account, and for good where it `changes` something.
    pub async fn store_decision(&self, decision: &Decision, changes: bool) -> Result<(), Error> {
        if changes {
            let id = format!("decided#{}#{}", decision.account, crate::Stamp::from(decision.at));
            self.overwrite(id, history_kind(&decision.account), decision, decision.at, KEPT_SECONDS).await?;
        }
        let id = format!("decision#{}", decision.account);
        self.overwrite(id, DECISION.to_owned(), decision, decision.at, KEPT_SECONDS).await
    }

    /// The decisions about an account that changed something, oldest first.
    pub async fn decided(&self, account: &AccountId) -> Result<Vec<Decision>, Error> {
        self.of_kind(&history_kind(account)).await
    }

    /// What was done to an account, to be changed.
    pub async fn spend(&self, account: &AccountId) -> Result<Versioned<Record>, Error> {
        let found = self.versioned(&format!("spend#{account}")).await?;
        Ok(found.unwrap_or_else(|| Versioned::new(Record::new(account.clone()))))
    }

    /// What was done to all accounts.
    pub async fn all_spend(&self) -> Result<Vec<Record>, Error> {
        self.of_kind(RECORD).await
    }

    /// Stores what was done to an account. False when another writer was faster: nothing is stored then.
    pub async fn store_spend(&self, record: &mut Versioned<Record>, now: Timestamp) -> Result<bool, Error> {
        let id = format!("spend#{}", record.value.account);
        let stored = Stored {
            version: record.version.saturating_add(1),
            content: written(&id, &record.value)?,
            id,
            kind: Some(RECORD.to_owned()),
            created_at: Some(now.into()),
            ..Stored::default()
        };
        self.store(stored, &mut record.version).await
    }

    /// What was stopped in an account.
    pub async fn all_stopped<T: DeserializeOwned>(&self, account: &AccountId) -> Result<Vec<T>, Error> {
        self.of_kind(&stopped_kind(account)).await
    }

    /// What was stopped, to be changed.
    pub async fn stopped<T: DeserializeOwned>(
        &self,
        account: &AccountId,
        arn: &str,
    ) -> Result<Option<Versioned<T>>, Error> {
        self.versioned(&format!("stopped#{account}#{arn}")).await
    }

    /// Keeps how something was before it was stopped, and how far that is. False when another writer was faster.
    pub async fn store_stopped<T: Serialize>(
        &self,
        account: &AccountId,
        arn: &str,
        stopped: &mut Versioned<T>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let id = format!("stopped#{account}#{arn}");
        let stored = Stored {
            version: stopped.version.saturating_add(1),
            content: written(&id, &stopped.value)?,
            id,
            kind: Some(stopped_kind(account)),
            created_at: Some(now.into()),
            expires_at: Some(in_seconds(now, KEPT_SECONDS)),
            ..Stored::default()
        };
        self.store(stored, &mut stopped.version).await
    }

    /// Forgets what was stopped: it runs again, or somebody else has it.
    pub async fn forget_stopped(&self, account: &AccountId, arn: &str) -> Result<(), Error> {
        self.forget(format!("stopped#{account}#{arn}")).await
    }

    /// What was found idle in an account.
    pub async fn idle(&self, account: &AccountId) -> Result<Option<IdleReport>, Error> {
        self.content(&format!("idle#{account}")).await
    }

    /// What was found idle in all accounts.
    pub async fn all_idle(&self) -> Result<Vec<IdleReport>, Error> {
        self.of_kind(IDLE).await
    }

    /// Keeps what was found idle in an account.
    pub async fn store_idle(&self, report: &IdleReport) -> Result<(), Error> {
        self.overwrite(format!("idle#{}", report.account), IDLE.to_owned(), report, report.at, KEPT_SECONDS).await
    }

    /// True for the first who tells people this: then it is on record that they were told.
    pub async fn tell_once(&self, key: &str, now: Timestamp) -> Result<bool, Error> {
        let stored = Stored {
            id: format!("told#{key}"),
            created_at: Some(now.into()),
            expires_at: Some(in_seconds(now, TOLD_SECONDS)),
            ..Stored::default()
        };
        self.put(item(stored)?, "attribute_not_exists(id)", [].into()).await
    }

    /// True where it is on record that people were told.
    pub async fn was_told(&self, key: &str) -> Result<bool, Error> {
        Ok(self.get::<Stored>(&format!("told#{key}")).await?.is_some())
    }

    /// Forgets that people were told: they were not after all.
    pub async fn untell(&self, key: &str) -> Result<(), Error> {
        self.forget(format!("told#{key}")).await
    }

    /// Takes the turn at something until a time; false while somebody's turn lasts. Whoever is killed in it loses it at
    /// that time, and the next one does it again.
    pub async fn take_turn(&self, at: &str, until: Timestamp, now: Timestamp) -> Result<bool, Error> {
        let change = self
            .turn(at, until)?
            .condition_expression("attribute_not_exists(endsAt) OR endsAt <= :now")
            .expression_attribute_values(":now", value(crate::Stamp::from(now))?);
        Ok(update(change).await?.is_some())
    }

    /// Sets when the turn ends: now where it came to nothing, later where it was done and is not due again until then.
    pub async fn end_turn(&self, at: &str, ends: Timestamp) -> Result<(), Error> {
        update(self.turn(at, ends)?).await.map(drop)
    }

    fn turn(&self, at: &str, ends: Timestamp) -> Result<UpdateItemFluentBuilder, Error> {
        let change = self.change(&format!("turn#{at}")).update_expression("SET endsAt = :ends, expiresAt = :expires");
        Ok(change
            .expression_attribute_values(":ends", value(crate::Stamp::from(ends))?)
            .expression_attribute_values(":expires", value(in_seconds(ends, DAY_SECONDS))?))
    }

    /// Takes one of the day's `most` paid requests; false when there is none left.
    pub async fn pay(&self, day: Date, most: u32, now: Timestamp) -> Result<bool, Error> {
        let change = self
            .change(&format!("paid#{day}"))
            .update_expression("ADD requests :one SET expiresAt = :expires")
            .condition_expression("attribute_not_exists(requests) OR requests < :most")
            .expression_attribute_values(":one", value(1)?)
            .expression_attribute_values(":most", value(most)?)
            .expression_attribute_values(":expires", value(in_seconds(now, ANOMALY_SECONDS))?);
        Ok(update(change).await?.is_some())
    }

    async fn content<T: DeserializeOwned>(&self, id: &str) -> Result<Option<T>, Error> {
        let found = self.get::<Stored>(id).await?.map(parsed).transpose()?;
        Ok(found.map(|found| found.value))
    }

    async fn overwrite<T: Serialize>(
        &self,
        id: String,
        kind: String,
        content: &T,
        at: Timestamp,
        kept: i64,
    ) -> Result<(), Error> {
        let stored = item(dated(id, kind, content, at, kept)?)?;
        self.put(stored, "attribute_not_exists(id) OR attribute_exists(id)", [].into()).await.map(drop)
    }

    /// False where what is stored is of a later time: it stays.
    async fn store_newer<T: Serialize>(
        &self,
        id: String,
        kind: &str,
        content: &T,
        at: Timestamp,
        kept: i64,
    ) -> Result<bool, Error> {
        let told = [(":told".to_owned(), value(crate::Stamp::from(at))?)].into();
        let stored = item(dated(id, kind.to_owned(), content, at, kept)?)?;
        self.put(stored, "attribute_not_exists(id) OR createdAt <= :told", told).await
    }

    async fn forget(&self, id: String) -> Result<(), Error> {
        let gone = self.client.delete_item().table_name(&self.table).key("id", text(id)).send().await;
        gone.map(drop).map_err(|error| AwsFault::new("dynamodb:DeleteItem", &error).into())
    }

    async fn of_kind<T: DeserializeOwned>(&self, kind: &str) -> Result<Vec<T>, Error> {
        self.all_of(kind).await?.into_iter().map(|stored| Ok(parsed(stored)?.value)).collect()
    }
}

fn dated<T: Serialize>(id: String, kind: String, content: &T, at: Timestamp, kept: i64) -> Result<Stored, Error> {
    let content = written(&id, content)?;
    let (created_at, expires_at) = (Some(at.into()), Some(in_seconds(at, kept)));
    Ok(Stored { id, content, kind: Some(kind), created_at, expires_at, ..Stored::default() })
}
