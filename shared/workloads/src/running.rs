//! What runs in an account's Region.

use crate::{
    Error, Kind, Workload,
    kind::Row,
    look::describe,
    reading::{Found, Reading},
    workload::parts_of,
};
use aws::SdkConfig;
use jiff::Timestamp;
use landing_zone::AccountId;
use remediation::Scene;
use serde_json::{Map, Value};

/// Lists what runs, or is about to, in the order of [`Kind::all`]. `config` is a session in the account and Region;
/// without `kinds` every kind is listed. A Region that does not answer is an error, never an empty list.
pub async fn running(
    config: &SdkConfig,
    region: &str,
    account: &AccountId,
    kinds: Option<&[Kind]>,
) -> Result<Vec<Workload>, Error> {
    let mut all = Vec::new();
    for kind in Kind::all().filter(|kind| kinds.is_none_or(|kinds| kinds.contains(kind))) {
        let start = Scene { parts: parts_of(region, account), documents: Map::new() };
        for scene in listed(config, &kind.0.list, start).await? {
            all.extend(one(config, kind.0, region, scene).await?);
        }
    }
    Ok(all)
}

/// The time of the clock that the configuration has.
pub(crate) fn now(config: &SdkConfig) -> Timestamp {
    let clock = config.time_source().and_then(|clock| Timestamp::try_from(clock.now()).ok());
    clock.unwrap_or_else(Timestamp::now)
}

/// Each entry of the last list, with the entries of the lists that led to it.
async fn listed(config: &SdkConfig, lists: &[Reading], start: Scene) -> Result<Vec<Scene>, Error> {
    let mut scenes = vec![start];
    for list in lists {
        let mut deeper = Vec::new();
        for scene in scenes {
            let Found::Document(Value::Array(entries)) = list.of(config, &scene).await? else { continue };
            deeper.extend(entries.into_iter().map(|entry| {
                let mut scene = scene.clone();
                scene.documents.insert(list.name.clone(), entry);
                scene
            }));
        }
        scenes = deeper;
    }
    Ok(scenes)
}

/// The workload of an entry; nothing for what does not run, or is gone by now.
async fn one(config: &SdkConfig, row: &Row, region: &str, mut scene: Scene) -> Result<Option<Workload>, Error> {
    let is_skipped = |scene: &Scene| row.skip.iter().any(|condition| condition.holds(&scene.documents));
    if is_skipped(&scene) {
        return Ok(None);
    }
    if let Some(Value::String(name)) = row.name.as_ref().map(|name| name.of(&scene)).transpose()? {
        scene.parts.insert("name".to_owned(), name);
    }
    let id = row.id.of(&scene)?;
    scene.documents.insert("id".to_owned(), id);
    if !describe(config, row, &mut scene, false).await? || is_skipped(&scene) {
        return Ok(None);
    }
    Workload::read(row, region, &scene, now(config)).map(Some)
}
