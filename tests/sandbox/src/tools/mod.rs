//! The tools, a file for each scope.

use crate::tool::Tool;

mod account;
mod approvals;
pub(crate) mod article;
mod blog;
mod bookings;
mod campaigns;
mod contacts;
mod forms;
mod invoices;
mod knowledge;
mod loyalty;
mod media;
mod membership;
mod messages;
mod orders;
mod plan;
mod reports;
mod services;
mod settings;
mod shop;
mod tags;
mod team;
mod whatsapp;

pub(crate) use approvals::pending as pending_approval;
pub(crate) use approvals::spend as spend_approval;
pub(crate) use services::{seed as seed_services, settings as settings_of};

/// All tools, by scope.
pub(crate) fn all() -> Vec<Tool> {
    [
        account::tools(),
        contacts::tools(),
        tags::tools(),
        bookings::tools(),
        services::tools(),
        membership::tools(),
        loyalty::tools(),
        shop::tools(),
        orders::tools(),
        invoices::tools(),
        campaigns::tools(),
        messages::tools(),
        whatsapp::tools(),
        blog::tools(),
        team::tools(),
        plan::tools(),
        approvals::tools(),
        knowledge::tools(),
        media::tools(),
        forms::tools(),
        settings::tools(),
        reports::tools(),
    ]
    .concat()
}
