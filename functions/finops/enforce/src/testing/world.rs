//! A table, an organization with one account, a topic, a bus, and notebooks.

use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A notebook instance.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Notebook {
    pub(crate) status: String,
    pub(crate) tags: BTreeMap<String, String>,
}

#[derive(Debug, Clone)]
pub(crate) struct World {
    /// The ledger's table.
    pub(crate) items: BTreeMap<String, Value>,
    /// Policies of the account.
    pub(crate) attached: BTreeSet<String>,
    /// Policies that it may have.
    pub(crate) most_attached: usize,
    pub(crate) notebooks: BTreeMap<String, Notebook>,
    pub(crate) account_tags: BTreeMap<String, String>,
    pub(crate) parent: String,
    pub(crate) switch: String,
    /// Kinds, subjects and texts of messages to people.
    pub(crate) letters: Vec<(String, String, String)>,
    /// Types and details of events.
    pub(crate) events: Vec<(String, Value)>,
    /// A notebook that the suite may not stop.
    pub(crate) untouchable: Option<&'static str>,
    /// Actions that are refused.
    pub(crate) refused: BTreeSet<&'static str>,
}

impl World {
    /// An account in DEV that nothing was done to, with two notebooks that run and one that is exempt.
    pub(crate) fn new() -> Self {
        let tags = |tags: &[(&str, &str)]| -> BTreeMap<String, String> {
            tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let runs = |own: &[(&str, &str)]| Notebook { status: "InService".to_owned(), tags: tags(own) };
        let exempt = "until 2999-01-31 by jane@example.com for the launch";
        Self {
            items: BTreeMap::new(),
            attached: ["p-FullAWSAccess".to_owned()].into(),
            most_attached: 10,
            notebooks: [
                ("lab".to_owned(), runs(&[("owner", "jane")])),
                ("kept".to_owned(), runs(&[(workloads::EXEMPTION_TAG, exempt)])),
                ("pad".to_owned(), runs(&[])),
                ("off".to_owned(), Notebook { status: "Stopped".to_owned(), tags: BTreeMap::new() }),
            ]
            .into(),
            account_tags: tags(&[
                ("account-type", "llms-foundation-models"),
                ("environment", "dev"),
                ("owner", "jane@example.com"),
            ]),
            parent: "ou-AI/AI DEV".to_owned(),
            switch: "on".to_owned(),
            letters: Vec::new(),
            events: Vec::new(),
            untouchable: None,
            refused: BTreeSet::new(),
        }
    }

    pub(super) fn act(&mut self, action: &str, asked: &Value) -> (u16, Value) {
        if self.refused.contains(action) {
            return refuses("AccessDeniedException");
        }
        let text = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
        let answer = match action {
            "GetItem" => json!({"Item": self.items.get(asked["Key"]["id"]["S"].as_str().unwrap())}),
            "PutItem" => return self.put(asked),
            "DeleteItem" => {
                self.items.remove(asked["Key"]["id"]["S"].as_str().unwrap());
                json!({})
            }
            "Query" => {
                let kind = &asked["ExpressionAttributeValues"][":kind"];
                json!({"Items": self.items.values().filter(|item| item["kind"] == *kind).collect::<Vec<_>>()})
            }
            "DescribeAccount" => json!({"Account": {"Id": text("AccountId"), "Name": "Models", "State": "ACTIVE"}}),
            "ListTagsForResource" => json!({"Tags": listed(&self.account_tags)}),
            "ListParents" => json!({"Parents": [{"Id": self.parent, "Type": "ORGANIZATIONAL_UNIT"}]}),
            "ListPoliciesForTarget" => {
                json!({"Policies": self.attached.iter().map(|id| json!({"Id": id})).collect::<Vec<_>>()})
            }
            "AttachPolicy" if self.attached.contains(&text("PolicyId")) => {
                return refuses("DuplicatePolicyAttachmentException");
            }
            "AttachPolicy" if self.attached.len() >= self.most_attached => {
                return (
                    400,
                    json!({"__type": "ConstraintViolationException", "Message": "full",
                    "Reason": "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"}),
                );
            }
            "AttachPolicy" => {
                self.attached.insert(text("PolicyId"));
                json!({})
            }
            "DetachPolicy" if !self.attached.remove(&text("PolicyId")) => {
                return refuses("PolicyNotAttachedException");
            }
            "DetachPolicy" | "AssumeRole" => json!({}),
            "GetParameter" => json!({"Parameter": {"Value": self.switch}}),
            "PutEvents" => {
                let entry = &asked["Entries"][0];
                let detail = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
                self.events.push((entry["DetailType"].as_str().unwrap().to_owned(), detail));
                json!({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]})
            }
            "Publish" => {
                let kind = (1..9).find(|n| text(&format!("MessageAttributes.entry.{n}.Name")) == "kind").unwrap();
                let kind = text(&format!("MessageAttributes.entry.{kind}.Value.StringValue"));
                self.letters.push((kind, text("Subject"), text("Message")));
                json!({})
            }
            _ => return self.workloads(action, asked),
        };
        (200, answer)
    }

