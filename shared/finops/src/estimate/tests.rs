use super::*;
use crate::{Api, Counts};
use jiff::civil::date;
use proptest::prelude::*;

const CLAUDE: &str = "global.anthropic.claude-sonnet-4-5-20250929-v1:0";

fn usd(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn used(model: &str, day: Date, counts: Counts) -> ModelUsage {
    ModelUsage { model: model.to_owned(), api: Api::Bedrock, day, counts }
}

fn runs(kind: &str, instance_type: &str, count: u32, since: &str) -> Running {
    Running {
        kind: kind.to_owned(),
        arn: format!("arn:aws:x:{kind}"),
        name: "one".to_owned(),
        instance_type: instance_type.to_owned(),
        count,
        since: at(since),
    }
}

fn seen(models: Vec<ModelUsage>, running: Vec<Running>) -> Metered {
    Metered { region: "us-east-1".to_owned(), as_of: at("2026-11-20T12:00:00Z"), blind: None, models, running }
}

fn today() -> Date {
    date(2026, 11, 20)
}

/// At noon, of that day only.
fn priced(metered: &[Metered]) -> Estimate {
    estimate(metered, &PriceList::standard(), today(), at("2026-11-20T12:00:00Z"))
}

fn cost(prices: &PriceList, model: &str, counts: Counts) -> Decimal {
    let metered = [seen(vec![used(model, today(), counts)], Vec::new())];
    estimate(&metered, prices, today(), at("2026-11-20T12:00:00Z")).by_day[&today()]
}

/// The example of AWS's price page of Bedrock: 11,000 tokens summarized in 4,000 by Claude 2.1
/// (<https://aws.amazon.com/bedrock/pricing/>, 2024).
#[test]
fn the_example_of_the_price_page_of_bedrock_comes_out() {
    let counts = Counts { input: 11_000, output: 4_000, invocations: 1, ..Counts::default() };
    assert_eq!(cost(&PriceList::standard(), "anthropic.claude-v2:1", counts), usd("0.184"));
}

/// The example of Anthropic's price page: 50,000 tokens in and 15,000 out with Claude Opus 5, and the same where 40,000
/// are read from the cache; the runtime of its own platform left out
/// (<https://platform.claude.com/docs/en/about-claude/pricing>).
#[test]
fn the_example_of_the_price_page_of_anthropic_comes_out() {
    let prices = PriceList::standard();
    let model = "global.anthropic.claude-opus-5";
    let counts = Counts { input: 50_000, output: 15_000, ..Counts::default() };
    assert_eq!(cost(&prices, model, counts), usd("0.625"));
    let cached = Counts { input: 10_000, cache_read: 40_000, ..counts };
    assert_eq!(cost(&prices, model, cached), usd("0.445"));
}

/// The figures that AWS's sample for cost controls is tested with, for Claude Sonnet 4.5 and Nova Pro
/// (<https://github.com/aws-samples/sample-bedrock-cost-controls/blob/main/tests/test_cost_logic.py>).
#[test]
fn the_examples_of_the_sample_of_aws_come_out() {
    let prices = PriceList::standard();
    let counts =
        |input, output, cache_read, cache_write| Counts { input, output, cache_read, cache_write, ..Counts::default() };
    assert_eq!(cost(&prices, CLAUDE, counts(2_000, 900, 0, 0)), usd("0.0195"));
    assert_eq!(cost(&prices, CLAUDE, counts(350, 900, 120_000, 0)), usd("0.05055"));
    assert_eq!(cost(&prices, CLAUDE, counts(0, 0, 0, 120_000)), usd("0.72"));
    assert_eq!(cost(&five_minutes(), CLAUDE, counts(0, 0, 0, 120_000)), usd("0.45"));
    assert_eq!(cost(&prices, "amazon.nova-pro-v1:0", counts(0, 0, 1_000, 1_000)), usd("0.0002"));
}

#[test]
fn models_are_told_apart_and_machines_are_none() {
    let yesterday = date(2026, 11, 19);
    let tokens = Counts { output: 1_000_000, ..Counts::default() };
    let nova = "amazon.nova-pro-v1:0";
    let models = vec![
        used(CLAUDE, today(), tokens),
        used(CLAUDE, yesterday, tokens),
        used(nova, today(), tokens),
        used("new.x-v1:0", today(), tokens),
    ];
    let metered = [
        seen(models, vec![runs("notebook", "ml.g5.xlarge", 1, "2026-11-20T00:00:00Z")]),
        seen(vec![used(nova, today(), tokens)], Vec::new()),
    ];
    let found = estimate(&metered, &PriceList::standard(), yesterday, at("2026-11-20T12:00:00Z"));
    let named = |models: &[(&str, &str)]| -> BTreeMap<String, Decimal> {
        models.iter().map(|(model, amount)| ((*model).to_owned(), usd(amount))).collect()
    };
    let both = [(yesterday, named(&[(CLAUDE, "15")])), (today(), named(&[(CLAUDE, "15"), (nova, "6.4")]))];
    assert_eq!(found.models, both.into());
    assert!(found.by_day[&today()] > usd("21.4"));
}

/// The list without prices for an hour of cache.
fn five_minutes() -> PriceList {
    let mut list: serde_json::Value = serde_json::from_str(include_str!("../../data/prices.json")).unwrap();
    for row in list["models"].as_array_mut().unwrap() {
        row.as_object_mut().unwrap().remove("cacheWrite1h");
    }
    PriceList::parse(&list.to_string()).unwrap()
}

/// Who counts only the tokens of the envelope misses most of it: `facts/finops.md` 2.5, with the sample's figures.
#[test]
fn without_cache_tokens_most_of_the_cost_is_missed() {
    let prices = five_minutes();
    let envelope = Counts { input: 350, output: 900, ..Counts::default() };
    let times =
        |counts: Counts| (cost(&prices, CLAUDE, counts) / cost(&prices, CLAUDE, envelope)).round_dp(1).to_string();
    assert_eq!(times(Counts { cache_read: 120_000, ..envelope }), "3.5");
    assert_eq!(times(Counts { cache_write: 120_000, ..envelope }), "31.9");
}

#[test]
fn use_without_a_price_is_shown_with_its_share() {
    let counts = |input| Counts { input, output: 1_000, invocations: 3, ..Counts::default() };
    let models = vec![
        used(CLAUDE, today(), counts(5_000)),
        used("new.model-1", today(), counts(1_000)),
        used("new.model-1", today().yesterday().unwrap(), counts(7_000)),
    ];
    let found = priced(&[seen(models, Vec::new())]);
    let [unpriced] = found.unpriced.as_slice() else { panic!("{:?}", found.unpriced) };
    assert_eq!(
        (unpriced.what.as_str(), unpriced.quantity, unpriced.unit),
        ("model new.model-1", usd("2000"), Unit::Tokens)
    );
    assert!(unpriced.why.contains("price list"), "{}", unpriced.why);
    assert_eq!(found.unpriced_share, usd("0.25"));
    assert_eq!(found.by_day[&today()], usd("0.03"));
}

#[test]
fn a_part_without_a_price_leaves_the_rest_priced() {
    let counts = Counts { input: 1_000_000, cache_read: 3_000_000, ..Counts::default() };
    let found = priced(&[seen(vec![used("deepseek.r1-v1:0", today(), counts)], Vec::new())]);
    assert_eq!(found.by_day[&today()], usd("1.35"));
    assert_eq!(found.unpriced_share, usd("0.75"));
    assert!(found.unpriced[0].why.ends_with("tokens read from a cache"), "{}", found.unpriced[0].why);
}

#[test]
fn requests_without_tokens_are_not_taken_for_nothing() {
    let counts = Counts { invocations: 12, ..Counts::default() };
    let found = priced(&[seen(vec![used("amazon.nova-reel-v1:1", today(), counts)], Vec::new())]);
    assert_eq!((found.unpriced[0].quantity, found.unpriced[0].unit), (usd("12"), Unit::Requests));
    assert_eq!(found.unpriced_share, Decimal::ONE);
}

#[test]
fn where_nothing_could_be_seen_is_said_and_never_zero() {
    let blind =
        Metered { region: "eu-west-1".to_owned(), blind: Some("access denied".to_owned()), ..seen(vec![], vec![]) };
    let found = priced(std::slice::from_ref(&blind));
    assert_eq!(found.blind, ["eu-west-1: access denied"]);
    assert_eq!(found.by_day.get(&today()), None);
    let found = priced(&[blind, seen(Vec::new(), Vec::new())]);
    assert_eq!(found.blind.len(), 1);
    assert_eq!(found.by_day.get(&today()), Some(&Decimal::ZERO));
    assert_eq!(priced(&[]), Estimate::default());
}

#[test]
fn what_runs_costs_each_day_its_hours() {
    let running = runs("endpoint", "ml.g5.xlarge", 2, "2026-11-18T18:00:00Z");
    let from = date(2026, 11, 17);
    let now = at("2026-11-20T12:00:00Z");
    let found = estimate(&[seen(Vec::new(), vec![running])], &PriceList::standard(), from, now);
    let hours: Vec<Decimal> = found.by_day.values().map(|amount| amount / usd("1.4084") / usd("2")).collect();
    assert_eq!(hours, [usd("0"), usd("6"), usd("24"), usd("12")]);
    let line = &found.lines[0];
    assert_eq!((line.what.as_str(), line.quantity.as_str()), ("endpoint one on ml.g5.xlarge", "6 h of 2"));
    assert_eq!(found.ai_services, found.by_day);
}

#[test]
fn machines_of_ec2_are_in_the_estimate_and_not_among_ai_services() {
    let running = vec![
        runs("gpu-instance", "g5.xlarge", 1, "2026-11-20T11:00:00Z"),
        runs("app", "ml.t3.medium", 1, "2026-11-20T11:00:00Z"),
    ];
    let found = priced(&[seen(Vec::new(), running)]);
    assert_eq!(found.by_day[&today()], usd("1.056"));
    assert_eq!(found.ai_services[&today()], usd("0.05"));
}

#[test]
fn machines_without_a_price_are_shown_with_their_hours() {
    let running = vec![
        runs("cluster", "ml.p9.48xlarge", 4, "2026-11-19T00:00:00Z"),
        runs("notebook", "ml.t3.medium", 1, "2026-11-20T00:00:00Z"),
        runs("batch-inference-job", "", 0, "2026-11-20T00:00:00Z"),
        runs("pipeline-execution", "", 0, "2026-11-20T00:00:00Z"),
    ];
    let found = priced(&[seen(Vec::new(), running)]);
    let shown: Vec<_> = found.unpriced.iter().map(|one| (one.what.as_str(), one.quantity.to_string())).collect();
    let wanted = [("batch-inference-job one", "0".to_owned()), ("cluster one on ml.p9.48xlarge", "48".to_owned())];
    assert_eq!(shown, wanted);
    assert_eq!(found.unpriced_share, usd("0.8"));
}

#[test]
fn a_leap_day_is_a_day() {
    let running = runs("notebook", "ml.g5.2xlarge", 1, "2028-02-28T12:00:00Z");
    let usage = used(CLAUDE, date(2028, 2, 29), Counts { input: 1_000_000, ..Counts::default() });
    let now = at("2028-03-01T06:00:00Z");
    let found = estimate(&[seen(vec![usage], vec![running])], &PriceList::standard(), date(2028, 2, 28), now);
    let days: Vec<_> =
        found.by_day.iter().map(|(day, amount)| (day.to_string(), amount.normalize().to_string())).collect();
    let wanted = [("2028-02-28", "18.18"), ("2028-02-29", "39.36"), ("2028-03-01", "9.09")];
    assert_eq!(days, wanted.map(|(day, amount)| (day.to_owned(), amount.to_owned())));
}

#[test]
fn a_start_in_the_future_costs_nothing_yet() {
    let running = runs("notebook", "ml.g5.2xlarge", 1, "2026-11-20T12:00:01Z");
    let found = priced(&[seen(Vec::new(), vec![running])]);
    assert_eq!(found.by_day[&today()], Decimal::ZERO);
    assert!(found.lines.is_empty() && found.unpriced.is_empty());
}

#[test]
fn days_outside_are_left_out() {
    let counts = Counts { input: 1_000_000, ..Counts::default() };
    let models = [-1, 0, 1].map(|off: i32| used(CLAUDE, today().saturating_add(off.days()), counts)).to_vec();
    let metered = [seen(models, Vec::new())];
    assert_eq!(priced(&metered).by_day, [(today(), usd("3"))].into());
    let now = at("2026-11-20T12:00:00Z");
    let later = estimate(&metered, &PriceList::standard(), today().tomorrow().unwrap(), now);
    assert_eq!(later, Estimate::default());
}

#[test]
fn counts_beyond_reason_still_come_to_a_sum() {
    let counts = Counts {
        input: u64::MAX,
        output: u64::MAX,
        cache_read: u64::MAX,
        cache_write: u64::MAX,
        images: u64::MAX,
        invocations: u64::MAX,
    };
    let models = vec![used("anthropic.claude-mythos-preview", today(), counts); 1_000];
    let running = vec![runs("cluster", "ml.p6-b300.48xlarge", u32::MAX, "0001-01-01T00:00:00Z")];
    let found = priced(&[seen(models, running)]);
    assert!(found.by_day[&today()] > usd("1000000000000000000"));
}

#[test]
fn an_approximate_price_is_said() {
    let counts = Counts { input: 1, ..Counts::default() };
    let away = Metered { region: "ca-central-1".to_owned(), ..seen(vec![used("zai.glm-5", today(), counts)], vec![]) };
    assert!(!priced(&[seen(vec![used("zai.glm-5", today(), counts)], vec![])]).approximate);
    assert!(priced(&[away]).approximate);
}

#[test]
fn what_is_stored_is_read_again() {
    let models = vec![
        used("new.model-1", today(), Counts { input: 7, ..Counts::default() }),
        used(CLAUDE, today(), Counts { input: 7, ..Counts::default() }),
    ];
    let found = priced(&[seen(models, Vec::new())]);
    let stored = serde_json::to_string(&found).unwrap();
    assert!(stored.contains(r#""unpricedShare""#) && stored.contains(r#""unit":"tokens""#), "{stored}");
    assert_eq!(serde_json::from_str::<Estimate>(&stored).unwrap(), found);
}

fn counts() -> impl Strategy<Value = Counts> {
    let count = || 0_u64..1_000_000_000_000;
    (count(), count(), count(), count(), count()).prop_map(|(input, output, cache_read, cache_write, images)| Counts {
        input,
        output,
        cache_read,
        cache_write,
        images,
        invocations: 10,
    })
}

proptest! {
    #[test]
    fn more_use_never_costs_less(
        one in counts(),
        more in counts(),
        prefix in "(eu\\.|global\\.)?",
        name in "anthropic\\.claude-(sonnet-4-5|haiku-5-5)|amazon\\.nova-(pro|canvas)|deepseek\\.r1",
    ) {
        let model = format!("{prefix}{name}-v1:0");
        let both = Counts {
            input: one.input + more.input,
            output: one.output + more.output,
            cache_read: one.cache_read + more.cache_read,
            cache_write: one.cache_write + more.cache_write,
            images: one.images + more.images,
            invocations: 10,
        };
        let prices = PriceList::standard();
        prop_assert!(cost(&prices, &model, both) >= cost(&prices, &model, one));
    }

    #[test]
    fn the_share_is_between_nothing_and_all(
        all in proptest::collection::vec((counts(), "(new\\.x|amazon\\.nova-pro|deepseek\\.r1)-v1:0"), 0..5),
    ) {
        let models = all.into_iter().map(|(counts, model)| used(&model, today(), counts)).collect();
        let found = priced(&[seen(models, Vec::new())]);
        prop_assert!((Decimal::ZERO..=Decimal::ONE).contains(&found.unpriced_share));
        prop_assert_eq!(found.unpriced_share.is_zero(), found.unpriced.iter().all(|one| one.quantity.is_zero()));
    }
}
