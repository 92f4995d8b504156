//! From the gateway's record to what IAM would be asked: action, resource ARN and condition keys, by role.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};
use tests::{Call, Stack};

/// One question to IAM.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Need {
    pub action: String,
    pub resource: String,
    pub context: BTreeMap<&'static str, String>,
}

impl Need {
    pub(crate) fn new(action: &str, resource: String) -> Self {
        Self { action: action.to_owned(), resource, context: BTreeMap::new() }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {} {:?}", self.action, self.resource, self.context)
    }
}

/// Where the ARNs of this deployment lie.
pub(crate) struct Place {
    region: String,
    management: String,
    organization: String,
    table: String,
    /// ARNs of the units below the root and, last, of the root: `MoveAccount` is checked on both parents as well, which
    /// the record does not name.
    parents: Vec<String>,
}

impl Place {
    pub(crate) async fn of(stack: &Stack) -> Self {
        let organizations = aws_sdk_organizations::Client::new(&stack.sdk_config());
        let roots = organizations.list_roots().send().await.expect("ListRoots").roots.unwrap_or_default();
        let root = roots.first().expect("a root");
        let units =
            organizations.list_organizational_units_for_parent().parent_id(root.id().expect("an id")).send().await;
        let units = units.expect("ListOrganizationalUnitsForParent").organizational_units.unwrap_or_default();
        let mut place = Self {
            region: stack.region.clone(),
            management: stack.output("ReconcileFunctionArn").split(':').nth(4).expect("an account").to_owned(),
            organization: stack.output("OrganizationId").to_owned(),
            table: stack.output("LedgerTableName").to_owned(),
            parents: Vec::new(),
        };
        let ids = units.iter().filter_map(|unit| unit.id()).chain(root.id());
        place.parents = ids.map(|id| place.organizations(id)).collect();
        assert!(place.parents.len() > 1);
        place
    }

    /// The ARN of something in the organization. What has none of its own is asked for on everything.
    pub(crate) fn organizations(&self, id: &str) -> String {
        let Self { management, organization, .. } = self;
        let kind = match id {
            _ if is_account(id) => "account",
            _ if id.starts_with("ou-") => "ou",
            _ if id.starts_with("r-") => "root",
            _ if id.starts_with("p-") => return self.guardrail(id),
            _ => return format!("arn:aws:organizations::{management}:any"),
        };
        format!("arn:aws:organizations::{management}:{kind}/{organization}/{id}")
    }

    /// The ARN of a service control policy.
    fn guardrail(&self, id: &str) -> String {
        let Self { management, organization, .. } = self;
        format!("arn:aws:organizations::{management}:policy/{organization}/service_control_policy/{id}")
    }

    pub(crate) fn item(&self, action: &str, id: &str) -> Need {
        self.keyed(action, "", id)
    }

    /// DynamoDB shows IAM the partition key of each item it is asked for.
    fn keyed(&self, action: &str, index: &str, key: &str) -> Need {
        let Self { region, management, table, .. } = self;
        let arn = format!("arn:aws:dynamodb:{region}:{management}:table/{table}{index}");
        let mut need = Need::new(&format!("dynamodb:{action}"), arn);
        need.context.insert("dynamodb:LeadingKeys", key.to_owned());
        need
    }

    pub(crate) fn assume(&self, role: &str) -> Need {
        let mut need = Need::new("sts:AssumeRole", role.to_owned());
        need.context.insert("aws:ResourceOrgID", self.organization.clone());
        need
    }

    pub(crate) fn function(&self, name: &str) -> String {
        format!("arn:aws:lambda:{}:{}:function:ai-landing-zone-{name}", self.region, self.management)
    }

    fn is_management(&self, call: &Call) -> bool {
        call.account.as_deref() == Some(&self.management)
    }

