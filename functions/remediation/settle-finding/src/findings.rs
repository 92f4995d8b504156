//! Findings in Security Hub, in both formats.

use crate::{Error, outcome::Update};
use aws::{Call, ConfigError, MemberRole, SdkConfig, each, optional, required};
use landing_zone::AccountId;
use remediation::{Case, FindingKey};
use serde_json::{Value, json};

/// The account that administers Security Hub.
pub(crate) struct SecurityHub {
    base: SdkConfig,
    sts: aws_sdk_sts::Client,
    /// Its id, where it is not the suite's own account.
    account: Option<AccountId>,
    role: String,
    partition: String,
}

impl SecurityHub {
    pub(crate) fn from_environment(config: &SdkConfig) -> Result<Self, ConfigError> {
        let text = |text: &str| Ok(text.to_owned());
        Ok(Self {
            base: config.clone(),
            sts: aws_sdk_sts::Client::new(config),
            account: optional("SECURITY_HUB_ACCOUNT", AccountId::parse)?,
            role: format!("{}-findings", required("MEMBER_ROLE_PREFIX", text)?),
            partition: optional("PARTITION", text)?.unwrap_or_else(|| "aws".to_owned()),
        })
    }

    /// Updates every finding of a case. One that Security Hub has forgotten needs nothing.
    pub(crate) async fn update(&self, case: &Case, update: &Update) -> Result<(), Error> {
        let config = match &self.account {
            None => self.base.clone(),
            Some(account) => {
                let role = MemberRole {
                    partition: &self.partition,
                    name: &self.role,
                    session: "ai-landing-zone-settle-finding",
                    policy: None,
                };
                aws::session(&self.sts, &self.base, account, role).await?
            }
        };
        for call in calls(case, update) {
            let answer = aws::send(&config, &call).await?;
            let refused = each(answer.get("UnprocessedFindings")).iter();
            let codes = refused.filter_map(|one| one.get("ErrorCode")?.as_str());
            if let Some(code) = codes.into_iter().find(|code| !is_gone(code)) {
                return Err(Error::NotUpdated(code.to_owned()));
            }
        }
        Ok(())
    }
}

fn is_gone(code: &str) -> bool {
    ["FindingNotFound", "ResourceNotFoundException", "ResourceNotFound"].contains(&code)
}

/// One call for each format: a case has at most 20 findings, and a call takes 100.
fn calls(case: &Case, update: &Update) -> Vec<Call> {
    let (mut asff, mut ocsf) = (Vec::new(), Vec::new());
    for finding in &case.findings {
        match finding {
            FindingKey::Asff { id, product_arn } => asff.push(json!({"Id": id, "ProductArn": product_arn})),
            FindingKey::Ocsf { cloud_account_uid, finding_info_uid, metadata_product_uid } => ocsf.push(json!({
                "CloudAccountUid": cloud_account_uid,
                "FindingInfoUid": finding_info_uid,
                "MetadataProductUid": metadata_product_uid,
            })),
        }
    }
    let call = |action: &str, findings: Vec<Value>, rest: Value| {
        let mut call = Call::new("securityhub", action, rest);
        call.parameters.insert("FindingIdentifiers".to_owned(), Value::from(findings));
        call
    };
    let mut calls = Vec::new();
    if !asff.is_empty() {
        let rest = json!({"Workflow": {"Status": update.workflow},
            "Note": {"Text": update.note, "UpdatedBy": "ai-landing-zone"}});
        calls.push(call("BatchUpdateFindings", asff, rest));
    }
    if !ocsf.is_empty() {
        let rest = json!({"StatusId": update.status_id, "Comment": update.note});
        calls.push(call("BatchUpdateFindingsV2", ocsf, rest));
    }
    calls
}
