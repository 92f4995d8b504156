//! The query of a request.

use aws_lambda_events::{apigw::ApiGatewayProxyRequest, query_map::QueryMap};
use landing_zone::FieldProblem;
use std::collections::BTreeMap;

/// Reads parameters one by one and keeps what was wrong with each.
pub(crate) struct Form<'a> {
    /// Sorted, so that the same query always has the same answer.
    parameters: BTreeMap<&'a str, Vec<&'a str>>,
    /// What was wrong.
    pub(crate) problems: Vec<FieldProblem>,
}

impl<'a> Form<'a> {
    /// The parameters of a request.
    pub(crate) fn of(request: &'a ApiGatewayProxyRequest) -> Self {
        // Only the second form keeps a parameter that was given twice.
        let all: &QueryMap = if request.multi_value_query_string_parameters.is_empty() {
            &request.query_string_parameters
        } else {
            &request.multi_value_query_string_parameters
        };
        let mut parameters: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, value) in all.iter() {
            parameters.entry(name).or_default().push(value);
        }
        Self { parameters, problems: Vec::new() }
    }

    fn wrong(&mut self, field: &str, detail: String) {
        self.problems.push(FieldProblem { field: field.to_owned(), detail });
    }

    /// Reads one; none where it is not given or wrong.
    pub(crate) fn read<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let parsed = match self.parameters.get(name).map(Vec::as_slice) {
            None => return None,
            Some([value]) => parse(value),
            Some(_) => Err("must be given once".to_owned()),
        };
        parsed.map_err(|why| self.wrong(name, why)).ok()
    }

    /// Every parameter beside `known` is wrong.
    pub(crate) fn refuse_unknown(&mut self, known: &[&str]) {
        let unknown: Vec<&str> = self.parameters.keys().copied().filter(|name| !known.contains(name)).collect();
        for name in unknown {
            self.wrong(name, format!("is not a parameter; the parameters are {}", known.join(", ")));
        }
    }
}

/// Entries on one page.
const MAX_SIZE: usize = 100;

/// Reads the size of a page.
pub(crate) fn page_size(text: &str) -> Result<usize, String> {
    Some(text)
        .filter(|text| text.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .filter(|size| (1..=MAX_SIZE).contains(size))
        .ok_or_else(|| format!("must be a whole number from 1 to {MAX_SIZE}"))
}
