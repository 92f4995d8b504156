use super::*;
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::HttpRequest,
};
use aws_types::region::Region;
use landing_zone::Class;
use std::sync::{Arc, Mutex};

/// Answers one after the other, and keeps what was asked.
#[derive(Debug, Clone, Default)]
struct Wire {
    answers: Arc<Mutex<Vec<String>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.asked.lock().unwrap().push(String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap());
        let answer = self.answers.lock().unwrap().remove(0);
        HttpConnectorFuture::ready(Ok(HttpResponse::new(http::StatusCode::OK.into(), SdkBody::from(answer))))
    }
}

impl Wire {
    fn answering(answers: &[String]) -> Self {
        Self { answers: Arc::new(Mutex::new(answers.to_vec())), ..Self::default() }
    }

    fn config(&self) -> SdkConfig {
        let connector = SharedHttpConnector::new(self.clone());
        let keys = Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "test");
        SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(keys))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build()
    }

    fn asked(&self) -> Vec<String> {
        assert!(self.answers.lock().unwrap().is_empty(), "not every answer was asked for");
        self.asked.lock().unwrap().clone()
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn between() -> (Timestamp, Timestamp) {
    (at("2026-11-19T00:00:00Z"), at("2026-11-20T12:00:00.987654321Z"))
}

fn tokens(model: &str) -> Metric {
    let dimensions = [("ModelId".to_owned(), model.to_owned())].into();
    Metric { namespace: "AWS/Bedrock".to_owned(), name: "InputTokenCount".to_owned(), dimensions }
}

fn listed(metrics: &str, next: &str) -> String {
    format!(
        r#"<ListMetricsResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><ListMetricsResult>
        <Metrics>{metrics}</Metrics>{next}</ListMetricsResult></ListMetricsResponse>"#
    )
}

/// A metric's part of a page: its id, the state of the answer, and times with values.
type Part<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

fn data(results: &[Part<'_>], next: &str) -> String {
    let members =
        |values: Vec<&str>| values.iter().flat_map(|value| ["<member>", value, "</member>"]).collect::<String>();
    let result = |(id, status, points): &Part<'_>| {
        let times = members(points.iter().map(|(time, _)| *time).collect());
        let values = members(points.iter().map(|(_, value)| *value).collect());
        format!(
            "<member><Id>{id}</Id><Label>x</Label><StatusCode>{status}</StatusCode>\
            <Timestamps>{times}</Timestamps><Values>{values}</Values></member>"
        )
    };
    let results: Vec<String> = results.iter().map(result).collect();
    let results = results.concat();
    format!(
        r#"<GetMetricDataResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><GetMetricDataResult>
        <MetricDataResults>{results}</MetricDataResults>{next}</GetMetricDataResult></GetMetricDataResponse>"#
    )
}

const NEXT: &str = "<NextToken>second page</NextToken>";

#[tokio::test]
async fn every_page_is_listed_also_after_an_empty_one() {
    let one = |model: &str| {
        format!(
            "<member><Namespace>AWS/Bedrock</Namespace><MetricName>InputTokenCount</MetricName>\
            <Dimensions><member><Name>ModelId</Name><Value>{model}</Value></member></Dimensions></member>"
        )
    };
    let of_all = "<member><Namespace>AWS/Bedrock</Namespace><MetricName>Invocations</MetricName><Dimensions/></member>";
    let both = format!("{}{of_all}", one("b"));
    let wire = Wire::answering(&[listed(&one("a"), NEXT), listed("", NEXT), listed(&both, "<NextToken/>")]);
    let found = metrics(&wire.config(), "AWS/Bedrock").await.unwrap();
    let all = Metric { name: "Invocations".to_owned(), dimensions: BTreeMap::new(), ..tokens("") };
    assert_eq!(found, [tokens("a"), tokens("b"), all]);
    let asked = wire.asked();
    assert_eq!(asked[0], "Action=ListMetrics&Version=2010-08-01&Namespace=AWS%2FBedrock");
    assert!(asked[1].ends_with("&NextToken=second%20page") && asked[1] == asked[2], "{asked:?}");
}

#[tokio::test]
async fn values_of_every_page_come_to_the_metric_they_are_of() {
    let [first, second] = ["2026-11-19T00:00:00Z", "2026-11-20T00:00:00Z"];
    let wire = Wire::answering(&[
        data(&[("m0", "PartialData", &[(first, "3.0")]), ("m1", "Complete", &[])], NEXT),
        data(&[], NEXT),
        data(&[("m0", "Complete", &[(second, "1.25E7")])], ""),
    ]);
    let found = sums(&wire.config(), &[tokens("a"), tokens("b")], "Sum", between(), 86_400).await.unwrap();
    assert_eq!(found, [Points::from([(at(first), 3.0), (at(second), 12_500_000.0)]), Points::new()]);
    let asked = wire.asked();
    for part in [
        "MetricDataQueries.member.2.Id=m1",
        "MetricDataQueries.member.2.MetricStat.Metric.Dimensions.member.1.Value=b",
        "MetricDataQueries.member.1.MetricStat.Period=86400",
        "EndTime=2026-11-20T12%3A00%3A00Z",
    ] {
        assert!(asked[0].split('&').any(|asked| asked == part), "{part} in {}", asked[0]);
    }
}

#[tokio::test]
async fn many_metrics_take_several_calls_and_none_takes_none() {
    let wanted: Vec<Metric> = (0..501).map(|number| tokens(&number.to_string())).collect();
    let day = "2026-11-19T00:00:00Z";
    let wire = Wire::answering(&[
        data(&[("m0", "Complete", &[(day, "1")]), ("m499", "Complete", &[(day, "2")])], ""),
        data(&[("m0", "Complete", &[(day, "3")])], ""),
    ]);
    let found = sums(&wire.config(), &wanted, "Sum", between(), 86_400).await.unwrap();
    let known: Vec<(usize, f64)> =
        (0..).zip(&found).filter_map(|(at, points)| Some((at, *points.values().next()?))).collect();
    assert_eq!(known, [(0, 1.0), (499, 2.0), (500, 3.0)]);
    assert_eq!(wire.asked().len(), 2);
    assert!(sums(&wire.config(), &[], "Sum", between(), 86_400).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_not_whole_is_a_fault_and_not_zero() {
    for (status, class) in
        [("InternalError", Class::Retryable), ("Forbidden", Class::Invalid), ("PartialData", Class::Invalid)]
    {
        let wire = Wire::answering(&[data(&[("m0", status, &[])], "")]);
        let fault = sums(&wire.config(), &[tokens("a")], "Sum", between(), 86_400).await.unwrap_err();
        assert_eq!((fault.code(), fault.class()), (status, class), "{fault}");
    }
}
