//! Instances, some of them of an Auto Scaling group, which takes a stopped instance for a broken one.

use super::*;
use crate::running;
use std::collections::{BTreeMap, BTreeSet};

const REPLACING: [&str; 3] = ["HealthCheck", "ReplaceUnhealthy", "Terminate"];

#[derive(Debug, Clone, PartialEq)]
struct Instances {
    /// State and tags by id.
    states: BTreeMap<String, (&'static str, BTreeSet<String>)>,
    suspended: BTreeSet<String>,
    mark: Option<String>,
    /// The error that the next stop or start meets.
    error: Option<&'static str>,
    more: &'static str,
}

impl Instances {
    fn new(count: usize) -> Self {
        let one = |n| (format!("i-{n}"), ("running", BTreeSet::new()));
        let suspended = BTreeSet::from(["AZRebalance".to_owned()]);
        Self { states: (0..count).map(one).collect(), suspended, mark: None, error: None, more: "" }
    }

    fn instance(&self, id: &str) -> String {
        let (state, tags) = &self.states[id];
        let tags = tags
            .iter()
            .map(|key| format!("<item><key>{key}</key><value>spend-enforcement</value></item>"))
            .collect::<Vec<_>>()
            .concat();
        format!(
            "<item><instancesSet><item><instanceId>{id}</instanceId><instanceType>g5.xlarge</instanceType>\
             <launchTime>2026-11-26T12:00:00.000Z</launchTime><instanceState><name>{state}</name></instanceState>{}\
             <tagSet><item><key>aws:autoscaling:groupName</key><value>fleet</value></item>{tags}</tagSet></item></instancesSet></item>",
            self.more
        )
    }

    fn found(&self, fits: impl Fn(&str, &(&str, BTreeSet<String>)) -> bool) -> String {
        let found: String =
            self.states.iter().filter(|(id, one)| fits(id, one)).map(|(id, _)| self.instance(id)).collect();
        format!("<R><reservationSet>{found}</reservationSet></R>")
    }

    fn group(&self) -> String {
        let suspended = self
            .suspended
            .iter()
            .map(|name| format!("<member><ProcessName>{name}</ProcessName></member>"))
            .collect::<Vec<_>>()
            .concat();
        let mark = self.mark.as_deref().map_or_else(String::new, |text| {
            format!("<member><Key>ai-landing-zone:suspended</Key><Value>{text}</Value></member>")
        });
        format!(
            "<R><DescribeAutoScalingGroupsResult><AutoScalingGroups><member><AutoScalingGroupName>fleet</AutoScalingGroupName>\
             <SuspendedProcesses>{suspended}</SuspendedProcesses><Tags>{mark}</Tags></member></AutoScalingGroups></DescribeAutoScalingGroupsResult></R>"
        )
    }

    fn tags(&mut self, id: &str) -> &mut BTreeSet<String> {
        &mut self.states.get_mut(id).unwrap().1
    }

