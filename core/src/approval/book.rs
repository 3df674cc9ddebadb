//! The approvals that a guard knows, found by their id or by the call that they cover, however many there are.

use serde::Serialize;

use super::{Approval, Bound, State};
use crate::error::{Code, Error, Result};
use crate::json::canonical::digest_of;
use crate::json::de::record;
use crate::map::Map;
use crate::step::Millis;

/// So many are held in full; of the rest the ledger has the records.
const MAX_HELD: usize = 1_024;
/// So many bytes they may take, about: the arguments of one may be megabytes.
const MAX_BYTES: usize = 16 << 20;
/// What an approval takes besides its arguments, at most and about.
const BYTES_OF_ONE: usize = 4_096;
/// So many open ones are known by their call alone. Nobody answers more.
const MAX_PARKED: usize = 8_192;

/// Open approvals are never forgotten before they expire: what memory has no room for stays findable by its call, and is
/// read from the ledger. Ended ones are forgotten, oldest first; the ledger still has them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Book {
    held: Map<String, Box<Approval>>,
    /// Open ones that only the ledger has in full.
    parked: Map<String, Parked>,
    /// Of each open one what it is bound to, as a text or as its digest, and its id behind that.
    calls: Map<String, ()>,
    /// What is given up first: ended before dispatched before open ones, the oldest first; their ids.
    order: Map<(u8, Millis, String), ()>,
    bytes: usize,
}

/// What is known of an open approval without its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Parked {
    /// Digest of what it is bound to.
    call: String,
    expires_at: Millis,
}

record!(strict Parked { call, expires_at; });

impl Book {
    pub(crate) fn get(&self, id: &str) -> Option<&Approval> {
        self.held.get(id).map(|approval| &**approval)
    }

    /// Whether it is known, in full or by its call alone.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.held.contains_key(id) || self.parked.contains_key(id)
    }

    /// Those that are held in full, in the order of their ids.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Approval> {
        self.held.values().map(|approval| &**approval)
    }

    /// Those of them that wait for a person or were approved, and are bound to exactly that.
    pub(crate) fn open_of(&self, call: &Bound) -> impl Iterator<Item = &Approval> {
        let known = self.calls.behind(&spelled(call)).into_iter().filter_map(|id| self.get(id));
        known.filter(move |approval| approval.call == *call)
    }

    /// One that is bound to exactly that, and that only the ledger has in full.
    pub(crate) fn parked_of(&self, call: &Bound, now: Millis) -> Option<&str> {
        if self.parked.is_empty() {
            return None;
        }
        self.calls
            .behind(&digest_of(call))
            .into_iter()
            .find(|id| self.parked.get(*id).is_some_and(|parked| now < parked.expires_at))
    }

    pub(crate) fn parked(&self) -> &Map<String, Parked> {
        &self.parked
    }

    /// Takes an approval as it stands now.
    pub(crate) fn insert(&mut self, approval: Approval) {
        self.remove(&approval.id);
        self.bytes = self.bytes.saturating_add(weight(&approval));
        self.order.insert(place(&approval), ());
        if is_open(&approval) {
            self.calls.insert([&spelled(&approval.call), approval.id.as_str()].concat(), ());
        }
        let own = approval.id.clone();
        self.held.insert(own.clone(), Box::new(approval));
        while self.held.len() > MAX_HELD || self.bytes > MAX_BYTES && self.held.len() > 1 {
            // One that was just read from the ledger is the oldest, and is what is wanted now.
            let Some(id) = self.order.keys().map(|(_, _, id)| id).find(|id| **id != own).cloned() else { break };
            let Some(given_up) = self.take(&id) else { break };
            if is_open(&given_up) {
                let call = digest_of(&given_up.call);
                self.park(id, Parked { call, expires_at: given_up.expires_at });
            }
        }
    }

    /// Takes what is known of an approval that only the ledger has.
    pub(crate) fn park(&mut self, id: String, parked: Parked) {
        if !self.held.contains_key(&id) {
            self.calls.insert([parked.call.as_str(), &id].concat(), ());
            self.parked.insert(id, parked);
        }
    }

    /// Removes it, wherever it is.
    pub(crate) fn remove(&mut self, id: &str) {
        self.take(id);
        if let Some(parked) = self.parked.take(id) {
            self.calls.remove(&[parked.call.as_str(), id].concat());
        }
    }

    fn take(&mut self, id: &str) -> Option<Box<Approval>> {
        let approval = self.held.take(id)?;
        self.bytes = self.bytes.saturating_sub(weight(&approval));
        self.order.remove(&place(&approval));
        self.calls.remove(&[&spelled(&approval.call), id].concat());
        Some(approval)
    }

    /// Refuses a new one where an open one would have to be forgotten for it.
    pub(crate) fn check_room(&mut self, now: Millis) -> Result<()> {
        if self.parked.len() < MAX_PARKED {
            return Ok(());
        }
        let expired = self.parked.iter().filter(|(_, parked)| parked.expires_at <= now).map(|(id, _)| id.clone());
        for id in expired.collect::<Vec<_>>() {
            self.remove(&id);
        }
        if self.parked.len() < MAX_PARKED {
            return Ok(());
        }
        let open = MAX_HELD.saturating_add(MAX_PARKED);
        Err(Error::new(Code::TooManyApprovals, format!("About {open} approvals wait for a person already.")))
    }
}

