//! The price list: USD per million tokens, per image, per request, per hour, per gigabyte and month. Zero is a
//! price; what is not in the list has none, and is never taken for free. The list is data (`data/prices.json`, `data/prices.README.md`).

mod document;
mod model;

pub use model::ModelRef;

use crate::{Measure, ModelUsage};
use document::{Document, Factors, Row};
use rust_decimal::Decimal;
use std::{collections::BTreeMap, sync::LazyLock};

/// The list that holds where nothing is configured.
const STANDARD: &str = include_str!("../data/prices.json");

static LIST: LazyLock<PriceList> = LazyLock::new(|| {
    #[allow(clippy::expect_used, reason = "compiled in and read by the tests: it cannot fail where they passed")]
    PriceList::parse(STANDARD).expect("data/prices.json")
});

const MILLION: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

/// Types of SageMaker begin so.
const SAGEMAKER: &str = "ml.";

/// Prices of models and machines.
#[derive(Debug, Clone)]
pub struct PriceList {
    document: Document,
    /// Rows of models by each of their names.
    rows: BTreeMap<String, usize>,
}

/// What a model costs, or why that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Priced {
    /// It has a price.
    At(Rates),
    /// It has none, for this reason.
    Unpriced(String),
}

/// What a model costs at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rates {
    /// USD for a million tokens that were sent.
    pub input: Option<Decimal>,
    /// USD for a million tokens that were answered.
    pub output: Option<Decimal>,
    /// USD for a million tokens that were read from a cache.
    pub cache_read: Option<Decimal>,
    /// USD for a million tokens that were written to a cache: for an hour where the model has that price, for five
    /// minutes otherwise. Metrics do not tell one from the other.
    pub cache_write: Option<Decimal>,
    /// USD for an image.
    pub image: Option<Decimal>,
    /// USD for a request, beside its tokens.
    pub request: Option<Decimal>,
    /// What long prompts cost more.
    pub long: Option<Long>,
    /// True where the place has no price of its own.
    pub approximate: bool,
}

/// What long prompts cost more. Metrics show no single prompt: a day's are long where they are so on average.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Long {
    /// Prompts with more tokens than this are long.
    pub above: u64,
    /// How many times their input costs, cached or not.
    pub input: Decimal,
    /// How many times their output costs.
    pub output: Decimal,
}

/// What a machine costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hourly {
    /// USD for an hour.
    pub price: Decimal,
    /// True where it is not this machine's own price at this place.
    pub approximate: bool,
}

impl PriceList {
    /// The list of this release.
    #[must_use]
    pub fn standard() -> Self {
        LIST.clone()
    }

