//! Contacts, a booking and invoices for an organisation that is to look used.

use crate::call::Call;
use crate::error::ToolError;

pub(crate) fn seed(_call: &mut Call<'_>, _org: &str) -> Result<(), ToolError> {
    Ok(())
}
