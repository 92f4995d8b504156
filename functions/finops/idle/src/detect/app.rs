//! Studio apps that nobody works in.

use super::{GONE, Place, Verdict, WINDOW, days};
use aws::{AwsFault, Call};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use workloads::Workload;

pub(super) async fn verdicts(place: &Place<'_>, apps: &[Workload]) -> Result<Vec<Verdict>, AwsFault> {
    let mut verdicts = Vec::new();
    for app in apps {
        let mut call = Call::named("sagemaker:DescribeApp", app.id.clone());
        call.parameters.retain(|_, value| !value.is_null());
        let app = match aws::send(place.config, &call).await {
            Ok(app) => app,
            // It vanished since it was listed: it is not idle.
            Err(fault) if GONE.contains(&fault.code()) => {
                verdicts.push(Verdict::Used);
                continue;
            }
            Err(fault) => return Err(fault),
        };
        let time = |name: &str| {
            let seconds = app.get(name).and_then(Value::as_f64)?;
            Timestamp::from_duration(SignedDuration::try_from_secs_f64(seconds).ok()?).ok()
        };
        verdicts.push(verdict(time("LastUserActivityTimestamp"), time("LastHealthCheckTimestamp"), place.now));
    }
    Ok(verdicts)
}

/// A health check sets the time of the last activity too
/// (<https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeApp.html>): where both are the same, it tells nothing.
fn verdict(active: Option<Timestamp>, checked: Option<Timestamp>, now: Timestamp) -> Verdict {
    match active {
        Some(at) if now.duration_since(at) >= WINDOW => Verdict::Idle {
            evidence: format!(
                "nobody worked in it for {}: the last activity was on {}",
                days(WINDOW),
                finops::day_of(at)
            ),
            since: Some(at),
            stops: true,
        },
        Some(at) if checked.is_some_and(|checked| checked > at) => Verdict::Used,
        _ => Verdict::Unknown("SageMaker does not tell a user's activity from its own health checks".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::words;

    #[test]
    fn a_health_check_is_no_activity() {
        let at = |text: &str| Some(text.parse().unwrap());
        let of = |active, checked| words(&verdict(active, checked, "2026-11-26T12:00:00Z".parse().unwrap()));
        let (old, new, newer) = (at("2026-11-19T12:00:00Z"), at("2026-11-26T11:00:00Z"), at("2026-11-26T11:59:00Z"));
        assert!(of(old, newer).starts_with("idle: nobody worked in it for 7 days"));
        assert!(of(old, None).starts_with("idle"));
        assert_eq!(of(new, newer), "used");
        assert!(of(newer, newer).starts_with("unknown"));
        assert!(of(None, newer).starts_with("unknown"));
    }
}
