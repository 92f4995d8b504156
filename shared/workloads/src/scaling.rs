//! Auto Scaling groups: what stands still while one of their instances is stopped.
//!
//! A group takes a stopped instance for a broken one, terminates it and launches another. So its processes are
//! suspended first. Which of them we suspended is written on the group, in a tag: the group has several instances, each
//! with a record of its own, and only the last one that starts again may resume them.

use crate::reading::entries;
use serde_json::{Map, Value, json};

/// The tag of a group with the processes that we suspended.
const SUSPENDED: &str = "ai-landing-zone:suspended";

/// The processes that launch and terminate instances, or set that off
/// (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html>).
const PROCESSES: [&str; 8] = [
    "Launch",
    "Terminate",
    "HealthCheck",
    "ReplaceUnhealthy",
    "AZRebalance",
    "AlarmNotification",
    "ScheduledActions",
    "InstanceRefresh",
];

/// From the document `group` to the document `scaling`:
/// `marked`: our tag is on the group; `text`: what our tag says or is to say; `pending`: what we are to suspend still;
/// `held`: what we suspended and nobody resumed.
pub(crate) fn work_out(documents: &mut Map<String, Value>) {
    if !documents.contains_key("group") {
        return;
    }
    let texts = |place: &str, of: &str| -> Vec<String> {
        let found = entries(documents, place);
        found.iter().filter_map(|one| one.get(of)?.as_str()).map(str::to_owned).collect()
    };
    let suspended = texts("/group/SuspendedProcesses/member", "ProcessName");
    let tags = entries(documents, "/group/Tags/member");
    let mark = tags.iter().find(|tag| tag.get("Key").and_then(Value::as_str) == Some(SUSPENDED));
    let ours: Vec<String> = match mark.map(|tag| tag.get("Value").and_then(Value::as_str).unwrap_or_default()) {
        Some(text) => text.split_whitespace().map(str::to_owned).collect(),
        None => PROCESSES.iter().map(|name| (*name).to_owned()).filter(|name| !suspended.contains(name)).collect(),
    };
    let (held, pending): (Vec<&String>, Vec<&String>) = ours.iter().partition(|name| suspended.contains(name));
    let scaling = json!({"marked": mark.is_some(), "text": ours.join(" "), "pending": pending, "held": held});
    documents.insert("scaling".to_owned(), scaling);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(suspended: &[&str], tags: &Value) -> Value {
        let suspended: Vec<Value> = suspended.iter().map(|name| json!({"ProcessName": name})).collect();
        let group = json!({"group": {"SuspendedProcesses": {"member": suspended}, "Tags": {"member": tags}}});
        let Value::Object(mut documents) = group else { panic!() };
        work_out(&mut documents);
        documents["scaling"].clone()
    }

    #[test]
    fn what_others_suspended_is_never_ours() {
        let first = of(&["AZRebalance", "AddToLoadBalancer"], &json!([]));
        let ours = "Launch Terminate HealthCheck ReplaceUnhealthy AlarmNotification ScheduledActions InstanceRefresh";
        assert_eq!((&first["marked"], &first["text"]), (&json!(false), &json!(ours)));
        assert_eq!((first["pending"].as_array().unwrap().len(), &first["held"]), (7, &json!([])));
        // One entry reads as itself in XML.
        let tag = json!({"Key": SUSPENDED, "Value": "Launch Terminate"});
        let half = of(&["Launch", "AZRebalance"], &tag);
        assert_eq!(
            half,
            json!({"marked": true, "text": "Launch Terminate", "pending": ["Terminate"], "held": ["Launch"]})
        );
    }

    #[test]
    fn a_group_that_stands_still_already_is_left_as_it_is() {
        let still = of(&PROCESSES, &json!([]));
        assert_eq!(still, json!({"marked": false, "text": "", "pending": [], "held": []}));
        let mut none = Map::new();
        work_out(&mut none);
        assert!(none.is_empty());
    }
}
