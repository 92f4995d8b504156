//! Kinds of workloads: `data/kinds.json`, one row each.

use crate::{
    machines::Machines,
    reading::{Expression, Reading, split},
};
use remediation::{Condition, Read};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// What is known of a kind (`data/README.md`).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) kind: String,
    pub(crate) title: String,
    reversible: bool,
    serves: bool,
    /// Why it cannot be stopped.
    pub(crate) reason: Option<String>,
    pub(crate) list: Vec<Reading>,
    pub(crate) skip: Vec<Condition>,
    pub(crate) name: Option<Expression>,
    pub(crate) id: Expression,
    pub(crate) describe: Vec<Reading>,
    pub(crate) arn: Expression,
    pub(crate) since: Expression,
    pub(crate) tags: String,
    pub(crate) machines: Vec<Machines>,
    #[serde(default)]
    pub(crate) gone: Vec<Condition>,
    #[serde(default)]
    pub(crate) cannot: Vec<Reason>,
    #[serde(default)]
    pub(crate) stop: Vec<Change>,
    #[serde(default)]
    pub(crate) stopped: Vec<Condition>,
    #[serde(default)]
    pub(crate) left: Vec<Reason>,
    #[serde(default)]
    pub(crate) same: Vec<String>,
    #[serde(default)]
    pub(crate) start: Vec<Change>,
    #[serde(default)]
    pub(crate) started: Vec<Condition>,
}

/// Conditions, and what they mean.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reason {
    #[serde(rename = "if")]
    when: Vec<Condition>,
    why: String,
}

impl Reason {
    /// The first that holds.
    pub(crate) fn first(several: &[Self], documents: &Map<String, Value>) -> Option<String> {
        several.iter().find(|reason| all(&reason.when, documents)).map(|reason| reason.why.clone())
    }
}

/// True where all of at least one condition hold.
pub(crate) fn all(conditions: &[Condition], documents: &Map<String, Value>) -> bool {
    !conditions.is_empty() && conditions.iter().all(|condition| condition.holds(documents))
}

/// A call that changes something, made when its conditions hold.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub(crate) struct Change {
    pub(crate) call: Read,
    /// Also made where the resource itself is left alone: it takes back a mark of ours.
    pub(crate) cleans: bool,
    /// Errors that say that it will never be done.
    pub(crate) refused: Vec<String>,
    /// Errors that say that it may be done later.
    pub(crate) later: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Own {
    cleans: bool,
    refused: Vec<String>,
    later: Vec<String>,
}

impl TryFrom<Map<String, Value>> for Change {
    type Error = serde_json::Error;

    fn try_from(members: Map<String, Value>) -> Result<Self, Self::Error> {
        let (own, call) = split::<Own>(members, &["cleans", "refused", "later"])?;
        Ok(Self { call, cleans: own.cleans, refused: own.refused, later: own.later })
    }
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    #[allow(clippy::expect_used, reason = "compiled in and read by the tests: it cannot fail where they passed")]
    serde_json::from_str(include_str!("../data/kinds.json")).expect("data/kinds.json")
});

