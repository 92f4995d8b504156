//! Somebody who may request accounts and nothing else: a role with the suite's requester policy, in a session that is
//! named, as single sign-on names it, by an e-mail address.

use aws_credential_types::Credentials;
use serde_json::json;
use tests::{Api, Stack, unique};

/// The name of the session.
pub(crate) const SESSION: &str = "jane.doe@example.com";

/// A requester with a role of its own.
pub(crate) struct Person {
    iam: aws_sdk_iam::Client,
    role: String,
    policy: String,
    pub api: Api,
}

impl Person {
    pub(crate) async fn with_requester_policy(stack: &Stack) -> Self {
        let (config, role) = (stack.sdk_config(), unique("e2e-requester"));
        let iam = aws_sdk_iam::Client::new(&config);
        let management = stack.output("EventBusArn").split(':').nth(4).expect("an account");
        let trust = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{management}:root")}, "Action": "sts:AssumeRole"}]});
        let made = iam.create_role().role_name(&role).assume_role_policy_document(trust.to_string()).send().await;
        let arn = made.expect("CreateRole").role.expect("a role").arn;
        let policy = stack.output("RequesterPolicyArn").to_owned();
        iam.attach_role_policy().role_name(&role).policy_arn(&policy).send().await.expect("AttachRolePolicy");
        let sts = aws_sdk_sts::Client::new(&config);
        let assumed = sts.assume_role().role_arn(arn).role_session_name(SESSION).send().await;
        let key = assumed.expect("AssumeRole").credentials.expect("a key");
        let key =
            Credentials::new(key.access_key_id, key.secret_access_key, Some(key.session_token), None, "AssumeRole");
        Self { iam, role, policy, api: stack.api().signed_with(Some(key)) }
    }

    pub(crate) async fn leave(self) {
        let Self { iam, role, policy, .. } = self;
        iam.detach_role_policy().role_name(&role).policy_arn(policy).send().await.expect("DetachRolePolicy");
        iam.delete_role().role_name(role).send().await.expect("DeleteRole");
    }
}
