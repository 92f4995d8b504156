//! Decides what becomes of each finding of Security Hub. A batch of events comes from the queue; what is ours is put on
//! record, one case for a problem however often and in whatever format it is told, and the workflow of the case is started.

mod admit;
mod measure;
mod message;

use aws::{AccountTags, AwsFault, ConfigError, DeadLetters, Workflow};
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use landing_zone::{Class, Diagnosis, Fault};
use ledger::Ledger;
use message::{Fate, Message};
use remediation::{Finding, Known, Modes, Remediation, Verdict, triage};
use std::collections::{BTreeMap, BTreeSet};

/// What the function works with.
pub struct App {
    ledger: Ledger,
    accounts: AccountTags,
    /// The workflow `remediation`.
    workflow: Workflow,
    dead_letters: DeadLetters,
    modes: Modes,
    clock: fn() -> Timestamp,
}

impl App {
    /// Reads the function's environment.
    pub fn from_environment(config: &aws::SdkConfig) -> Result<Self, ConfigError> {
        let modes = aws::optional("REMEDIATION_MODES", |text| Modes::parse(text).map_err(|why| why.to_string()))?;
        Ok(Self {
            ledger: Ledger::from_environment(config)?,
            accounts: AccountTags::new(aws_sdk_organizations::Client::new(config)),
            workflow: Workflow::from_environment(config, "REMEDIATION_STATE_MACHINE_ARN")?,
            dead_letters: DeadLetters::from_environment(config, "triage")?,
            modes: modes.unwrap_or_else(Modes::standard),
            clock: Timestamp::now,
        })
    }
}

/// Nothing fails a whole batch: each message has its own fate.
#[derive(Debug, thiserror::Error)]
pub enum Error {}

impl Fault for Error {
    fn diagnosis(&self) -> Diagnosis {
        match *self {}
    }
}

/// Problems worked on at once.
const AT_ONCE: usize = 16;

/// A problem of this batch.
#[derive(Debug, Default)]
struct Problem {
    /// Places of the messages that tell of it.
    messages: BTreeSet<usize>,
    /// Reports of it; no two are the same.
    reports: Vec<Remediation>,
    /// Tags of its account.
    account: BTreeMap<String, String>,
}

/// Serves a batch.
pub async fn handle(app: &App, event: SqsEvent) -> Result<SqsBatchResponse, Error> {
    let mut messages: Vec<Message> = event.records.into_iter().map(Message::read).collect();
    let mut counts = measure::Counts::default();
    let problems = problems(app, &mut messages, &mut counts).await;
    let worked_on =
        problems.into_values().map(|problem| async move { (admit::admit(app, &problem).await, problem.messages) });
    let done: Vec<_> = stream::iter(worked_on).buffer_unordered(AT_ONCE).collect().await;
    for (outcome, places) in done {
        match outcome {
            Ok(outcome) => counts.outcome(outcome),
            Err(error) => {
                telemetry::warn!(reason = %error, "a problem comes back");
                counts.retried += 1;
                messages
                    .iter_mut()
                    .enumerate()
                    .filter(|(place, _)| places.contains(place))
                    .for_each(|(_, message)| message.fate = Fate::Again);
            }
        }
    }
    counts.emit((app.clock)());
    let mut response = SqsBatchResponse::default();
    for message in &messages {
        if !settled(app, message).await {
            response.add_failure(message.id.clone());
        }
    }
    Ok(response)
}

/// What the findings of all messages come to, by problem.
async fn problems(app: &App, messages: &mut [Message], counts: &mut measure::Counts) -> BTreeMap<String, Problem> {
    let mut problems: BTreeMap<String, Problem> = BTreeMap::new();
    for (place, message) in messages.iter_mut().enumerate() {
        for finding in std::mem::take(&mut message.findings) {
            let account = match account(app, &finding).await {
                Ok(account) => account,
                Err(fault) if fault.class() == Class::Invalid => {
                    message.fate =
                        Fate::Dead(format!("account {} is not in the organization: {fault}", finding.account));
                    continue;
                }
                Err(fault) => {
                    telemetry::warn!(reason = %fault, "a finding comes back");
                    message.fate = Fate::Again;
                    continue;
                }
            };
            let known = Known { account, asked_at: message.asked_at };
            for verdict in triage(&finding, &known, &app.modes, (app.clock)()) {
                counts.verdict(&verdict);
                let report = match verdict {
                    Verdict::Planned(report) | Verdict::Held(_, report) => *report,
                    Verdict::Rejected(why) => {
                        message.fate = Fate::Dead(why.to_string());
                        continue;
                    }
                    Verdict::Ignored(_) => continue,
                };
                let problem = problems.entry(report.problem.clone()).or_default();
                problem.messages.insert(place);
                problem.account.clone_from(&known.account);
                if !problem.reports.contains(&report) {
                    problem.reports.push(report);
                }
            }
        }
    }
    problems
}

/// What is not ours is told without asking anybody.
async fn account(app: &App, finding: &Finding) -> Result<BTreeMap<String, String>, AwsFault> {
    let ours = finding.own && finding.controls.iter().any(|name| remediation::control(name).is_some());
    if ours { app.accounts.of(&finding.account, (app.clock)()).await } else { Ok(BTreeMap::new()) }
}

/// True when SQS may delete the message.
async fn settled(app: &App, message: &Message) -> bool {
    match &message.fate {
        Fate::Done => true,
        Fate::Again => false,
        Fate::Dead(why) => {
            telemetry::error!(message_id = message.id, reason = why, "dead letter");
            app.dead_letters.bury(&message.body, why).await.is_ok()
        }
    }
}
