//! What becomes of a finding: it is mended, ignored with a reason that is counted, held until somebody looks, or rejected.

use crate::{Compliance, Control, Finding, FindingKey, Mode, Modes, Workflow, control, finding::Resource};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::Offset};
use landing_zone::{AccountId, AccountType, Email, Environment};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is known beside the finding.
#[derive(Debug, Default)]
pub struct Known {
    /// Tags of the account.
    pub account: BTreeMap<String, String>,
    /// When somebody picked this finding by hand (a custom action).
    pub asked_at: Option<Timestamp>,
}

/// A problem to work on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Remediation {
    /// Tells this problem from every other, however often and in whatever format it is told: control, resource, account
    /// and Region.
    pub problem: String,
    /// The control.
    pub control: String,
    /// The resource's id.
    pub resource: String,
    /// Its account.
    pub account_id: AccountId,
    /// Its Region.
    pub region: String,
    /// How far it may go.
    pub mode: Mode,
    /// The finding.
    pub finding: FindingKey,
    /// When the check last failed.
    pub failed_at: Timestamp,
    /// Whom the finding's tags name as the owner of the resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Why nothing may be done about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<String>,
    /// Its owner has been told: the finding is `NOTIFIED`.
    #[serde(default)]
    pub told: bool,
    /// Somebody picked it by hand.
    #[serde(default)]
    pub asked: bool,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Timestamp>,
}

/// Nothing is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum Ignored {
    #[error("another product")]
    OtherProduct,
    #[error("a sample")]
    Sample,
    #[error("archived")]
    Archived,
    #[error("passed")]
    Passed,
    #[error("not known whether it failed")]
    NotFailed,
    #[error("suppressed, or settled already")]
    Settled,
    #[error("a control without a row")]
    UnknownControl,
    #[error("being worked on")]
    Open,
    #[error("older than what was done about it")]
    Late,
    #[error("exempt")]
    Exempt,
    #[error("its owner has been told, or the plan is there")]
    Told,
}

/// Somebody has to look before anything is changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Held {
    /// An exemption without owner, reason or end protects the resource all the same, and is told.
    #[error("an exemption cannot be read: {0}")]
    Exemption(String),
    /// The installation does not give what the control needs.
    #[error("the setting {0} is missing")]
    Setting(String),
}

/// The finding cannot be worked on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The control is about other resources.
    #[error("the control is not about {0}")]
    Resource(String),
    /// Nobody acts in one account for what is said of another.
    #[error("{0} is not in the account of the finding")]
    OtherAccount(String),
}

/// What becomes of a resource of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Work on it.
    Planned(Box<Remediation>),
    /// Leave it.
    Ignored(Ignored),
    /// Wait for people. It is put on record with its reason.
    Held(Held, Box<Remediation>),
    /// Nobody can.
    Rejected(Rejected),
}

/// The tag that exempts a resource, whose text may also stand in [`Modes`] for whole accounts:
/// `S3.8 S3.2 until 2027-01-31 by jane@example.com for the public site`.
pub const EXEMPTION_TAG: &str = "remediation-exempt";

/// Lets controls be as they are, until a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exemption {
    controls: BTreeSet<String>,
    until: Date,
}

impl Exemption {
    /// Reads an exemption.
    ///
    /// # Errors
    /// Says what is missing.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("{what} in {text:?}");
        let (controls, rest) = text.split_once(" until ").ok_or_else(|| wrong("no `until`"))?;
        let (until, rest) = rest.split_once(" by ").ok_or_else(|| wrong("no `by`"))?;
        let (owner, reason) = rest.split_once(" for ").ok_or_else(|| wrong("no `for`"))?;
        Email::parse(owner.trim()).map_err(|_| wrong("no e-mail address of an owner"))?;
        if reason.trim().is_empty() {
            return Err(wrong("no reason"));
        }
        let controls: BTreeSet<String> = controls.split_whitespace().map(str::to_owned).collect();
        if controls.is_empty() {
            return Err(wrong("no control"));
        }
        let until = until.trim().parse().map_err(|_| wrong("no day"))?;
        Ok(Self { controls, until })
    }

    fn covers(&self, control: &Control, now: Timestamp) -> bool {
        // The day itself is included, wherever on earth it ends last, which is twelve hours after it ends in UTC.
        let day = Offset::UTC.to_datetime(now - SignedDuration::from_hours(12)).date();
        self.controls.contains(&control.control) && day <= self.until
    }
}

