//! JSON that says each thing once. Of two equal keys most readers keep the last without a word, so what a person
//! reviewed and what is done could differ; here the second one is an error.

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};
use std::fmt;

/// Reads a JSON document. Nesting is bounded by `serde_json` (128 levels).
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice::<Unique>(bytes).map(|unique| unique.0)
}

struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Unique(value)) = items.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if map.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the key {key:?} stands twice in one object")));
            }
            let Unique(value) = entries.next_value()?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_second_key_is_refused_by_name_at_any_depth() {
        for text in [r#"{"name":"a","name":"b"}"#, r#"{"x":[{"name":1,"name":1}]}"#, r#"{"name":1,"n\u0061me":1}"#] {
            let why = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(why.contains(r#"the key "name" stands twice"#) && why.contains("line 1"), "{why}");
        }
        assert!(parse(br#"{"a":{"name":1},"b":{"name":1}}"#).is_ok());
    }

    #[test]
    fn deep_nesting_is_an_error() {
        for open in ["[", r#"{"a":"#] {
            assert!(parse(open.repeat(30_000).as_bytes()).unwrap_err().to_string().contains("recursion limit"));
        }
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json_on_everything_else(bytes in "[\\[\\]{}:,\" \\\\a1.eE-]{0,24}|[0-9eE.-]{1,8}|\"\\PC{0,8}\"") {
            match (parse(bytes.as_bytes()), serde_json::from_str::<Value>(&bytes)) {
                (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours, theirs),
                (Err(why), Ok(_)) => prop_assert!(why.to_string().contains("stands twice"), "{}", why),
                (Err(_), Err(_)) => {}
                (Ok(_), Err(why)) => prop_assert!(false, "{}", why),
            }
        }
    }
}
