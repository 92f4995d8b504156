//! The rest of AWS at the other end of a configuration, for the tests: it answers as AWS does, and loses answers.

use crate::{App, explorer::Explorer, model::Facts, store::Store};
use aws::SdkConfig;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
};
use aws_smithy_types::body::SdkBody;
use finops::Policy;
use ledger::Ledger;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

pub(crate) const PAID_REQUESTS: u32 = 8;

/// What is known, and what came of it.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) facts: Option<Facts>,
    pub(crate) files: BTreeMap<String, String>,
    pub(crate) events: Vec<Value>,
    pub(crate) letters: Vec<BTreeMap<String, String>>,
    pub(crate) told: BTreeSet<String>,
    pub(crate) paid: u32,
    /// How often Cost Explorer was asked.
    pub(crate) asked: u32,
    /// What Cost Explorer says to every question, if it refuses.
    pub(crate) refused: Option<&'static str>,
    pub(crate) calls: usize,
    /// Which call fails, and whether it has its effect.
    pub(crate) lost: Option<(usize, bool)>,
    /// The currency in which models are billed.
    pub(crate) billed_in: &'static str,
    /// Whether letters are taken.
    pub(crate) mute: bool,
}

type Answered = Result<String, &'static str>;

impl World {
    fn answer(&mut self, request: &HttpRequest) -> Answered {
        let body = String::from_utf8_lossy(request.body().bytes().unwrap()).into_owned();
        let Some(target) = request.headers().get("x-amz-target") else { return self.untargeted(request, &body) };
        let input: Value = serde_json::from_str(&body).unwrap();
        let answer = match target {
            "DynamoDB_20120810.Query" => self.query(&input),
            "DynamoDB_20120810.PutItem" => {
                let id = input["Item"]["id"]["S"].as_str().unwrap().to_owned();
                assert_eq!(input["ConditionExpression"], "attribute_not_exists(id)");
                if !self.told.insert(id) {
                    return Err("ConditionalCheckFailedException");
                }
                json!({})
            }
            "DynamoDB_20120810.DeleteItem" => {
                self.told.remove(input["Key"]["id"]["S"].as_str().unwrap());
                json!({})
            }
            "DynamoDB_20120810.UpdateItem" => {
                assert_eq!(input["Key"]["id"]["S"], "paid#2026-11-20");
                if self.paid == PAID_REQUESTS {
                    return Err("ConditionalCheckFailedException");
                }
                self.paid += 1;
                json!({})
            }
            "AWSInsightsIndexService.GetSavingsPlansCoverage" => {
                self.asked += 1;
                self.refused.map_or(Ok(()), Err)?;
                savings_plans(&input)
            }
            "AWSInsightsIndexService.GetReservationCoverage" => {
                self.asked += 1;
                self.refused.map_or(Ok(()), Err)?;
                json!({"CoveragesByTime": [], "Total": {"CoverageHours": {"ReservedHours": "30.0",
                    "OnDemandHours": "10", "TotalRunningHours": "40", "CoverageHoursPercentage": "75"}}})
            }
            "AWSInsightsIndexService.GetCostAndUsage" => {
                self.asked += 1;
                self.refused.map_or(Ok(()), Err)?;
                billed(&input, self.billed_in)
            }
            "AWSEvents.PutEvents" => {
                self.events.extend(input["Entries"].as_array().unwrap().iter().cloned());
                json!({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]})
            }
            other => panic!("{other}"),
        };
        Ok(answer.to_string())
    }

    fn query(&self, input: &Value) -> Value {
        fn items<T: Serialize>(all: &[T]) -> Vec<Value> {
            let item = |one: &T| json!({"id": {"S": "x"}, "version": {"N": "1"}, "content": {"S": serde_json::to_string(one).unwrap()}});
            all.iter().map(item).collect()
        }
        let facts = self.facts.as_ref().unwrap();
        let all = match input["ExpressionAttributeValues"][":kind"]["S"].as_str().unwrap() {
            "spend-costs" => items(&facts.costs),
            "spend-observed" => items(&facts.observed),
            "spend-decision" => items(&facts.decisions),
            "spend-record" => items(&facts.records),
            "spend-idle" => items(&facts.idle),
            "coverage" => Vec::new(),
            other => panic!("{other}"),
        };
        // One item a page, and between pages an empty one.
        let at: usize = input["ExclusiveStartKey"]["id"]["S"].as_str().unwrap_or("0").parse().unwrap();
        let shown: Vec<&Value> = if at.is_multiple_of(2) { all.get(at / 2).into_iter().collect() } else { Vec::new() };
        let mut answer = json!({"Items": shown});
        if at + 1 < all.len() * 2 {
            answer["LastEvaluatedKey"] = json!({"id": {"S": (at + 1).to_string()}});
        }
        answer
    }

    fn untargeted(&mut self, request: &HttpRequest, body: &str) -> Answered {
        let uri = request.uri();
        if request.method() == "PUT" {
            let (_, path) = uri.split_once("amazonaws.com/").unwrap();
            let key = path.split('?').next().unwrap();
            assert!(uri.starts_with("https://reports.s3.") || key.starts_with("reports/"), "{uri}");
            let kind = request.headers().get("content-type").unwrap().to_owned();
            self.files.insert(key.trim_start_matches("reports/").to_owned(), format!("{kind}\n{body}"));
            return Ok(String::new());
        }
        if self.mute {
            return Err("AuthorizationError");
        }
        let plain = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8().unwrap().into_owned();
        let fields = body.split('&').filter_map(|pair| pair.split_once('='));
        self.letters.push(fields.map(|(name, value)| (plain(name), plain(value))).collect());
        Ok("<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>".to_owned())
    }
}

