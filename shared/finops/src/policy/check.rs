//! What no document may ask for.

use super::{Budget, Condition, Policy, PolicyError, Row, resolve};
use crate::Stage;
use landing_zone::{AccountType, Environment};
use rust_decimal::Decimal;

/// No limit is higher; percentages of it stay within what a `Decimal` holds.
const MOST: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// The first thing that is impossible, with its path.
pub(super) fn check(policy: &Policy) -> Result<(), PolicyError> {
    for (at, row) in policy.budgets.iter().enumerate() {
        let path = format!("budgets[{at}]");
        check_row(row, &path)?;
        if let Some(other) = policy.budgets.iter().take(at).position(|other| scope(other) == scope(row)) {
            return Err(PolicyError::at(path, format!("is for the same accounts as budgets[{other}]")));
        }
    }
    let base = policy.budgets.iter().enumerate().find(|(_, row)| scope(row) == (None, None, None));
    let Some((at, base)) = base else {
        return Err(PolicyError::at(
            "budgets",
            "one row has to be for all accounts (without account, accountType, environment)",
        ));
    };
    if let Some(field) = missing(base) {
        return Err(PolicyError::at(format!("budgets[{at}].{field}"), "has to be given in the row for all accounts"));
    }
    for (at, exemption) in policy.exemptions.iter().enumerate() {
        for (field, text) in [("by", &exemption.by), ("reason", &exemption.reason)] {
            if text.trim().is_empty() {
                return Err(PolicyError::at(format!("exemptions[{at}].{field}"), "has to say something"));
            }
        }
    }
    resolved(policy)
}

type Scope<'a> = (Option<&'a str>, Option<&'static str>, Option<&'static str>);

fn scope(row: &Row) -> Scope<'_> {
    (
        row.account.as_ref().map(landing_zone::AccountId::as_str),
        row.account_type.map(AccountType::id),
        row.environment.map(Environment::id),
    )
}

fn missing(base: &Row) -> Option<&'static str> {
    [
        ("period", base.period.is_none()),
        ("limit", base.limit.is_none()),
        ("basis", base.basis.is_none()),
        ("stages", base.stages.is_none()),
        ("maxStage", base.max_stage.is_none()),
        ("approval", base.approval.is_none()),
    ]
    .into_iter()
    .find_map(|(field, missing)| missing.then_some(field))
}

fn check_row(row: &Row, path: &str) -> Result<(), PolicyError> {
    if row.limit.is_some_and(|limit| limit <= Decimal::ZERO) {
        return Err(PolicyError::at(format!("{path}.limit"), "has to be more than nothing"));
    }
    if row.limit.is_some_and(|limit| limit > MOST) {
        return Err(PolicyError::at(format!("{path}.limit"), format!("is more than {MOST}, which nobody spends")));
    }
    if let (Some(account_type), Some(_)) = (row.account_type, row.environment)
        && account_type.is_core()
    {
        return Err(PolicyError::at(format!("{path}.environment"), format!("{account_type:?} accounts have none")));
    }
    if let Some(stage) = row.approval.iter().flatten().find(|stage| !stage.acts()) {
        return Err(PolicyError::at(format!("{path}.approval"), format!("{stage} does nothing that needs approval")));
    }
    for (stage, conditions) in row.stages.iter().flatten() {
        let path = format!("{path}.stages.{stage}");
        if *stage == Stage::None {
            return Err(PolicyError::at(path, "is where every account begins"));
        }
        if conditions.is_empty() {
            return Err(PolicyError::at(path, "has no condition: leave the stage out"));
        }
        for (at, condition) in conditions.iter().enumerate() {
            check_condition(*stage, condition).map_err(|why| PolicyError::at(format!("{path}[{at}]"), why))?;
        }
    }
    ordered(row, path)
}