/// Decides about each resource of a finding.
#[must_use]
pub fn triage(finding: &Finding, known: &Known, modes: &Modes, now: Timestamp) -> Vec<Verdict> {
    let ignored = if !finding.own {
        Some(Ignored::OtherProduct)
    } else if finding.sample {
        Some(Ignored::Sample)
    } else if !finding.active {
        Some(Ignored::Archived)
    } else if finding.compliance == Compliance::Passed {
        Some(Ignored::Passed)
    } else if finding.compliance == Compliance::Unknown {
        Some(Ignored::NotFailed)
    } else if !matches!(finding.workflow, Workflow::New | Workflow::Notified) {
        Some(Ignored::Settled)
    } else {
        None
    };
    if let Some(why) = ignored {
        return vec![Verdict::Ignored(why)];
    }
    let Some(row) = finding.controls.iter().find_map(|name| control(name)) else {
        return vec![Verdict::Ignored(Ignored::UnknownControl)];
    };
    finding.resources.iter().map(|resource| of_resource(finding, row, resource, known, modes, now)).collect()
}

fn of_resource(
    finding: &Finding,
    row: &Control,
    resource: &Resource,
    known: &Known,
    modes: &Modes,
    now: Timestamp,
) -> Verdict {
    let parts = resource.ids.iter().find_map(|id| Some((id, row.resource.parts(id)?)));
    let Some((id, parts)) = parts else {
        return Verdict::Rejected(Rejected::Resource(resource.ids.join(", ")));
    };
    if parts.get("account").is_some_and(|account| account != finding.account.as_str()) {
        return Verdict::Rejected(Rejected::OtherAccount(id.clone()));
    }
    let held = |why: Held| {
        let remediation =
            Remediation { hold: Some(why.to_string()), ..remediation(finding, row, (id, resource), known, modes) };
        Verdict::Held(why, Box::new(remediation))
    };
    match exempt(row, resource.tags.get(EXEMPTION_TAG).into_iter().chain(modes.exemptions(&finding.account)), now) {
        Ok(true) => return Verdict::Ignored(Ignored::Exempt),
        Ok(false) => {}
        Err(why) => return held(Held::Exemption(why)),
    }
    if let Some(setting) = row.settings.iter().find(|setting| !modes.settings().contains_key(*setting)) {
        return held(Held::Setting(setting.clone()));
    }
    Verdict::Planned(Box::new(remediation(finding, row, (id, resource), known, modes)))
}

