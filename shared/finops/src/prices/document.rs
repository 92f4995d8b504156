//! The price list as people write it (`data/prices.README.md`).

use rust_decimal::Decimal;
use serde::Deserialize;
use std::collections::BTreeMap;

/// More than anything costs by the million tokens or by the hour. Every product stays within what a [`Decimal`] holds.
const DEAREST: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

/// No place costs so many times what another does.
const HIGHEST_FACTOR: Decimal = Decimal::from_parts(10, 0, 0, false, 0);

/// A price in USD: nothing or more.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "Decimal")]
pub(super) struct Usd(pub(super) Decimal);

impl TryFrom<Decimal> for Usd {
    type Error = String;
    fn try_from(price: Decimal) -> Result<Self, String> {
        let fits = (Decimal::ZERO..=DEAREST).contains(&price);
        if fits { Ok(Self(price)) } else { Err(format!("{price} is no price: 0 to {DEAREST} USD")) }
    }
}

/// How many times something costs.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "Decimal")]
pub(super) struct Factor(pub(super) Decimal);

impl TryFrom<Decimal> for Factor {
    type Error = String;
    fn try_from(factor: Decimal) -> Result<Self, String> {
        let fits = factor > Decimal::ZERO && factor <= HIGHEST_FACTOR;
        if fits {
            Ok(Self(factor))
        } else {
            Err(format!("{factor} is no factor: more than 0, at most {HIGHEST_FACTOR}"))
        }
    }
}

/// Factors by place, or by family of machines; `*` is for all others.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Factors(pub(super) BTreeMap<String, Factor>);

/// The list.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Document {
    pub(super) version: String,
    #[serde(default)]
    #[expect(dead_code, reason = "for who reads the list")]
    sources: Vec<String>,
    pub(super) models: Vec<Row>,
    pub(super) places: BTreeMap<String, Factors>,
    pub(super) hours: BTreeMap<String, BTreeMap<String, Usd>>,
    #[serde(default)]
    pub(super) hours_of_kind: BTreeMap<String, BTreeMap<String, Usd>>,
    #[serde(default)]
    pub(super) volumes: BTreeMap<String, Usd>,
    pub(super) sagemaker_over_ec2: Factors,
    pub(super) regions: BTreeMap<String, Factors>,
    #[serde(default)]
    pub(super) aliases: BTreeMap<String, String>,
}

/// A model.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Row {
    names: Vec<String>,
    pub(super) input: Option<Usd>,
    pub(super) output: Option<Usd>,
    pub(super) cache_read: Option<Usd>,
    pub(super) cache_write: Option<Usd>,
    pub(super) cache_write_1h: Option<Usd>,
    pub(super) image: Option<Usd>,
    pub(super) request: Option<Usd>,
    pub(super) long: Option<LongRow>,
    pub(super) place: String,
}

/// What long prompts cost more.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LongRow {
    pub(super) above: u64,
    pub(super) input: Factor,
    pub(super) output: Factor,
}

impl Document {
    /// The list, and its rows by each of their names.
    pub(super) fn parse(text: &str) -> Result<(Self, BTreeMap<String, usize>), String> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let document: Self = serde_path_to_error::deserialize(&mut reader)
            .map_err(|error| format!("{}: {}", error.path(), error.inner()))?;
        reader.end().map_err(|error| error.to_string())?;
        if document.version.trim().is_empty() {
            return Err("version: has to say something".to_owned());
        }
        let mut rows = BTreeMap::new();
        for (at, row) in document.models.iter().enumerate() {
            if row.is_empty() {
                return Err(format!("models[{at}]: has no name or no price"));
            }
            if !document.places.contains_key(&row.place) {
                return Err(format!("models[{at}].place: places has no {:?}", row.place));
            }
            for name in &row.names {
                if let Some(other) = rows.insert(name.clone(), at) {
                    return Err(format!("models[{at}].names: {name} is in models[{other}] already"));
                }
            }
        }
        Ok((document, rows))
    }
}

impl Row {
    fn is_empty(&self) -> bool {
        let prices = [self.input, self.output, self.cache_read, self.cache_write, self.image, self.request];
        self.names.is_empty() || prices.iter().all(Option::is_none)
    }
}