    /// Reads a list that people write.
    ///
    /// # Errors
    /// Says where the list is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (document, rows) = Document::parse(text)?;
        Ok(Self { document, rows })
    }

    /// The version of the list.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.document.version
    }

    /// Also prices these inference profiles and models of one's own, by id or ARN: each as the model it stands for.
    #[must_use]
    pub fn with_aliases(mut self, aliases: impl IntoIterator<Item = (String, String)>) -> Self {
        self.document.aliases.extend(aliases);
        self
    }

    /// What a model costs that is used in a Region, by its name as `CloudWatch` has it.
    #[must_use]
    pub fn price_of_model(&self, model: &str, region: &str) -> Priced {
        let id = model.rsplit_once('/').map_or(model, |(_, id)| id);
        let aliases = &self.document.aliases;
        let known = aliases.get(model).or_else(|| aliases.get(id)).map_or(model, String::as_str);
        let name = match ModelRef::parse(known) {
            ModelRef::Named(name) => name,
            other => return Priced::Unpriced(other.why().to_owned()),
        };
        match self.row(&name) {
            Some((row, area)) => self.rates(row, area, region),
            None => Priced::Unpriced("it is not in the price list".to_owned()),
        }
    }

    /// The row of a model, and the area that a prefix of its name keeps its requests in.
    fn row<'n>(&self, name: &'n str) -> Option<(&Row, Option<&'n str>)> {
        if let Some(row) = self.row_of(name) {
            return Some((row, None));
        }
        let (area, name) = name.split_once('.')?;
        Some((self.row_of(name)?, Some(area)))
    }

    /// The row of a model without prefix: its own, or that of the longest name that only a version follows.
    fn row_of(&self, name: &str) -> Option<&Row> {
        let parts = (0..=name.len()).rev().filter_map(|at| name.split_at_checked(at));
        let mut versions_of = parts.filter(|(_, version)| model::is_version(version));
        let row = versions_of.find_map(|(model, _)| self.rows.get(model))?;
        self.document.models.get(*row)
    }

    fn rates(&self, row: &Row, area: Option<&str>, region: &str) -> Priced {
        let places = area.map_or_else(|| vec![region, model::area(region)], |area| vec![area, model::wider(area)]);
        let Some((factor, approximate)) = self.document.places.get(&row.place).map(|factors| factors.at(&places))
        else {
            return Priced::Unpriced(format!("the price list has no place {:?}", row.place));
        };
        let at = |price: Option<document::Usd>| price.map(|price| price.0 * factor);
        Priced::At(Rates {
            input: at(row.input),
            output: at(row.output),
            cache_read: at(row.cache_read),
            cache_write: at(row.cache_write_1h.or(row.cache_write)),
            image: at(row.image),
            request: at(row.request),
            long: row.long.map(|long| Long { above: long.above, input: long.input.0, output: long.output.0 }),
            approximate,
        })
    }

    /// What an hour of a machine costs that a workload of this kind runs on. Nothing for one without a price.
    #[must_use]
    pub fn price_of_instance(&self, kind: &str, instance_type: &str, region: &str) -> Option<Hourly> {
        // Throughput of Bedrock runs on the ARN of a model.
        let name = instance_type.rsplit_once('/').map_or(instance_type, |(_, name)| name);
        let of_kind = self.document.hours_of_kind.get(kind);
        if let Some(price) = of_kind.and_then(|of_kind| of_kind.get(name).or_else(|| of_kind.get("*"))) {
            return Some(self.in_region(price.0, name, region, false));
        }
        if let Some(price) = self.hour(name) {
            return Some(self.in_region(price, name, region, false));
        }
        let machine = name.strip_prefix(SAGEMAKER)?;
        let (over, _) = self.document.sagemaker_over_ec2.at(&[family(machine)]);
        Some(self.in_region(self.hour(machine)? * over, name, region, true))
    }

    /// What a month of a gigabyte of a volume of this type costs at least: in the first Region, without operations and
    /// throughput that were asked for. Nothing for a type without a price.
    #[must_use]
    pub fn price_of_volume(&self, volume_type: &str) -> Option<Decimal> {
        self.document.volumes.get(volume_type).map(|price| price.0)
    }

    /// The price of an hour in the first Region.
    fn hour(&self, instance_type: &str) -> Option<Decimal> {
        let (family, size) = instance_type.rsplit_once('.')?;
        self.document.hours.get(family)?.get(size).map(|price| price.0)
    }

    fn in_region(&self, price: Decimal, instance_type: &str, region: &str, derived: bool) -> Hourly {
        let family = [family(instance_type.strip_prefix(SAGEMAKER).unwrap_or(instance_type))];
        let regions = &self.document.regions;
        let (factor, approximate) = regions.get(region).map_or_else(
            || (regions.values().map(|factors| factors.at(&family).0).max().unwrap_or(Decimal::ONE), true),
            |factors| factors.at(&family),
        );
        Hourly { price: price * factor, approximate: derived || approximate }
    }
}

fn family(machine: &str) -> &str {
    machine.split_once('.').map_or(machine, |(family, _)| family)
}

impl Factors {
    /// The factor of the first of these places that has one, else that of all others. Where there is none of these
    /// either, the highest stands for what is not known.
    fn at(&self, places: &[&str]) -> (Decimal, bool) {
        let own = places.iter().find_map(|place| self.0.get(*place)).or_else(|| self.0.get("*"));
        let highest = || self.0.values().map(|factor| factor.0).max().unwrap_or(Decimal::ONE);
        own.map_or_else(|| (highest(), true), |factor| (factor.0, false))
    }
}

/// What use came to.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) amount: Decimal,
    /// What was used and has no price.
    pub(crate) unpriced: Vec<(Measure, u64)>,
}

impl Rates {
    /// What a day's use comes to, in USD.
    pub(crate) fn cost(&self, usage: &ModelUsage) -> Cost {
        let long = self.long.filter(|long| usage.mean_prompt() > long.above);
        let mut cost = Cost::default();
        for (measure, count) in usage.measures() {
            match self.of(measure, long) {
                Some(price) => cost.amount += Decimal::from(count) * price,
                // A request costs its tokens or images, and nothing beside them.
                None if measure == Measure::Request => {}
                None => cost.unpriced.push((measure, count)),
            }
        }
        cost
    }

    /// USD for one.
    fn of(&self, measure: Measure, long: Option<Long>) -> Option<Decimal> {
        let input = long.map_or(Decimal::ONE, |long| long.input) / MILLION;
        let output = long.map_or(Decimal::ONE, |long| long.output) / MILLION;
        match measure {
            Measure::Input => self.input.map(|price| price * input),
            Measure::Output => self.output.map(|price| price * output),
            Measure::CacheRead => self.cache_read.map(|price| price * input),
            Measure::CacheWrite => self.cache_write.map(|price| price * input),
            Measure::Image => self.image,
            Measure::Request => self.request,
        }
    }
}

#[cfg(test)]
mod tests;
