//! An account with a notebook and a volume, the payer's table, and the rest of AWS, for the tests: it answers as AWS does, and
//! loses answers.

use crate::{
    App,
    detect::{Place, Verdict},
};
use aws::{Bus, SdkConfig};
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
};
use aws_smithy_types::body::SdkBody;
use finops::{Account, Grace, Idle, IdleModes, IdleState, InPlace, Observed, Policy, PriceList};
use jiff::Timestamp;
use landing_zone::{AccountId, AccountType, Environment};
use ledger::Ledger;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

pub(crate) const NOTEBOOK: &str = "arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/lab";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn ai_account() -> Account {
    Account {
        id: AccountId::parse("111122223333").unwrap(),
        name: "Models".to_owned(),
        account_type: AccountType::parse("llms-foundation-models").ok(),
        environment: Some(Environment::Dev),
        owner: Some("jane@example.com".to_owned()),
        cost_center: None,
        unit: Some("AI/AI DEV".to_owned()),
        state: "ACTIVE".to_owned(),
        special: None,
    }
}

pub(crate) fn idle(name: &str, state: IdleState) -> Idle {
    Idle {
        kind: "notebook".to_owned(),
        arn: format!("arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/{name}"),
        name: name.to_owned(),
        region: "eu-west-1".to_owned(),
        owner: Some("jane@example.com".to_owned()),
        evidence: "no browser for 7 days".to_owned(),
        since: Some(at("2026-11-01T00:00:00Z")),
        seen_at: Some(at("2026-11-25T12:00:00Z")),
        monthly_saving: Some(Decimal::new(123_450, 2)),
        state,
    }
}

/// A Region for the tests of verdicts, which call nothing.
pub(crate) fn place(test: impl FnOnce(&Place<'_>)) {
    let (config, account, prices) = (SdkConfig::builder().build(), ai_account().id, PriceList::standard());
    let now = at("2026-11-26T12:00:00Z");
    test(&Place { config: &config, region: "eu-west-1", account: &account, partition: "aws", prices: &prices, now });
}

pub(crate) fn words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Used => "used".to_owned(),
        Verdict::Unknown(why) => format!("unknown: {why}"),
        Verdict::Idle { evidence, stops, .. } => {
            format!("idle: {evidence}{}", if *stops { " (may be stopped)" } else { "" })
        }
    }
}

/// What AWS has.
#[derive(Debug)]
pub(crate) struct World {
    /// Items of the ledger by id: as they were written.
    pub(crate) items: BTreeMap<String, Value>,
    /// The notebook: its status, its tags, when it was started, and the last line of its log.
    pub(crate) status: &'static str,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) started: Timestamp,
    pub(crate) last_line: Option<Timestamp>,
    pub(crate) volumes: Vec<&'static str>,
    /// Where the notebook is deleted once it was listed, and a Studio app after it was described that often.
    pub(crate) vanishes: bool,
    pub(crate) app_descriptions: Option<usize>,
    /// Where nothing may be read.
    pub(crate) closed: bool,
    pub(crate) no_role: bool,
    pub(crate) switch: &'static str,
    pub(crate) now: Timestamp,
    pub(crate) events: Vec<Value>,
    pub(crate) letters: Vec<String>,
    /// What was done to the notebook, and how many letters had told of it then.
    pub(crate) changes: Vec<(String, usize)>,
    /// Which of the next calls fails, and whether it has its effect.
    pub(crate) lost: Option<(usize, bool)>,
}

impl World {
    /// An account that was looked into on the day, with a notebook that nobody opened for weeks.
    pub(crate) fn new(account: Account, day: &str) -> Self {
        let mut world = Self {
            items: BTreeMap::new(),
            status: "InService",
            tags: BTreeMap::new(),
            started: at("2026-10-01T00:00:00Z"),
            last_line: Some(at("2026-10-20T08:00:00Z")),
            volumes: vec!["vol-1"],
            vanishes: false,
            app_descriptions: None,
            closed: false,
            no_role: false,
            switch: "on",
            now: at(day),
            events: Vec::new(),
            letters: Vec::new(),
            changes: Vec::new(),
            lost: None,
        };
        world.observe(account, day);
        world
    }