/// A kind of workload, such as `notebook`.
#[derive(Debug, Clone, Copy)]
pub struct Kind(pub(crate) &'static Row);

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for Kind {}

impl Kind {
    /// Every kind, in the order in which they are to be stopped: what launches others comes before what it launches.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(Kind)
    }

    /// Reads the id of a kind.
    ///
    /// # Errors
    /// Lists the kinds.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::all().find(|kind| kind.id() == text).ok_or_else(|| {
            let ids: Vec<&str> = Self::all().map(Self::id).collect();
            format!("must be one of {}", ids.join(", "))
        })
    }

    /// The id, such as `training-job`.
    #[must_use]
    pub fn id(self) -> &'static str {
        &self.0.kind
    }

    /// What people call it.
    #[must_use]
    pub fn title(self) -> &'static str {
        &self.0.title
    }

    /// True where it goes on as it was once it is started again.
    #[must_use]
    pub fn reversible(self) -> bool {
        self.0.reversible
    }

    /// True where it can be stopped at all; what cannot is listed only.
    #[must_use]
    pub fn stoppable(self) -> bool {
        self.0.reason.is_none()
    }

    /// True where applications depend on it while it runs: whether it may be stopped, the caller decides.
    #[must_use]
    pub fn serves(self) -> bool {
        self.0.serves
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_has_its_row() {
        let ids: Vec<&str> = Kind::all().map(Kind::id).collect();
        let wanted = [
            "pipeline-execution",
            "tuning-job",
            "automl-job",
            "training-job",
            "processing-job",
            "transform-job",
            "notebook",
            "app",
            "endpoint",
            "gpu-instance",
            "batch-inference-job",
            "customization-job",
            "cluster",
            "provisioned-throughput",
        ];
        assert_eq!(ids, wanted);
        assert_eq!(Kind::parse("notebook").unwrap().title(), "SageMaker notebook instance");
        assert!(Kind::parse("notebooks").unwrap_err().contains("notebook, app"));
    }

    #[test]
    fn rows_say_how_to_stop_and_how_to_start() {
        for Kind(row) in Kind::all() {
            let kind = &row.kind;
            assert_eq!(row.reason.is_some(), row.stop.is_empty(), "{kind}");
            assert_eq!(row.stop.is_empty(), row.stopped.is_empty(), "{kind}");
            assert_eq!(row.reversible, !row.started.is_empty(), "{kind}");
            assert_eq!(row.reversible, row.start.iter().any(|change| !change.cleans), "{kind}");
            assert_eq!(row.reversible, !row.left.is_empty(), "{kind}");
            assert!(!row.list.is_empty() && !row.describe.is_empty() && !row.skip.is_empty(), "{kind}");
        }
        let serving: Vec<&str> = Kind::all().filter(|kind| kind.serves()).map(Kind::id).collect();
        assert_eq!(serving, ["endpoint"]);
    }

    #[test]
    fn nothing_is_terminated_and_no_data_is_deleted() {
        let calls: BTreeSet<&str> = Kind::all()
            .flat_map(|Kind(row)| row.stop.iter().chain(&row.start))
            .filter_map(|change| change.call.call.as_deref())
            .collect();
        let takes_away = |call: &&&str| ["Delete", "Terminate", "Remove"].iter().any(|verb| call.contains(verb));
        let away: Vec<&str> = calls.iter().filter(takes_away).copied().collect();
        let marks = ["autoscaling:DeleteTags", "ec2:DeleteTags", "sagemaker:DeleteTags"];
        let made_again = ["sagemaker:DeleteApp", "sagemaker:DeleteEndpoint"];
        assert_eq!(away, [&marks[..2], &made_again, &marks[2..]].concat());
    }

    #[test]
    fn an_endpoint_that_could_not_be_made_again_is_not_taken_away() {
        let row = Kind::parse("endpoint").unwrap().0;
        let whole = json!({"endpoint": {"EndpointStatus": "InService"}, "config": {"EndpointConfigName": "c"},
            "models": [{"ModelName": "m"}], "shadows": [], "components": [], "policies": [{"PolicyType": "TargetTrackingScaling"}]});
        let why = |place: &str, value: Value| {
            let mut documents = whole.as_object().unwrap().clone();
            documents.insert(place.to_owned(), value);
            Reason::first(&row.cannot, &documents).unwrap_or_default()
        };
        assert_eq!(why("components", json!([])), "");
        assert!(why("components", json!([{"InferenceComponentName": "x"}])).contains("inference components"));
        assert!(why("config", json!({})).contains("configuration"));
        assert!(why("models", json!([{"ModelName": "m"}, {"missing": true}])).contains("a model"));
        assert!(why("shadows", json!([{"missing": true}])).contains("a model"));
        assert!(why("policies", json!([{"PolicyType": "StepScaling"}])).contains("step scaling"));
    }

    #[test]
    fn a_row_with_a_word_that_means_nothing_is_refused() {
        let rows = include_str!("../data/kinds.json");
        for (right, wrong) in [("\"skip\":", "\"skipp\":"), ("\"cleans\":", "\"clean\":"), ("\"items\":", "\"item\":")]
        {
            assert!(serde_json::from_str::<Vec<Row>>(&rows.replacen(right, wrong, 1)).is_err(), "{wrong}");
        }
    }
}
