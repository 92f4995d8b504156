//! The matrix as people and machines read it.

use crate::{
    cell::{Cell, Outcome},
    sites::{self, KINDS},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::root;

/// What a cell can say, and what it means.
const WORDS: [(&str, &str); 3] =
    [("ok", "active at once"), ("retry", "failed, recorded, completed when sent again"), ("WRONG", "neither")];

/// A cell and what came of it.
#[derive(Debug, Clone)]
struct Entry {
    cell: Cell,
    result: Result<Outcome, String>,
}

impl Entry {
    fn word(&self) -> &'static str {
        match &self.result {
            Ok(outcome) if outcome.failures.is_empty() => "ok",
            Ok(_) => "retry",
            Err(_) => "WRONG",
        }
    }

    fn as_json(&self) -> Value {
        let (call, kind, result) = (self.cell.site.name(), self.cell.kind, self.word());
        match &self.result {
            Ok(Outcome { request, account, failures, seconds, .. }) => json!({
                "call": call, "kind": kind, "result": result, "request": request, "account": account,
                "failures": failures, "seconds": (seconds * 10.0).round() / 10.0,
            }),
            Err(why) => json!({"call": call, "kind": kind, "result": result, "why": why}),
        }
    }
}

/// Results by number of the cell.
#[derive(Default)]
pub struct Matrix {
    entries: BTreeMap<usize, Entry>,
}

impl Matrix {
    pub fn add(&mut self, cell: &Cell, result: Result<Outcome, String>) {
        self.entries.insert(cell.number, Entry { cell: *cell, result });
    }

    /// The cells that have not failed so far.
    pub fn outcomes(&self) -> Vec<(Cell, Outcome)> {
        self.entries.values().filter_map(|entry| Some((entry.cell, entry.result.clone().ok()?))).collect()
    }

    pub fn problems(&self) -> Vec<String> {
        let problem = |entry: &Entry| {
            let why = entry.result.as_ref().err()?;
            Some(format!("{} × {}: {why}", entry.cell.site.name(), entry.cell.kind))
        };
        self.entries.values().filter_map(problem).collect()
    }

    fn count(&self, word: &str, kind: Option<&str>) -> usize {
        let counts = |entry: &&Entry| entry.word() == word && kind.is_none_or(|kind| entry.cell.kind == kind);
        self.entries.values().filter(counts).count()
    }

    fn word(&self, row: &str, kind: &str) -> &'static str {
        let mut entries = self.entries.values();
        entries.find(|entry| entry.cell.kind == kind && entry.cell.site.name() == row).map_or("", Entry::word)
    }

    /// One row for each call, one column for each kind of fault.
    pub fn print(&self) {
        let rows: Vec<String> = sites::all().map(|site| site.name()).collect();
        let width = rows.iter().map(String::len).max().unwrap_or(0);
        println!("\n{:<width$}{}", "call", KINDS.map(|kind| format!("{kind:>11}")).concat());
        for row in rows {
            println!("{row:<width$}{}", KINDS.map(|kind| format!("{:>11}", self.word(&row, kind))).concat());
        }
        for (word, meaning) in WORDS {
            let counts = KINDS.map(|kind| format!("{:>11}", self.count(word, Some(kind)))).concat();
            println!("{word:<width$}{counts}{:>7}  {meaning}", self.count(word, None));
        }
    }

    /// Writes `target/faults/matrix.json`.
    pub fn write(&self) {
        let totals: BTreeMap<_, _> = WORDS.map(|(word, _)| (word, self.count(word, None))).into();
        let cells: Vec<_> = self.entries.values().map(Entry::as_json).collect();
        let document = serde_json::to_string_pretty(&json!({"totals": totals, "cells": cells})).expect("JSON");
        let folder = root().join("target/faults");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("matrix.json"), document).expect("a file");
    }
}
