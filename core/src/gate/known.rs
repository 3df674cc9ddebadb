//! Gate 1: the tool is in the catalogue.

use crate::catalog::{Catalog, Tool};
use crate::error::{Code, Error, Result};
use crate::near;
use crate::redact::Redactor;

pub(crate) fn check<'c>(catalog: &'c Catalog, name: &str, redactor: &Redactor) -> Result<&'c Tool> {
    catalog.get(name).ok_or_else(|| {
        let near = catalog.near(name);
        let shown = redactor.shown(name, 100);
        let error = Error::new(
            Code::UnknownTool,
            format!(
                "The server lists no tool `{shown}`{}",
                if near.is_empty() { ".".to_owned() } else { near::suggestion(&near) }
            ),
        )
        .with("near", near.clone());
        match near.as_slice() {
            [] => error,
            [nearest, ..] => error.with_next(format!("Call one of the listed tools, perhaps `{nearest}`.")),
        }
    })
}
