//! One `CloudTrail` record: did it make something that gets tags?

use crate::{
    Arn, Principal, Rule, TagMap, Via, found,
    request_tags::request_tags,
    rules::rule,
    template::{Template, child},
};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use landing_zone::{AccountId, partition_of};
use serde_json::Value;

/// Resources that one call made.
#[derive(Debug, Clone)]
pub struct Creation {
    /// The row that knows the call.
    pub rule: &'static Rule,
    /// Whether the call itself was seen.
    pub origin: Origin,
    /// `CloudTrail`'s id of the event, or that of the finding.
    pub event_id: String,
    /// When it happened, or was found.
    pub time: Timestamp,
    /// The account it happened in.
    pub account: AccountId,
    /// The Region it happened in.
    pub region: String,
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: &'static str,
    /// What it made, companions included, without repetition.
    pub resources: Vec<Arn>,
    /// Resources whose data flows into it.
    pub data: Vec<Arn>,
    /// Who made it.
    pub principal: Principal,
    /// Tags that the call itself asked for.
    pub request_tags: TagMap,
}

/// How a resource became known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// By the call that made it.
    Call,
    /// By its being there: who made it, and when, is not known.
    Found,
}

/// What a record means to the tagger.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// It made something.
    Creation(Box<Creation>),
    /// It is none of our business.
    Ignored(Ignored),
    /// It made something and cannot be used: people have to see it.
    Rejected(Rejected),
}

/// Why a record needs nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ignored {
    /// Neither a call nor a finding.
    #[error("neither a CloudTrail record nor a finding")]
    NotOurs,
    /// A finding that tags do not mend.
    #[error("a finding that is not about tags")]
    OtherFinding,
    /// A finding that is passed, settled or suppressed.
    #[error("a finding that asks for nothing")]
    SettledFinding,
    /// No row.
    #[error("no rule for this call")]
    NoRule,
    /// The call failed.
    #[error("the call failed: {0}")]
    Failed(String),
    /// A dry run.
    #[error("a dry run")]
    DryRun,
    /// The suite's own call.
    #[error("made by the suite itself")]
    Suite,
    /// A resource that belongs to a service.
    #[error("the service keeps the resource to itself")]
    ServiceOwned,
    /// All of it is in an account other than the event's, which sends an event of its own.
    #[error("the resource belongs to account {0}")]
    OtherAccount(String),
}

/// Why a record that matters cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The record does not say where or when.
    #[error("{0} is missing or cannot be read")]
    Field(&'static str),
    /// No place of the rule led to a name.
    #[error("the record does not name what was made")]
    NoResource,
    /// What was found is no ARN.
    #[error("{0}")]
    NotAnArn(String),
}

impl Verdict {
    /// One word: `tagged`, `ignored` or `rejected`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Creation(_) => "tagged",
            Self::Ignored(_) => "ignored",
            Self::Rejected(_) => "rejected",
        }
    }
}

/// Reads one record.
#[must_use]
pub fn classify(record: &Value) -> Verdict {
    match read(record) {
        Ok(creation) => Verdict::Creation(Box::new(creation)),
        Err(Left(verdict)) => *verdict,
    }
}

/// A verdict that ends the reading.
pub(crate) struct Left(Box<Verdict>);

impl From<Ignored> for Left {
    fn from(why: Ignored) -> Self {
        Self(Box::new(Verdict::Ignored(why)))
    }
}

impl From<Rejected> for Left {
    fn from(why: Rejected) -> Self {
        Self(Box::new(Verdict::Rejected(why)))
    }
}

