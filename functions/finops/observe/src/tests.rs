//! The function before an account in which AWS answers as it does.

use super::*;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_dynamodb::{
    operation::{
        get_item::GetItemOutput,
        put_item::{PutItemError, PutItemOutput},
    },
    types::{AttributeValue, error::ConditionalCheckFailedException},
};
use aws_sdk_organizations::{
    operation::{
        describe_account::{DescribeAccountError, DescribeAccountOutput},
        list_parents::ListParentsOutput,
        list_policies_for_target::ListPoliciesForTargetOutput,
        list_tags_for_resource::ListTagsForResourceOutput,
    },
    types::{Account as Described, AccountState, Parent, PolicySummary, Tag},
};
use aws_sdk_sts::operation::assume_role::{AssumeRoleError, AssumeRoleOutput};
use aws_smithy_mocks::{MockResponse, RuleMode, mock, mock_client};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
};
use aws_smithy_types::{body::SdkBody, error::ErrorMetadata};
use finops::{Priced, Unit as Of};
use jiff::civil::date;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

const ID: &str = "111122223333";
const NOVA: &str = "eu.amazon.nova-lite-v1:0";
const PROFILE: &str = "arn:aws:bedrock:eu-west-1:111122223333:application-inference-profile/a1b2c3d4e5f6";

fn id() -> AccountId {
    AccountId::parse(ID).unwrap()
}

fn noon() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

/// The member account: models were used in `eu-west-1`, and a notebook runs there. Everything else is denied.
#[derive(Debug, Clone)]
struct Member {
    output_tokens: u64,
    /// The model that the profile stands for, where that may be asked.
    profile_of: Option<&'static str>,
}

impl Member {
    fn answer(&self, region: &str, action: &str, uri: &str, body: &str) -> Option<String> {
        let xml = |name: &str, inside: String| {
            format!("<{name}Response><{name}Result>{inside}</{name}Result></{name}Response>")
        };
        let used = || {
            let metric = |(name, model): (&str, &str)| {
                format!(
                    "<member><Namespace>AWS/Bedrock</Namespace><MetricName>{name}</MetricName><Dimensions><member>\
                    <Name>ModelId</Name><Value>{model}</Value></member></Dimensions></member>"
                )
            };
            [("OutputTokenCount", NOVA), ("OutputTokenCount", PROFILE)].map(metric).concat()
        };
        let summed = |tokens: u64| {
            format!(
                "<StatusCode>Complete</StatusCode><Timestamps><member>2026-11-20T00:00:00Z</member></Timestamps>\
                <Values><member>{tokens}.0</member></Values>"
            )
        };
        match (region, action) {
            ("eu-west-1", "ListMetrics") if body.contains("BedrockMantle") => {
                Some(xml(action, "<Metrics/>".to_owned()))
            }
            ("eu-west-1", "ListMetrics") => Some(xml(action, format!("<Metrics>{}</Metrics>", used()))),
            ("eu-west-1", "GetMetricData") => {
                let results = format!(
                    "<member><Id>m0</Id>{}</member><member><Id>m1</Id>{}</member>",
                    // Listed in the order of models: the ARN comes before the name.
                    summed(3_000),
                    summed(self.output_tokens)
                );
                Some(xml(action, format!("<MetricDataResults>{results}</MetricDataResults>")))
            }
            ("eu-west-1", "ListNotebookInstances") => {
                let notebook = json!({"NotebookInstanceName": "lab", "NotebookInstanceStatus": "InService",
                    "NotebookInstanceArn": format!("arn:aws:sagemaker:eu-west-1:{ID}:notebook-instance/lab"),
                    "InstanceType": "ml.g5.xlarge", "CreationTime": "2026-11-20T02:00:00Z"});
                Some(json!({"NotebookInstances": [notebook]}).to_string())
            }
            ("eu-west-1", "ListInferenceProfiles") => {
                let arn = |model: &str| format!("arn:aws:bedrock:eu-west-1::foundation-model/{model}");
                let profile = |id: &str, model: &str| json!({"inferenceProfileId": id, "type": "APPLICATION", "models": [{"modelArn": arn(model)}]});
                assert!(uri.contains("type=APPLICATION"), "{uri}");
                let first = !uri.contains("nextToken=2");
                let summary = if first { profile("other", "m") } else { profile("a1b2c3d4e5f6", self.profile_of?) };
                Some(json!({"inferenceProfileSummaries": [summary], "nextToken": first.then_some("2")}).to_string())
            }
            ("eu-west-1", "ListTags") => Some(json!({"Tags": []}).to_string()),
            _ => None,
        }
    }
}