    pub(crate) fn observe(&mut self, account: Account, day: &str) {
        let id = format!("observed#{}", account.id);
        let observed = Observed { in_place: Some(InPlace::default()), ..Observed::new(account, at(day)) };
        let content = serde_json::to_string(&observed).unwrap();
        let item = json!({"id": {"S": id}, "version": {"N": "0"}, "content": {"S": content},
            "kind": {"S": "spend-observed"}});
        self.items.insert(id, item);
        self.now = at(day);
    }

    fn answer(&mut self, action: &str, input: &Value, form: &str) -> Result<String, &'static str> {
        let json = match action {
            "GetItem" => match self.items.get(input["Key"]["id"]["S"].as_str().unwrap()) {
                Some(item) => json!({"Item": item}),
                None => json!({}),
            },
            "PutItem" => self.put(input)?,
            "DeleteItem" => {
                self.items.remove(input["Key"]["id"]["S"].as_str().unwrap());
                json!({})
            }
            "Query" => {
                let kind = &input["ExpressionAttributeValues"][":kind"];
                json!({"Items": self.items.values().filter(|item| item["kind"] == *kind).collect::<Vec<_>>()})
            }
            "PutEvents" => {
                self.events.extend(input["Entries"].as_array().unwrap().iter().cloned());
                json!({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]})
            }
            "GetParameter" => json!({"Parameter": {"Name": input["Name"], "Value": self.switch}}),
            "AssumeRole" if self.no_role => return Err("AccessDenied"),
            "AssumeRole" => {
                return Ok("<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AKIA</AccessKeyId>\
                     <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
                     <Expiration>2036-11-26T13:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
                    .to_owned());
            }
            "Publish" => {
                self.letters.push(form.to_owned());
                return Ok(
                    "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>"
                        .to_owned(),
                );
            }
            _ if self.closed => return Err("AccessDeniedException"),
            "ListApps" => json!({"Apps": self.app_descriptions.map(|_| app(0.0)).into_iter().collect::<Vec<_>>()}),
            "DescribeApp" => {
                let left = self.app_descriptions.and_then(|left| left.checked_sub(1)).ok_or("ResourceNotFound")?;
                self.app_descriptions = Some(left);
                app(1_790_000_000.0)
            }
            "ListEndpoints" | "/provisioned-model-throughputs" => json!({}),
            "DescribeInstances" => {
                return Ok("<DescribeInstancesResponse><reservationSet/></DescribeInstancesResponse>".to_owned());
            }
            "DescribeVolumes" => return Ok(self.volumes()),
            "DescribeLogStreams" => {
                assert_eq!(input["logGroupName"], "/aws/sagemaker/NotebookInstances");
                let stream = |at: Timestamp| json!({"logStreamName": "lab/jupyter.log", "lastEventTimestamp": at.as_millisecond()});
                json!({"logStreams": self.last_line.map(stream).into_iter().collect::<Vec<_>>()})
            }
            _ => self.notebook(action, input)?,
        };
        Ok(json.to_string())
    }

    /// Writes an item over the version that was read, or over none, or over any.
    fn put(&mut self, input: &Value) -> Result<Value, &'static str> {
        let id = input["Item"]["id"]["S"].as_str().unwrap();
        let before = self.items.get(id);
        let holds = match input["ConditionExpression"].as_str().unwrap() {
            "attribute_not_exists(id)" => before.is_none(),
            "attribute_not_exists(id) OR attribute_exists(id)" => true,
            "version = :before" => {
                before.is_some_and(|before| before["version"] == input["ExpressionAttributeValues"][":before"])
            }
            other => panic!("{other}"),
        };
        if !holds {
            return Err("ConditionalCheckFailedException");
        }
        self.items.insert(id.to_owned(), input["Item"].clone());
        Ok(json!({}))
    }

    fn notebook(&mut self, action: &str, input: &Value) -> Result<Value, &'static str> {
        let shown = json!({"NotebookInstanceName": "lab", "NotebookInstanceStatus": self.status,
            "InstanceType": "ml.g5.xlarge", "NotebookInstanceArn": NOTEBOOK, "CreationTime": 1_790_000_000,
            "LastModifiedTime": self.started.as_second()});
        if action.starts_with("Start") || action.starts_with("Stop") || action.ends_with("Tags") && action != "ListTags"
        {
            let told = self.letters.iter().filter(|letter| letter.contains("notebook-instance%2Flab")).count();
            self.changes.push((action.to_owned(), told));
        }
        match (action, self.status) {
            ("ListNotebookInstances", _) => Ok(json!({"NotebookInstances": [shown]})),
            ("DescribeNotebookInstance", _) => Ok(shown),
            ("ListTags", _) if self.vanishes => {
                self.status = "Deleting";
                Err("ValidationException")
            }
            ("ListTags", _) => {
                let tag = |(key, value): (&String, &String)| json!({"Key": key, "Value": value});
                Ok(json!({"Tags": self.tags.iter().map(tag).collect::<Vec<_>>()}))
            }
            ("AddTags", _) => {
                let text = |name: &str| input["Tags"][0][name].as_str().unwrap().to_owned();
                self.tags.insert(text("Key"), text("Value"));
                Ok(json!({}))
            }
            ("DeleteTags", _) => {
                self.tags.remove(input["TagKeys"][0].as_str().unwrap());
                Ok(json!({}))
            }
            ("StopNotebookInstance", "InService") => {
                self.status = "Stopped";
                Ok(json!({}))
            }
            ("StartNotebookInstance", "Stopped") => {
                (self.status, self.started) = ("InService", self.now);
                Ok(json!({}))
            }
            _ => Err("ValidationException"),
        }
    }

    fn volumes(&self) -> String {
        let volume = |id: &&str| {
            format!(
                "<item><volumeId>{id}</volumeId><size>500</size><volumeType>gp3</volumeType>\
                 <createTime>2026-09-01T00:00:00.000Z</createTime><tagSet><item><key>owner</key><value>joe@example.com</value>\
                 </item></tagSet></item>"
            )
        };
        let volumes: String = self.volumes.iter().map(volume).collect();
        format!("<DescribeVolumesResponse><volumeSet>{volumes}</volumeSet></DescribeVolumesResponse>")
    }
}

