use super::*;
use crate::{Api, Counts};
use jiff::civil::date;

fn usd(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn rates(model: &str, region: &str) -> Rates {
    match PriceList::standard().price_of_model(model, region) {
        Priced::At(rates) => rates,
        Priced::Unpriced(why) => panic!("{model}: {why}"),
    }
}

fn why(list: &PriceList, model: &str) -> String {
    match list.price_of_model(model, "us-east-1") {
        Priced::At(rates) => panic!("{model}: {rates:?}"),
        Priced::Unpriced(why) => why,
    }
}

fn cost(model: &str, counts: Counts) -> Cost {
    let usage = ModelUsage { model: model.to_owned(), api: Api::Bedrock, day: date(2026, 11, 1), counts };
    rates(model, "us-east-1").cost(&usage)
}

fn hour(kind: &str, instance_type: &str, region: &str) -> Option<(String, bool)> {
    let hourly = PriceList::standard().price_of_instance(kind, instance_type, region)?;
    Some((hourly.price.normalize().to_string(), hourly.approximate))
}

#[test]
fn a_model_has_one_price_under_each_of_its_names() {
    let claude = "anthropic.claude-sonnet-4-5-20250929-v1:0";
    let arn = |rest: &str| format!("arn:aws:bedrock:us-east-1:111122223333:{rest}");
    for name in [
        claude.to_owned(),
        "anthropic.claude-sonnet-4-5".to_owned(),
        format!("us.{claude}"),
        format!("eu.{claude}"),
        format!("jp.{claude}"),
        arn(&format!("inference-profile/us.{claude}")),
        format!("arn:aws:bedrock:us-east-1::foundation-model/{claude}"),
    ] {
        let rates = rates(&name, "us-east-1");
        let all = (rates.input, rates.output, rates.cache_read, rates.cache_write);
        let wanted = (Some(usd("3.3")), Some(usd("16.5")), Some(usd("0.33")), Some(usd("6.6")));
        assert_eq!(all, wanted, "{name}");
        assert!(!rates.approximate, "{name}");
    }
    let global = rates(&format!("global.{claude}"), "eu-west-1");
    assert_eq!((global.input, global.output), (Some(usd("3")), Some(usd("15"))));
    let gov = rates(claude, "us-gov-west-1");
    assert_eq!((gov.input, gov.output), (Some(usd("3.6")), Some(usd("18"))));
}

#[test]
fn versions_that_are_other_models_are_not_mixed_up() {
    let input = |model: &str| rates(model, "us-east-1").input.unwrap().normalize().to_string();
    assert_eq!(input("amazon.titan-embed-text-v1"), "0.1");
    assert_eq!(input("amazon.titan-embed-text-v2:0"), "0.02");
    assert_eq!(input("anthropic.claude-opus-4-20250514-v1:0"), "15");
    assert_eq!(input("global.anthropic.claude-opus-4-6-v1"), "5");
    assert_eq!(input("deepseek.v3-v1:0"), "0.58");
    assert_eq!(input("us.deepseek.v3.2"), "0.62");
    assert_eq!(input("cohere.embed-english-v3"), "0.1");
    assert_eq!(input("cohere.embed-v4:0"), "0.12");
    assert_eq!(input("openai.gpt-oss-120b"), "0.15");
    assert_eq!(input("openai.gpt-oss-120b-1:0"), "0.15");
    assert_eq!(input("qwen.qwen3-coder-480b-a35b-instruct"), input("qwen.qwen3-coder-480b-a35b-v1:0"));
    for unknown in
        ["anthropic.claude-opus-4-9", "anthropic.claude-opus-4-9-v1:0", "amazon.nova-pro-2", "amazon.nova", "x.y"]
    {
        assert!(why(&PriceList::standard(), unknown).contains("not in the price list"), "{unknown}");
    }
}

#[test]
fn a_place_without_its_own_price_has_the_highest_and_says_so() {
    let price = |model: &str, region: &str| {
        let rates = rates(model, region);
        (rates.input.unwrap().normalize().to_string(), rates.approximate)
    };
    assert_eq!(price("minimax.minimax-m2.5", "us-west-2"), ("0.3".to_owned(), false));
    assert_eq!(price("minimax.minimax-m2.5", "eu-central-1"), ("0.36".to_owned(), false));
    assert_eq!(price("minimax.minimax-m2.5", "eu-west-2"), ("0.47001".to_owned(), false));
    assert_eq!(price("minimax.minimax-m2.5", "ca-central-1"), ("0.47001".to_owned(), true));
    assert_eq!(price("apac.amazon.nova-lite-v1:0", "ap-south-1"), ("0.063".to_owned(), false));
    assert_eq!(
        price("jp.amazon.nova-2-lite-v1:0", "ap-northeast-1"),
        price("apac.amazon.nova-2-lite-v1:0", "ap-south-1")
    );
    assert_eq!(price("mars.amazon.nova-2-lite-v1:0", "mars-west-1"), ("0.43164".to_owned(), true));
}

#[test]
fn what_stands_for_an_unknown_model_has_no_price() {
    let list = PriceList::standard();
    let arn = |rest: &str| format!("arn:aws:bedrock:us-east-1:111122223333:{rest}");
    let profile = arn("application-inference-profile/a1b2c3d4e5f6");
    assert!(why(&list, &profile).contains("inference profile"));
    assert!(why(&list, "a1b2c3d4e5f6").contains("inference profile"));
    assert!(why(&list, &arn("provisioned-model/a1b2c3d4e5f6")).contains("paid by the hour"));
    assert!(why(&list, &arn("imported-model/a1b2c3d4e5f6")).contains("one's own"));
    assert!(why(&list, &arn("prompt-router/a1b2c3d4e5f6")).contains("no model"));

    let named = list.with_aliases([("a1b2c3d4e5f6".to_owned(), "us.amazon.nova-pro-v1:0".to_owned())]);
    let price = |model: &str| named.price_of_model(model, "us-east-1");
    assert_eq!(price(&profile), price("us.amazon.nova-pro-v1:0"));
    assert_eq!(price("a1b2c3d4e5f6"), price("us.amazon.nova-pro-v1:0"));
}

#[test]
fn zero_is_a_price_and_absence_is_none() {
    let counts = Counts { cache_write: 1_000_000, ..Counts::default() };
    assert_eq!(cost("amazon.nova-pro-v1:0", counts), Cost::default());
    let unpriced = cost("deepseek.r1-v1:0", counts);
    assert_eq!((unpriced.amount, unpriced.unpriced), (Decimal::ZERO, vec![(Measure::CacheWrite, 1_000_000)]));
}

#[test]
fn images_and_requests_have_prices_of_their_own() {
    let counts = Counts { images: 10, invocations: 10, ..Counts::default() };
    assert_eq!(cost("amazon.nova-canvas-v1:0", counts), Cost { amount: usd("0.8"), unpriced: Vec::new() });
    let counts = Counts { invocations: 1_000, ..Counts::default() };
    assert_eq!(cost("cohere.rerank-v3-5:0", counts), Cost { amount: usd("2"), unpriced: Vec::new() });
    assert_eq!(cost("amazon.nova-pro-v1:0", counts), Cost::default());
}

#[test]
fn prompts_that_are_long_on_average_cost_more() {
    let counts = |invocations| Counts { input: 1_000_000, output: 1_000_000, invocations, ..Counts::default() };
    let model = "global.anthropic.claude-haiku-5-5";
    assert_eq!(cost(model, counts(10)).amount, usd("0.6"));
    assert_eq!(cost(model, counts(9)).amount, usd("3"));
    assert_eq!(cost(model, counts(0)).amount, usd("0.6"));
}

#[test]
fn machines_cost_what_their_kind_type_and_region_say() {
    assert_eq!(hour("gpu-instance", "g5.xlarge", "us-east-1"), Some(("1.006".to_owned(), false)));
    assert_eq!(hour("endpoint", "ml.g5.xlarge", "us-east-1"), Some(("1.4084".to_owned(), false)));
    assert_eq!(hour("endpoint", "ml.trn1.2xlarge", "us-west-2"), Some(("1.55".to_owned(), false)));
    assert_eq!(hour("training-job", "ml.trn1.2xlarge", "us-west-2"), Some(("1.54".to_owned(), false)));
    assert_eq!(hour("gpu-instance", "p6-b200.48xlarge", "us-east-1"), Some(("113.9328".to_owned(), false)));
    assert_eq!(hour("pipeline-execution", "", "eu-west-1"), Some(("0".to_owned(), false)));
    // SageMaker without a price of its own: that of EC2, and the most that it ever costs above.
    assert_eq!(hour("cluster", "ml.g7.2xlarge", "us-east-1"), Some(("3.528".to_owned(), true)));
    assert_eq!(hour("notebook", "ml.m7i.xlarge", "us-east-1"), Some(("0.24192".to_owned(), true)));
    // Families differ by Region.
    assert_eq!(hour("gpu-instance", "inf2.xlarge", "eu-west-1"), Some(("0.94782582".to_owned(), false)));
    assert_eq!(hour("gpu-instance", "g5.xlarge", "sa-east-1"), Some(("1.7100994".to_owned(), false)));
    assert_eq!(hour("gpu-instance", "g5.xlarge", "mx-central-1"), Some(("1.7100994".to_owned(), true)));
    for unknown in ["", "ml", "ml.x9.huge", "g5", "g5.huge", "xlarge", ".", "anthropic.claude-v2:1"] {
        assert_eq!(hour("endpoint", unknown, "us-east-1"), None, "{unknown}");
    }
}

#[test]
fn whoever_has_a_contract_writes_its_price() {
    let text = STANDARD.replace(
        r#""pipeline-execution": {"*": "0"}"#,
        r#""provisioned-throughput": {"amazon.nova-pro-v1:0": "12.5"}"#,
    );
    let list = PriceList::parse(&text).unwrap();
    let arn = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0";
    assert_eq!(list.price_of_instance("provisioned-throughput", arn, "us-east-1").unwrap().price, usd("12.5"));
    assert_eq!(PriceList::standard().price_of_instance("provisioned-throughput", arn, "us-east-1"), None);
}

/// Invoice lines of December 2023 for SageMaker in Ireland, hours and USD
/// (<https://github.com/aws-samples/sagemaker-ssh-helper/blob/main/Sample_Costs.md>).
#[test]
fn a_real_invoice_comes_out_within_two_percent() {
    let invoice = [
        ("notebook", "ml.t3.medium", "744", "40.92"),
        ("app", "ml.t3.medium", "1116.74", "61.42"),
        ("app", "ml.m5.large", "1339.426", "171.45"),
        ("transform-job", "ml.m5.xlarge", "2.126", "0.55"),
        ("endpoint", "ml.m5.xlarge", "8.208", "2.11"),
        ("training-job", "ml.m5.xlarge", "44.015", "11.31"),
        ("app", "ml.g4dn.xlarge", "18.913", "15.54"),
        ("training-job", "ml.g4dn.xlarge", "14.801", "12.17"),
        ("training-job", "ml.g5.xlarge", "2.887", "4.53"),
        ("endpoint", "ml.g4dn.4xlarge", "74.998", "125.85"),
        ("training-job", "ml.p3.2xlarge", "4.139", "17.10"),
        ("endpoint", "ml.g4dn.12xlarge", "31.543", "172.00"),
        ("endpoint", "ml.g5.12xlarge", "22.409", "177.26"),
    ];
    for (kind, instance_type, hours, billed) in invoice {
        let hourly = PriceList::standard().price_of_instance(kind, instance_type, "eu-west-1").unwrap();
        let off = hourly.price * usd(hours) / usd(billed) - Decimal::ONE;
        assert!(off.abs() < usd("0.02"), "{instance_type}: {off}");
    }
}

#[test]
fn a_list_with_an_error_is_refused_with_its_place() {
    for (right, wrong, path) in [
        (r#""version": "2026-11-26""#, r#""version": " ""#, "version"),
        (r#""version": "2026-11-26","#, "", "version"),
        (r#""input": "2", "output": "8""#, r#""input": "-2", "output": "8""#, "models[0].input"),
        (r#""input": "2", "output": "8""#, r#""input": "2,5", "output": "8""#, "models[0].input"),
        (r#""input": "2", "output": "8""#, r#""input": "2000000", "output": "8""#, "models[0].input"),
        (r#""input": "2", "output": "8""#, r#""inputs": "2", "output": "8""#, "models[0].inputs"),
        (r#""input": "2", "output": "8", "#, "", "models[0]"),
        (r#"["ai21.jamba-1-5-large"]"#, "[]", "models[0]"),
        (r#"["ai21.jamba-1-5-mini"]"#, r#"["ai21.jamba-1-5-large"]"#, "models[1].names"),
        (r#""place": "everywhere""#, r#""place": "nowhere""#, "models[0].place"),
        (r#""us-east-1": {"*": "1"}"#, r#""us-east-1": {"*": "0"}"#, "regions.us-east-1"),
        (r#""sagemakerOverEc2""#, r#""sagemakerOverEC2""#, "sagemakerOverEC2"),
    ] {
        assert!(STANDARD.contains(right), "{right}");
        let refused = PriceList::parse(&STANDARD.replacen(right, wrong, 1)).unwrap_err();
        assert!(refused.contains(path), "{wrong}: {refused}");
    }
    assert!(PriceList::parse(&format!("{STANDARD}{{}}")).is_err());
    assert_eq!(PriceList::standard().version(), "2026-11-26");
}

#[test]
fn claude_and_nova_have_the_ratios_of_their_providers() {
    let ratio =
        |part: Option<Decimal>, whole: Option<Decimal>| (part.unwrap() / whole.unwrap()).normalize().to_string();
    for model in ["anthropic.claude-sonnet-4-5", "anthropic.claude-haiku-4-5", "anthropic.claude-opus-4-8"] {
        let rates = rates(model, "us-east-1");
        assert_eq!(ratio(rates.cache_read, rates.input), "0.1", "{model}");
        assert_eq!(ratio(rates.cache_write, rates.input), "2", "{model}");
    }
    // No price for an hour: five minutes.
    let sonnet = rates("anthropic.claude-sonnet-4-20250514-v1:0", "us-east-1");
    assert_eq!(ratio(sonnet.cache_write, sonnet.input), "1.25");
    for model in ["amazon.nova-micro-v1:0", "amazon.nova-lite-v1:0", "amazon.nova-pro-v1:0"] {
        let rates = rates(model, "eu-west-1");
        assert_eq!(ratio(rates.cache_read, rates.input), "0.25", "{model}");
        assert_eq!(rates.cache_write, Some(Decimal::ZERO), "{model}");
    }
}

#[test]
fn a_volume_costs_by_its_size_and_type() {
    let list = PriceList::standard();
    // 500 GB at 0.08 USD.
    assert_eq!(list.price_of_volume("gp3").unwrap() * Decimal::from(500), 40.into());
    assert_eq!(list.price_of_volume("gp9"), None);
}
