//! An anomaly as Cost Anomaly Detection reports it, to SNS and to `EventBridge`: the same fields but for a few names.

use super::{AnomalyNotice, Cause, Rejected};
use crate::{day_of, money};
use jiff::{Timestamp, civil::Date};
use landing_zone::AccountId;
use rust_decimal::Decimal;
use serde_json::Value;

/// True for what has fields that only an anomaly has.
pub(super) fn is_anomaly(document: &Value) -> bool {
    ["anomalyId", "anomalyStartDate", "rootCauses"].iter().any(|field| document.get(field).is_some())
}

/// Reads an anomaly. What it says of causes and percentages may be missing or unusable: that part is left out.
pub(super) fn read(document: &Value) -> Result<AnomalyNotice, Rejected> {
    if !document.is_object() {
        return Err(Rejected("the anomaly is no JSON object".to_owned()));
    }
    let missing = |name: &str| Rejected(format!("{name} is missing"));
    let mut skipped = Vec::new();
    let percentage = number(document, "/impact/totalImpactPercentage");
    // A monitor of accounts has an account here, which is then told by the causes.
    let dimension = text(document, "dimensionalValue").or_else(|| text(document, "dimensionValue"));
    Ok(AnomalyNotice {
        id: text(document, "anomalyId").ok_or_else(|| missing("anomalyId"))?,
        start: day(document, "anomalyStartDate")?.ok_or_else(|| missing("anomalyStartDate"))?,
        end: day(document, "anomalyEndDate")?,
        impact: number(document, "/impact/totalImpact")
            .map_err(Rejected)?
            .ok_or_else(|| missing("impact.totalImpact"))?,
        percentage: or_skip(percentage, &mut skipped),
        service: dimension.filter(|value| AccountId::parse(value).is_err()),
        causes: causes(document.get("rootCauses").unwrap_or(&Value::Null), &mut skipped),
        skipped,
    })
}

/// The causes whose account is certain. An id that is no string may have lost leading zeros, and an account that was
/// guessed would pay for another.
fn causes(list: &Value, skipped: &mut Vec<String>) -> Vec<Cause> {
    let entries = match list {
        Value::Array(entries) => entries.as_slice(),
        Value::Null => &[],
        _ => {
            skipped.push("rootCauses is no list".to_owned());
            &[]
        }
    };
    let mut causes = Vec::new();
    for entry in entries {
        let account = match entry.get("linkedAccount") {
            Some(Value::String(id)) if !id.is_empty() => {
                AccountId::parse(id).map_err(|why| format!("the cause {id:?}: {why}"))
            }
            None | Some(Value::Null | Value::String(_)) => Err("a cause without an account".to_owned()),
            Some(other) => Err(format!("the cause {other}: an account id has to be a string")),
        };
        if let Some(account) = or_skip(account.map(Some), skipped) {
            let contribution = number(entry, "/impact/contribution");
            causes.push(Cause {
                account,
                service: text(entry, "service"),
                region: text(entry, "region"),
                usage_type: text(entry, "usageType"),
                contribution: or_skip(contribution, skipped),
            });
        }
    }
    causes
}

fn or_skip<T>(read: Result<Option<T>, String>, skipped: &mut Vec<String>) -> Option<T> {
    read.unwrap_or_else(|why| {
        skipped.push(why);
        None
    })
}

fn text(document: &Value, name: &str) -> Option<String> {
    document.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A number, written as one or as a string.
fn number(document: &Value, path: &str) -> Result<Option<Decimal>, String> {
    let read = match document.pointer(path) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => money::amount(&number.to_string()),
        Some(Value::String(text)) => money::amount(text.trim()),
        Some(other) => Err(format!("{other} is no amount")),
    };
    read.map(Some).map_err(|why| format!("{}: {why}", path.trim_start_matches('/').replace('/', ".")))
}