/// Two pages, an empty one between them. Bedrock also cost something that is of no model.
fn billed(input: &Value, unit: &str) -> Value {
    assert_eq!(input["TimePeriod"], json!({"Start": "2026-11-01", "End": "2026-12-01"}));
    assert_eq!(input["GroupBy"], json!([{"Type": "PRODUCT_ATTRIBUTE", "Key": "model"}]));
    let group = |key: &str, amount: &str| json!({"Keys": [key], "Metrics": {"UnblendedCost": {"Amount": amount, "Unit": unit}}});
    let page = |groups: &[Value]| json!([{"TimePeriod": input["TimePeriod"], "Groups": groups, "Total": {}, "Estimated": true}]);
    match input["NextPageToken"].as_str() {
        None => json!({"ResultsByTime": page(&[group("model$Nova Pro", "30.004")]), "NextPageToken": "1"}),
        Some("1") => json!({"ResultsByTime": [], "NextPageToken": "2"}),
        Some(_) => json!({"ResultsByTime":
            page(&[group("model$Claude Sonnet 5", "59.996"), group("Model$", "10"), group("model$Titan", "0")])}),
    }
}

/// Two pages, an empty one between them.
fn savings_plans(input: &Value) -> Value {
    assert_eq!(input["TimePeriod"], json!({"Start": "2026-10-01", "End": "2026-11-01"}));
    let page = |covered: &str, of: &str| json!([{"Coverage": {"SpendCoveredBySavingsPlans": covered, "OnDemandCost": "0", "TotalCost": of}}]);
    match input["NextToken"].as_str() {
        None => json!({"SavingsPlansCoverages": page("10.5", "20"), "NextToken": "1"}),
        Some("1") => json!({"SavingsPlansCoverages": [], "NextToken": "2"}),
        Some(_) => json!({"SavingsPlansCoverages": page("9.5", "60")}),
    }
}

#[derive(Clone, Default)]
pub(crate) struct Wire(Arc<Mutex<World>>);

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wire")
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut world = self.0.lock().unwrap();
        world.calls += 1;
        let lost = world.lost.filter(|(at, _)| *at == world.calls);
        let answered = match lost {
            Some((_, false)) => Err("LostException"),
            Some((_, true)) => world.answer(&request).and(Err("LostException")),
            None => world.answer(&request),
        };
        let (status, body) = match answered {
            Ok(body) => (200, body),
            Err(code) if request.headers().get("x-amz-target").is_some() => {
                (400, json!({"__type": code, "message": "no"}).to_string())
            }
            Err(code) if request.method() == "PUT" => {
                (400, format!("<Error><Code>{code}</Code><Message>no</Message></Error>"))
            }
            Err(code) => {
                (400, format!("<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"))
            }
        };
        let status = u16::try_from(status).unwrap().try_into().unwrap();
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body))))
    }
}

impl Wire {
    pub(crate) fn of(facts: Facts) -> Self {
        let wire = Self::default();
        wire.with(|world| (world.facts, world.billed_in) = (Some(facts), "USD"));
        wire
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }

    /// The function in this world.
    pub(crate) fn app(&self) -> App {
        let connector = SharedHttpConnector::new(self.clone());
        let keys = Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(keys))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build();
        App {
            ledger: Ledger::new(aws_sdk_dynamodb::Client::new(&config), "ledger"),
            bus: aws::Bus::new(&config, "bus"),
            people: aws::People::new(&config, "arn:aws:sns:eu-west-1:999988887777:spend"),
            store: Store::new(&config, "reports".to_owned()),
            explorer: Explorer::new(&config, PAID_REQUESTS),
            policy: Policy::standard(),
            clock: crate::testing::now,
        }
    }
}
