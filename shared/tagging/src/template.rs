//! Texts with places to fill in: `arn:{partition}:glue:{region}:{account}:job/{responseElements.name}`.
//!
//! A place is a path through JSON. Names match whatever their case, because services differ from their own models there
//! (`aRN`, `secretARN`); `name[]` stands for each element of a list; `path|filter` changes what was found. An answer
//! that the service wrapped once more (`CreateFleetResponse`) is looked into. A text expands to as many texts as its
//! lists have elements, and to none when a place finds nothing.

use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

/// A parsed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Place { path: Vec<Step>, filter: Option<Filter> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    name: String,
    each: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filter {
    /// In lower case, as `SageMaker` writes names into ARNs.
    Lower,
    /// The bucket of an `s3://bucket/key` address.
    Bucket,
}

impl Template {
    /// Reads a text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (place, behind) = after.split_once('}').ok_or_else(|| format!("{text:?}: {{ without }}"))?;
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(Self::place(place).map_err(|why| format!("{text:?}: {why}"))?);
            rest = behind;
        }
        if rest.contains('}') {
            return Err(format!("{text:?}: }} without {{"));
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    fn place(text: &str) -> Result<Part, String> {
        let (path, filter) = match text.split_once('|') {
            None => (text, None),
            Some((path, "lower")) => (path, Some(Filter::Lower)),
            Some((path, "bucket")) => (path, Some(Filter::Bucket)),
            Some((_, filter)) => return Err(format!("no filter {filter:?}")),
        };
        let steps = path.split('.').map(|step| {
            let (name, each) = step.strip_suffix("[]").map_or((step, false), |name| (name, true));
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
                return Err(format!("{step:?} is not a step of a path"));
            }
            Ok(Step { name: name.to_owned(), each })
        });
        Ok(Part::Place { path: steps.collect::<Result<_, _>>()?, filter })
    }

    /// Every text that `root` makes of this.
    pub(crate) fn expand(&self, root: &Value) -> Vec<String> {
        self.expand_with(&[], root)
    }

    /// The same, with names that come before those of `root`.
    pub(crate) fn expand_with(&self, names: &[(&str, &str)], root: &Value) -> Vec<String> {
        let mut texts = vec![String::new()];
        for part in &self.0 {
            let values = match part {
                Part::Text(text) => vec![text.clone()],
                Part::Place { path, filter } => {
                    let given = match path.as_slice() {
                        [only] => names.iter().find(|(name, _)| *name == only.name),
                        _ => None,
                    };
                    let mut found = Vec::new();
                    match given {
                        Some((_, value)) => found.push((*value).to_owned()),
                        None => find(root, path, &mut found),
                    }
                    found.into_iter().filter_map(|text| filtered(text, *filter)).collect()
                }
            };
            texts = texts.iter().flat_map(|text| values.iter().map(move |value| format!("{text}{value}"))).collect();
        }
        texts.retain(|text| !text.is_empty());
        texts
    }
}

fn filtered(text: String, filter: Option<Filter>) -> Option<String> {
    match filter {
        None => Some(text),
        Some(Filter::Lower) => Some(text.to_lowercase()),
        Some(Filter::Bucket) => {
            let bucket = text.strip_prefix("s3://").unwrap_or(&text).split('/').next()?;
            (!bucket.is_empty()).then(|| bucket.to_owned())
        }
    }
}

fn find(value: &Value, path: &[Step], found: &mut Vec<String>) {
    let Some((step, rest)) = path.split_first() else {
        match value {
            Value::String(text) if !text.is_empty() => found.push(text.clone()),
            Value::Number(number) => found.push(number.to_string()),
            _ => {}
        }
        return;
    };
    match child(value, &step.name) {
        Some(Value::Array(all)) if step.each => all.iter().for_each(|one| find(one, rest, found)),
        Some(one) => find(one, rest, found),
        None => {}
    }
}

/// The value under a name, whatever its case, or under that name in the one wrapping there is.
pub(crate) fn child<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let fields = value.as_object()?;
    let direct = |fields: &'v serde_json::Map<String, Value>| {
        fields
            .get(name)
            .or_else(|| fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
    };
    direct(fields).or_else(|| {
        let (_, inner) = fields.iter().find(|(key, inner)| key.ends_with("Response") && inner.is_object())?;
        direct(inner.as_object()?)
    })
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(d)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn expand(text: &str, root: &Value) -> Vec<String> {
        Template::parse(text).unwrap().expand_with(&[("account", "111122223333")], root)
    }

    #[test]
    fn places_are_filled_from_json() {
        let root = json!({"responseElements": {"ARN": "x", "set": {"items": [{"id": "i-1"}, {"id": "i-2"}, {}]},
            "count": 3}, "uri": "s3://Data/raw"});
        assert_eq!(expand("{responseElements.arn}", &root), ["x"]);
        assert_eq!(
            expand("a:{account}:{responseElements.set.items[].id}", &root),
            ["a:111122223333:i-1", "a:111122223333:i-2"]
        );
        assert_eq!(expand("{responseElements.count}", &root), ["3"]);
        assert_eq!(expand("arn:{uri|bucket}", &root), ["arn:Data"]);
        assert_eq!(expand("{uri|lower}", &root), ["s3://data/raw"]);
        assert!(expand("a:{responseElements.missing}", &root).is_empty());
        assert!(expand("{responseElements.set}", &root).is_empty());
    }

    #[test]
    fn a_wrapped_answer_is_looked_into() {
        let root = json!({"responseElements": {"CreateFleetResponse": {"fleetId": "f-1"}}});
        assert_eq!(expand("{responseElements.fleetId}", &root), ["f-1"]);
    }

    #[test]
    fn a_wrong_text_is_refused() {
        for wrong in ["{", "}", "{}", "{a..b}", "{a b}", "{a|upper}"] {
            assert!(Template::parse(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            if let Ok(template) = Template::parse(&text) {
                template.expand(&json!({"a": [1, "b"]}));
            }
        }
    }
}