fn check_condition(stage: Stage, condition: &Condition) -> Result<(), String> {
    let percents = [condition.reported_percent, condition.estimated_percent, condition.forecast_percent];
    if percents.iter().all(Option::is_none) && condition.anomaly_impact.is_none() {
        return Err("is empty and would always hold".to_owned());
    }
    // 1,000 percent: beyond it, it is a slip of the pen.
    let odd = |percent: &Decimal| *percent <= Decimal::ZERO || *percent > Decimal::ONE_THOUSAND;
    if let Some(percent) = percents.iter().flatten().find(|percent| odd(percent)) {
        return Err(format!("{percent} percent is not between 0 and 1000"));
    }
    if condition.anomaly_impact.is_some_and(|impact| impact <= Decimal::ZERO) {
        return Err("an anomaly has to cost something".to_owned());
    }
    if stage.acts() && condition.reported_percent.is_none() && condition.estimated_percent.is_none() {
        return Err(format!("{stage} needs money that was spent: give reportedPercent or estimatedPercent as well"));
    }
    Ok(())
}

/// One of the percentages of a condition.
type Percent = fn(&Condition) -> Option<Decimal>;

/// A later stage is not called for before an earlier one, signal by signal.
fn ordered(row: &Row, path: &str) -> Result<(), PolicyError> {
    let Some(stages) = &row.stages else { return Ok(()) };
    let lowest = |stage: &Stage, of: Percent| stages.get(stage).into_iter().flatten().filter_map(of).min();
    let signals: [(&str, Percent); 3] = [
        ("reportedPercent", |condition| condition.reported_percent),
        ("estimatedPercent", |condition| condition.estimated_percent),
        ("forecastPercent", |condition| condition.forecast_percent),
    ];
    for (name, of) in signals {
        let given: Vec<(&Stage, Decimal)> =
            stages.keys().filter_map(|stage| Some((stage, lowest(stage, of)?))).collect();
        for (earlier, later) in given.iter().zip(given.iter().skip(1)) {
            if later.1 < earlier.1 {
                let why = format!("{name} {} comes before that of {}, which is {}", later.1, earlier.0, earlier.1);
                return Err(PolicyError::at(format!("{path}.stages.{}", later.0), why));
            }
        }
    }
    Ok(())
}

/// What only shows when rows are laid over one another. A row for an account is looked at in each environment, for the
/// document does not say where the account is.
fn resolved(policy: &Policy) -> Result<(), PolicyError> {
    let types: Vec<Option<AccountType>> = std::iter::once(None).chain(AccountType::all().map(Some)).collect();
    for (at, row) in policy.budgets.iter().enumerate() {
        for environment in [Environment::Dev, Environment::Test, Environment::Prod] {
            for account_type in types.iter().copied().filter(|kind| kind.is_none_or(|kind| !kind.is_core())) {
                if !row.fits(row.account.as_ref(), account_type, Some(environment)) {
                    continue;
                }
                let mut rows: Vec<&Row> = policy
                    .budgets
                    .iter()
                    .filter(|other| other.fits(row.account.as_ref(), account_type, Some(environment)))
                    .collect();
                rows.sort_by_key(|row| std::cmp::Reverse(row.specificity()));
                let budget = resolve(policy.currency, &rows);
                check_budget(&budget, environment).map_err(|(field, why)| {
                    PolicyError::at(format!("budgets[{at}].{field}"), format!("in {}: {why}", environment.id()))
                })?;
            }
        }
    }
    Ok(())
}

