//! The text that AWS Budgets sends to SNS: two lines of heading, a letter, and lines of `Key: value`. No document of AWS's
//! describes it, so that nothing is guessed: a line that is missing or there twice makes the message unusable.

use super::{AlertKind, BudgetNotice, Notice, Rejected};
use crate::{Money, money};
use jiff::civil::Date;
use landing_zone::AccountId;
use rust_decimal::Decimal;

const HEADING: &str = "AWS Budget Notification";
const ACCOUNT: &str = "AWS Account";
const NAME: &str = "Budget Name:";
const TYPE: &str = "Budget Type:";
const LIMIT: &str = "Budgeted Amount:";
const KIND: &str = "Alert Type:";
const THRESHOLD: &str = "Alert Threshold:";

/// Reads the text of a message. A budget for anything but cost is ignored: it tells of no money.
pub(super) fn read(text: &str) -> Result<Notice, Rejected> {
    let text = Text(text);
    if [HEADING, NAME, TYPE, LIMIT, KIND, THRESHOLD].iter().all(|start| text.starting(start).next().is_none()) {
        return if text.0.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("test")) {
            Ok(Notice::Ignored("a test of the topic".to_owned()))
        } else {
            Err(Rejected("the text is no notice of a budget".to_owned()))
        };
    }
    let budget_type = text.line(TYPE)?;
    if !budget_type.eq_ignore_ascii_case("cost") {
        return Ok(Notice::Ignored(format!("a budget of type {budget_type:?}, which tells of no money")));
    }
    let threshold = text.line(THRESHOLD)?;
    if threshold.starts_with('<') {
        return Ok(Notice::Ignored(format!("tells that spending is {threshold}")));
    }
    let (kind, amount) = match text.line(KIND)? {
        "ACTUAL" => (AlertKind::Actual, "ACTUAL Amount:"),
        "FORECASTED" => (AlertKind::Forecasted, "FORECASTED Amount:"),
        other => return Err(Rejected(format!("{KIND} {other:?} is neither ACTUAL nor FORECASTED"))),
    };
    let heading = text.line(HEADING)?;
    let notice = BudgetNotice {
        account: AccountId::parse(text.line(ACCOUNT)?).map_err(|why| Rejected(format!("{ACCOUNT}: {why}")))?,
        budget: text.line(NAME)?.to_owned(),
        kind,
        amount: money_in(amount, text.line(amount)?)?,
        limit: not_negative(LIMIT, money_in(LIMIT, text.line(LIMIT)?)?)?,
        threshold: not_negative(THRESHOLD, money_in(THRESHOLD, threshold.trim_start_matches(['>', '=']))?)?,
        sent_on: Date::strptime("%B %d, %Y", heading).map_err(|_| Rejected(format!("{heading:?} is no date")))?,
    };
    let BudgetNotice { amount, limit, threshold, .. } = &notice;
    if amount.currency != limit.currency || threshold.currency != limit.currency {
        return Err(Rejected(format!("mixes currencies: {amount}, limit {limit}, threshold {threshold}")));
    }
    Ok(Notice::Budget(notice))
}

struct Text<'t>(&'t str);

impl<'t> Text<'t> {
    /// The rest of every line that begins so.
    fn starting(&self, start: &str) -> impl Iterator<Item = &'t str> {
        self.0.lines().filter_map(move |line| line.trim().strip_prefix(start)).map(str::trim)
    }

    /// The rest of the one line that begins so. A name may hold line breaks, so that a second one may be forged.
    fn line(&self, start: &str) -> Result<&'t str, Rejected> {
        let name = start.trim_end_matches(':');
        let mut lines = self.starting(start);
        match (lines.next(), lines.next()) {
            (Some(""), None) => Err(Rejected(format!("the line {name:?} is empty"))),
            (Some(rest), None) => Ok(rest),
            (None, _) => Err(Rejected(format!("the line {name:?} is missing"))),
            (Some(_), Some(_)) => Err(Rejected(format!("the line {name:?} is there twice"))),
        }
    }
}

fn money_in(line: &str, text: &str) -> Result<Money, Rejected> {
    money::written(text).map_err(|why| Rejected(format!("{line} {why}")))
}

