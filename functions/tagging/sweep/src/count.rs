//! Counts what is there.

use crate::place::Place;
use aws::AwsFault;
use aws_sdk_resourcegroupstagging::Client;
use jiff::Timestamp;
use landing_zone::TagKey;
use std::{collections::BTreeSet, time::Duration};
use tagging::{Arn, Coverage, Marks, Requirement, TagMap, is_tagged_by_a_rule};

/// Resources of a page, the most there are.
const PAGE: i32 = 100;

/// What the suite set up itself.
fn is_suite(tags: &TagMap) -> bool {
    tags.get("managed-by").is_some_and(|by| by == "ai-landing-zone")
}

/// Counts the resources of an account and Region, and lists those that lack tags. The Tagging API shows what has or had
/// tags; what never had any was looked for in `CloudTrail`.
pub(crate) async fn count(
    place: &Place<'_>,
    requirement: &Requirement,
) -> Result<(Coverage, Vec<(Arn, BTreeSet<TagKey>)>), AwsFault> {
    let client = Client::new(&place.config);
    let mut pages = client
        .get_resources()
        .resources_per_page(PAGE)
        .include_compliance_details(true)
        .into_paginator()
        .items()
        .send();
    let (mut coverage, mut lacking) = (Coverage::default(), Vec::new());
    while let Some(mapping) = pages.next().await {
        let mapping = mapping.map_err(|error| AwsFault::new("tag:GetResources", &error))?;
        let keeps_policy =
            mapping.compliance_details.as_ref().and_then(|details| details.compliance_status) != Some(false);
        let tags: TagMap = mapping.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect();
        let Some(arn) = mapping.resource_arn.as_deref().and_then(|arn| Arn::parse(arn).ok()) else { continue };
        if is_suite(&tags) {
            continue;
        }
        let missing = coverage.add(&arn, &tags, requirement, keeps_policy);
        if !missing.is_empty() {
            lacking.push((arn, missing));
        }
    }
    Ok((coverage, lacking))
}

/// Resources that no event is on its way for any more and that the suite may tag.
pub(crate) fn overlooked(marks: &Marks, now: Timestamp, settle: Duration) -> Vec<Arn> {
    let waited = |since: Timestamp| now.duration_since(since).unsigned_abs() >= settle && since < now;
    let old = marks.0.iter().filter(|mark| waited(mark.since));
    old.filter_map(|mark| Arn::parse(&mark.arn).ok()).filter(is_tagged_by_a_rule).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_waited_and_what_a_rule_tags_is_overlooked() {
        let at = |time: &str| format!("2026-11-26T{time}Z").parse::<Timestamp>().unwrap();
        let arns = ["arn:aws:sqs:eu-west-1:111122223333:old", "arn:aws:wafv2:eu-west-1:111122223333:regional/x"];
        let lacking =
            |names: &[&str]| names.iter().map(|arn| (Arn::parse(arn).unwrap(), BTreeSet::new())).collect::<Vec<_>>();
        let first = Marks::default().after(lacking(&arns), at("08:00:00"));
        assert_eq!(overlooked(&first, at("08:00:00"), Duration::ZERO), []);
        let new = "arn:aws:sqs:eu-west-1:111122223333:new";
        let second = first.after(lacking(&[arns[0], arns[1], new]), at("20:00:00"));
        let hours = Duration::from_hours(12);
        assert_eq!(overlooked(&second, at("20:00:00"), hours), [Arn::parse(arns[0]).unwrap()]);
        assert_eq!(overlooked(&second, at("19:59:59"), hours), []);
    }
}
