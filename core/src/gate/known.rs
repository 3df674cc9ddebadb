//! Gate 1: the tool is in the catalogue.

use crate::catalog::{Catalog, Tool};
use crate::error::{Code, Error, Result};
use crate::mutant::{self, Mutant};
use crate::near;
use crate::redact::Redactor;
use crate::text::quoted_name;

pub(crate) fn check<'c>(catalog: &'c Catalog, name: &str, redactor: &Redactor) -> Result<&'c Tool> {
    let mistaken = || catalog.tools().last().filter(|_| mutant::is(Mutant::Known));
    catalog.get(name).or_else(mistaken).ok_or_else(|| {
        let near = catalog.near(name);
        let shown = quoted_name(&redactor.shown(name, 100));
        let error = Error::new(
            Code::UnknownTool,
            format!(
                "The server lists no tool {shown}{}",
                if near.is_empty() { ".".to_owned() } else { near::suggestion(&near) }
            ),
        )
        .with("near", near.clone());
        match near.as_slice() {
            [] => error,
            [nearest, ..] => {
                error.with_next(format!("Call one of the listed tools, perhaps {}.", quoted_name(nearest)))
            }
        }
    })
}
