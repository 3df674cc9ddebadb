//! Unicode properties. Their tables are large and change every year, so the platform's own are asked.

/// One property, such as `Script=Greek`.
#[derive(Debug)]
pub(super) struct Property(Tables);

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
type Tables = js_sys::RegExp;
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
type Tables = regress::Regex;

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
impl Property {
    /// `None` if the platform knows no such property. The name consists of ASCII letters, digits, `_` and `=`.
    pub(super) fn new(name: &str) -> Option<Property> {
        use js_sys::wasm_bindgen::{JsCast as _, JsValue};
        // `RegExp::new` would let the exception for an unknown name through.
        let constructor = js_sys::Reflect::get(&js_sys::global(), &JsValue::from_str("RegExp")).ok()?;
        let mut source = String::from("^\\p{");
        source.push_str(name);
        source.push_str("}$");
        let arguments = js_sys::Array::of2(&JsValue::from_str(&source), &JsValue::from_str("u"));
        let made = js_sys::Reflect::construct(constructor.unchecked_ref::<js_sys::Function>(), &arguments).ok()?;
        Some(Property(made.unchecked_into()))
    }

    pub(super) fn has(&self, character: char) -> bool {
        self.0.test(character.encode_utf8(&mut [0; 4]))
    }
}

#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
impl Property {
    /// `None` if the platform knows no such property. The name consists of ASCII letters, digits, `_` and `=`.
    pub(super) fn new(name: &str) -> Option<Property> {
        let mut source = String::from("^\\p{");
        source.push_str(name);
        source.push_str("}$");
        regress::Regex::with_flags(&source, "u").ok().map(Property)
    }

    pub(super) fn has(&self, character: char) -> bool {
        self.0.find(character.encode_utf8(&mut [0; 4])).is_some()
    }
}
