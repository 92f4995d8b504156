//! Calls that made something and that nobody told of, looked up in `CloudTrail`.

use crate::{App, Error, place::Place};
use aws::AwsFault;
use aws_sdk_cloudtrail::{
    Client,
    primitives::DateTime,
    types::{LookupAttribute, LookupAttributeKey},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::{collections::BTreeMap, ops::Range, time::Duration};
use tagging::{Creation, Requirement, TagMap, Verdict, Via, classify};

/// How `CloudTrail` is searched.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// How far back the first search of an account goes, in days. `CloudTrail` keeps 90.
    pub look_back_days: u32,
    /// Between two lookups: an account and Region answers two a second
    /// (<https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html>).
    pub pause: Duration,
}

/// What a search found.
#[derive(Debug)]
pub(crate) struct Found {
    /// Everything before has been looked at.
    pub to: Timestamp,
    /// Calls that were sent to the queue.
    pub replayed: u64,
}

/// A search advances so far at a time and remembers it: `CloudTrail` answers the newest calls first, so that a search
/// that ends in between could not go on otherwise.
const SLICE: SignedDuration = SignedDuration::from_hours(6);

/// Events of a page, the most there are.
const PAGE: i32 = 50;

/// A call that made something, with its record.
type Call = (Creation, String);

/// Searches `time` from its beginning and sends what lacks tags to the queue. Begins no slice after `ends`.
pub(crate) async fn search(
    app: &App,
    place: &Place<'_>,
    requirement: &Requirement,
    time: Range<Timestamp>,
    ends: Timestamp,
) -> Result<Found, Error> {
    let client = Client::new(&place.config);
    let longest = SignedDuration::from_hours(24 * i64::from(app.search.look_back_days));
    let mut found = Found { to: time.start.max(time.end.saturating_sub(longest).unwrap_or(time.start)), replayed: 0 };
    while found.to < time.end && (app.clock)() < ends {
        let end = found.to.saturating_add(SLICE).unwrap_or(time.end).min(time.end);
        let calls = look_up(&client, found.to..end, app.search.pause).await?;
        for record in untold(place, requirement, calls).await? {
            app.queue.send(&record).await?;
            found.replayed += 1;
        }
        found.to = end;
    }
    Ok(found)
}

/// Every call of the time that made something.
async fn look_up(client: &Client, time: Range<Timestamp>, pause: Duration) -> Result<Vec<Call>, AwsFault> {
    let writes = LookupAttribute::builder()
        .attribute_key(LookupAttributeKey::ReadOnly)
        .attribute_value("false")
        .build()
        .into_iter()
        .collect::<Vec<_>>();
    let (mut calls, mut token) = (Vec::new(), None);
    loop {
        let answer = client
            .lookup_events()
            .set_lookup_attributes(Some(writes.clone()))
            .start_time(DateTime::from_secs(time.start.as_second()))
            .end_time(DateTime::from_secs(time.end.as_second()))
            .max_results(PAGE)
            .set_next_token(token)
            .send()
            .await
            .map_err(|error| AwsFault::new("cloudtrail:LookupEvents", &error))?;
        let records = answer.events.unwrap_or_default().into_iter().filter_map(|event| event.cloud_trail_event);
        calls.extend(records.filter_map(made_something));
        tokio::time::sleep(pause).await;
        token = answer.next_token;
        if token.is_none() {
            return Ok(calls);
        }
    }
}

fn made_something(record: String) -> Option<Call> {
    match classify(&serde_json::from_str::<Value>(&record).ok()?) {
        Verdict::Creation(creation) => Some((*creation, record)),
        Verdict::Ignored(_) | Verdict::Rejected(_) => None,
    }
}

/// The records of calls whose resources lack tags. What the Tagging API cannot show is told again: to tag it twice
/// changes nothing.
async fn untold(place: &Place<'_>, requirement: &Requirement, calls: Vec<Call>) -> Result<Vec<String>, AwsFault> {
    let shown = calls.iter().filter(|(creation, _)| creation.rule.via == Via::TaggingApi);
    let arns: Vec<String> =
        shown.flat_map(|(creation, _)| creation.resources.iter().map(ToString::to_string)).collect();
    let tags = aws::resource_tags(&aws_sdk_resourcegroupstagging::Client::new(&place.config), &arns).await?;
    let told = |creation: &Creation| creation.rule.via == Via::TaggingApi && is_complete(creation, &tags, requirement);
    Ok(calls.into_iter().filter(|(creation, _)| !told(creation)).map(|(_, record)| record).collect())
}

fn is_complete(creation: &Creation, tags: &BTreeMap<String, TagMap>, requirement: &Requirement) -> bool {
    let complete = |tags: &TagMap| requirement.missing(tags).is_empty();
    creation.resources.iter().all(|arn| tags.get(arn.as_str()).is_some_and(complete))
}
