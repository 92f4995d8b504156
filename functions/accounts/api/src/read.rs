//! `GET /accounts/{id}`: one request, by its id or by the account that came of it.

use crate::{
    app::App,
    problem::{Problem, UNKNOWN_ACCOUNT},
    response::{self, Response},
    view::Details,
};
use http::StatusCode;
use landing_zone::{AccountId, RequestId};

/// Reads one request.
pub(crate) async fn read(app: &App, id: &str) -> Result<Response, Problem> {
    let unknown = |detail: &str| Problem::new(&UNKNOWN_ACCOUNT, detail);
    let request_id = if let Ok(request_id) = RequestId::parse(id) {
        request_id
    } else if let Ok(account_id) = AccountId::parse(id) {
        let request_id = app.ledger.request_of_account(&account_id).await?;
        request_id.ok_or_else(|| unknown("No request of this API made that account."))?
    } else {
        return Err(unknown(
            "An id is a request id, such as req-01939b0c-6f8a-7cc0-9d5e-2f4c8e1a7b36, or an account id of 12 digits.",
        ));
    };
    let record = app.ledger.find_record(&request_id).await?;
    let record = record.ok_or_else(|| unknown("Use an id that POST /v1/accounts returned."))?;
    Ok(response::json(StatusCode::OK, &Details::from(&record)))
}

#[cfg(test)]
mod tests;
