use super::*;
use aws_sdk_organizations::{
    operation::{
        describe_account::DescribeAccountOutput,
        list_parents::ListParentsOutput,
        list_policies_for_target::{ListPoliciesForTargetError, ListPoliciesForTargetOutput},
        list_tags_for_resource::ListTagsForResourceOutput,
    },
    types::{Account as Described, AccountState, Parent, PolicySummary, Tag, error::TooManyRequestsException},
};
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;
use finops::Stage;
use landing_zone::Class;

fn id() -> AccountId {
    AccountId::parse("111122223333").unwrap()
}

fn known() -> Organization {
    Organization {
        organization_id: "o-1".to_owned(),
        management_account: AccountId::parse("999999999999").unwrap(),
        root_id: "r-1".to_owned(),
        units: landing_zone::units().iter().map(|unit| (unit.clone(), format!("ou-{unit}"))).collect(),
        guardrails: Guardrail::all()
            .map(|guardrail| (guardrail.id().to_owned(), format!("p-{}", guardrail.id())))
            .into(),
        delegated: [AccountId::parse("888888888888").unwrap()].into(),
        read_at: jiff::Timestamp::UNIX_EPOCH.into(),
    }
}

fn described(state: AccountState) -> Rule {
    mock!(Client::describe_account).match_requests(|request| request.account_id() == Some("111122223333")).then_output(
        move || {
            let account = Described::builder().id("111122223333").name("Models").state(state.clone()).build();
            DescribeAccountOutput::builder().account(account).build()
        },
    )
}

fn tagged(tags: &'static [(&'static str, &'static str)]) -> Rule {
    mock!(Client::list_tags_for_resource).then_output(move || {
        let tag = |(key, value): &(&str, &str)| Tag::builder().key(*key).value(*value).build().unwrap();
        ListTagsForResourceOutput::builder().set_tags(Some(tags.iter().map(tag).collect())).build()
    })
}

fn below(parent: &'static str) -> Rule {
    mock!(Client::list_parents)
        .then_output(move || ListParentsOutput::builder().parents(Parent::builder().id(parent).build()).build())
}

fn policies(ids: &'static [&'static str], next: Option<&'static str>) -> Rule {
    mock!(Client::list_policies_for_target).then_output(move || {
        let policies = ids.iter().map(|id| PolicySummary::builder().id(*id).build()).collect();
        ListPoliciesForTargetOutput::builder()
            .set_policies(Some(policies))
            .set_next_token(next.map(str::to_owned))
            .build()
    })
}

const TAGS: &[(&str, &str)] =
    &[("account-type", "llms-foundation-models"), ("environment", "dev"), ("owner", "jane@example.com")];

#[tokio::test]
async fn an_account_is_where_it_lies_and_has_what_is_attached_on_any_page() {
    let rules = [
        described(AccountState::Active),
        tagged(TAGS),
        below("ou-AI/AI DEV"),
        policies(&[], Some("1")),
        policies(&["p-FullAWSAccess", "p-spend-freeze"], None),
    ];
    let client = mock_client!(aws_sdk_organizations, RuleMode::Sequential, rules.each_ref());
    let found = account(&client, &known(), &id()).await.unwrap();
    let attached = attached(&client, &known(), &id()).await.unwrap();
    assert_eq!(found.ceiling().0, Stage::Freeze, "{}", found.ceiling().1);
    assert_eq!((found.name.as_str(), found.owner.as_deref()), ("Models", Some("jane@example.com")));
    assert_eq!(attached, [Guardrail::SpendFreeze].into());
}

#[tokio::test]
async fn an_account_that_is_closing_moved_or_unknown_is_not_acted_on() {
    for (state, tags, parent, furthest) in [
        (AccountState::PendingClosure, TAGS, "ou-AI/AI DEV", Stage::None),
        (AccountState::Active, TAGS, "ou-AI/AI PROD", Stage::Notify),
        (AccountState::Active, TAGS, "ou-of-somebody", Stage::Notify),
        (AccountState::Active, &[][..], "r-1", Stage::Notify),
    ] {
        let rules = [described(state.clone()), tagged(tags), below(parent)];
        let client = mock_client!(aws_sdk_organizations, RuleMode::Sequential, rules.each_ref());
        let found = account(&client, &known(), &id()).await.unwrap();
        assert_eq!(found.ceiling().0, furthest, "{state:?} {parent}");
    }
}

#[test]
fn what_the_organization_stands_on_is_special() {
    let of = |id: &str| special(&known(), &AccountId::parse(id).unwrap());
    assert_eq!(of("999999999999"), Some(Special::Management));
    assert_eq!(of("888888888888"), Some(Special::DelegatedAdministrator));
    assert_eq!(of("111122223333"), None);
}

#[tokio::test]
async fn what_cannot_be_read_is_no_empty_list() {
    let throttled = mock!(Client::list_policies_for_target).then_error(|| {
        let named = ErrorMetadata::builder().code("TooManyRequestsException").build();
        let error = TooManyRequestsException::builder().meta(named).build();
        ListPoliciesForTargetError::TooManyRequestsException(error)
    });
    let rules = [policies(&["p-spend-freeze"], Some("1")), throttled];
    let client = mock_client!(aws_sdk_organizations, RuleMode::Sequential, rules.each_ref());
    assert_eq!(attached(&client, &known(), &id()).await.unwrap_err().class(), Class::Throttled);
}
