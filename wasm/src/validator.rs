//! A compiled schema for JavaScript. Documents arrive in a buffer that this side keeps and JavaScript writes into
//! with `TextEncoder.encodeInto`; the answer is a number, and words are made only when they are asked for.

use std::cell::RefCell;

use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use toolgate_core::ffi;
use wasm_bindgen::prelude::*;

use crate::thrown;

thread_local! {
    static INPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static TOKENS: RefCell<ffi::Tokens> = RefCell::new(ffi::Tokens::default());
}

/// Makes room for so many bytes and answers where it begins in the memory. Every call may move it, and 0 frees it.
#[wasm_bindgen]
pub fn room(bytes: usize) -> usize {
    INPUT.with_borrow_mut(|input| {
        *input = vec![0; bytes];
        if bytes == 0 {
            TOKENS.with_borrow_mut(|tokens| *tokens = ffi::Tokens::default());
        }
        input.as_mut_ptr() as usize
    })
}

/// Gives the first so many bytes of the room, and memory for tokens.
pub(crate) fn with_room<T>(bytes: usize, work: impl FnOnce(&[u8], &mut ffi::Tokens) -> T) -> T {
    INPUT.with_borrow(|input| {
        let document = input.get(..bytes).unwrap_or_default();
        TOKENS.with_borrow_mut(|tokens| work(document, tokens))
    })
}

/// A compiled schema.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Validator(ffi::Validator);

#[wasm_bindgen]
impl Validator {
    /// Compiles a schema's JSON text. The error is a plain object of the shape that every error has.
    #[wasm_bindgen(constructor)]
    pub fn new(schema: &str, options: &str) -> Result<Validator, JsValue> {
        ffi::Validator::compile(schema, options).map(Validator).map_err(thrown)
    }

    /// Whether the first so many bytes of the room are a valid document.
    pub fn check(&self, bytes: usize) -> bool {
        with_room(bytes, |document, tokens| self.0.is_valid(document, tokens))
    }

    /// What is wrong with them: an array of violations; `undefined` if nothing is. They are few and of one shape, so
    /// they cross as objects.
    pub fn explain(&self, bytes: usize) -> JsValue {
        let violations = with_room(bytes, |document, tokens| self.0.validate(document, tokens));
        if violations.is_empty() {
            return JsValue::UNDEFINED;
        }
        violations.serialize(&Serializer::json_compatible()).unwrap_or(JsValue::NULL)
    }
}