    fn put(&mut self, asked: &Value) -> (u16, Value) {
        let item = &asked["Item"];
        let id = item["id"]["S"].as_str().unwrap();
        let before = self.items.get(id);
        let holds = match asked["ConditionExpression"].as_str().unwrap() {
            "attribute_not_exists(id) OR attribute_exists(id)" => true,
            "attribute_not_exists(id)" => before.is_none(),
            "version = :before" => {
                before.is_some_and(|before| before["version"] == asked["ExpressionAttributeValues"][":before"])
            }
            other => panic!("{other}"),
        };
        if !holds {
            return refuses("ConditionalCheckFailedException");
        }
        self.items.insert(id.to_owned(), item.clone());
        (200, json!({}))
    }

    /// Notebooks take their time: what is set off is done when it is looked at the second time.
    fn workloads(&mut self, action: &str, asked: &Value) -> (u16, Value) {
        let name = asked["NotebookInstanceName"].as_str().or(asked["ResourceArn"].as_str()).unwrap_or_default();
        let name = name.rsplit('/').next().unwrap_or_default().to_owned();
        if action == "ListNotebookInstances" {
            let all = self.notebooks.iter().map(|(name, notebook)| shown(name, notebook));
            return (200, json!({"NotebookInstances": all.collect::<Vec<_>>()}));
        }
        let Some(notebook) = self.notebooks.get_mut(&name) else {
            if action == "DescribeNotebookInstance" {
                return (400, json!({"__type": "ValidationException", "message": "RecordNotFound"}));
            }
            let is_list = action.starts_with("List") || action.starts_with("Describe") || action == "Rest";
            assert!(is_list, "{action} {asked}");
            return (200, json!({}));
        };
        let turns = |notebook: &mut Notebook, from: &str, to: &str| {
            let may = notebook.status == from;
            if may {
                notebook.status = to.to_owned();
            }
            if may { (200, json!({})) } else { refuses("ValidationException") }
        };
        match action {
            "DescribeNotebookInstance" => {
                let answer = shown(&name, notebook);
                let next = match notebook.status.as_str() {
                    "Stopping" => "Stopped",
                    "Pending" => "InService",
                    other => other,
                };
                notebook.status = next.to_owned();
                (200, answer)
            }
            "ListTags" => (200, json!({"Tags": listed(&notebook.tags)})),
            "AddTags" => {
                let tag = |member: &str| asked["Tags"][0][member].as_str().unwrap().to_owned();
                notebook.tags.insert(tag("Key"), tag("Value"));
                (200, json!({}))
            }
            "DeleteTags" => {
                notebook.tags.remove(asked["TagKeys"][0].as_str().unwrap());
                (200, json!({}))
            }
            "StopNotebookInstance" if self.untouchable == Some(name.as_str()) => refuses("AccessDeniedException"),
            "StopNotebookInstance" => turns(notebook, "InService", "Stopping"),
            "StartNotebookInstance" => turns(notebook, "Stopped", "Pending"),
            other => panic!("{other}"),
        }
    }
}

fn refuses(code: &str) -> (u16, Value) {
    (400, json!({"__type": code, "message": "no"}))
}

fn listed(tags: &BTreeMap<String, String>) -> Vec<Value> {
    tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

fn shown(name: &str, notebook: &Notebook) -> Value {
    let since: Timestamp = "2026-11-19T08:00:00Z".parse().unwrap();
    json!({"NotebookInstanceName": name, "NotebookInstanceStatus": notebook.status, "InstanceType": "ml.g5.xlarge",
        "NotebookInstanceArn": format!("arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/{name}"),
        "CreationTime": since.as_second(), "LastModifiedTime": since.as_second()})
}
