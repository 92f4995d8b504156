//! The ids of resources: from a finding's text to the parts that calls name.

use serde::Deserialize;
use std::collections::BTreeMap;

/// The id of a resource with its parts in braces, such as `arn:{partition}:dynamodb:{region}:{account}:table/{name}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ResourcePattern {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Part(String),
}

impl TryFrom<String> for ResourcePattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (mut pieces, mut rest) = (Vec::new(), text.as_str());
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or_else(|| format!("{text}: a brace is open"))?;
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            } else if !pieces.is_empty() {
                return Err(format!("{text}: two parts without anything between them"));
            }
            pieces.push(Piece::Part(name.to_owned()));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self { text, pieces })
    }
}

impl ResourcePattern {
    /// The parts of an id, or nothing where it is another kind of resource. Some findings name a resource by its bare
    /// name, without an ARN: that is the last part.
    #[must_use]
    pub fn parts(&self, id: &str) -> Option<BTreeMap<String, String>> {
        self.matched(id).or_else(|| self.bare(id))
    }

    /// Names of the parts.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Part(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// As it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// True for the account itself.
    #[must_use]
    pub fn is_account(&self) -> bool {
        self.text.starts_with("AWS::::Account:")
    }

    fn matched(&self, id: &str) -> Option<BTreeMap<String, String>> {
        let (mut parts, mut rest) = (BTreeMap::new(), id);
        let mut pieces = self.pieces.iter().peekable();
        while let Some(piece) = pieces.next() {
            match piece {
                Piece::Text(text) => rest = rest.strip_prefix(text.as_str())?,
                Piece::Part(name) => {
                    let end = match pieces.peek() {
                        Some(Piece::Text(next)) => rest.find(next.as_str())?,
                        _ => rest.len(),
                    };
                    let (part, after) = rest.split_at_checked(end)?;
                    if part.is_empty() {
                        return None;
                    }
                    parts.insert(name.clone(), part.to_owned());
                    rest = after;
                }
            }
        }
        rest.is_empty().then_some(parts)
    }

    fn bare(&self, id: &str) -> Option<BTreeMap<String, String>> {
        let is_bare = !id.is_empty() && !id.contains(':') && !id.contains('/');
        let Some(Piece::Part(name)) = self.pieces.last() else { return None };
        (is_bare && !self.is_account()).then(|| BTreeMap::from([(name.clone(), id.to_owned())]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(pattern: &str, id: &str) -> Option<String> {
        let parts = ResourcePattern::try_from(pattern.to_owned()).unwrap().parts(id)?;
        Some(parts.iter().map(|(name, part)| format!("{name}={part}")).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn an_id_falls_into_its_parts() {
        let table = "arn:{partition}:dynamodb:{region}:{account}:table/{name}";
        let id = "arn:aws:dynamodb:eu-west-1:111122223333:table/a/b";
        assert_eq!(parts(table, id).unwrap(), "account=111122223333 name=a/b partition=aws region=eu-west-1");
        assert_eq!(parts(table, "orders").unwrap(), "name=orders");
        assert_eq!(parts(table, "arn:aws:dynamodb:eu-west-1:111122223333:index/a"), None);
        assert_eq!(parts("arn:{partition}:s3:::{name}", "arn:aws:s3:::data").unwrap(), "name=data partition=aws");
        assert_eq!(parts("AWS::::Account:{account}", "AWS::::Account:111122223333").unwrap(), "account=111122223333");
        assert_eq!(parts("AWS::::Account:{account}", "sg-1"), None);
        assert!(ResourcePattern::try_from("{a}{b}".to_owned()).is_err());
    }
}
