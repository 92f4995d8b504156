//! The running stack, and what these tests ask of it.

use crate::{LONGEST, OF_ALL, bill};
use aws_sdk_organizations::types::PolicyType;
use aws_sdk_sfn::types::ExecutionStatus;
use finops::Stage;
use guardrails::Guardrail;
use jiff::{SignedDuration, Timestamp};
use landing_zone::AccountId;
use ledger::Ledger;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use tests::{Answer, Api, Aws, Gateway, Stack, request, unique};
use tokio::time::sleep;

/// The running stack.
pub(crate) struct World {
    pub(crate) stack: Stack,
    pub(crate) api: Api,
    pub(crate) aws: Aws,
    pub(crate) gateway: Gateway,
    pub(crate) ledger: Ledger,
    pub(crate) organizations: aws_sdk_organizations::Client,
    sfn: aws_sdk_sfn::Client,
}

/// An execution of a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Execution {
    pub(crate) name: String,
    pub(crate) status: ExecutionStatus,
}

impl World {
    /// The stack as if no test had run before: no faults, no figures but one of the management account, the switch on, and a
    /// bill that was just read.
    pub(crate) async fn new() -> Self {
        let stack = Stack::load();
        let config = stack.sdk_config();
        let world = Self {
            api: stack.api(),
            aws: stack.aws(),
            gateway: stack.gateway(),
            ledger: Ledger::new(aws_sdk_dynamodb::Client::new(&config), stack.output("LedgerTableName")),
            organizations: aws_sdk_organizations::Client::new(&config),
            sfn: aws_sdk_sfn::Client::new(&config),
            stack,
        };
        world.forget().await;
        world.quiet().await;
        world.switch("on").await;
        world.costs(&[bill::cost(&world.management(), bill::today(), "1")]).await;
        world.read_bill().await;
        world
    }

    /// Leaves nothing behind that another test could meet. The last bill shows nothing of this one's accounts.
    pub(crate) async fn end(self) {
        self.quiet().await;
        self.forget().await;
        self.costs(&[bill::cost(&self.management(), bill::today(), "1")]).await;
        self.read_bill().await;
        self.forget().await;
        self.switch("on").await;
    }

    async fn forget(&self) {
        self.gateway.heal().await;
        for path in ["costs", "costs/faults", "costs/outlook", "costs/requests", "metrics"] {
            self.gateway.delete(&format!("/_local/{path}")).await;
        }
        self.gateway.post("/_local/organizations/policies", &json!({})).await;
    }

    /// Sets the switch that people have.
    pub(crate) async fn switch(&self, position: &str) {
        let wanted = json!({"Name": self.stack.output("SpendSwitchName"), "Value": position, "Overwrite": true});
        self.aws.json("ssm", "AmazonSSM.PutParameter", &wanted).await;
    }

    /// The account that pays.
    pub(crate) fn management(&self) -> String {
        self.stack.output("SpendTopicArn").split(':').nth(4).expect("an account").to_owned()
    }

    /// Has the bill read, also where another reader has the turn or just failed. Returns why it was not read.
    pub(crate) async fn read_bill(&self) -> Value {
        let asked = json!({"action": "costs", "accounts": [], "force": true});
        let answer = self.aws.invoke(self.stack.output("EvaluateFunctionName"), &asked).await;
        assert_eq!(answer.error, None, "{}", answer.payload);
        answer.payload["why"].clone()
    }

    /// The same, whatever comes of it.
    pub(crate) async fn read_bill_at_all(&self) {
        let asked = json!({"action": "costs", "accounts": [], "force": true});
        self.aws.invoke(self.stack.output("EvaluateFunctionName"), &asked).await;
    }

    /// A new account, vended by the suite.
    pub(crate) async fn account(&self, environment: &str) -> String {
        let wanted = request(&unique("spend"), "data-transformation", Some(environment));
        let answer = self.api.post("/accounts", &wanted).await;
        let record = self.api.follow(answer.text("requestId"), LONGEST, |_| ()).await;
        assert_eq!(record["state"], "ACTIVE", "{record}");
        record["accountId"].as_str().expect("an account").to_owned()
    }