fn check_budget(budget: &Budget, environment: Environment) -> Result<(), (&'static str, String)> {
    let unapproved =
        || Stage::ENFORCED.into_iter().find(|stage| *stage <= budget.max_stage && !budget.approval.contains(stage));
    // Nothing in production is stopped by a machine alone.
    if environment == Environment::Prod
        && let Some(stage) = unapproved()
    {
        return Err(("maxStage", format!("{stage} would act on production without approval: add it to approval")));
    }
    let reachable = |stage: &Stage| budget.stages.contains_key(stage);
    if budget.max_stage != Stage::None && !reachable(&budget.max_stage) {
        return Err(("maxStage", format!("{} has no condition in stages", budget.max_stage)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn with(change: impl FnOnce(&mut Value)) -> String {
        let mut document: Value = serde_json::from_str(super::super::STANDARD).unwrap();
        change(&mut document);
        Policy::parse(&document.to_string()).unwrap_err().to_string()
    }

    #[test]
    fn impossible_documents_are_refused_with_a_path() {
        let row = |row: Value| with(|document| document["budgets"].as_array_mut().unwrap().push(row));
        for (said, part) in [
            (row(json!({"environment": "dev"})), "budgets[4]: is for the same accounts as budgets[1]"),
            (row(json!({"accountType": "audit", "limit": "0"})), "budgets[4].limit: has to be more"),
            (row(json!({"accountType": "audit", "limit": "-3"})), "budgets[4].limit: has to be more"),
            (
                row(json!({"accountType": "audit", "limit": "79228162514264337593543950335"})),
                "budgets[4].limit: is more",
            ),
            (row(json!({"accountType": "audit", "limit": "1,200.00"})), "budgets[4].limit: invalid"),
            (row(json!({"accountType": "audit", "limit": "NaN"})), "budgets[4].limit: invalid"),
            (row(json!({"accountType": "audit", "limit": "1e309"})), "budgets[4].limit: invalid"),
            (row(json!({"accountType": "audit", "limits": "1"})), "budgets[4].limits: unknown field"),
            (row(json!({"accountType": "audit", "environment": "dev"})), "budgets[4].environment: audit accounts"),
            (row(json!({"account": "11112222333"})), "budgets[4].account"),
            (
                row(json!({"accountType": "network", "environment": "prod", "maxStage": "stop", "approval": []})),
                "without approval",
            ),
            (
                row(json!({"account": "111122223333", "maxStage": "restrict", "approval": []})),
                "budgets[4].maxStage: in prod: restrict would act on production",
            ),
            (
                row(json!({"accountType": "network", "approval": ["notify"]})),
                "budgets[4].approval: notify does nothing",
            ),
            (
                row(json!({"accountType": "network", "stages": {"notify": []}})),
                "budgets[4].stages.notify: has no condition",
            ),
            (
                row(json!({"accountType": "network", "stages": {"notify": [{}]}})),
                "budgets[4].stages.notify[0]: is empty",
            ),
            (
                row(json!({"accountType": "network", "stages": {"none": [{"reportedPercent": "1"}]}})),
                "budgets[4].stages.none",
            ),
            (
                row(json!({"accountType": "network", "stages": {"notify": [{"reportedPercent": "1001"}]}})),
                "not between",
            ),
            (
                row(json!({"accountType": "network", "stages": {"stop": [{"forecastPercent": "150"}]}})),
                "budgets[4].stages.stop[0]: stop needs money that was spent",
            ),
            (
                row(json!({"accountType": "network", "stages": {"restrict": [{"anomalyImpact": "150"}]}})),
                "needs money that was spent",
            ),
            (
                row(
                    json!({"accountType": "network", "stages": {"notify": [{"reportedPercent": "90"}], "stop": [{"reportedPercent": "80"}]}}),
                ),
                "budgets[4].stages.stop: reportedPercent 80 comes before that of notify, which is 90",
            ),
            (
                row(
                    json!({"accountType": "network", "environment": "dev", "stages": {"notify": [{"reportedPercent": "90"}]}}),
                ),
                "freeze has no condition",
            ),
            (with(|document| document["budgets"][0]["limit"] = Value::Null), "budgets[0].limit: has to be given"),
            (
                with(|document| {
                    document["budgets"].as_array_mut().unwrap().remove(0);
                }),
                "budgets: one row has to be for all",
            ),
            (with(|document| document["currency"] = json!("usd")), "currency"),
            (with(|document| document["mode"] = json!("on")), "mode: unknown variant"),
            (
                with(|document| {
                    document["exemptions"] = json!([{"account": "111122223333", "by": "j", "reason": "r"}]);
                }),
                "exemptions[0]: missing field `until`",
            ),
            (
                with(|document| {
                    document["exemptions"] =
                        json!([{"account": "111122223333", "until": "2027-02-29", "by": "j", "reason": "r"}]);
                }),
                "exemptions[0].until",
            ),
            (
                with(|document| {
                    document["exemptions"] =
                        json!([{"account": "111122223333", "until": "2027-02-28", "by": " ", "reason": "r"}]);
                }),
                "exemptions[0].by: has to say something",
            ),
        ] {
            assert!(said.contains(part), "{said:?} lacks {part:?}");
        }
    }

    #[test]
    fn production_may_be_acted_on_where_people_approve_each_stage() {
        let mut document: Value = serde_json::from_str(super::super::STANDARD).unwrap();
        document["budgets"][3]["maxStage"] = json!("restrict");
        document["budgets"][3]["approval"] = json!(["restrict"]);
        Policy::parse(&document.to_string()).unwrap();
    }
}
