//! Volumes that are attached to nothing. They are reported and never deleted; since when they are loose, EC2 does not tell.

use super::{Finding, Place, Seen, WINDOW};
use aws::{AwsFault, Call, each};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) const KIND: &str = "volume";

/// Volumes of a report: its record holds 400 KB, with all that is idle.
const MOST: usize = 200;

/// The volumes of the Region that are attached to nothing, the largest first.
pub(super) async fn unattached(place: &Place<'_>) -> Result<Seen, AwsFault> {
    let mut found: Vec<(u64, Finding)> = Vec::new();
    let mut token = Value::Null;
    loop {
        let parameters =
            json!({"Filter": [{"Name": "status", "Value": ["available"]}], "MaxResults": 500, "NextToken": token});
        let answer = aws::send(place.config, &Call::named("ec2:DescribeVolumes", parameters)).await?;
        found.extend(each(answer.pointer("/volumeSet/item")).iter().filter_map(|volume| read(place, volume)));
        token = answer.get("nextToken").cloned().unwrap_or_default();
        if token.as_str().unwrap_or_default().is_empty() {
            break;
        }
    }
    found.sort_by(|(one, _), (other, _)| other.cmp(one));
    let more = found.len().saturating_sub(MOST);
    let mut seen = Seen::default();
    seen.idle.extend(found.into_iter().take(MOST).map(|(_, finding)| finding));
    if more > 0 {
        let why = "they are attached to nothing too, and smaller than those that are listed".to_owned();
        seen.blind.push(place.blind(KIND, Some(format!("{more} more volumes")), why));
    }
    Ok(seen)
}

/// A volume with its size; nothing for one that was made a short time ago and may be about to be used.
fn read(place: &Place<'_>, volume: &Value) -> Option<(u64, Finding)> {
    let text = |name: &str| volume.get(name).and_then(Value::as_str);
    let id = text("volumeId")?;
    let created = text("createTime").and_then(|text| text.parse::<Timestamp>().ok());
    if created.is_some_and(|created| place.now.duration_since(created) < WINDOW) {
        return None;
    }
    let size: u64 = text("size").and_then(|size| size.parse().ok()).unwrap_or_default();
    let tags: BTreeMap<String, String> = each(volume.pointer("/tagSet/item"))
        .iter()
        .filter_map(|tag| Some((tag.get("key")?.as_str()?.to_owned(), tag.get("value")?.as_str()?.to_owned())))
        .collect();
    let volume_type = text("volumeType").unwrap_or("an unknown type");
    let price = place.prices.price_of_volume(volume_type).filter(|_| size > 0);
    let finding = Finding {
        kind: KIND.to_owned(),
        arn: format!("arn:{}:ec2:{}:{}:volume/{id}", place.partition, place.region, place.account),
        name: id.to_owned(),
        region: place.region.to_owned(),
        owner: tags.get("owner").cloned(),
        evidence: format!("{size} GB of {volume_type}, attached to nothing"),
        since: None,
        monthly_saving: price.map(|price| (price * Decimal::from(size)).round_dp(2)),
        exempt: workloads::exempt(&tags, place.now),
        workload: None,
    };
    Some((size, finding))
}
