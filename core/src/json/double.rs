//! The shortest text of the double nearest to a decimal. In WebAssembly the platform's own conversion does it: it is
//! the very algorithm that RFC 8785 names, and its tables need not be shipped.

/// As ECMA-262 writes the number.
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub(super) fn shortest(text: &str) -> String {
    let number = js_sys::Number::from(js_sys::Number::parse_float(text));
    number.to_string_with_radix(10).map(String::from).unwrap_or_default()
}

/// As ECMA-262 writes the number.
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
pub(super) fn shortest(text: &str) -> String {
    text.parse::<f64>().map(|double| ryu_js::Buffer::new().format(double).to_owned()).unwrap_or_default()
}
