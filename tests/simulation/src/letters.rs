//! What AWS Budgets and Cost Anomaly Detection wrote in July 2026, in the shapes that they really have, as it lies in the
//! queue.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// The account that pays, in which budgets and monitors lie.
const PAYER: &str = "999900001111";

/// An alert of AWS Budgets in the body of a message of SQS.
pub(crate) fn budget(
    account: &str,
    kind: &str,
    limit: Decimal,
    threshold: Decimal,
    amount: Decimal,
    day: Date,
) -> String {
    let name = format!("ai-landing-zone-{account}");
    let (limit, threshold, amount) = (dollars(limit), dollars(threshold), dollars(amount));
    let heading =
        format!("AWS Budget Notification {}\nAWS Account {PAYER}\n\nDear AWS Customer,\n", day.strftime("%B %d, %Y"));
    let letter = format!(
        "\nYou requested that we alert you when the {kind} Cost associated with your {name} budget is greater than \
         {threshold} for the current month. The {kind} Cost associated with this budget is {amount}. You can find \
         additional details below and by accessing the AWS Budgets dashboard [1].\n\n"
    );
    let lines = format!(
        "Budget Name: {name}\nBudget Type: Cost\nBudgeted Amount: {limit}\nAlert Type: {kind}\n\
         Alert Threshold: > {threshold}\n{kind} Amount: {amount}\n\n\
         [1] https://console.aws.amazon.com/costmanagement/home#/budgets\n"
    );
    let envelope = json!({
        "Type": "Notification",
        "MessageId": format!("{account}-{kind}-{threshold}"),
        "TopicArn": format!("arn:aws:sns:us-east-1:{PAYER}:ai-landing-zone-spend"),
        "Subject": format!("AWS Budgets: {name} has exceeded your alert threshold"),
        "Message": heading + &letter + &lines,
    });
    envelope.to_string()
}

/// An anomaly as EventBridge has it, in the body of a message of SQS. Nothing was expected of that size, so that there is
/// no percentage.
pub(crate) fn anomaly(account: &str, name: &str, day: Date, impact: Decimal) -> String {
    let number = |amount: Decimal| amount.to_string().parse::<serde_json::Number>().map_or(Value::Null, Value::Number);
    let impact = number(impact);
    let event = json!({
        "version": "0",
        "id": format!("event-{account}"),
        "source": "aws.ce",
        "detail-type": "Anomaly Detected",
        "account": PAYER,
        "region": "us-east-1",
        "resources": [format!("arn:aws:ce::{PAYER}:anomalymonitor/ai-services")],
        "detail": {
            "accountId": PAYER,
            "anomalyId": format!("anomaly-{account}"),
            "anomalyStartDate": format!("{day}T00:00:00Z"),
            "anomalyEndDate": format!("{day}T00:00:00Z"),
            "dimensionValue": "Amazon Bedrock",
            "monitorArn": format!("arn:aws:ce::{PAYER}:anomalymonitor/ai-services"),
            "monitorName": "ai-services",
            "impact": { "maxImpact": impact, "totalImpact": impact },
            "rootCauses": [{
                "linkedAccount": account,
                "linkedAccountName": name,
                "region": "us-east-1",
                "service": "Amazon Bedrock",
                "impact": { "contribution": impact }
            }],
        }
    });
    event.to_string()
}

/// As AWS prints money: `$1,046,294,123,330.95`.
fn dollars(amount: Decimal) -> String {
    let plain = format!("{:.2}", amount.round_dp(2));
    let (whole, cents) = plain.split_once('.').unwrap_or((&plain, "00"));
    let comma = |place: usize| place > 0 && (whole.len() - place).is_multiple_of(3);
    let grouped: String = whole
        .char_indices()
        .flat_map(|(place, digit)| comma(place).then_some(',').into_iter().chain([digit]))
        .collect();
    format!("${grouped}.{cents}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use finops::{AlertKind, Notice, notice_in};
    use jiff::civil::date;

    #[test]
    fn the_suite_reads_what_is_written() {
        let (day, amount) = (date(2026, 7, 17), "1046294123330.95".parse().unwrap());
        let body = budget("210000000007", "FORECASTED", 500.into(), 400.into(), amount, day);
        let Ok(Notice::Budget(notice)) = notice_in(&body) else { panic!("{:?}", notice_in(&body)) };
        assert_eq!((notice.kind, notice.amount.amount, notice.sent_on), (AlertKind::Forecasted, amount, day));
        assert!(body.contains("$1,046,294,123,330.95"));
        let Ok(Notice::Anomaly(notice)) = notice_in(&anomaly("210000000007", "n", day, amount)) else { panic!() };
        assert_eq!((notice.causes[0].account.as_str(), notice.causes[0].contribution), ("210000000007", Some(amount)));
        assert_eq!(notice.percentage, None);
    }
}
