//! JSON Schema's `pattern`: ECMA-262 regular expressions in Unicode mode, matched in linear time.
//!
//! | file | what is in it |
//! |---|---|
//! | `parse` | the grammar of ECMA-262, strict with the `u` flag, or lenient like Annex B |
//! | `class` | sets of characters |
//! | `property` | `\p{…}`: the only thing that is asked of another engine |
//! | `program` | the instructions, and how a parsed pattern becomes them |
//! | `run` | the search |
//! | `shape` | what a pattern lets through that nobody may mean |
//!
//! Another engine would not do. Those of the hosts backtrack without bound, so a tool's schema could hang the one who
//! calls it, and two of them need not decide alike.
//!
//! Only whether a pattern matches is asked, so what would be explored twice from the same instruction at the same
//! place is explored once: it failed there before. That makes the time the product of program and text at most.
//! Back-references end this, for the outcome then depends on what was captured; such patterns backtrack until the
//! budget ends.

mod class;
mod parse;
mod program;
mod property;
mod run;
mod shape;
#[cfg(test)]
mod tests;

use program::Program;
pub(crate) use shape::Shape;

/// The longest pattern, in bytes.
const LONGEST: usize = 64 * 1024;

/// A pattern ready to be searched for.
#[derive(Debug)]
pub(crate) struct Pattern {
    program: Program,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// Where, in characters into the pattern.
    pub(crate) at: usize,
    /// What is wrong there, in a few words.
    pub(crate) what: &'static str,
}

/// The budget was used up before the search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMuchWork;

impl Pattern {
    /// Reads as `new RegExp(source, "u")` does; and what that refuses as `new RegExp(source)` does, except that
    /// characters are code points and that `\u{…}` and `\p{…}` keep the meaning that their authors had in mind.
    ///
    /// # Errors
    ///
    /// What the strict reading found wrong, if the lenient one fails too; or that the pattern is too large.
    pub(crate) fn compile(source: &str) -> Result<Pattern, Flaw> {
        let parsed = match read(source, false) {
            Ok(parsed) => parsed,
            Err(flaw) => read(source, true).map_err(|_| flaw)?,
        };
        Ok(Pattern { program: program::compile(parsed)? })
    }

    /// A pattern for texts in lower case: its upper-case letters stand for lower-case ones too. None if it is none as
    /// `new RegExp(source, "u")` reads it.
    pub(crate) fn for_lower_case(source: &str) -> Option<Pattern> {
        let parsed = parse::parse(source, false, true).ok().filter(|_| source.len() <= LONGEST)?;
        Some(Pattern { program: program::compile(parsed).ok()? })
    }

    /// Whether it matches somewhere in the text; `work` is counted down.
    ///
    /// # Errors
    ///
    /// If the work left does not suffice to know, or the memory that knowing would take is out of proportion.
    pub(crate) fn is_match(&self, text: &str, work: &mut u64) -> Result<bool, TooMuchWork> {
        run::search(&self.program, text, work)
    }
}

/// Whether `new RegExp(source, "u")` takes it: what `format: "regex"` asks.
pub(crate) fn is_valid(source: &str) -> bool {
    read(source, false).is_ok()
}

fn read(source: &str, lenient: bool) -> Result<parse::Parsed, Flaw> {
    if source.len() > LONGEST {
        return Err(Flaw { at: 0, what: "the pattern is too long" });
    }
    parse::parse(source, lenient, false)
}

/// What is seen of its form; nothing if `new RegExp(source, "u")` does not take it.
pub(crate) fn shape(source: &str) -> Option<Shape> {
    read(source, false).ok().map(|parsed| shape::shape(&parsed))
}
