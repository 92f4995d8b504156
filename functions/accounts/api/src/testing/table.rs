//! The ledger's table: what the few expressions of the API mean, on items in memory.

use aws_sdk_dynamodb::{
    operation::{
        get_item::GetItemInput, put_item::PutItemInput, query::QueryInput,
        transact_write_items::TransactWriteItemsInput, update_item::UpdateItemInput,
    },
    types::AttributeValue,
};
use std::collections::{BTreeMap, HashMap};

pub(super) type Item = HashMap<String, AttributeValue>;

/// Items by id.
#[derive(Default)]
pub(super) struct Table {
    pub(super) items: BTreeMap<String, Item>,
    /// What another writer commits once something has been read.
    pub(super) pending: BTreeMap<String, Item>,
}

impl Table {
    /// Reads an item; then the other writer commits.
    pub(super) fn get(&mut self, input: &GetItemInput) -> Option<Item> {
        let found = self.items.get(text(input.key().unwrap(), "id")).cloned();
        self.items.append(&mut self.pending);
        found
    }

    /// Writes new items, all or none.
    pub(super) fn transact(&mut self, input: &TransactWriteItemsInput) -> bool {
        let puts: Vec<Item> = input.transact_items().iter().map(|item| item.put().unwrap().item().clone()).collect();
        let conditions = input.transact_items().iter().map(|item| item.put().unwrap().condition_expression().unwrap());
        assert!(conditions.into_iter().all(|condition| condition == "attribute_not_exists(id)"));
        let free = puts.iter().all(|item| !self.items.contains_key(text(item, "id")));
        if free {
            self.items.extend(puts.into_iter().map(|item| (text(&item, "id").to_owned(), item)));
        }
        free
    }

    /// Writes an item over the version that the writer read, or over none.
    pub(super) fn put(&mut self, input: &PutItemInput) -> bool {
        let item = input.item().unwrap();
        let before = self.items.get(text(item, "id"));
        let holds = match input.condition_expression().unwrap() {
            "attribute_not_exists(id)" => before.is_none(),
            "attribute_not_exists(id) OR attribute_exists(id)" => true,
            "attribute_not_exists(id) OR createdAt <= :told" => {
                let told = text(input.expression_attribute_values().unwrap(), ":told");
                before.is_none_or(|before| text(before, "createdAt") <= told)
            }
            "version = :before" => {
                let version = &input.expression_attribute_values().unwrap()[":before"];
                before.is_some_and(|before| before["version"] == *version)
            }
            other => panic!("{other}"),
        };
        if holds {
            self.items.insert(text(item, "id").to_owned(), item.clone());
        }
        holds
    }

    /// Does what `Ledger::resume` asks for.
    pub(super) fn resume(&mut self, input: &UpdateItemInput) -> Option<Item> {
        let values = input.expression_attribute_values().unwrap();
        let item = self.items.get_mut(text(input.key().unwrap(), "id"))?;
        assert_eq!(input.condition_expression(), Some("#state = :failed AND attempt = :attempt"));
        if item["state"] != values[":failed"] || item["attempt"] != values[":attempt"] {
            return None;
        }
        for (name, value) in [("state", ":received"), ("attempt", ":next"), ("updatedAt", ":now"), ("steps", ":none")] {
            item.insert(name.to_owned(), values[value].clone());
        }
        item.remove("failure");
        Some(item.clone())
    }

    /// Lists what is of a kind as the index would.
    pub(super) fn query(&self, input: &QueryInput) -> Vec<Item> {
        let values = input.expression_attribute_values().unwrap();
        let matches = |item: &Item, name: &str, path: &[&str]| {
            let mut found = item.get(path[0]);
            for step in &path[1..] {
                found = found.and_then(|inner| inner.as_m().unwrap().get(*step));
            }
            values.get(name).is_none_or(|wanted| found == Some(wanted))
        };
        let order = |item: &Item| (text(item, "createdAt").to_owned(), text(item, "id").to_owned());
        let after = input.exclusive_start_key().map(order);
        let mut found: Vec<Item> = self
            .items
            .values()
            .filter(|item| matches(item, ":kind", &["kind"]) && matches(item, ":state", &["state"]))
            .filter(|item| matches(item, ":environment", &["request", "environment"]))
            .filter(|item| matches(item, ":accountType", &["request", "accountType"]))
            .filter(|item| after.as_ref().is_none_or(|after| order(item) < *after))
            .cloned()
            .collect();
        found.sort_by_key(order);
        if input.scan_index_forward() == Some(false) {
            found.reverse();
        }
        found
    }
}

fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    item.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}