impl HttpConnector for Member {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
        let form = body.split('&').find_map(|pair| pair.strip_prefix("Action="));
        let target = request.headers().get("x-amz-target").and_then(|target| target.rsplit('.').next());
        let region = ["eu-west-1", "us-east-1"].into_iter().find(|region| request.uri().contains(region)).unwrap();
        let path = request.uri().contains("/inference-profiles").then_some("ListInferenceProfiles");
        let answer = target.or(form).or(path).and_then(|action| self.answer(region, action, request.uri(), &body));
        let denied = r#"{"__type":"AccessDeniedException","message":"not authorized"}"#.to_owned();
        let (status, answer) = answer.map_or((403, denied), |answer| (200, answer));
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::from(answer))))
    }
}

/// What the organization and its payer show.
struct World {
    output_tokens: u64,
    profile_of: Option<&'static str>,
    state: AccountState,
    has_role: bool,
    management: &'static str,
    table: Arc<Mutex<HashMap<String, HashMap<String, AttributeValue>>>>,
}

impl World {
    fn new() -> Self {
        Self {
            output_tokens: 2_000_000,
            profile_of: None,
            state: AccountState::Active,
            has_role: true,
            management: "999999999999",
            table: Arc::default(),
        }
    }

    fn ledger(&self) -> Ledger {
        use aws_sdk_dynamodb::Client;
        let (read, write) = (Arc::clone(&self.table), Arc::clone(&self.table));
        let rules = [
            mock!(Client::get_item).then_compute_output(move |input| {
                let id = input.key().unwrap()["id"].as_s().unwrap();
                GetItemOutput::builder().set_item(read.lock().unwrap().get(id).cloned()).build()
            }),
            mock!(Client::put_item).then_compute_response(move |input| {
                let (item, mut table) = (input.item().unwrap().clone(), write.lock().unwrap());
                let id = item["id"].as_s().unwrap();
                let told = input.expression_attribute_values().map(|values| values[":told"].as_s().unwrap());
                let before = table.get(id).and_then(|before| before.get("createdAt")?.as_s().ok());
                if told.is_some() && before > told {
                    let later = ConditionalCheckFailedException::builder().build();
                    return MockResponse::Error(PutItemError::ConditionalCheckFailedException(later));
                }
                table.insert(id.clone(), item.clone());
                MockResponse::Output(PutItemOutput::builder().build())
            }),
        ];
        Ledger::new(mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &rules), "ledger")
    }

    fn organizations(&self) -> aws_sdk_organizations::Client {
        use aws_sdk_organizations::Client;
        let state = self.state.clone();
        let rules = [
            mock!(Client::describe_account).then_compute_response(move |input| {
                if input.account_id() != Some(ID) {
                    let gone = ErrorMetadata::builder().code("AccountNotFoundException").message("no such account");
                    return MockResponse::Error(DescribeAccountError::generic(gone.build()));
                }
                let account = Described::builder().id(ID).name("Models").state(state.clone()).build();
                MockResponse::Output(DescribeAccountOutput::builder().account(account).build())
            }),
            mock!(Client::list_tags_for_resource).then_output(|| {
                let tags = [("account-type", "llms-foundation-models"), ("environment", "dev")]
                    .map(|(key, value)| Tag::builder().key(key).value(value).build().unwrap());
                ListTagsForResourceOutput::builder().set_tags(Some(tags.into())).build()
            }),
            mock!(Client::list_parents).then_output(|| {
                ListParentsOutput::builder().parents(Parent::builder().id("ou-AI/AI DEV").build()).build()
            }),
            mock!(Client::list_policies_for_target).then_output(|| {
                let policy = PolicySummary::builder().id("p-restrict").build();
                ListPoliciesForTargetOutput::builder().policies(policy).build()
            }),
        ];
        mock_client!(aws_sdk_organizations, RuleMode::MatchAny, &rules)
    }

    fn sts(&self) -> aws_sdk_sts::Client {
        use aws_sdk_sts::{Client, types::Credentials};
        let has_role = self.has_role;
        let rule = mock!(Client::assume_role)
            .match_requests(|input| {
                input.role_arn() == Some("arn:aws:iam::111122223333:role/ai-landing-zone-spend-observation")
            })
            .then_compute_response(move |_| {
                if !has_role {
                    let denied = ErrorMetadata::builder().code("AccessDenied").message("not authorized").build();
                    return MockResponse::Error(AssumeRoleError::generic(denied));
                }
                let keys = Credentials::builder().access_key_id("ASIA").secret_access_key("s").session_token("t");
                let expires = aws_smithy_types::DateTime::from_secs(4_000_000_000);
                let keys = keys.expiration(expires).build().unwrap();
                MockResponse::Output(AssumeRoleOutput::builder().credentials(keys).build())
            });
        mock_client!(aws_sdk_sts, RuleMode::MatchAny, [&rule])
    }

    async fn app(&self) -> App {
        let connector =
            SharedHttpConnector::new(Member { output_tokens: self.output_tokens, profile_of: self.profile_of });
        let keys = Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "test");
        let base = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(keys))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build();
        let ledger = self.ledger();
        let organization = ledger::Organization {
            organization_id: "o-1".to_owned(),
            management_account: AccountId::parse(self.management).unwrap(),
            root_id: "r-1".to_owned(),
            units: landing_zone::units().iter().map(|unit| (unit.clone(), format!("ou-{unit}"))).collect(),
            guardrails: [("spend-restrict".to_owned(), "p-restrict".to_owned())].into(),
            delegated: [].into(),
            read_at: noon().into(),
        };
        ledger.store_organization(&organization).await.unwrap();
        App {
            ledger,
            organizations: self.organizations(),
            sts: self.sts(),
            base,
            partition: "aws".to_owned(),
            role: "ai-landing-zone-spend-observation".to_owned(),
            regions: vec!["us-east-1".to_owned(), "eu-west-1".to_owned()],
            prices: PriceList::standard(),
            clock: noon,
        }
    }

    async fn look(&self) -> (Answer, Observed) {
        let app = self.app().await;
        let answer = handle(&app, Event { account_id: id() }).await.unwrap();
        (answer, app.ledger.observed(&id()).await.unwrap().unwrap())
    }
}

