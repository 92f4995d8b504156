//! A notebook: the shortest way down and up.

use super::*;
use crate::{EXEMPTION_TAG, STOPPED_BY, running};
use serde_json::json;
use std::collections::BTreeMap;

/// Notebooks, one to a page, each page followed by an empty one.
#[derive(Debug, Clone, PartialEq)]
struct Notebooks {
    status: Option<&'static str>,
    instance_type: &'static str,
    tags: BTreeMap<String, String>,
}

impl Default for Notebooks {
    fn default() -> Self {
        let tags = BTreeMap::from([("owner".to_owned(), "jane".to_owned())]);
        Self { status: Some("InService"), instance_type: "ml.g5.xlarge", tags }
    }
}

impl Notebooks {
    fn tag(&mut self, key: &str, value: &str) {
        self.tags.insert(key.to_owned(), value.to_owned());
    }

    fn shown(&self) -> Value {
        json!({"NotebookInstanceName": "lab", "NotebookInstanceStatus": self.status, "InstanceType": self.instance_type,
            "NotebookInstanceArn": "arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/lab",
            "CreationTime": 1_790_000_000.5, "LastModifiedTime": 1_795_694_400.25})
    }

    fn refuses(message: &str) -> Answer {
        (400, json!({"__type": "ValidationException", "message": message}).to_string())
    }
}

impl World for Notebooks {
    fn answer(&mut self, action: &str, body: &str) -> Answer {
        let asked: Value = serde_json::from_str(body).unwrap();
        let Some(status) = self.status.filter(|_| action != "ListNotebookInstances").or(self.status) else {
            return Self::refuses("RecordNotFound");
        };
        let answer = match (action, status) {
            ("ListNotebookInstances", _) => match asked["NextToken"].as_str() {
                None => json!({"NotebookInstances": [], "NextToken": "1"}),
                Some("1") => json!({"NotebookInstances": [self.shown()], "NextToken": "2"}),
                _ => {
                    json!({"NotebookInstances": [{"NotebookInstanceName": "old", "NotebookInstanceStatus": "Stopped"}]})
                }
            },
            ("DescribeNotebookInstance", _) => self.shown(),
            ("ListTags", _) => {
                let tags: Vec<Value> =
                    self.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
                json!({"Tags": tags})
            }
            ("AddTags", _) => {
                self.tag(asked["Tags"][0]["Key"].as_str().unwrap(), asked["Tags"][0]["Value"].as_str().unwrap());
                json!({})
            }
            ("DeleteTags", _) => {
                self.tags.remove(asked["TagKeys"][0].as_str().unwrap());
                json!({})
            }
            ("StopNotebookInstance", "InService") => {
                self.status = Some("Stopped");
                json!({})
            }
            ("StartNotebookInstance", "Stopped") => {
                self.status = Some("InService");
                json!({})
            }
            (_, status) => return Self::refuses(&format!("Status ({status}) not in the right one.")),
        };
        (200, answer.to_string())
    }
}

async fn lab(wire: &Wire<Notebooks>) -> Workload {
    let kind = Kind::parse("notebook").unwrap();
    running(&wire.config(), "eu-west-1", &account(), Some(&[kind])).await.unwrap().remove(0)
}

#[tokio::test]
async fn every_page_is_read_and_what_stands_still_is_not_listed() {
    let wire = Wire::new(Notebooks::default());
    let kinds = [Kind::parse("notebook").unwrap()];
    let found = running(&wire.config(), "eu-west-1", &account(), Some(&kinds)).await.unwrap();
    let [lab] = &found[..] else { panic!("{found:?}") };
    assert_eq!((&*lab.name, &*lab.instance_type, lab.count), ("lab", "ml.g5.xlarge", 1));
    assert_eq!(lab.since.to_string(), "2026-11-26T12:00:00.25Z");
    assert_eq!((lab.tags["owner"].as_str(), &lab.exempt), ("jane", &None));
    let text = serde_json::to_string(lab).unwrap();
    assert_eq!(&serde_json::from_str::<Workload>(&text).unwrap(), lab);
}

#[tokio::test]
async fn whatever_answer_is_lost_it_ends_as_it_was() {
    for has_effect in [false, true] {
        for call in 1..=4 {
            let wire = Wire::new(Notebooks::default());
            let mut record = wire.saved(&lab(&wire).await).await;
            wire.lose(call, has_effect);
            assert_eq!(wire.drive(&mut record, stop).await, Advance::Done);
            assert_eq!((wire.with(|lab| lab.status), &record.phase), (Some("Stopped"), &Phase::Stopped), "{call}");
            assert_eq!(wire.with(|lab| lab.tags[STOPPED_BY].clone()), "spend-enforcement");
            assert_eq!(wire.drive(&mut record, start).await, Advance::Done);
            assert!(wire.has_lost(), "{call}");
            assert_eq!(
                (wire.with(|lab| lab.clone()), &record.phase),
                (Notebooks::default(), &Phase::Started),
                "{call}"
            );
            let calls = wire.changes();
            let wanted = ["AddTags", "StopNotebookInstance", "StartNotebookInstance", "DeleteTags"];
            assert_eq!(calls, wanted, "{call} {has_effect}");
        }
    }
}

