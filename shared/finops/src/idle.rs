//! What nobody uses and still costs: found, told of, and stopped where that is wanted.

use jiff::{SignedDuration, Timestamp};
use landing_zone::{AccountId, Environment};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Owners have three days from the warning, where nothing else is configured.
const GRACE_HOURS: i64 = 72;

/// A stop that was told of comes at the next look after its time, and looks come daily. One that is a week late surprises.
const TOLD_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What was found idle in an account at one look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdleReport {
    /// The account.
    pub account: AccountId,
    /// When it was looked at.
    pub at: Timestamp,
    /// What is idle, and what was stopped for it.
    pub found: Vec<Idle>,
    /// What could not be judged, and why: it is not idle.
    pub blind: Vec<String>,
}

/// A resource that nobody uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Idle {
    /// Its kind, such as `notebook`.
    pub kind: String,
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Its Region.
    pub region: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// What shows that nobody uses it.
    pub evidence: String,
    /// Since when it is known to be idle.
    pub since: Option<Timestamp>,
    /// When it was last seen to be idle: what is out of sight stays in the report.
    #[serde(default)]
    pub seen_at: Option<Timestamp>,
    /// What a month without it saves; none where its price is not known.
    pub monthly_saving: Option<Decimal>,
    /// How far it is.
    #[serde(flatten)]
    pub state: IdleState,
}

/// How far an idle resource is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum IdleState {
    /// It was found.
    Found,
    /// Its owner was told.
    #[serde(rename_all = "camelCase")]
    Warned {
        /// When.
        at: Timestamp,
        /// When it is going to be stopped, if that was said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stops_at: Option<Timestamp>,
    },
    /// It was stopped.
    Stopped {
        /// When.
        at: Timestamp,
    },
    /// It is left as it is.
    Kept {
        /// Why.
        why: String,
    },
}

/// What is done about idle resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdleMode {
    /// They are in the report.
    Report,
    /// Owners are told as well.
    Warn,
    /// They are stopped as well, some time after that.
    Stop,
}

/// What is done in which environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdleModes {
    dev: IdleMode,
    test: IdleMode,
    prod: IdleMode,
}

impl Default for IdleModes {
    /// Nothing is stopped.
    fn default() -> Self {
        Self { dev: IdleMode::Warn, test: IdleMode::Report, prod: IdleMode::Report }
    }
}

impl IdleModes {
    /// Reads `{"dev": "stop", "test": "warn", "prod": "report"}`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let modes: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if modes.prod == IdleMode::Stop {
            return Err("prod: nothing in production is stopped because it seems idle".to_owned());
        }
        Ok(modes)
    }

    /// What is done in an environment.
    #[must_use]
    pub fn of(self, environment: Environment) -> IdleMode {
        match environment {
            Environment::Dev => self.dev,
            Environment::Test => self.test,
            Environment::Prod => self.prod,
        }
    }
}

/// How long owners have from the warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grace(SignedDuration);

impl Default for Grace {
    fn default() -> Self {
        Self(SignedDuration::from_hours(GRACE_HOURS))
    }
}

impl Grace {
    /// Reads a number of hours, 90 days at most. Without any, what was told is stopped at the next look.
    pub fn parse(hours: &str) -> Result<Self, String> {
        match hours.parse::<i64>() {
            Ok(hours) if (0..=2160).contains(&hours) => Ok(Self(SignedDuration::from_hours(hours))),
            _ => Err(format!("{hours:?} is not a number of hours between 0 and 2160")),
        }
    }

    /// When it ends that began then.
    #[must_use]
    pub fn ends(self, warned_at: Timestamp) -> Timestamp {
        warned_at.saturating_add(self.0).unwrap_or(Timestamp::MAX)
    }
}

/// What is to be done about an idle resource now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdleStep {
    /// Nothing.
    Nothing,
    /// Its owner is told.
    Warn {
        /// When it is going to be stopped, if it is.
        stops_at: Option<Timestamp>,
    },
    /// It is stopped.
    Stop,
    /// It is left as it is.
    Keep(String),
}

