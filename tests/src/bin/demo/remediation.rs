//! A finding is mended, and its mending is taken back.

use crate::{LONGEST, seconds, text};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::{Api, Aws, Stack, finding, import, unique};

/// A bucket without protection against public access, the finding about it, its mending, and back.
pub(crate) async fn mend(stack: &Stack, account: &str) -> Vec<Value> {
    let (aws, api, name) = (Aws::inside(stack, account).await, stack.api(), unique("open"));
    aws.rest("s3", "PUT", &format!("/{name}"), String::new()).await;
    let arn = format!("arn:aws:s3:::{name}");
    let began = Instant::now();
    import(&stack.aws(), &[finding(account, "S3.8", &arn)]).await;
    let mut told = vec![json!({"line": format!("\n{arn} has a finding: S3.8, public access is not blocked")})];
    let case = case_of(&api, account, &arn, "FIXED").await;
    let calls = case["work"]["plan"]["steps"].as_array().map_or(0, Vec::len);
    let mut note = |state: &str, what: String| {
        let seconds = seconds(began);
        told.push(json!({"state": state, "seconds": seconds, "line": format!("  {state:<8}{what} after {seconds} s")}));
    };
    note(
        "FIXED",
        format!(
            "with {calls} call ({}), read back,",
            case["work"]["plan"]["steps"][0]["call"].as_str().unwrap_or_default()
        ),
    );
    let answer = api.post(&format!("/remediations/{}/undo", text(&case, "id")), &json!({})).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    case_of(&api, account, &arn, "UNDONE").await;
    note("UNDONE", "from the before-image".to_owned());
    told
}

/// The case of a resource, with its plan, once it is in a state and settled.
async fn case_of(api: &Api, account: &str, arn: &str, state: &str) -> Value {
    let began = Instant::now();
    loop {
        let list = api.get(&format!("/remediations?accountId={account}&state={state}")).await;
        let cases = list.body["remediations"].as_array().cloned().unwrap_or_default();
        if let Some(case) =
            cases.iter().find(|case| case["remediation"]["resource"] == arn && case["settledAt"].is_string())
        {
            return api.get(&format!("/remediations/{}", text(case, "id"))).await.body;
        }
        assert!(began.elapsed() < LONGEST, "{arn} is not {state}: {}", list.body);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