fn read(record: &Value) -> Result<Creation, Left> {
    let text = |name: &str| child(record, name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (Some(source), Some(name)) = (text("eventSource"), text("eventName")) else {
        return found::read(record);
    };
    let rule = rule(source, name).ok_or(Ignored::NoRule)?;
    if let Some(code) = text("errorCode") {
        let dry_run = code.ends_with("DryRunOperation");
        return Err(if dry_run { Ignored::DryRun } else { Ignored::Failed(code.to_owned()) }.into());
    }
    let principal = Principal::of(record);
    if principal.is_suite() {
        return Err(Ignored::Suite.into());
    }
    if rule.skip_if.as_ref().is_some_and(|path| is_true(record, path)) {
        return Err(Ignored::ServiceOwned.into());
    }
    let account = text("recipientAccountId")
        .or_else(|| child(record, "userIdentity").and_then(|who| child(who, "accountId")).and_then(Value::as_str))
        .and_then(|id| AccountId::parse(id).ok())
        .ok_or(Rejected::Field("recipientAccountId"))?;
    let region = text("awsRegion").filter(|region| is_region(region)).ok_or(Rejected::Field("awsRegion"))?.to_owned();
    let time = text("eventTime").and_then(time).ok_or(Rejected::Field("eventTime"))?;
    let partition = partition_of(&region);
    let names = [("partition", partition), ("region", region.as_str()), ("account", account.as_str())];
    let resources = resources(rule, &names, record)?;
    let here = |arn: &Arn| arn.account().is_empty() || arn.account() == account.as_str();
    let (own, foreign): (Vec<Arn>, Vec<Arn>) = resources.into_iter().partition(here);
    if own.is_empty()
        && let Some(arn) = foreign.first()
    {
        return Err(Ignored::OtherAccount(arn.account().to_owned()).into());
    }
    let data = rule.data.iter().flat_map(|place| place.expand_with(&names, record));
    let data = data.filter_map(|text| Arn::parse(&text).ok()).collect();
    let person = rule.person.iter().find_map(|place| place.expand(record).into_iter().next());
    let principal = Principal { person: principal.person.clone().or(person), ..principal };
    let request_tags = request_tags(record);
    let event_id = text("eventID").unwrap_or_default().to_owned();
    let origin = Origin::Call;
    Ok(Creation {
        rule,
        origin,
        event_id,
        time,
        account,
        region,
        partition,
        resources: own,
        data,
        principal,
        request_tags,
    })
}

/// The ARNs of the first place that leads to any, and of what was made along.
fn resources(rule: &Rule, names: &[(&str, &str)], record: &Value) -> Result<Vec<Arn>, Rejected> {
    let filled = |place: &Template| place.expand_with(names, record);
    let main = rule.arn.iter().map(filled).find(|found| !found.is_empty()).ok_or(Rejected::NoResource)?;
    let mut arns = Vec::with_capacity(main.len());
    for text in main.into_iter().chain(rule.companions.iter().flat_map(filled)) {
        let arn = Arn::parse(&text).map_err(Rejected::NotAnArn)?;
        if !arns.contains(&arn) {
            arns.push(arn);
        }
    }
    Ok(arns)
}

fn is_true(record: &Value, path: &str) -> bool {
    path.split('.').try_fold(record, |value, name| child(value, name)).and_then(Value::as_bool) == Some(true)
}

/// `CloudTrail` writes RFC 3339; exports of it to databases drop the zone, which is always UTC.
pub(crate) fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok())
}

pub(crate) fn is_region(text: &str) -> bool {
    text.len() <= 32 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

impl Creation {
    /// Where the calls that tag it are made: IAM is global and answers in one Region of its partition.
    #[must_use]
    pub fn tagging_region(&self) -> &str {
        let is_iam = self.resources.first().is_some_and(|arn| arn.service() == "iam");
        match (is_iam, self.partition) {
            (false, _) => &self.region,
            (true, "aws") => "us-east-1",
            (true, "aws-cn") => "cn-north-1",
            (true, _) => "us-gov-west-1",
        }
    }

    /// True when nothing is tagged and only the owner is remembered.
    #[must_use]
    pub fn is_owner_only(&self) -> bool {
        self.rule.via == Via::OwnerOnly
    }
}

#[cfg(test)]
mod tests;
