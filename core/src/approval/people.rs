//! Who answers for an approval: who said what, by what means, and who may say it.

use serde::Serialize;

use crate::error::{Code, Error, Result};
use crate::json::de::{FromNode, Source, record};
use crate::step::Millis;
use crate::text::{quoted_name, visible};

/// Longer names and means are refused: cut ones would make two people alike.
const MAX_NAME: usize = 200;
const MAX_APPROVERS: usize = 100;

/// Who answered, as the host knows the person that it asked. A text is read as the person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct By {
    /// The person, such as a user's id; 1 to 200 bytes.
    pub who: String,
    /// How they were asked and recognised, such as `terminal` or `slack`; at most 200 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub means: Option<String>,
}

impl FromNode for By {
    fn blank() -> Self {
        Self::default()
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        if let Some(who) = from.node().as_text() {
            self.who = who.into_owned();
        } else {
            from.object(Some(&["who", "means"]));
            from.must("who", &mut self.who);
            from.may("means", &mut self.means);
        }
        if !is_name(&self.who) {
            from.unfit("who", NAME);
        }
        if self.means.as_ref().is_some_and(|means| !is_name(means)) {
            from.unfit("means", NAME);
        }
    }
}

const NAME: &str = "1 to 200 bytes, none of them a control or an invisible character";

/// What can be shown on one line and compared: nothing hidden in it, no blanks around it.
fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len()) && text.trim() == text && !text.contains('\n') && visible(text) == text
}

/// Who may answer, and how many different people must say yes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Approvers {
    /// Their names, as the host gives them in `by.who`.
    pub from: Vec<String>,
    /// How many different ones of them must say yes.
    pub count: u32,
}

impl FromNode for Approvers {
    fn blank() -> Self {
        Self::default()
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        self.count = 1;
        from.object(Some(&["from", "count"]));
        from.must("from", &mut self.from);
        from.may("count", &mut self.count);
        let people = &self.from;
        if !(1..=MAX_APPROVERS).contains(&people.len()) || people.iter().any(|who| !is_name(who)) {
            from.unfit("from", "1 to 100 names, each of 1 to 200 visible bytes");
        } else if people.iter().enumerate().any(|(at, who)| people.iter().skip(at).skip(1).any(|other| other == who)) {
            from.unfit("from", "each name once");
        }
        if self.count == 0 || usize::try_from(self.count).is_ok_and(|count| count > self.from.len()) {
            from.unfit("count", "at least 1 and at most as many as `from` names");
        }
    }
}

/// One of several people said yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Agreement {
    /// Who.
    pub by: By,
    /// When.
    pub at: Millis,
}

record!(strict Agreement { by, at; });

impl Approvers {
    /// Refuses an answer of anybody else, and one of nobody.
    pub(crate) fn check(&self, by: Option<&By>, approval: &str) -> Result<()> {
        let message = match by {
            Some(by) if self.from.contains(&by.who) => return Ok(()),
            Some(by) => format!("{} may not answer for this call: {}.", quoted_name(&by.who), self.in_words()),
            None => format!("Who answered is not said, and {}.", self.in_words()),
        };
        Err(Error::new(Code::ApproverRequired, message)
            .with("approval", approval)
            .with("approvers", self.from.iter().map(String::as_str).collect::<Vec<_>>())
            .with("count", self.count))
    }

    /// Who must still say yes, for people.
    pub(crate) fn in_words(&self) -> String {
        let people = self.from.iter().map(|who| quoted_name(who)).collect::<Vec<_>>().join(", ");
        match (self.count, self.from.len()) {
            (1, 1) => format!("only {people} may"),
            (1, _) => format!("only one of {people} may"),
            (count, _) => format!("{count} different people of {people} must say yes"),
        }
    }

    /// Whether enough different people agreed.
    pub(crate) fn are_satisfied(&self, agreed: &[Agreement]) -> bool {
        let who = self.from.iter().filter(|who| agreed.iter().any(|agreement| agreement.by.who == **who));
        usize::try_from(self.count).is_ok_and(|count| who.count() >= count)
    }
}
