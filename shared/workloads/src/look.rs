//! Looks at a workload: reads what its row describes, and works out what no single answer shows.

use crate::{
    Error,
    kind::Row,
    machines::is_there,
    reading::{Found, entries},
    restore, scaling,
    workload::{Workload, tags},
};
use aws::SdkConfig;
use remediation::Scene;
use serde_json::{Map, Value};

/// The tag that says who stopped a resource.
pub const STOPPED_BY: &str = "ai-landing-zone:stopped-by";

/// The document with what was there before.
const BEFORE: &str = "before";

/// Reads what the row describes. False where the resource is gone.
pub(crate) async fn describe(config: &SdkConfig, row: &Row, scene: &mut Scene, acting: bool) -> Result<bool, Error> {
    for reading in row.describe.iter().filter(|reading| acting || !reading.acting) {
        match reading.of(config, scene).await? {
            Found::Nothing => {}
            Found::Document(document) => {
                scene.documents.insert(reading.name.clone(), document);
            }
            Found::Gone => {
                scene.documents.remove(&reading.name);
                return Ok(false);
            }
        }
    }
    // What is listed and what describes it have the same name.
    let own = row.list.last().map(|reading| format!("/{}", reading.name));
    Ok(own.is_some_and(|place| is_there(&scene.documents, &place)))
}

/// Looks at a workload in order to act on it. `before` is what was there before it was stopped.
pub(crate) async fn look(
    config: &SdkConfig,
    row: &Row,
    workload: &Workload,
    label: &str,
    before: &Value,
) -> Result<Scene, Error> {
    let mut scene = Scene { parts: workload.parts(label), documents: Map::new() };
    scene.documents.insert("id".to_owned(), workload.id.clone());
    scene.documents.insert(BEFORE.to_owned(), before.clone());
    describe(config, row, &mut scene, true).await?;
    let documents = &mut scene.documents;
    let own = tags(documents, &row.tags);
    documents.insert("ours".to_owned(), Value::from(own.get(STOPPED_BY).is_some_and(|who| who == label)));
    if let Value::Object(before) = before {
        documents.insert("ownTags".to_owned(), own_tags(before, &row.tags));
    }
    scaling::work_out(documents);
    restore::work_out(documents, &workload.name);
    Ok(scene)
}

/// What is to be kept of a look: everything but what was there before.
pub(crate) fn image(mut scene: Scene) -> Value {
    scene.documents.remove(BEFORE);
    Value::Object(scene.documents)
}

/// Tags that can be given again: nobody gives those of AWS itself
/// (<https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html>), and ours is not given.
fn own_tags(before: &Map<String, Value>, place: &str) -> Value {
    let key =
        |tag: &Value| ["Key", "key"].iter().find_map(|name| tag.get(name)).and_then(Value::as_str).map(str::to_owned);
    let is_own = |tag: &Value| key(tag).is_some_and(|key| !key.starts_with("aws:") && key != STOPPED_BY);
    Value::Array(entries(before, place).into_iter().filter(is_own).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tags_of_aws_and_ours_are_not_given_again() {
        let tags = json!([{"Key": "aws:cloudformation:stack-name", "Value": "s"}, {"Key": "owner", "Value": "jane"},
            {"Key": STOPPED_BY, "Value": "spend-enforcement"}]);
        let before = json!({"tags": tags});
        assert_eq!(own_tags(before.as_object().unwrap(), "/tags"), json!([{"Key": "owner", "Value": "jane"}]));
    }
}