/// A day, written as one or as an instant.
fn day(document: &Value, name: &str) -> Result<Option<Date>, Rejected> {
    let Some(text) = text(document, name) else { return Ok(None) };
    let instant = text.parse::<Timestamp>().map(day_of);
    instant.or_else(|_| text.parse()).map(Some).map_err(|_| Rejected(format!("{name}: {text:?} is no date")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use serde_json::json;

    fn document() -> Value {
        json!({"accountId": "999900001111", "anomalyId": "a-1", "anomalyStartDate": "2028-02-29T00:00:00Z",
            "anomalyEndDate": "2028-03-01", "dimensionalValue": "Amazon SageMaker", "monitorArn": "m",
            "impact": {"maxImpact": 151, "totalImpact": 1001.1, "totalImpactPercentage": 333.67},
            "rootCauses": [{"linkedAccount": "011122223333", "linkedAccountName": "ai-dev", "region": "us-east-1",
                "service": "Amazon SageMaker", "usageType": "USE1-Host:ml.g5.xlarge", "impact": {"contribution": "601.25"}}]})
    }

    /// The document with something else, or nothing, at a pointer.
    fn with(path: &str, value: Value) -> Value {
        let mut document = document();
        let (parent, field) = path.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[field] = value;
        document
    }

    fn without(path: &str) -> Value {
        let mut document = document();
        let (parent, field) = path.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(field).unwrap();
        document
    }

    #[test]
    fn an_anomaly_is_read() {
        let expected = AnomalyNotice {
            id: "a-1".to_owned(),
            start: date(2028, 2, 29),
            end: Some(date(2028, 3, 1)),
            impact: "1001.1".parse().unwrap(),
            percentage: Some("333.67".parse().unwrap()),
            service: Some("Amazon SageMaker".to_owned()),
            causes: vec![Cause {
                account: AccountId::parse("011122223333").unwrap(),
                service: Some("Amazon SageMaker".to_owned()),
                region: Some("us-east-1".to_owned()),
                usage_type: Some("USE1-Host:ml.g5.xlarge".to_owned()),
                contribution: Some("601.25".parse().unwrap()),
            }],
            skipped: Vec::new(),
        };
        assert_eq!(read(&document()), Ok(expected.clone()));
        let mut other = without("/dimensionalValue");
        other["dimensionValue"] = "Amazon SageMaker".into();
        assert_eq!(read(&other), Ok(expected));
    }

    #[test]
    fn what_may_be_missing_may_be_missing() {
        let new_service = read(&without("/impact/totalImpactPercentage")).unwrap();
        assert_eq!((new_service.percentage, new_service.causes.len()), (None, 1));
        assert_eq!(read(&without("/anomalyEndDate")).unwrap().end, None);
        assert_eq!(read(&without("/dimensionalValue")).unwrap().service, None);
        assert_eq!(read(&with("/dimensionalValue", "222233334444".into())).unwrap().service, None);
        let partial = read(&with("/rootCauses", json!([{"linkedAccount": "011122223333"}]))).unwrap();
        assert!(matches!(&partial.causes[..], [Cause { service: None, region: None, contribution: None, .. }]));
        for causes in [Value::Null, json!([])] {
            let unknown = read(&with("/rootCauses", causes)).unwrap();
            assert_eq!((unknown.causes, unknown.skipped), (Vec::new(), Vec::new()));
        }
        assert!(read(&without("/rootCauses")).unwrap().causes.is_empty());
    }

    #[test]
    fn an_account_is_never_guessed() {
        for (account, why) in [
            (
                json!("AnomalousLinkedAccount"),
                "the cause \"AnomalousLinkedAccount\": must be an AWS account id of 12 digits",
            ),
            (json!("11122223333"), "the cause \"11122223333\": must be an AWS account id of 12 digits"),
            (json!(11_122_223_333_u64), "the cause 11122223333: an account id has to be a string"),
            (json!(111_122_223_333_u64), "the cause 111122223333: an account id has to be a string"),
            (json!(""), "a cause without an account"),
            (Value::Null, "a cause without an account"),
        ] {
            let notice = read(&with("/rootCauses/0/linkedAccount", account)).unwrap();
            assert_eq!((notice.causes, notice.skipped), (Vec::new(), vec![why.to_owned()]));
        }
        for causes in [json!("none"), json!([7]), json!({"linkedAccount": "011122223333"})] {
            let notice = read(&with("/rootCauses", causes)).unwrap();
            assert_eq!((notice.causes.len(), notice.skipped.len()), (0, 1));
        }
        let mut two = document();
        two["rootCauses"].as_array_mut().unwrap().insert(0, json!({"linkedAccount": "", "service": "Amazon EC2"}));
        assert_eq!(read(&two).unwrap().causes, read(&document()).unwrap().causes);
    }

    #[test]
    fn a_part_that_cannot_be_read_is_left_out_with_the_reason() {
        let notice = read(&with("/impact/totalImpactPercentage", "NaN".into())).unwrap();
        assert_eq!(
            (notice.percentage, notice.skipped[0].as_str()),
            (None, "impact.totalImpactPercentage: \"NaN\" is no amount")
        );
        let notice = read(&with("/rootCauses/0/impact/contribution", json!([]))).unwrap();
        assert_eq!(notice.causes[0].contribution, None);
        assert_eq!(notice.skipped, ["impact.contribution: [] is no amount"]);
    }

    #[test]
    fn amounts_are_read_exactly_from_numbers_and_strings() {
        for (written, read_as) in [
            ("1046294123330.95", "1046294123330.95"),
            ("0.1", "0.1"),
            ("\"1001\"", "1001"),
            ("1.5e-9", "0.0000000015"),
            ("-3.20", "-3.2"),
            ("12", "12"),
        ] {
            let document = with("/impact/totalImpact", serde_json::from_str(written).unwrap());
            assert_eq!(read(&document).unwrap().impact, read_as.parse().unwrap(), "{written}");
        }
    }

    #[test]
    fn days_may_be_instants() {
        for (text, day) in [
            ("2026-11-30", date(2026, 11, 30)),
            ("2026-11-30T23:59:59.999Z", date(2026, 11, 30)),
            ("2026-12-01T01:00:00+02:00", date(2026, 11, 30)),
            ("2026-12-01T00:00:00", date(2026, 12, 1)),
        ] {
            assert_eq!(read(&with("/anomalyStartDate", text.into())).unwrap().start, day, "{text}");
        }
    }

    #[test]
    fn what_an_anomaly_must_have_is_asked_for() {
        for (document, why) in [
            (json!("text"), "the anomaly is no JSON object"),
            (without("/anomalyId"), "anomalyId is missing"),
            (with("/anomalyId", "".into()), "anomalyId is missing"),
            (without("/anomalyStartDate"), "anomalyStartDate is missing"),
            (with("/anomalyStartDate", "yesterday".into()), "anomalyStartDate: \"yesterday\" is no date"),
            (with("/anomalyEndDate", "2026-02-29".into()), "anomalyEndDate: \"2026-02-29\" is no date"),
            (without("/impact"), "impact.totalImpact is missing"),
            (with("/impact/totalImpact", Value::Null), "impact.totalImpact is missing"),
            (with("/impact/totalImpact", "1,001".into()), "impact.totalImpact: \"1,001\" is no amount"),
            (with("/impact/totalImpact", "1e309".into()), "impact.totalImpact: \"1e309\" is out of range"),
            (with("/impact/totalImpact", 1e300.into()), "impact.totalImpact: \"1e+300\" is out of range"),
            (with("/impact/totalImpact", true.into()), "impact.totalImpact: true is no amount"),
        ] {
            assert_eq!(read(&document), Err(Rejected(why.to_owned())));
        }
    }
}
