//! Who holds an account name or root e-mail. Held by a request, or by an account that was there before.

use crate::{
    Error, Ledger, Record,
    table::{Item, text},
};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use landing_zone::{AccountName, Email, RequestId};
use serde::Deserialize;

/// What came of a reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reserved {
    /// It is ours.
    Ours,
    /// Somebody else's: the request or account id that holds it.
    HeldBy(String),
}

#[derive(Deserialize)]
struct Holder {
    holder: String,
}

/// The item that holds a name.
pub(crate) fn name_item(name: &AccountName) -> String {
    format!("name#{}", name.key())
}

/// The item that holds a root e-mail.
pub(crate) fn email_item(email: &Email) -> String {
    format!("email#{}", email.key())
}

/// A reservation of `id` for `holder`.
pub(crate) fn reservation(id: &str, holder: &str) -> Item {
    [("id".to_owned(), text(id)), ("kind".to_owned(), text("reservation")), ("holder".to_owned(), text(holder))].into()
}

impl Ledger {
    /// Makes sure that the request holds its name.
    pub async fn reserve_name(&self, record: &Record) -> Result<Reserved, Error> {
        self.reserve(&name_item(&record.request.name), record.request_id.as_str()).await
    }

    /// Makes sure that the request holds its root e-mail.
    pub async fn reserve_email(&self, record: &Record) -> Result<Reserved, Error> {
        self.reserve(&email_item(&record.root_email), record.request_id.as_str()).await
    }

    pub(crate) async fn reserve(&self, id: &str, holder: &str) -> Result<Reserved, Error> {
        let mine = [(":holder".to_owned(), text(holder))].into();
        if self.put(reservation(id, holder), "attribute_not_exists(id) OR holder = :holder", mine).await? {
            return Ok(Reserved::Ours);
        }
        // Released between the two calls: the step is tried again.
        let held = self.holder(id).await?.ok_or_else(|| Error::Contended(id.to_owned()))?;
        Ok(Reserved::HeldBy(held))
    }

    pub(crate) async fn holder(&self, id: &str) -> Result<Option<String>, Error> {
        Ok(self.get::<Holder>(id).await?.map(|found| found.holder))
    }

    /// Lets go of name and root e-mail after a failure that no account came of.
    pub async fn release_reservations(&self, record: &Record) -> Result<(), Error> {
        for id in [name_item(&record.request.name), email_item(&record.root_email)] {
            self.delete_if_held(&id, &record.request_id).await?;
        }
        Ok(())
    }

    async fn delete_if_held(&self, id: &str, holder: &RequestId) -> Result<(), Error> {
        let sent = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key("id", text(id))
            .condition_expression("holder = :holder")
            .expression_attribute_values(":holder", text(holder.as_str()))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            Err(error)
                if error.as_service_error().is_some_and(DeleteItemError::is_conditional_check_failed_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(aws::AwsFault::new("dynamodb:DeleteItem", &error).into()),
        }
    }
}
