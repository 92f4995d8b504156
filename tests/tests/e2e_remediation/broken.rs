//! Resources that a control is about, broken on purpose. What is broken, and how, is data (`broken/*.json`).

use aws::SdkConfig;
use remediation::{Scene, Step, Template};
use serde::Deserialize;
use serde_json::{Map, Value};
use tests::unique;

/// A control, and how to break something that it is about.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Broken {
    pub control: String,
    /// Why the embedded AWS cannot show it.
    #[serde(default)]
    pub not: Option<String>,
    /// Calls that make the broken resource, in order.
    #[serde(default)]
    make: Vec<Make>,
    /// Its id.
    #[serde(default)]
    resource: Option<Template>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Make {
    call: String,
    #[serde(default)]
    with: Option<Template>,
    #[serde(default)]
    creates: Option<String>,
}

pub(crate) fn broken() -> Vec<Broken> {
    let files = [
        include_str!("broken/ai.json"),
        include_str!("broken/data.json"),
        include_str!("broken/compute.json"),
        include_str!("broken/identity.json"),
    ];
    files.into_iter().flat_map(|text| serde_json::from_str::<Vec<Broken>>(text).expect("a list")).collect()
}

/// The one of a control.
pub(crate) fn of(control: &str) -> Broken {
    broken().into_iter().find(|one| one.control == control).unwrap_or_else(|| panic!("{control} has none"))
}

impl Broken {
    /// Makes the broken resource in an account and returns its id.
    pub(crate) async fn make(&self, config: &SdkConfig, account: &str) -> String {
        let mut scene = Scene::default();
        for (name, part) in [("account", account), ("region", "us-east-1"), ("partition", "aws")] {
            scene.parts.insert(name.to_owned(), part.to_owned());
        }
        // Ends with a letter, so that no name begins another.
        scene.parts.insert("unique".to_owned(), format!("{}x", unique("broken")));
        for make in &self.make {
            let with = make.with.clone().unwrap_or(Template::Object(Vec::new()));
            let step = Step { call: make.call.clone(), with, until: Vec::new(), creates: None };
            let call = step.call(&scene, &Map::new()).unwrap_or_else(|why| panic!("{}: {why}", make.call));
            let answer = aws::send(config, &call).await.unwrap_or_else(|fault| panic!("{}: {fault}", self.control));
            if let Some(name) = &make.creates {
                scene.documents.insert(name.clone(), answer);
            }
        }
        let resource = Step {
            call: String::new(),
            with: Template::Object(vec![("id".to_owned(), self.resource.clone().expect("a resource"))]),
            until: Vec::new(),
            creates: None,
        };
        let id = resource.call(&scene, &Map::new()).unwrap_or_else(|why| panic!("{}: {why}", self.control)).parameters;
        match &id["id"] {
            // A text cannot name what AWS answered: an id with several such parts is a list of pieces.
            Value::Array(pieces) => pieces.iter().filter_map(Value::as_str).collect(),
            one => one.as_str().expect("an id").to_owned(),
        }
    }
}