/// A Studio app in which somebody worked at that time.
fn app(active: f64) -> Value {
    json!({"DomainId": "d-1", "UserProfileName": "jane", "AppType": "JupyterLab", "AppName": "default",
        "Status": "InService", "AppArn": "arn:aws:sagemaker:eu-west-1:111122223333:app/d-1/jane/JupyterLab/default",
        "CreationTime": 1_780_000_000, "LastUserActivityTimestamp": active})
}

/// A world at the other end of a configuration.
#[derive(Debug, Clone)]
pub(crate) struct Wire(Arc<Mutex<World>>);

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
        let form = body.split('&').find_map(|pair| pair.strip_prefix("Action="));
        let target = request.headers().get("x-amz-target").and_then(|target| target.rsplit('.').next());
        let path = request.uri().split_once("amazonaws.com").map_or("", |(_, path)| path);
        let path = path.split('?').next().unwrap_or(path);
        let is_xml = form.is_some();
        let action = target.or(form).unwrap_or(path).to_owned();
        let input = serde_json::from_str(&body).unwrap_or(Value::Null);
        let mut world = self.0.lock().unwrap();
        let fails = matches!(world.lost, Some((1, _)));
        let has_effect = world.lost.is_none_or(|(at, has_effect)| at != 1 || has_effect);
        world.lost = world.lost.filter(|(at, _)| *at > 1).map(|(at, has_effect)| (at - 1, has_effect));
        let mut answered = if has_effect { world.answer(&action, &input, &body) } else { Err("Lost") };
        if fails {
            answered = Err("LostException");
        }
        let (status, body) = match answered {
            Ok(body) => (200_u16, body),
            Err(code) if is_xml => {
                (400, format!("<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"))
            }
            Err(code) => (400, json!({"__type": code, "message": "no"}).to_string()),
        };
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))))
    }
}

impl Wire {
    pub(crate) fn new(world: World) -> Self {
        Self(Arc::new(Mutex::new(world)))
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }

    pub(crate) fn app(&self, modes: &str) -> App {
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
            sts: aws_sdk_sts::Client::new(&config),
            bus: Bus::new(&config, "bus"),
            people: aws::People::new(&config, "arn:aws:sns:eu-west-1:999988887777:people"),
            switch: aws::KillSwitch::new(&config, "/spend/switch"),
            base: config,
            partition: "aws".to_owned(),
            role_prefix: "alz".to_owned(),
            regions: vec!["eu-west-1".to_owned()],
            policy: Policy::standard(),
            prices: PriceList::standard(),
            modes: IdleModes::parse(modes).unwrap(),
            grace: Grace::default(),
            pause: Duration::ZERO,
            clock: Timestamp::now,
        }
    }
}
