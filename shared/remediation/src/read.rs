//! What a row reads of a resource.

use crate::{
    Condition, Scene, Undescribed,
    template::{Source, Template},
};
use aws::Call;
use serde::Deserialize;
use serde_json::Value;

/// A call that reads, or a part of what was read that gets a name of its own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// Service and operation, with a colon between.
    #[serde(default)]
    pub call: Option<String>,
    /// The part, without any call.
    #[serde(default)]
    pub(crate) value: Option<Template>,
    #[serde(default = "Template::nothing")]
    pub(crate) with: Template,
    /// Errors that mean that the resource is gone.
    #[serde(default)]
    pub(crate) absent: Vec<String>,
    /// Errors that mean that there is no such setting.
    #[serde(default)]
    pub(crate) nothing: Vec<String>,
    /// Read only then.
    #[serde(default, rename = "if")]
    pub(crate) when: Vec<Condition>,
}

/// What describing a resource takes next.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// A call; its answer is kept.
    Call(Call),
    /// A value that is kept as it is.
    Keep(Value),
}

impl Read {
    /// What to do, or nothing where it is not meant.
    ///
    /// # Errors
    /// Names what no call before it showed.
    pub fn ask(&self, scene: &Scene) -> Result<Option<Ask>, Undescribed> {
        if !self.when.iter().all(|condition| condition.holds(&scene.documents)) {
            return Ok(None);
        }
        let source = Source { parts: Some(&scene.parts), documents: scene.documents.clone() };
        if let Some(value) = &self.value {
            return Ok(value.fill(&source)?.map(Ask::Keep));
        }
        let with = self.with.fill(&source)?.unwrap_or_default();
        Ok(self.call.as_deref().map(|name| Ask::Call(Call::named(name, with))))
    }

    /// True for an error that says that the resource is gone.
    #[must_use]
    pub fn means_absent(&self, code: &str) -> bool {
        self.absent.iter().any(|one| one == code)
    }

    /// True for an error that says that there is no such setting.
    #[must_use]
    pub fn means_nothing(&self, code: &str) -> bool {
        self.nothing.iter().any(|one| one == code)
    }
}
