//! What the policies deny and what they leave alone: the table in `data/reach.json`, put to an evaluator of IAM.
//!
//! The one who asks may do everything, under `FullAWSAccess`: whatever is denied, a policy of the suite denies.

use crate::{ExemptRoles, Guardrail};
use iam_rs::{Arn, Context, ContextValue, Decision, IAMPolicy, IAMRequest, PolicyEvaluator, Principal, PrincipalId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

const TABLE: &str = include_str!("../data/reach.json");

const FULL_ACCESS: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["*"],"Resource":["*"]}]}"#;

/// Who the table takes to be exempt.
const EXEMPT: ExemptRoles<'_> =
    ExemptRoles { partition: "aws", role_prefix: "AiLandingZone", access_role: "OrganizationAccountAccessRole" };

/// Condition keys and their values.
pub type Keys = BTreeMap<String, Vec<String>>;

/// Rows of the table that have their reason in common.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rows {
    why: String,
    denied_by: BTreeSet<Guardrail>,
    actions: Vec<String>,
    #[serde(default = "administrator")]
    principal: String,
    #[serde(default)]
    resource: Option<String>,
    /// Each action is asked for in each of them.
    #[serde(default = "nothing")]
    contexts: Vec<Keys>,
}

fn administrator() -> String {
    "arn:aws:iam::111122223333:role/Administrator".to_owned()
}

fn nothing() -> Vec<Keys> {
    vec![Keys::new()]
}

/// One question and its answer.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reach {
    /// The policy that is attached.
    pub guardrail: Guardrail,
    /// What is asked for.
    pub action: String,
    /// On what.
    pub resource: String,
    /// Who asks.
    pub principal: String,
    /// With which condition keys, beside the principal's.
    pub context: Keys,
    /// What the evaluator says.
    pub allowed: bool,
    /// What the table says.
    pub expected: bool,
    /// Its reason.
    pub why: String,
}

/// The whole table, evaluated: each question once for each policy, one after the other. The error tells what cannot be
/// read or evaluated.
pub fn reach() -> Result<Vec<Reach>, String> {
    let table: Vec<Rows> = serde_json::from_str(TABLE).map_err(|why| format!("data/reach.json: {why}"))?;
    let evaluators = Guardrail::all().map(|guardrail| (guardrail, evaluator(guardrail)));
    let mut answers = Vec::new();
    for rows in &table {
        for (action, context) in rows.actions.iter().flat_map(|action| rows.contexts.iter().map(move |at| (action, at)))
        {
            let resource = rows.resource.clone().unwrap_or_else(|| anything(action));
            let request = request(action, &resource, &rows.principal, context)?;
            for (guardrail, evaluator) in &evaluators {
                let evaluator = evaluator.as_ref().map_err(Clone::clone)?;
                let result = evaluator.evaluate(&request).map_err(|why| format!("{action}: {why}"))?;
                answers.push(Reach {
                    guardrail: *guardrail,
                    action: action.clone(),
                    resource: resource.clone(),
                    principal: rows.principal.clone(),
                    context: context.clone(),
                    allowed: result.decision == Decision::Allow,
                    expected: !rows.denied_by.contains(guardrail),
                    why: rows.why.clone(),
                });
            }
        }
    }
    Ok(answers)
}

fn evaluator(guardrail: Guardrail) -> Result<PolicyEvaluator, String> {
    let texts = [FULL_ACCESS.to_owned(), guardrail.document(EXEMPT)];
    let policies = texts.iter().map(|text| IAMPolicy::from_json(text).map_err(|why| format!("{guardrail:?}: {why}")));
    Ok(PolicyEvaluator::with_policies(policies.collect::<Result<_, _>>()?))
}

/// Something that the action may be about.
fn anything(action: &str) -> String {
    let service = action.split(':').next().unwrap_or_default();
    format!("arn:aws:{service}:eu-central-1:111122223333:any")
}

fn request(action: &str, resource: &str, principal: &str, keys: &Keys) -> Result<IAMRequest, String> {
    let mut context = Context::new();
    context.insert("aws:PrincipalArn".to_owned(), ContextValue::String(principal.to_owned()));
    for (key, values) in keys {
        context.insert(key.clone(), ContextValue::StringList(values.clone()));
    }
    let arn = Arn::parse(resource).map_err(|why| format!("{resource}: {why}"))?;
    let principal = Principal::Aws(PrincipalId::String(principal.to_owned()));
    Ok(IAMRequest::new_with_context(principal, action, arn, context))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_as_the_table_says() {
        let answers = reach().unwrap();
        for guardrail in Guardrail::all() {
            let of = |allowed| {
                let answers = answers.iter().filter(|one| one.guardrail == guardrail && one.allowed == allowed);
                answers.map(|one| (&one.action, &one.context)).collect::<BTreeSet<_>>().len()
            };
            let (allowed, denied) = (of(true), of(false));
            eprintln!("{:<14} {allowed} allowed, {denied} denied", guardrail.id());
            assert!(allowed > 40 && denied > 40);
        }
        let wrong: Vec<_> = answers.iter().filter(|one| one.allowed != one.expected).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    /// A pattern that denies no row could be struck out unseen.
    #[test]
    fn every_pattern_denies_a_row() {
        let document: serde_json::Value = serde_json::from_str(&Guardrail::SpendFreeze.document(EXEMPT)).unwrap();
        let denied: Vec<String> =
            reach().unwrap().into_iter().filter(|one| !one.allowed).map(|one| one.action).collect();
        let statements = document["Statement"].as_array().unwrap().iter();
        for pattern in statements.flat_map(|statement| statement["Action"].as_array().unwrap()) {
            let (begin, end) = pattern.as_str().unwrap().split_once('*').unwrap_or((pattern.as_str().unwrap(), ""));
            assert!(denied.iter().any(|action| action.starts_with(begin) && action.ends_with(end)), "{pattern}");
        }
    }
}