/// USD for output tokens of the model.
fn price(tokens: u64) -> Decimal {
    let Priced::At(rates) = PriceList::standard().price_of_model(NOVA, "eu-west-1") else { panic!("{NOVA}") };
    Decimal::from(tokens) * rates.output.unwrap() / Decimal::from(1_000_000)
}

#[tokio::test]
async fn what_is_seen_is_priced_and_what_is_not_seen_is_said() {
    let (answer, observed) = World::new().look().await;
    assert_eq!((answer.entered, answer.running, answer.metrics_requested), (true, 1, 2));
    assert!(answer.stored);
    assert_eq!(answer.blind, observed.blind);
    let said = |part: &str| observed.blind.iter().filter(|why| why.starts_with(part)).count();
    assert_eq!(observed.blind.len(), 3, "{:?}", observed.blind);
    assert_eq!(said("us-east-1: cloudwatch:ListMetrics failed"), 1);
    assert_eq!(said("us-east-1: pipeline-execution, tuning-job"), 1);
    assert_eq!(said("eu-west-1: pipeline-execution, tuning-job"), 1);

    let (today, tokens) = (date(2026, 11, 20), price(2_000_000));
    let hourly = PriceList::standard().price_of_instance("notebook", "ml.g5.xlarge", "eu-west-1").unwrap().price;
    assert_eq!(observed.by_day[&today], tokens + hourly * Decimal::TEN);
    assert_eq!(observed.by_day[&date(2026, 11, 17)], Decimal::ZERO);
    assert_eq!(observed.by_day.len(), 4);
    assert_eq!(observed.ai_services, observed.by_day);
    assert_eq!(observed.models[&today], [(NOVA.to_owned(), tokens)].into());
    let unpriced = &observed.unpriced[0];
    assert_eq!((unpriced.what.as_str(), unpriced.unit), (format!("model {PROFILE}").as_str(), Of::Tokens));
    assert!(observed.unpriced_share > Decimal::ZERO && observed.unpriced_share < Decimal::ONE);

    let in_place = observed.in_place.unwrap();
    assert_eq!(in_place.running, 1);
    assert_eq!(serde_json::to_value(&in_place.guardrails).unwrap(), json!(["spend-restrict"]));
    assert_eq!(observed.account.ceiling().0, finops::Stage::Freeze);
}