    /// What IAM is asked about a call of the management account. A transaction of the ledger only puts, and is asked
    /// item by item.
    fn needs(&self, call: &Call) -> Vec<Need> {
        let resource = call.resource.as_deref().unwrap_or_default();
        let action = format!("{}:{}", call.service, call.action);
        match &*call.service {
            "dynamodb" => {
                let parts = resource.split(',').map(|part| part.split_once('/').expect("table/key"));
                parts.map(|(_, key)| self.ledger(&call.action, key)).collect()
            }
            "organizations" => {
                let parents: &[String] = if call.action == "MoveAccount" { &self.parents } else { &[] };
                let own = match &*call.action {
                    // The record has its name; an id it gets only then.
                    "CreatePolicy" => self.guardrail("p-new"),
                    // The record does not name the root.
                    "EnablePolicyType" => self.parents.last().expect("the root").clone(),
                    _ => self.organizations(resource),
                };
                // The record names the policy and not the target.
                let target = ["AttachPolicy", "DetachPolicy"].contains(&&*call.action);
                let target = target.then(|| self.organizations("111122223333"));
                let all = parents.iter().cloned().chain([own]).chain(target);
                all.map(|resource| Need::new(&action, resource)).collect()
            }
            // All calls of AWS Budgets come under two actions
            // (https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsbudgetservice.html).
            "budgets" => {
                let verb = if call.action.starts_with("Describe") { "View" } else { "Modify" };
                let budget = format!("arn:aws:budgets::{}:budget/any", self.management);
                vec![Need::new(&format!("budgets:{verb}Budget"), budget)]
            }
            "ssm" => {
                let Self { region, management, .. } = self;
                vec![Need::new(&action, format!("arn:aws:ssm:{region}:{management}:parameter{resource}"))]
            }
            "s3" => vec![Need::new(&action, format!("arn:aws:s3:::{resource}"))],
            "account" => {
                let Self { management, organization, .. } = self;
                vec![Need::new(&action, format!("arn:aws:account::{management}:account/{organization}/{resource}"))]
            }
            "events" => {
                let Self { region, management, .. } = self;
                vec![Need::new(&action, format!("arn:aws:events:{region}:{management}:event-bus/{resource}"))]
            }
            "sqs" => {
                let Self { region, management, .. } = self;
                let queue = resource.rsplit('/').next().expect("a queue");
                vec![Need::new(&action, format!("arn:aws:sqs:{region}:{management}:{queue}"))]
            }
            "securityhub" => {
                let Self { region, management, .. } = self;
                vec![Need::new(&action, format!("arn:aws:securityhub:{region}:{management}:{resource}"))]
            }
            "states" | "sns" => vec![Need::new(&action, resource.to_owned())],
            "ce" => vec![Need::new(&action, format!("arn:aws:ce:us-east-1:{}:any", self.management))],
            "sts" if call.action == "AssumeRole" => vec![self.assume(resource)],
            _ => panic!("no rule for the resource of {call:?}"),
        }
    }

    fn ledger(&self, action: &str, key: &str) -> Need {
        match key.rsplit_once('/').filter(|(index, _)| index.starts_with("index/")) {
            Some((index, kind)) => self.keyed(action, &format!("/{index}"), kind),
            None => self.item(if action == "TransactWriteItems" { "PutItem" } else { action }, key),
        }
    }
}

fn is_account(id: &str) -> bool {
    id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit())
}