fn not_negative(line: &str, money: Money) -> Result<Money, Rejected> {
    if money.amount < Decimal::ZERO { Err(Rejected(format!("{line} {money} is below zero"))) } else { Ok(money) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    /// A letter as Budgets words it, with the lines that are asked for.
    fn letter(changes: &[(&str, &str)]) -> String {
        let mut text = "AWS Budget Notification November 26, 2026\nAWS Account 111122223333\n\nDear AWS Customer,\n\n\
            You requested that we alert you when the ACTUAL Cost associated with your ai budget is greater than $800.00 \
            for the current month. You can find additional details below [1].\n\n\
            Budget Name: ai\nBudget Type: Cost\nBudgeted Amount: $1,000.00\nAlert Type: ACTUAL\n\
            Alert Threshold: > $800.00\nACTUAL Amount: $1,046,294,123,330.95\n\n\
            [1] https://console.aws.amazon.com/costmanagement/home#/budgets\n"
            .to_owned();
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        text
    }

    fn notice(text: &str) -> BudgetNotice {
        match read(text) {
            Ok(Notice::Budget(notice)) => notice,
            other => panic!("{other:?}: {text}"),
        }
    }

    fn usd(text: &str) -> Money {
        money::written(&format!("{text} USD")).unwrap()
    }

    #[test]
    fn a_letter_tells_of_a_budget() {
        let expected = BudgetNotice {
            account: AccountId::parse("111122223333").unwrap(),
            budget: "ai".to_owned(),
            kind: AlertKind::Actual,
            amount: usd("1,046,294,123,330.95"),
            limit: usd("1000"),
            threshold: usd("800"),
            sent_on: date(2026, 11, 26),
        };
        assert_eq!(notice(&letter(&[])), expected);
        assert_eq!(notice(&letter(&[("\n", "\r\n")])), expected);
        assert_eq!(notice(letter(&[]).trim_end()), expected);
    }

    #[test]
    fn a_letter_may_vary() {
        let forecast = notice(&letter(&[("ACTUAL", "FORECASTED")]));
        assert_eq!((forecast.kind, forecast.amount), (AlertKind::Forecasted, usd("1,046,294,123,330.95")));
        let credits = notice(&letter(&[("$1,046,294,123,330.95", "-$3.20")]));
        assert_eq!(credits.amount, usd("-3.20"));
        let euros = letter(&[("$1,046,294,123,330.95", "1,200.00 EUR"), ("$1,000.00", "EUR 5"), ("$800.00", "€0.5")]);
        assert_eq!(notice(&euros).amount.to_string(), "1,200.00 EUR");
        assert_eq!(notice(&letter(&[("November 26, 2026", "March 05, 2028")])).sent_on, date(2028, 3, 5));
        assert_eq!(notice(&letter(&[("November 26, 2026", "February 29, 2028")])).sent_on, date(2028, 2, 29));
        assert_eq!(notice(&letter(&[("> $800.00", "$800.00")])).threshold, usd("800"));
    }

    #[test]
    fn names_may_hold_odd_characters() {
        for name in ["team: models: dev", "50% > $5 [x]", "Budgeted Amount", "größe 🚀", "a/b\\c", "<b>&amp;</b>"] {
            let named =
                letter(&[("Budget Name: ai", &format!("Budget Name: {name}")), ("your ai", &format!("your {name}"))]);
            assert_eq!(notice(&named).budget, name);
        }
    }

    #[test]
    fn what_tells_of_no_money_is_ignored() {
        for (changes, why) in [
            (
                vec![("Type: Cost", "Type: Usage"), ("$1,000.00", "10 GB"), ("$1,046,294,123,330.95", "12 GB")],
                "a budget of type \"Usage\", which tells of no money",
            ),
            (
                vec![("Type: Cost", "Type: RI Utilization"), ("> $800.00", "< 80%")],
                "a budget of type \"RI Utilization\", which tells of no money",
            ),
            (
                vec![("Type: Cost", "Type: Savings Plans Coverage")],
                "a budget of type \"Savings Plans Coverage\", which tells of no money",
            ),
            (vec![("> $800.00", "< $800.00")], "tells that spending is < $800.00"),
        ] {
            assert_eq!(read(&letter(&changes)), Ok(Notice::Ignored(why.to_owned())));
        }
    }

    #[test]
    fn every_line_is_needed_once() {
        for start in [HEADING, ACCOUNT, NAME, TYPE, LIMIT, KIND, THRESHOLD, "ACTUAL Amount:"] {
            let name = start.trim_end_matches(':');
            let whole = letter(&[]);
            let line = whole.lines().find(|line| line.starts_with(start)).unwrap();
            for (change, problem) in
                [(String::new(), "missing"), (start.to_owned(), "empty"), (format!("{line}\n{line}"), "there twice")]
            {
                let why = format!("the line {name:?} is {problem}");
                assert_eq!(read(&letter(&[(line, &change)])), Err(Rejected(why)), "{start}");
            }
        }
    }

    #[test]
    fn what_cannot_be_meant_is_rejected() {
        for (from, to, why) in [
            ("$1,046,294,123,330.95", "NaN", "ACTUAL Amount: \"NaN\" is no money"),
            ("$1,046,294,123,330.95", "$1e309", "ACTUAL Amount: \"$1e309\" is no money"),
            ("$1,046,294,123,330.95", "12 GB", "ACTUAL Amount: \"12 GB\" is no money"),
            ("$1,046,294,123,330.95", "$1.046.294,95", "ACTUAL Amount: \"$1.046.294,95\" is no money"),
            ("$1,000.00", "-$1,000.00", "Budgeted Amount: -1,000.00 USD is below zero"),
            ("> $800.00", "> $-1", "Alert Threshold: -1.00 USD is below zero"),
            ("> $800.00", "> 80%", "Alert Threshold: \"80%\" is no money"),
            (
                "$1,000.00",
                "€1,000.00",
                "mixes currencies: 1,046,294,123,330.95 USD, limit 1,000.00 EUR, threshold 800.00 USD",
            ),
            ("> $800.00", "> €5", "mixes currencies: 1,046,294,123,330.95 USD, limit 1,000.00 USD, threshold 5.00 EUR"),
            ("111122223333", "11122223333", "AWS Account: must be an AWS account id of 12 digits"),
            ("November 26, 2026", "February 29, 2026", "\"February 29, 2026\" is no date"),
            ("November 26, 2026", "26.11.2026", "\"26.11.2026\" is no date"),
            ("Alert Type: ACTUAL", "Alert Type: FORECASTED", "the line \"FORECASTED Amount\" is missing"),
            ("Alert Type: ACTUAL", "Alert Type: GUESSED", "Alert Type: \"GUESSED\" is neither ACTUAL nor FORECASTED"),
            ("your ai budget", "your a\nAWS Account 999999999999\n budget", "the line \"AWS Account\" is there twice"),
        ] {
            assert_eq!(read(&letter(&[(from, to)])), Err(Rejected(why.to_owned())), "{to}");
        }
    }
}
