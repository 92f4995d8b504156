//! Who made a call, as `CloudTrail` shows it
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>).

use crate::template::child;
use serde_json::Value;

/// Begins the roles that IAM Identity Center makes; the session is named after the person.
const IDENTITY_CENTER: &str = "AWSReservedSSO_";

/// Who made a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Principal {
    /// The deepest human found: a source identity, an Identity Center user, an IAM or SAML user, a session named after an
    /// e-mail address.
    pub person: Option<String>,
    /// What the call was made as: role and session, user, service.
    pub name: Option<String>,
    /// The role behind a session.
    pub role: Option<String>,
    /// The session of a role.
    pub session: Option<String>,
    /// The service that called for somebody, such as `cloudformation.amazonaws.com`.
    pub invoked_by: Option<String>,
}

impl Principal {
    /// Reads `userIdentity`. A service event may have none.
    pub(crate) fn of(record: &Value) -> Self {
        let Some(identity) = child(record, "userIdentity").filter(|identity| identity.is_object()) else {
            return Self::default();
        };
        let text = |path: &[&str]| text_at(identity, path);
        let invoked_by = text(&["invokedBy"]);
        let arn = text(&["arn"]).unwrap_or_default();
        let (role, session) = assumed(&arn);
        let role = text(&["sessionContext", "sessionIssuer", "userName"]).or(role);
        let user = text(&["userName"]);
        let kind = text(&["type"]).unwrap_or_default();
        let person = text(&["sessionContext", "sourceIdentity"]).or_else(|| match kind.as_str() {
            "AssumedRole" => session.clone().filter(|session| {
                session.contains('@') || role.as_ref().is_some_and(|role| role.starts_with(IDENTITY_CENTER))
            }),
            "IAMUser" | "SAMLUser" | "WebIdentityUser" | "IdentityCenterUser" => {
                user.clone().or_else(|| text(&["onBehalfOf", "userId"]))
            }
            _ => None,
        });
        let person = person.or_else(|| text(&["onBehalfOf", "userId"]));
        let name = match (kind.as_str(), &role, &session) {
            ("AssumedRole", Some(role), Some(session)) => Some(format!("{role}/{session}")),
            ("Root", ..) => Some("root".to_owned()),
            _ => user.or_else(|| invoked_by.clone()).or_else(|| text(&["principalId"])),
        };
        Self { person, name, role, session, invoked_by }
    }

    /// True for the suite's own roles, so that it does not answer itself: a stack that it makes for an account carries
    /// its tags already.
    pub(crate) fn is_suite(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.starts_with("ai-landing-zone-"))
    }

    /// True when a stack made it with a role of its own, so that the person is whoever made the stack.
    #[must_use]
    pub fn is_stack(&self) -> bool {
        self.session.as_deref() == Some("AWSCloudFormation")
    }
}

/// Role and session of `arn:aws:sts::111122223333:assumed-role/Role/session`.
fn assumed(arn: &str) -> (Option<String>, Option<String>) {
    let mut parts = arn.split(":assumed-role/").nth(1).unwrap_or_default().splitn(2, '/');
    let mut next = || parts.next().filter(|part| !part.is_empty()).map(str::to_owned);
    (next(), next())
}

fn text_at(value: &Value, path: &[&str]) -> Option<String> {
    let found = path.iter().try_fold(value, |value, name| child(value, name))?;
    found.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(identity: &Value) -> Principal {
        Principal::of(&json!({ "userIdentity": identity }))
    }

    fn session(role: &str, session: &str) -> Value {
        json!({"type": "AssumedRole", "arn": format!("arn:aws:sts::111122223333:assumed-role/{role}/{session}"),
            "sessionContext": {"sessionIssuer": {"type": "Role", "userName": role}}})
    }

    #[test]
    fn the_deepest_human_is_found() {
        let person = |identity: &Value| of(identity).person;
        assert_eq!(person(&session("AWSReservedSSO_Data_0a", "jane")).as_deref(), Some("jane"));
        assert_eq!(person(&session("Deploy", "jane@example.com")).as_deref(), Some("jane@example.com"));
        assert_eq!(person(&session("LambdaRole", "my-function")), None);
        assert_eq!(person(&json!({"type": "IAMUser", "userName": "bob"})).as_deref(), Some("bob"));
        assert_eq!(person(&json!({"type": "Root", "arn": "arn:aws:iam::111122223333:root"})), None);
        let mut studio = session("SageMakerExecution", "SageMaker");
        studio["sessionContext"]["sourceIdentity"] = json!("user-profile-jane");
        assert_eq!(person(&studio).as_deref(), Some("user-profile-jane"));
        let behalf = json!({"type": "IdentityCenterUser", "onBehalfOf": {"userId": "u-1"}});
        assert_eq!(person(&behalf).as_deref(), Some("u-1"));
    }

    #[test]
    fn a_service_event_may_have_no_identity() {
        assert_eq!(Principal::of(&json!({})), Principal::default());
        assert_eq!(Principal::of(&json!({"userIdentity": null})), Principal::default());
        let service = of(&json!({"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}));
        assert_eq!(service.name.as_deref(), Some("autoscaling.amazonaws.com"));
    }

    #[test]
    fn suite_and_stacks_are_known_by_their_sessions() {
        assert!(of(&session("OrganizationAccountAccessRole", "ai-landing-zone-baseline")).is_suite());
        assert!(of(&session("CfnRole", "AWSCloudFormation")).is_stack());
        assert!(!of(&session("Admin", "jane")).is_suite());
    }
}
