//! What listing, stopping and starting take.

use crate::{
    Kind,
    kind::{Change, Row},
    reading::Reading,
};
use std::collections::{BTreeMap, BTreeSet};

/// IAM actions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions {
    /// To list what runs: they only read.
    pub list: BTreeSet<String>,
    /// To stop it, and to take marks back where AWS refuses.
    pub stop: BTreeSet<String>,
    /// To start it again.
    pub start: BTreeSet<String>,
}

/// The IAM actions that each kind takes, by the id of the kind.
#[must_use]
pub fn permissions() -> BTreeMap<String, Permissions> {
    Kind::all().map(|kind| (kind.id().to_owned(), of(kind.0))).collect()
}

fn of(row: &Row) -> Permissions {
    let reads = |acting: bool| row.describe.iter().filter(move |reading| acting || !reading.acting);
    if row.reason.is_some() {
        return Permissions { list: named(row.list.iter().chain(reads(false)).map(call)), ..Permissions::default() };
    }
    let looks = named(reads(true).map(call));
    let changes = |several: Vec<&Change>| named(several.into_iter().map(|change| change.call.call.as_deref()));
    let taken_back = row.start.iter().filter(|change| change.cleans);
    Permissions {
        list: named(row.list.iter().chain(reads(false)).map(call)),
        stop: &looks | &changes(row.stop.iter().chain(taken_back).collect()),
        start: &looks | &changes(row.start.iter().collect()),
    }
}

fn call(reading: &Reading) -> Option<&str> {
    reading.read.call.as_deref()
}

fn named<'c>(calls: impl Iterator<Item = Option<&'c str>>) -> BTreeSet<String> {
    let calls = calls.flatten().filter_map(|call| call.split_once(':'));
    calls.flat_map(|(service, action)| aws::permissions(service, action)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listing_only_reads() {
        for (kind, permissions) in permissions() {
            for action in &permissions.list {
                let verb = action.split_once(':').unwrap().1;
                assert!(["List", "Describe", "Get"].iter().any(|read| verb.starts_with(read)), "{kind}: {action}");
            }
        }
    }

    #[test]
    fn every_call_takes_a_permission_and_what_is_only_listed_takes_no_other() {
        let all = permissions();
        let set = |actions: &[&str]| actions.iter().map(|action| (*action).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(
            all["cluster"].list,
            set(&["sagemaker:DescribeCluster", "sagemaker:ListClusters", "sagemaker:ListTags"])
        );
        assert!(all["cluster"].stop.is_empty() && all["provisioned-throughput"].start.is_empty());
        let notebook = &all["notebook"];
        let look = set(&["sagemaker:DescribeNotebookInstance", "sagemaker:ListTags"]);
        let marks = set(&["sagemaker:AddTags", "sagemaker:DeleteTags", "sagemaker:StopNotebookInstance"]);
        assert_eq!(notebook.stop, &look | &marks);
        assert!(notebook.start.contains("iam:PassRole") && notebook.start.contains("sagemaker:StartNotebookInstance"));
        assert!(all["endpoint"].stop.contains("application-autoscaling:DeregisterScalableTarget"));
        assert!(all["gpu-instance"].start.contains("autoscaling:ResumeProcesses"));
    }
}