/// What follows for a resource that was found idle, again or for the first time: its owner is told, and it is stopped when
/// it was said that it would be, not earlier and not much later. `before` is its state in the same stretch of idleness.
/// `protected` says why it is left alone, which is looked at each time.
#[must_use]
pub fn next(
    before: Option<&IdleState>,
    mode: IdleMode,
    protected: Option<String>,
    grace: Grace,
    now: Timestamp,
) -> IdleStep {
    let stops_at = (mode == IdleMode::Stop).then(|| grace.ends(now));
    match (mode, protected, before) {
        (_, Some(why), _) => IdleStep::Keep(why),
        (IdleMode::Report, None, _) | (IdleMode::Warn, None, Some(IdleState::Warned { .. })) => IdleStep::Nothing,
        (IdleMode::Stop, None, Some(IdleState::Warned { stops_at: Some(at), .. })) if *at > now => IdleStep::Nothing,
        (IdleMode::Stop, None, Some(IdleState::Warned { stops_at: Some(at), .. }))
            if now.duration_since(*at) <= TOLD_FOR =>
        {
            IdleStep::Stop
        }
        // Also what was told too long ago, or before stops were wanted, and what runs although it was stopped: somebody
        // started it.
        (_, None, _) => IdleStep::Warn { stops_at },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn owners_are_told_before_anything_is_stopped() {
        let (now, long_ago) = (at("2026-11-26T12:00:00Z"), at("2026-10-01T12:00:00Z"));
        let warned = |stops_at: Option<&str>| Some(IdleState::Warned { at: long_ago, stops_at: stops_at.map(at) });
        let step = |mode, before: Option<IdleState>| next(before.as_ref(), mode, None, Grace::default(), now);
        let told = IdleStep::Warn { stops_at: Some(at("2026-11-29T12:00:00Z")) };
        assert_eq!(step(IdleMode::Stop, None), told);
        assert_eq!(step(IdleMode::Stop, Some(IdleState::Found)), told);
        assert_eq!(step(IdleMode::Stop, warned(None)), told);
        assert_eq!(step(IdleMode::Stop, warned(Some("2026-11-26T12:00:01Z"))), IdleStep::Nothing);
        assert_eq!(step(IdleMode::Stop, warned(Some("2026-11-26T12:00:00Z"))), IdleStep::Stop);
        assert_eq!(step(IdleMode::Stop, warned(Some("2026-11-19T12:00:00Z"))), IdleStep::Stop);
        assert_eq!(step(IdleMode::Stop, warned(Some("2026-11-19T11:59:59Z"))), told, "told too long ago");
        assert_eq!(step(IdleMode::Warn, warned(Some("2026-11-26T12:00:00Z"))), IdleStep::Nothing);
        assert_eq!(step(IdleMode::Warn, Some(IdleState::Found)), IdleStep::Warn { stops_at: None });
        assert_eq!(step(IdleMode::Report, warned(None)), IdleStep::Nothing);
        assert_eq!(step(IdleMode::Report, None), IdleStep::Nothing);
    }

    #[test]
    fn what_was_stopped_and_runs_again_has_its_own_warning() {
        let now = at("2026-11-26T12:00:00Z");
        let stopped = IdleState::Stopped { at: at("2026-10-01T12:00:00Z") };
        let step = next(Some(&stopped), IdleMode::Stop, None, Grace::default(), now);
        assert_eq!(step, IdleStep::Warn { stops_at: Some(at("2026-11-29T12:00:00Z")) });
    }

    #[test]
    fn what_is_protected_is_kept_whatever_was_before() {
        let before = IdleState::Warned { at: at("2026-10-01T12:00:00Z"), stops_at: Some(at("2026-10-04T12:00:00Z")) };
        let step = next(
            Some(&before),
            IdleMode::Stop,
            Some("it is exempt".to_owned()),
            Grace::default(),
            at("2026-11-26T12:00:00Z"),
        );
        assert_eq!(step, IdleStep::Keep("it is exempt".to_owned()));
    }

    #[test]
    fn production_is_never_stopped() {
        let modes = IdleModes::parse(r#"{"dev": "stop", "test": "warn", "prod": "report"}"#).unwrap();
        assert_eq!(
            [Environment::Dev, Environment::Test, Environment::Prod].map(|environment| modes.of(environment)),
            [IdleMode::Stop, IdleMode::Warn, IdleMode::Report]
        );
        for wrong in [
            r#"{"dev": "stop", "test": "warn", "prod": "stop"}"#,
            r#"{"dev": "stop", "test": "warn"}"#,
            r#"{"dev": "stop", "test": "warn", "prod": "report", "sandbox": "stop"}"#,
            r#"{"dev": "kill", "test": "warn", "prod": "report"}"#,
            "",
        ] {
            assert!(IdleModes::parse(wrong).is_err(), "{wrong}");
        }
        assert!(
            [Environment::Dev, Environment::Test, Environment::Prod]
                .into_iter()
                .all(|environment| IdleModes::default().of(environment) < IdleMode::Stop)
        );
    }

    #[test]
    fn grace_is_a_number_of_hours() {
        assert_eq!(Grace::parse("72").unwrap(), Grace::default());
        for wrong in ["-1", "2161", "3 days", "", "9223372036854775807"] {
            assert!(Grace::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_report_is_read_as_it_was_written() {
        let found = Idle {
            kind: "notebook".to_owned(),
            arn: "arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/n".to_owned(),
            name: "n".to_owned(),
            region: "eu-west-1".to_owned(),
            owner: Some("jane@example.com".to_owned()),
            evidence: "no CPU above 5 % for 7 days".to_owned(),
            since: Some(at("2026-11-19T12:00:00Z")),
            seen_at: Some(at("2026-11-26T12:00:00Z")),
            monthly_saving: Some(Decimal::new(123_456, 2)),
            state: IdleState::Warned { at: at("2026-11-26T12:00:00Z"), stops_at: Some(at("2026-11-29T12:00:00Z")) },
        };
        let kept = Idle { state: IdleState::Kept { why: "it is exempt".to_owned() }, ..found.clone() };
        let report = IdleReport {
            account: AccountId::parse("111122223333").unwrap(),
            at: at("2026-11-26T12:00:00Z"),
            found: vec![found, kept],
            blind: vec!["us-east-1: AccessDenied".to_owned()],
        };
        let written = serde_json::to_value(&report).unwrap();
        assert_eq!(written["found"][0]["state"], "warned");
        assert_eq!(written["found"][0]["stopsAt"], "2026-11-29T12:00:00Z");
        assert_eq!(written["found"][1]["why"], "it is exempt");
        assert_eq!(serde_json::from_value::<IdleReport>(written).unwrap(), report);
    }
}
