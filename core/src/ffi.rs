//! The surface that both bindings wrap: JSON text in, JSON text out, errors as JSON text.
//!
//! Nothing is decided here; a binding adds only its language's way to pass text.