    /// Evaluates once, looking into these accounts, and waits for its end.
    pub(crate) async fn evaluate(&self, accounts: &[&str]) {
        self.evaluated(accounts).await.unwrap_or_else(|why| panic!("{why}"));
    }

    /// Evaluates an account, whatever comes of it.
    pub(crate) async fn evaluate_at_all(&self, account: &str) {
        if let Err(why) = self.evaluated(&[account]).await {
            eprintln!("{why}");
        }
    }

    async fn evaluated(&self, accounts: &[&str]) -> Result<(), String> {
        let name = unique("test");
        let input = json!({"accounts": accounts}).to_string();
        let started = self
            .sfn
            .start_execution()
            .state_machine_arn(self.stack.output("SpendEvaluationStateMachineArn"))
            .name(&name)
            .input(input)
            .send()
            .await
            .expect("StartExecution");
        let began = Instant::now();
        loop {
            let seen = self.sfn.describe_execution().execution_arn(started.execution_arn()).send().await;
            let seen = seen.expect("DescribeExecution");
            match seen.status() {
                ExecutionStatus::Running => assert!(began.elapsed() < LONGEST, "{name} goes on and on"),
                ExecutionStatus::Succeeded => return Ok(()),
                other => return Err(format!("{name} ended as {other}: {:?} {:?}", seen.error(), seen.cause())),
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Evaluates once and waits until what that set off in the account has ended. Returns what the API shows then.
    pub(crate) async fn step(&self, account: &str) -> Value {
        self.evaluate(&[account]).await;
        self.at_rest(account).await;
        self.spend(account).await
    }

    /// Waits until no execution works on the account.
    pub(crate) async fn at_rest(&self, account: &str) {
        self.ends("SpendEnforcementStateMachineArn", &format!("{account}-")).await;
    }

    /// Waits until neither an evaluation of the account that somebody asked for by the API nor a step of it runs.
    pub(crate) async fn rests(&self, account: &str) {
        self.ends("SpendEvaluationStateMachineArn", &format!("api-{account}-")).await;
        self.at_rest(account).await;
    }

    /// Waits until no execution of a workflow runs whose name begins like this.
    async fn ends(&self, output: &str, prefix: &str) {
        let began = Instant::now();
        loop {
            let running = self.executions(output, Some(ExecutionStatus::Running)).await;
            if !running.iter().any(|execution| execution.name.starts_with(prefix)) {
                return;
            }
            let longest = if prefix.is_empty() { OF_ALL } else { LONGEST };
            assert!(began.elapsed() < longest, "{output} {prefix} goes on and on");
            sleep(Duration::from_millis(250)).await;
        }
    }

    /// Executions of the workflow that acts on accounts, of this one.
    pub(crate) async fn steps_of(&self, account: &str) -> Vec<Execution> {
        let mut all = self.executions("SpendEnforcementStateMachineArn", None).await;
        all.retain(|execution| execution.name.starts_with(&format!("{account}-")));
        all
    }

    /// Executions of a workflow.
    pub(crate) async fn executions(&self, output: &str, status: Option<ExecutionStatus>) -> Vec<Execution> {
        let machine = self.stack.output(output);
        let mut pages =
            self.sfn.list_executions().state_machine_arn(machine).set_status_filter(status).into_paginator().send();
        let mut all = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.expect("ListExecutions");
            all.extend(
                page.executions()
                    .iter()
                    .map(|item| Execution { name: item.name().to_owned(), status: item.status().clone() }),
            );
        }
        all
    }

    /// Waits until neither workflow runs.
    pub(crate) async fn quiet(&self) {
        for output in ["SpendEvaluationStateMachineArn", "SpendEnforcementStateMachineArn"] {
            self.ends(output, "").await;
        }
    }

    /// What the API shows of an account.
    pub(crate) async fn spend(&self, account: &str) -> Value {
        let answer = self.api.get(&format!("/spend/{account}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    /// Says yes to the next step of an account.
    pub(crate) async fn approve(&self, account: &str, step: &str) -> Answer {
        let wish = json!({"decision": "approve", "step": step, "reason": "A test looked at it"});
        self.api.post(&format!("/spend/{account}/approval"), &wish).await
    }

    /// Gives an account another limit, or another furthest stage, for a day.
    pub(crate) async fn allow(&self, account: &str, what: &str, value: &str) {
        let until = Timestamp::now() + SignedDuration::from_hours(24);
        let wish = json!({what: value, "until": until, "reason": "A test wants it so"});
        let answer = self.api.post(&format!("/spend/{account}/override"), &wish).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
    }

    /// The guardrails of spending that are attached to an account.
    pub(crate) async fn attached(&self, account: &str) -> BTreeSet<Guardrail> {
        let ids = self.policies(account).await;
        let ours = [Guardrail::SpendRestrict, Guardrail::SpendFreeze];
        ours.into_iter().filter(|guardrail| ids.contains(self.policy(*guardrail))).collect()
    }

    /// Every service control policy of an account.
    pub(crate) async fn policies(&self, account: &str) -> BTreeSet<String> {
        let kind = PolicyType::ServiceControlPolicy;
        let mut pages =
            self.organizations.list_policies_for_target().target_id(account).filter(kind).into_paginator().send();
        let mut ids = BTreeSet::new();
        while let Some(page) = pages.next().await {
            let page = page.expect("ListPoliciesForTarget");
            ids.extend(page.policies().iter().filter_map(|policy| policy.id()).map(str::to_owned));
        }
        ids
    }

    /// The id of a guardrail's policy.
    pub(crate) fn policy(&self, guardrail: Guardrail) -> &str {
        self.stack.output(match guardrail {
            Guardrail::SpendRestrict => "SpendRestrictPolicyId",
            Guardrail::SpendFreeze => "SpendFreezePolicyId",
        })
    }

    /// Lets nobody be asked for steps up in this period: it is on record that somebody approved them.
    pub(crate) async fn approve_all(&self, account: &str) {
        let period = bill::today().first_of_month();
        let account = AccountId::parse(account).expect("an account");
        let mut record = self.ledger.spend(&account).await.expect("a record");
        for to in Stage::ENFORCED {
            let verdict = finops::Verdict { approved: true, by: "a test".into(), at: Timestamp::now(), reason: None };
            record.value.verdicts.insert(format!("up-{to}-{period}"), verdict);
        }
        assert!(self.ledger.store_spend(&mut record, Timestamp::now()).await.expect("stored"));
    }

    /// Has people told again what they were told already, perhaps by the same test earlier in the day.
    pub(crate) async fn forget_told(&self, key: &str) {
        let table = self.stack.output("LedgerTableName");
        for id in [format!("turn#tell-{key}"), format!("told#{key}")] {
            let asked = json!({"TableName": table, "Key": {"id": {"S": id}}});
            self.aws.json("dynamodb", "DynamoDB_20120810.DeleteItem", &asked).await;
        }
    }

    /// How many dead letters there are.
    pub(crate) async fn dead_letters(&self) -> String {
        let asked = json!({"QueueUrl": self.stack.output("DeadLetterQueueUrl"),
            "AttributeNames": ["ApproximateNumberOfMessages"]});
        let answer = self.aws.json("sqs", "AmazonSQS.GetQueueAttributes", &asked).await;
        answer["Attributes"]["ApproximateNumberOfMessages"].as_str().expect("a number").to_owned()
    }
}

/// Text in a document; empty where there is none.
pub(crate) fn text<'a>(of: &'a Value, pointer: &str) -> &'a str {
    of.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