/// True where one of these texts exempts a resource from a control now.
///
/// # Errors
/// Says which text cannot be read: it protects all the same.
pub fn exempt<'t>(row: &Control, texts: impl Iterator<Item = &'t String>, now: Timestamp) -> Result<bool, String> {
    for text in texts {
        if Exemption::parse(text)?.covers(row, now) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn remediation(
    finding: &Finding,
    row: &Control,
    (id, resource): (&str, &Resource),
    known: &Known,
    modes: &Modes,
) -> Remediation {
    let tag = |name: &str| known.account.get(name).map(String::as_str);
    let environment = tag("environment").and_then(|id| Environment::parse(id).ok());
    let account_type = tag("account-type").and_then(|id| AccountType::parse(id).ok());
    Remediation {
        problem: format!("{}#{id}#{}#{}", row.control, finding.account, finding.region),
        control: row.control.clone(),
        resource: id.to_owned(),
        account_id: finding.account.clone(),
        region: finding.region.clone(),
        mode: modes.of(&row.control, row.mode, environment, account_type),
        finding: finding.key.clone(),
        failed_at: finding.updated_at,
        owner: resource.tags.get("owner").cloned(),
        hold: None,
        told: finding.workflow == Workflow::Notified,
        asked: known.asked_at.is_some(),
        asked_at: known.asked_at,
    }
}

impl Verdict {
    /// One word for it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Planned(_) => "planned",
            Self::Ignored(_) => "ignored",
            Self::Held(..) => "held",
            Self::Rejected(_) => "rejected",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings;
    use serde_json::{Value, json};

    const NOW: &str = "2026-11-26T12:00:00Z";

    fn now() -> Timestamp {
        NOW.parse().unwrap()
    }

    fn finding(changes: &Value) -> Finding {
        let mut record = json!({"Id": "f-1", "ProductArn": "arn:aws:securityhub:us-east-1::product/aws/securityhub",
            "AwsAccountId": "111122223333", "Region": "eu-west-1", "UpdatedAt": "2026-11-26T08:00:00Z",
            "RecordState": "ACTIVE", "Workflow": {"Status": "NEW"},
            "Compliance": {"Status": "FAILED", "SecurityControlId": "S3.8"},
            "Resources": [{"Id": "arn:aws:s3:::data"}]});
        record.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        findings(&record).remove(0).unwrap()
    }

    fn verdict(changes: &Value, known: &Known) -> Verdict {
        triage(&finding(changes), known, &Modes::standard(), now()).remove(0)
    }

    #[test]
    fn a_failed_control_with_a_row_is_planned_and_a_new_installation_only_plans() {
        let Verdict::Planned(remediation) = verdict(&json!({}), &Known::default()) else { panic!() };
        assert_eq!(remediation.problem, "S3.8#arn:aws:s3:::data#111122223333#eu-west-1");
        assert_eq!(remediation.mode, Mode::Plan);
    }

    #[test]
    fn what_is_not_ours_is_ignored_with_its_reason() {
        let nothing = Known::default();
        for (changes, why) in [
            (json!({"ProductArn": "arn:aws:securityhub:us-east-1::product/prowler/prowler"}), Ignored::OtherProduct),
            (json!({"Sample": true}), Ignored::Sample),
            (json!({"RecordState": "ARCHIVED"}), Ignored::Archived),
            (json!({"Compliance": {"Status": "PASSED", "SecurityControlId": "S3.8"}}), Ignored::Passed),
            (json!({"Compliance": {"Status": "WARNING", "SecurityControlId": "S3.8"}}), Ignored::NotFailed),
            (json!({"Workflow": {"Status": "SUPPRESSED"}}), Ignored::Settled),
            (json!({"Workflow": {"Status": "SOMETHING_NEW"}}), Ignored::Settled),
            (json!({"Compliance": {"Status": "FAILED", "SecurityControlId": "New.1"}}), Ignored::UnknownControl),
        ] {
            assert_eq!(verdict(&changes, &nothing), Verdict::Ignored(why), "{changes}");
        }
        let wrong = verdict(&json!({"Resources": [{"Id": "arn:aws:sqs:eu-west-1:111122223333:q"}]}), &nothing);
        assert_eq!(wrong.word(), "rejected");
        let foreign = json!({"Compliance": {"Status": "FAILED", "SecurityControlId": "DynamoDB.6"},
            "Resources": [{"Id": "arn:aws:dynamodb:eu-west-1:444455556666:table/orders"}]});
        assert!(matches!(verdict(&foreign, &nothing), Verdict::Rejected(Rejected::OtherAccount(_))));
    }

    #[test]
    fn an_exemption_ends_with_its_day_and_one_that_cannot_be_read_protects() {
        let tagged = |text: &str| {
            let tags = json!({"Resources": [{"Id": "arn:aws:s3:::data", "Tags": {EXEMPTION_TAG: text}}]});
            verdict(&tags, &Known::default()).word()
        };
        for (text, word) in [
            ("S3.8 S3.2 until 2026-11-26 by jane@example.com for the public site", "ignored"),
            ("S3.8 until 2026-11-24 by jane@example.com for the public site", "planned"),
            ("S3.2 until 2027-01-01 by jane@example.com for the public site", "planned"),
            ("S3.8 until 2027-01-01 by jane for the public site", "held"),
            ("S3.8 until 2027-01-01 by jane@example.com", "held"),
            ("S3.8 by jane@example.com for the public site", "held"),
            ("S3.8 until later by jane@example.com for the public site", "held"),
            (" until 2027-01-01 by jane@example.com for the public site", "held"),
            ("yes", "held"),
        ] {
            assert_eq!(tagged(text), word, "{text}");
        }
        let on_record = |text: &str| {
            let modes = json!({"rules": [{"mode": "plan"}],
                "exemptions": [{"accounts": ["111122223333"], "exemption": text}, {"accounts": [], "exemption": "S3.8"}]});
            let modes = Modes::parse(&modes.to_string()).unwrap();
            triage(&finding(&json!({})), &Known::default(), &modes, now()).remove(0).word()
        };
        assert_eq!(on_record("S3.8 until 2027-01-01 by jane@example.com for the move"), "ignored");
        assert_eq!(on_record("S3.2 until 2027-01-01 by jane@example.com for the move"), "planned");
        assert_eq!(on_record("S3.8 for ever"), "held");
    }
}
