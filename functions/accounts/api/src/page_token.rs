//! Page tokens: where a page ended, and in which list. Opaque to clients, not secret: they say nothing that the page
//! did not.

use crate::caller::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ledger::{Filter, Position};
use serde::{Deserialize, Serialize};

/// The form of tokens this release writes and reads.
const VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    v: u8,
    /// Digest of the filter: a position means nothing in another list.
    filter: String,
    position: Position,
}

/// The token that leads on from `position`.
pub(crate) fn write(filter: &Filter, position: Position) -> String {
    let token = Token { v: VERSION, filter: filter_digest(filter), position };
    URL_SAFE_NO_PAD.encode(serde_json::to_string(&token).unwrap_or_default())
}

/// The position in the list of `filter`; the reason says what the client can do. Without a filter (it could not be
/// read) only the form of the token is checked: against a wrong filter every token looks foreign.
pub(crate) fn read(text: &str, filter: Option<&Filter>) -> Result<Position, String> {
    let token = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| serde_json::from_slice::<Token>(&bytes).ok());
    match token {
        Some(Token { v: VERSION, filter: of, position }) if filter.is_none_or(|filter| of == filter_digest(filter)) => {
            Ok(position)
        }
        Some(Token { v: VERSION, .. }) => {
            Err("is of a list with other filters; send the filters it came with".to_owned())
        }
        _ => Err("is not a token of this API; send a nextPageToken as it came, or begin without one".to_owned()),
    }
}

fn filter_digest(filter: &Filter) -> String {
    let Filter { state, environment, account_type } = filter;
    let words = (state, environment.map(landing_zone::Environment::id), account_type);
    digest(&serde_json::to_string(&words).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use landing_zone::{AccountType, Environment, RequestId};
    use ledger::State;
    use proptest::prelude::*;

    fn position() -> Position {
        Position {
            created_at: "2026-11-23T10:00:00.125Z".parse::<jiff::Timestamp>().unwrap().into(),
            request_id: RequestId::parse("req-01939b0c-6f8a-7cc0-9d5e-2f4c8e1a7b36").unwrap(),
        }
    }

    #[test]
    fn a_token_leads_on_in_its_own_list_only() {
        let filters = [
            Filter::default(),
            Filter { state: Some(State::Active), ..Filter::default() },
            Filter { environment: Some(Environment::Dev), ..Filter::default() },
            Filter { account_type: AccountType::parse("frontend").ok(), ..Filter::default() },
        ];
        for (written, filter) in filters.iter().enumerate() {
            let token = write(filter, position());
            assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{token}");
            for (read_in, other) in filters.iter().enumerate() {
                match read(&token, Some(other)) {
                    Ok(found) => assert!(written == read_in && found == position()),
                    Err(why) => assert!(written != read_in && why.contains("other filters"), "{why}"),
                }
            }
        }
    }

    #[test]
    fn tokens_from_elsewhere_are_refused() {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let own = String::from_utf8(URL_SAFE_NO_PAD.decode(write(&Filter::default(), position())).unwrap()).unwrap();
        assert!(read(&encode(&own), None).is_ok());
        assert!(read(&encode(&own), Some(&Filter::default())).is_ok());
        for wrong in [
            String::new(),
            "eyJ".to_owned(),
            encode("{}"),
            encode(&own.replace("\"v\":1", "\"v\":2")),
            encode(&own.replace("\"v\":1", "\"v\":1,\"w\":1")),
            encode(&own.replace("req-", "request#")),
            format!("{}=", encode(&own)),
        ] {
            assert!(read(&wrong, Some(&Filter::default())).is_err(), "{wrong}");
            assert!(read(&wrong, None).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,80}") {
            prop_assert!(read(&text, Some(&Filter::default())).is_err());
        }
    }
}