/// Tells nearly all calls apart without the work of a digest; whoever finds one compares.
fn spelled(call: &Bound) -> String {
    let Bound { server, tool, definition, arguments, subject, policy, meta, inputs } = call;
    let [meta, inputs] = [meta, inputs].map(|digest| digest.as_deref().unwrap_or_default());
    [arguments, meta, inputs, definition, policy, tool, subject, server].join(" ")
}

fn is_open(approval: &Approval) -> bool {
    matches!(approval.state, State::Proposed | State::Approved)
}

fn place(approval: &Approval) -> (u8, Millis, String) {
    let rank = match approval.state {
        State::Proposed | State::Approved => 2,
        State::Dispatched => 1,
        State::Denied | State::Completed | State::Failed | State::Unknown => 0,
    };
    (rank, approval.proposed_at, approval.id.clone())
}

fn weight(approval: &Approval) -> usize {
    let preview = &approval.preview;
    let texts = [&preview.arguments, &preview.meta].into_iter().flatten().map(|text| text.get().len());
    texts.fold(BYTES_OF_ONE, usize::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::{Book, MAX_HELD, MAX_PARKED};
    use crate::approval::{Approval, Bound, Preview, State};
    use crate::catalog::effect::Effect;
    use crate::error::Code;
    use crate::json::Json;

    fn bound(number: usize) -> Bound {
        Bound {
            server: "notes".to_owned(),
            tool: "drop_note".to_owned(),
            definition: String::new(),
            arguments: number.to_string(),
            subject: "agent".to_owned(),
            policy: String::new(),
            meta: None,
            inputs: None,
        }
    }

    fn approval(number: usize, arguments: &str) -> Approval {
        let preview = Preview {
            title: None,
            tool: "drop_note".to_owned(),
            effect: Effect::Destructive,
            server: "notes".to_owned(),
            subject: "agent".to_owned(),
            reasons: Vec::new(),
            lines: Vec::new(),
            omitted: 0,
            arguments: Some(Json::verbatim(arguments)),
            hidden: Vec::new(),
            defaults: Vec::new(),
            defaults_omitted: 0,
            meta: None,
            inputs: Vec::new(),
            notes: Vec::new(),
            notes_omitted: 0,
            earlier: Vec::new(),
            record: Vec::new(),
        };
        let now = number as u64;
        Approval::propose(&number.to_string(), bound(number), "{}", preview, None, (now, now.saturating_add(1_000_000)))
    }

    #[test]
    fn none_that_is_open_is_forgotten() {
        let mut book = Book::default();
        let count = MAX_HELD + 500;
        for number in 0..count {
            assert!(book.check_room(0).is_ok());
            book.insert(approval(number, "{}"));
        }
        assert_eq!(book.values().count(), MAX_HELD);
        assert_eq!(book.parked().len(), 500);
        for number in 0..count {
            let held = book.open_of(&bound(number)).count();
            assert_eq!(held, usize::from(number >= 500));
            let parked = book.parked_of(&bound(number), 0).map(str::to_owned);
            assert_eq!(parked.is_some(), number < 500);
            assert_eq!(parked.unwrap_or_else(|| approval(number, "{}").id), approval(number, "{}").id);
        }
        // Read from the ledger, it takes the place of the oldest.
        book.insert(approval(0, "{}"));
        assert_eq!((book.values().count(), book.parked().len()), (MAX_HELD, 500));
        assert_eq!((book.open_of(&bound(0)).count(), book.parked_of(&bound(0), 0)), (1, None));
        assert_eq!((book.open_of(&bound(500)).count(), book.parked_of(&bound(500), 0).is_some()), (0, true));
        // What has ended gives way first, and leaves nothing behind.
        let ended = Approval { state: State::Denied, ..approval(count - 1, "{}") };
        book.insert(ended.clone());
        assert!(book.open_of(&bound(count - 1)).next().is_none());
        book.insert(approval(count, "{}"));
        assert!(book.get(&ended.id).is_none());
        assert_eq!(book.parked().len(), 500);
        assert!(book.parked_of(&bound(1), 1_000_001).is_none());
    }

    #[test]
    fn one_too_many_is_refused_until_others_expire() {
        let mut book = Book::default();
        for number in 0..MAX_HELD + MAX_PARKED {
            assert!(book.check_room(0).is_ok());
            book.insert(approval(number, "{}"));
        }
        assert_eq!(book.check_room(0).map_err(|error| error.code()), Err(Code::TooManyApprovals));
        assert!(book.check_room(1_000_000).is_ok());
        assert_eq!(book.parked().len(), MAX_PARKED - 1);
    }

    #[test]
    fn large_ones_are_left_to_the_ledger() {
        let mut book = Book::default();
        let large = format!("\"{}\"", "x".repeat(3_900_000));
        for number in 0..20 {
            book.insert(approval(number, &large));
        }
        assert_eq!(book.values().count(), 4);
        assert_eq!(book.parked().len(), 16);
        for number in 0..20 {
            let id = approval(number, &large).id;
            book.remove(&id);
        }
        assert_eq!((book.bytes, book.calls.len(), book.order.len(), book.parked().len()), (0, 0, 0, 0));
        // One alone is held, however large it is.
        book.insert(approval(1, &format!("\"{}\"", "x".repeat(20_000_000))));
        assert_eq!(book.values().count(), 1);
    }
}