    /// What a group does about stopped instances.
    fn replace(&mut self) {
        if REPLACING.iter().all(|name| !self.suspended.contains(*name)) {
            self.states.values_mut().filter(|one| one.0 == "stopped").for_each(|one| one.0 = "terminated");
        }
    }
}

/// The values of a form whose names begin so.
fn values(body: &str, name: &str) -> Vec<String> {
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .filter(|(key, _)| key.starts_with(name))
        .map(|(_, value)| value.replace("%20", " ").replace("%3A", ":"))
        .collect()
}

impl World for Instances {
    fn answer(&mut self, action: &str, body: &str) -> Answer {
        let ids = values(body, "InstanceId");
        let resources = values(body, "ResourceId");
        if let Some(code) = self.error.filter(|_| ["StopInstances", "StartInstances"].contains(&action)) {
            return (
                400,
                format!(
                    "<Response><Errors><Error><Code>{code}</Code><Message>no</Message></Error></Errors></Response>"
                ),
            );
        }
        let mut set = |state: &'static str| ids.iter().for_each(|id| self.states.get_mut(id).unwrap().0 = state);
        match action {
            "DescribeInstances" if body.contains("tag-key") => {
                let down = |one: &(&str, BTreeSet<String>)| one.0 == "stopped" && !one.1.is_empty();
                return (200, self.found(|_, one| down(one)));
            }
            "DescribeInstances" => return (200, self.found(|id, _| ids.is_empty() || ids.iter().any(|one| one == id))),
            "DescribeInstanceAttribute" => {
                return (200, "<R><disableApiStop><value>false</value></disableApiStop></R>".to_owned());
            }
            "DescribeAutoScalingGroups" => return (200, self.group()),
            "StopInstances" => set("stopped"),
            "StartInstances" => set("running"),
            "CreateTags" => self.tags(&resources[0]).extend(values(body, "Tag.1.Key")),
            "DeleteTags" if resources.is_empty() => self.mark = None,
            "DeleteTags" => self.tags(&resources[0]).retain(|key| !values(body, "Tag.1.Key").contains(key)),
            "CreateOrUpdateTags" => self.mark = Some(values(body, "Tags.member.1.Value")[0].clone()),
            "SuspendProcesses" => self.suspended.extend(values(body, "ScalingProcesses")),
            "ResumeProcesses" => self.suspended.retain(|name| !values(body, "ScalingProcesses").contains(name)),
            other => panic!("{other}"),
        }
        self.replace();
        (200, "<R/>".to_owned())
    }
}

async fn instances(wire: &Wire<Instances>) -> Vec<Workload> {
    let kind = Kind::parse("gpu-instance").unwrap();
    running(&wire.config(), "eu-west-1", &account(), Some(&[kind])).await.unwrap()
}

#[tokio::test]
async fn a_group_stands_still_from_the_first_stop_to_the_last_start() {
    for first_up in [0, 1] {
        let wire = Wire::new(Instances::new(2));
        let all = instances(&wire).await;
        assert_eq!(all[0].arn, "arn:aws:ec2:eu-west-1:111122223333:instance/i-0");
        let mut records = Vec::new();
        for one in &all {
            let mut record = wire.saved(one).await;
            assert_eq!(wire.drive(&mut record, stop).await, Advance::Done);
            records.push(record);
        }
        let down =
            ["CreateOrUpdateTags", "SuspendProcesses", "CreateTags", "StopInstances", "CreateTags", "StopInstances"];
        assert_eq!(wire.changes(), down);
        assert!(wire.with(|all| all.states.values().all(|one| one.0 == "stopped")));
        let mut last = records.remove(1 - first_up);
        let mut first = records.remove(0);
        assert_eq!(wire.drive(&mut first, start).await, Advance::Done);
        assert_eq!(wire.changes(), ["StartInstances", "DeleteTags"]);
        assert_eq!(wire.drive(&mut last, start).await, Advance::Done);
        assert_eq!(wire.changes(), ["StartInstances", "DeleteTags", "ResumeProcesses", "DeleteTags"]);
        assert_eq!(wire.with(|all| all.clone()), Instances::new(2));
    }
}

#[tokio::test]
async fn whatever_answer_is_lost_it_ends_as_it_was() {
    for has_effect in [false, true] {
        for call in 1..=8 {
            let wire = Wire::new(Instances::new(1));
            let mut record = wire.saved(&instances(&wire).await[0]).await;
            wire.lose(call, has_effect);
            assert_eq!(wire.drive(&mut record, stop).await, Advance::Done);
            assert_eq!(wire.with(|all| all.states["i-0"].0), "stopped", "{call} {has_effect}");
            assert_eq!(wire.drive(&mut record, start).await, Advance::Done);
            assert!(wire.has_lost(), "{call}");
            assert_eq!((wire.with(|all| all.clone()), &record.phase), (Instances::new(1), &Phase::Started), "{call}");
        }
    }
}

#[tokio::test]
async fn what_aws_refuses_to_stop_loses_our_marks_again() {
    let wire = Wire::new(Instances::new(1));
    let mut record = wire.saved(&instances(&wire).await[0]).await;
    wire.with(|all| all.error = Some("UnsupportedOperation"));
    assert_eq!(wire.drive(&mut record, stop).await, Advance::Done);
    assert!(matches!(&record.phase, Phase::NotStoppable(why) if why.contains("UnsupportedOperation")), "{record:?}");
    wire.with(|all| all.error = None);
    assert_eq!(wire.with(|all| all.clone()), Instances::new(1));
}

#[tokio::test]
async fn what_cannot_come_back_is_not_stopped() {
    for (more, why) in [
        ("<instanceLifecycle>spot</instanceLifecycle>", "spot"),
        ("<instanceLifecycle>capacity-block</instanceLifecycle>", "paid in advance"),
        ("<rootDeviceType>instance-store</rootDeviceType>", "instance store"),
    ] {
        let wire = Wire::new(Instances { more, ..Instances::new(1) });
        let record = wire.saved(&instances(&wire).await[0]).await;
        assert!(matches!(&record.phase, Phase::NotStoppable(told) if told.contains(why)), "{record:?}");
        assert_eq!(wire.changes(), [""; 0]);
    }
}

#[tokio::test]
async fn without_capacity_a_start_waits() {
    let wire = Wire::new(Instances::new(1));
    let mut record = wire.stopped(&instances(&wire).await[0]).await;
    wire.with(|all| all.error = Some("InsufficientInstanceCapacity"));
    assert_eq!(wire.drive(&mut record, start).await, Advance::Waits);
    wire.with(|all| all.error = None);
    assert_eq!(wire.drive(&mut record, start).await, Advance::Done);
    assert_eq!((wire.with(|all| all.clone()), record.phase), (Instances::new(1), Phase::Started));
}

#[tokio::test]
async fn the_group_of_an_instance_that_is_gone_goes_on() {
    let wire = Wire::new(Instances::new(1));
    let mut record = wire.stopped(&instances(&wire).await[0]).await;
    wire.with(|all| all.states.get_mut("i-0").unwrap().0 = "terminated");
    assert_eq!(wire.drive(&mut record, start).await, Advance::Done);
    assert_eq!((&record.phase, record.left.as_deref()), (&Phase::Left, Some("it is gone")));
    assert_eq!(wire.with(|all| (all.suspended.len(), all.mark.clone())), (1, None));
}