#[tokio::test]
async fn an_inference_profile_costs_what_its_model_costs() {
    let model = "amazon.nova-lite-v1:0";
    let (_, observed) = World { profile_of: Some(model), ..World::new() }.look().await;
    let Priced::At(rates) = PriceList::standard().price_of_model(model, "eu-west-1") else { panic!("{model}") };
    let tokens = Decimal::from(3_000) * rates.output.unwrap() / Decimal::from(1_000_000);
    let models = [(PROFILE.to_owned(), tokens), (NOVA.to_owned(), price(2_000_000))].into();
    assert_eq!(observed.models[&date(2026, 11, 20)], models);
    assert!(observed.unpriced.iter().all(|unpriced| !unpriced.what.contains(PROFILE)), "{:?}", observed.unpriced);
}

#[tokio::test]
async fn a_second_look_keeps_what_was_seen_and_an_older_one_stores_nothing() {
    let mut world = World::new();
    let (_, first) = world.look().await;
    assert_eq!(world.look().await.1, first);
    // CloudWatch lost some.
    world.output_tokens = 1_000;
    assert_eq!(world.look().await.1.models, first.models);
    world.output_tokens = 4_000_000;
    assert_eq!(world.look().await.1.models[&date(2026, 11, 20)][NOVA], price(4_000_000));

    let mut app = world.app().await;
    app.clock = || "2026-11-20T11:00:00Z".parse().unwrap();
    assert!(!handle(&app, Event { account_id: id() }).await.unwrap().stored);
    assert_eq!(app.ledger.observed(&id()).await.unwrap().unwrap().at, noon());
}

#[tokio::test]
async fn an_account_that_is_not_entered_has_a_place_and_no_figures() {
    for (change, why) in [
        (World { has_role: false, ..World::new() }, "the suite has no role in the account"),
        (World { state: AccountState::Suspended, ..World::new() }, "the account is SUSPENDED"),
        (World { management: ID, ..World::new() }, "the suite does not enter the management account"),
    ] {
        let (answer, observed) = change.look().await;
        assert_eq!((answer.entered, answer.metrics_requested), (false, 0), "{why}");
        assert_eq!(observed.blind, [why]);
        assert_eq!((&observed.in_place, observed.by_day.len()), (&None, 0), "{why}");
        assert_eq!(observed.account.unit.as_deref(), Some("AI/AI DEV"), "{why}");
    }
}

#[tokio::test]
async fn an_account_that_does_not_exist_is_an_error() {
    let app = World::new().app().await;
    let account_id = AccountId::parse("444455556666").unwrap();
    let error = handle(&app, Event { account_id: account_id.clone() }).await.unwrap_err();
    assert_eq!(error.diagnosis().class, Class::Invalid, "{error}");
    assert!(error.to_string().contains("AccountNotFoundException"), "{error}");
    assert_eq!(app.ledger.observed(&account_id).await.unwrap(), None);
}

#[test]
fn events_and_answers_are_as_the_workflow_has_them() {
    let event: Event = serde_json::from_value(json!({"accountId": ID})).unwrap();
    assert_eq!(event.account_id, id());
    for wrong in [json!({}), json!({"accountId": "11112222333"}), json!({"accountId": 111_122_223_333_u64})] {
        assert!(serde_json::from_value::<Event>(wrong.clone()).is_err(), "{wrong}");
    }
    let (blind, metrics_requested) = (vec!["why".to_owned()], 12);
    let answer = Answer { account_id: id(), entered: true, running: 1, blind, metrics_requested, stored: true };
    let wanted: Value = json!({"accountId": ID, "entered": true, "running": 1, "blind": ["why"],
        "metricsRequested": 12, "stored": true});
    assert_eq!(serde_json::to_value(answer).unwrap(), wanted);
}