/// What each role needed, as far as the record shows. What the verification role did is taken from `account`. The
/// role that Organizations makes in every account, through which the baseline enters, is AWS's own.
pub(crate) fn of(calls: &[Call], place: &Place, account: &str) -> BTreeMap<String, BTreeSet<Need>> {
    let mut needs: BTreeMap<String, BTreeSet<Need>> = BTreeMap::new();
    for call in calls {
        let Some(function) = &call.function else { continue };
        if place.is_management(call) {
            needs.entry(function.clone()).or_default().extend(place.needs(call));
            if let Some(machine) = machine(function) {
                let invoked = Need::new("lambda:InvokeFunction", place.function(function));
                needs.entry(machine.to_owned()).or_default().insert(invoked);
            }
        } else if function == "verify" && call.account.as_deref() == Some(account) {
            needs.entry("verification".to_owned()).or_default().insert(inside(place, account, call));
        } else if function == "tag-resource" {
            needs.entry("tagging".to_owned()).or_default().insert(tagging(call));
        } else if function == "sweep" {
            needs.entry("tag-audit".to_owned()).or_default().insert(tagging(call));
        } else if REMEDIATORS.contains(&&**function) {
            needs.entry(format!("remediation-{function}")).or_default().extend(named(call));
        } else if function == "observe" {
            needs.entry("member-spend-observation".to_owned()).or_default().extend(running(call));
        } else if function == "enforce" {
            needs.entry("member-spend-enforcement".to_owned()).or_default().extend(running(call));
        } else if function == "idle" {
            // It looks as one role and stops as the other; what either may be asked is compared by the contract tests.
            let reads = ["List", "Describe", "Get"].iter().any(|verb| call.action.starts_with(verb));
            if !reads {
                needs.entry("member-spend-enforcement".to_owned()).or_default().extend(running(call));
            }
        } else {
            assert!(["baseline", "verify"].contains(&&**function), "{call:?} in a member account");
        }
    }
    needs
}

/// The functions that mend findings.
pub(crate) const REMEDIATORS: [&str; 4] = ["ai", "data", "compute", "identity"];

/// What a role in the account is asked for that a table of calls grants, as far as the record names calls as the API does:
/// those of REST services it names by their path. The contract tests compare the whole role with the table.
fn named(call: &Call) -> Vec<Need> {
    let service = match &*call.service {
        "monitoring" => "cloudwatch",
        "tagging" => "tag",
        other => other,
    };
    let account = call.account.as_deref().expect("an account");
    let is_named = call.action.bytes().all(|b| b.is_ascii_alphanumeric()) && service != "s3";
    let actions = match service {
        _ if !is_named => Vec::new(),
        "tag" => vec![format!("tag:{}", call.action)],
        _ => aws::permissions(service, &call.action),
    };
    actions.iter().map(|action| Need::new(action, format!("arn:aws:{service}:us-east-1:{account}:any"))).collect()
}

/// The same for what runs. Roles are passed to two services only, and the record does not name them.
fn running(call: &Call) -> Vec<Need> {
    let mut needs = named(call);
    needs.retain(|need| need.action != "iam:PassRole");
    needs
}

/// The state machine that invokes a function.
fn machine(function: &str) -> Option<&'static str> {
    match function {
        "api" | "reconcile" | "tag-resource" | "triage" | "budgets" | "report" => None,
        "evaluate" | "observe" => Some("spend-evaluation"),
        "enforce" => Some("spend-enforcement"),
        "idle" => Some("idle-sweep"),
        "settle-finding" => Some("remediation"),
        remediator if REMEDIATORS.contains(&remediator) => Some("remediation"),
        "sweep" | "coverage" => Some("tag-sweep"),
        _ => Some("account-vending"),
    }
}

fn inside(place: &Place, account: &str, call: &Call) -> Need {
    let resource = call.resource.as_deref().unwrap_or_default();
    let resource = match &*call.service {
        "cloudformation" => format!("arn:aws:cloudformation:{}:{account}:stack/{resource}/0f1e2d3c", place.region),
        "iam" => format!("arn:aws:iam::{account}:role/{resource}"),
        _ => panic!("no rule for the resource of {call:?}"),
    };
    Need::new(&format!("{}:{}", call.service, call.action), resource)
}

/// What the role in the account is asked for itself. What the Tagging API asks for in turn is in the contract tests.
fn tagging(call: &Call) -> Need {
    let service = if call.service == "tagging" { "tag" } else { &call.service };
    if service == "s3" {
        return Need::new(&format!("s3:{}", call.action), call.resource.clone().expect("a bucket"));
    }
    let account = call.account.as_deref().expect("an account");
    Need::new(&format!("{service}:{}", call.action), format!("arn:aws:{service}:us-east-1:{account}:any"))
}
