//! XML as JSON. An element becomes an object of its children, a list where several have the same name, a text where it has
//! none; an attribute is a member with `@` before its name. Namespaces are left to the API's table.

use aws_smithy_xml::encode::{ScopeWriter, XmlWriter};
use roxmltree::{Document, Node};
use serde_json::{Map, Value};

/// Reads a document: the value of its root element.
pub(super) fn read(text: &str) -> Result<Value, String> {
    Ok(value(Document::parse(text).map_err(|why| why.to_string())?.root_element()))
}

fn value(node: Node<'_, '_>) -> Value {
    let mut members = Map::new();
    for attribute in node.attributes() {
        let prefix = attribute.namespace().and_then(|uri| node.lookup_prefix(uri));
        let name = prefix.map_or_else(String::new, |prefix| format!("{prefix}:"));
        members.insert(format!("@{name}{}", attribute.name()), Value::from(attribute.value()));
    }
    for child in node.children().filter(Node::is_element) {
        let name = child.tag_name().name();
        match members.get_mut(name) {
            None => {
                members.insert(name.to_owned(), value(child));
            }
            Some(Value::Array(several)) => several.push(value(child)),
            Some(one) => *one = Value::Array(vec![one.take(), value(child)]),
        }
    }
    if members.is_empty() { Value::from(node.text().unwrap_or_default().trim()) } else { Value::Object(members) }
}

/// Writes the element `name`.
pub(super) fn write(name: &str, namespace: Option<&str>, value: &Value) -> String {
    let mut text = String::new();
    let mut writer = XmlWriter::new(&mut text);
    let mut root = writer.start_el(name);
    if let Some(namespace) = namespace {
        root = root.write_ns(namespace, None);
    }
    children(&mut root.finish(), value);
    text
}

fn children(scope: &mut ScopeWriter<'_, '_>, value: &Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter().filter(|(name, _)| !name.starts_with('@')) {
                let several = match member {
                    Value::Array(several) => several.as_slice(),
                    one => std::slice::from_ref(one),
                };
                for one in several {
                    let mut element = scope.start_el(name);
                    for (name, text) in one.as_object().into_iter().flatten() {
                        if let (Some(name), Some(text)) = (name.strip_prefix('@'), text.as_str()) {
                            if let Some(prefix) = name.split_once(':').map(|(prefix, _)| prefix).filter(|p| *p == "xsi")
                            {
                                element = element.write_ns("http://www.w3.org/2001/XMLSchema-instance", Some(prefix));
                            }
                            element.write_attribute(name, text);
                        }
                    }
                    children(&mut element.finish(), one);
                }
            }
        }
        Value::Null => {}
        Value::String(text) => scope.data(text),
        other => scope.data(&other.to_string()),
    }
}

/// One or several: a list in XML with one entry reads as that entry, and one without any as an empty text.
#[must_use]
pub fn each(value: Option<&Value>) -> &[Value] {
    match value {
        None | Some(Value::Null) => &[],
        Some(Value::String(text)) if text.is_empty() => &[],
        Some(Value::Array(several)) => several,
        Some(one) => std::slice::from_ref(one),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_read_is_written_again() {
        let text = r#"<Rules xmlns="urn:x"><Rule><ID>a &amp; b</ID><Days>3</Days></Rule><Rule><ID/></Rule><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>u</URI></Grantee></Rules>"#;
        let value = read(text).unwrap();
        let wanted = json!({"Rule": [{"ID": "a & b", "Days": "3"}, {"ID": ""}],
            "Grantee": {"@xsi:type": "Group", "URI": "u"}});
        assert_eq!(value, wanted);
        assert_eq!(read(&write("Rules", Some("urn:x"), &value)).unwrap(), value);
    }

    #[test]
    fn one_or_several() {
        let value = json!({"one": {"a": 1}, "several": [1, 2], "none": ""});
        assert_eq!(each(value.get("one")).len(), 1);
        assert_eq!(each(value.get("several")).len(), 2);
        assert!(each(value.get("none")).is_empty() && each(value.get("nothing")).is_empty());
    }
}