#[tokio::test]
async fn nothing_is_called_before_the_decision_is_stored() {
    let wire = Wire::new(Notebooks::default());
    let mut record = wire.saved(&lab(&wire).await).await;
    assert_eq!(stop(&wire.config(), &mut record).await.unwrap(), Advance::Moved);
    assert_eq!((wire.changes(), &record.phase), (vec![], &Phase::Stopping));
    assert_eq!(stop(&wire.config(), &mut record).await.unwrap(), Advance::Moved);
    assert_eq!(wire.changes(), ["AddTags"]);
}

#[tokio::test]
async fn what_is_exempt_or_does_not_run_is_left_as_it_is() {
    let tagged = "until 2999-01-31 by jane@example.com for the launch";
    for (change, why) in [
        (Box::new(|lab: &mut Notebooks| lab.tag(EXEMPTION_TAG, tagged)) as Box<dyn Fn(&mut Notebooks)>, tagged),
        (Box::new(|lab| lab.tag(EXEMPTION_TAG, "yes")), "cannot be read"),
        (Box::new(|lab| lab.status = Some("Stopped")), "does not run"),
        (Box::new(|lab| lab.status = None), "does not run"),
    ] {
        // Before it is put on record, and between that and the first call.
        for early in [true, false] {
            let wire = Wire::new(Notebooks::default());
            let lab = lab(&wire).await;
            if early {
                wire.with(&change);
            }
            let mut record = wire.saved(&lab).await;
            wire.with(&change);
            assert_eq!(wire.drive(&mut record, stop).await, Advance::Done);
            let told = format!("{:?} {:?}", record.phase, record.left);
            assert!(told.contains(why), "{told}");
            assert_eq!(wire.drive(&mut record, start).await, Advance::Done);
            assert_eq!(wire.changes(), [""; 0]);
        }
    }
}

#[tokio::test]
async fn what_somebody_else_took_up_is_left_alone_and_told() {
    for (change, why, calls) in [
        (Box::new(|lab: &mut Notebooks| lab.status = None) as Box<dyn Fn(&mut Notebooks)>, "it is gone", &[][..]),
        (Box::new(|lab| drop(lab.tags.remove(STOPPED_BY))), "its tag was taken away", &[]),
        (Box::new(|lab| lab.tag(STOPPED_BY, "somebody")), "its tag was taken away", &[]),
        (Box::new(|lab| lab.status = Some("InService")), "somebody started it", &["DeleteTags"]),
        (Box::new(|lab| lab.instance_type = "ml.t3.medium"), "was \"ml.g5.xlarge\", is \"ml.t3.medium\"", &[]),
    ] {
        let wire = Wire::new(Notebooks::default());
        let mut record = wire.stopped(&lab(&wire).await).await;
        wire.with(&change);
        assert_eq!(wire.drive(&mut record, start).await, Advance::Done);
        assert_eq!(
            (&record.phase, wire.changes()),
            (&Phase::Left, calls.iter().map(|call| (*call).to_owned()).collect())
        );
        assert!(record.left.as_deref().unwrap_or_default().contains(why), "{record:?}");
        assert_eq!(start(&wire.config(), &mut record).await.unwrap(), Advance::Done);
    }
}

#[tokio::test]
async fn a_stop_that_is_taken_back_halfway_leaves_no_mark() {
    for steps in 0..5 {
        let wire = Wire::new(Notebooks::default());
        let mut record = wire.saved(&lab(&wire).await).await;
        for _ in 0..steps {
            stop(&wire.config(), &mut record).await.unwrap();
        }
        assert_eq!(wire.drive(&mut record, start).await, Advance::Done);
        assert_eq!(wire.with(|lab| lab.clone()), Notebooks::default(), "{steps}");
    }
}

#[tokio::test]
async fn a_kind_that_is_not_known_is_an_error_that_says_so() {
    let wire = Wire::new(Notebooks::default());
    let workload = Workload { kind: "toaster".to_owned(), ..lab(&wire).await };
    let error = save(&wire.config(), &workload, "spend-enforcement").await.unwrap_err();
    assert_eq!(error.to_string(), "there is no kind of workload toaster");
}
