//! What happens rarely and still needs its permission: lost answers, failures, late deliveries, another attempt, the
//! sweep for requests that never began, a guardrail that somebody changed.

use aws_sdk_organizations::{operation::list_policies::ListPoliciesOutput, types::PolicyType};
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Api, Fault, Stack, request, unique};

const LONGEST: Duration = Duration::from_mins(3);

/// Makes it all happen. Returns an account that was vended meanwhile.
pub(crate) async fn rare_grants(stack: &Stack) -> String {
    let api = stack.api();
    let record = a_lost_answer(stack, &api).await;
    a_failure_and_another_attempt(stack, &api).await;
    late_deliveries(stack, record["requestId"].as_str().unwrap()).await;
    a_tampered_guardrail(stack).await;
    rare_spending(stack, record["accountId"].as_str().unwrap()).await;
    let swept = stack.aws().invoke(stack.output("SettleFunctionName"), &json!({"sweep": true})).await;
    assert_eq!(swept.error, None, "{}", swept.payload);
    let account = record["accountId"].as_str().unwrap().to_owned();
    assert_eq!(api.get(&format!("/accounts/{account}")).await.body, record);
    assert_eq!(api.get("/accounts?pageSize=1").await.status, 200);
    assert_eq!(api.get(&format!("/tags/coverage?accountId={account}")).await.status, 200);
    account
}

/// `CreateAccount` takes effect and its answer is lost: the account is looked for.
async fn a_lost_answer(stack: &Stack, api: &Api) -> Value {
    let fault = Fault {
        service: "organizations".to_owned(),
        action: "CreateAccount".to_owned(),
        function: Some("create".to_owned()),
        kind: "lost".to_owned(),
        times: 1,
        ..Fault::default()
    };
    stack.gateway().inject(&fault).await;
    let record = vend(api, &request(&unique("lost"), "frontend", Some("dev")), "ACTIVE").await;
    assert_eq!(stack.gateway().hits().await, 1);
    stack.gateway().heal().await;
    record
}

/// AWS says that the e-mail is taken: the account might be ours and is looked for, then everything held is given
/// back. The same request again resumes.
async fn a_failure_and_another_attempt(stack: &Stack, api: &Api) {
    let name = unique("refused");
    let outcome = json!({"match": name, "failure": "EMAIL_ALREADY_EXISTS"});
    stack.gateway().post("/_local/organizations/outcomes", &outcome).await;
    let request = request(&name, "network", Some("test"));
    let failed = vend(api, &request, "FAILED").await;
    assert_eq!(failed["failure"]["name"], "Conflict.EMAIL_ALREADY_EXISTS", "{failed}");
    let resumed = vend(api, &request, "ACTIVE").await;
    assert_eq!((&resumed["requestId"], &resumed["attempt"]), (&failed["requestId"], &json!(2)));
}

/// A step that comes after the end reads why it is refused.
async fn late_deliveries(stack: &Stack, id: &str) {
    for (function, event) in [
        ("CreateFunctionName", json!({"requestId": id, "check": 0})),
        ("BaselineFunctionName", json!({"requestId": id, "action": "probe", "check": 0})),
        ("ProfileFunctionName", json!({"requestId": id})),
    ] {
        let answer = stack.aws().invoke(stack.output(function), &event).await;
        assert_eq!(answer.error.as_deref(), Some("Conflict.RequestSettled"), "{}", answer.payload);
    }
}

/// Somebody takes the words out of a guardrail: they come back.
async fn a_tampered_guardrail(stack: &Stack) {
    let client = aws_sdk_organizations::Client::new(&stack.sdk_config());
    let pages = client.list_policies().filter(PolicyType::ServiceControlPolicy).into_paginator().send();
    let pages = pages.collect::<Result<Vec<_>, _>>().await.expect("ListPolicies");
    let mut policies = pages.iter().flat_map(ListPoliciesOutput::policies);
    let freeze = policies.find(|policy| policy.name() == Some("ai-landing-zone-spend-freeze"));
    let freeze = freeze.and_then(|policy| policy.id()).expect("the policy");
    let harmless = json!({"Version": "2012-10-17", "Statement":
        [{"Effect": "Deny", "Action": "sns:Publish", "Resource": "arn:aws:sns:*:*:none"}]});
    client.update_policy().policy_id(freeze).content(harmless.to_string()).send().await.expect("UpdatePolicy");
    let answer = stack.aws().invoke(stack.output("ReconcileFunctionName"), &json!({})).await;
    assert_eq!(answer.error, None, "{}", answer.payload);
    assert_eq!(answer.payload["updatedGuardrails"], json!(["spend-freeze"]), "{}", answer.payload);
}

/// A budget of an account that is gone, the accounts that are searched for idle resources, and a letter that does not get
/// through.
async fn rare_spending(stack: &Stack, account: &str) {
    let aws = stack.aws();
    let gone = "999988887777";
    let counted = json!({"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": [gone]}});
    let budget = json!({"BudgetName": format!("ai-landing-zone-{gone}"), "BudgetType": "COST", "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": "1", "Unit": "USD"}, "FilterExpression": counted, "Metrics": ["UnblendedCost"]});
    let payer = stack.output("SpendTopicArn").split(':').nth(4).expect("an account");
    let made = json!({"AccountId": payer, "Budget": budget});
    aws.json("budgets", "AWSBudgetServiceGateway.CreateBudget", &made).await;
    for (function, event) in [("BudgetsFunctionName", json!({})), ("IdleFunctionName", json!({"action": "list"}))] {
        let answer = aws.invoke(stack.output(function), &event).await;
        assert_eq!(answer.error, None, "{}", answer.payload);
    }
    let fault = Fault {
        service: "sns".to_owned(),
        action: "Publish".to_owned(),
        function: Some("report".to_owned()),
        kind: "error".to_owned(),
        times: 3,
        ..Fault::default()
    };
    stack.gateway().inject(&fault).await;
    let breach = json!({"reason": "breach", "accountId": account});
    let answer = aws.invoke(stack.output("ReportFunctionName"), &breach).await;
    assert!(answer.error.is_some(), "{}", answer.payload);
    stack.gateway().heal().await;
    let answer = aws.invoke(stack.output("ReportFunctionName"), &breach).await;
    assert_eq!((&answer.error, &answer.payload["told"]), (&None, &json!(true)), "{}", answer.payload);
}

async fn vend(api: &Api, request: &Value, state: &str) -> Value {
    let key = request["name"].as_str().unwrap();
    let answer = api.post_with("/accounts", &[("idempotency-key", key)], request).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let record = api.follow(answer.text("requestId"), LONGEST, |_| ()).await;
    assert_eq!(record["state"], state, "{record}");
    record
}
