//! The interface in `schemas/extension/v1/extension.wit` by hand.
//!
//! Texts go over the border as an address and a length in our memory. Whoever is given one owns it:
//! what comes in is freed here, and what we answer once the caller has read it.

use std::alloc::{alloc, realloc, Layout};

#[repr(C)]
#[derive(Clone, Copy)]
struct Text {
    start: *mut u8,
    length: usize,
}

/// `result<string, string>`.
#[repr(C)]
pub struct Answer {
    is_error: u32,
    text: Text,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Refusal {
    kind: u8,
    why: Text,
}

#[repr(C)]
union Outcome {
    text: Text,
    refusal: Refusal,
}

/// `result<string, error>`.
#[repr(C)]
struct FileAnswer {
    is_error: u8,
    outcome: Outcome,
}

#[derive(Debug)]
pub enum Kind {
    Denied,
    NotFound,
    Invalid,
    Limit,
    Unavailable,
}

pub struct Refused {
    pub kind: Kind,
    pub why: String,
}

#[link(wasm_import_module = "steward:extension/host@1.0.0")]
extern "C" {
    #[link_name = "read-file"]
    fn host_read_file(path: *const u8, length: usize, answer: *mut FileAnswer);
}

pub fn read_file(path: &str) -> Result<String, Refused> {
    let nothing = Text { start: std::ptr::null_mut(), length: 0 };
    let mut answer = FileAnswer { is_error: 0, outcome: Outcome { text: nothing } };
    // Safe: the caller fills in the part that `is_error` names, with texts that are ours now.
    unsafe {
        host_read_file(path.as_ptr(), path.len(), &mut answer);
        if answer.is_error == 0 {
            return Ok(taken(answer.outcome.text));
        }
        let Refusal { kind, why } = answer.outcome.refusal;
        let kind = match kind {
            0 => Kind::Denied,
            1 => Kind::NotFound,
            2 => Kind::Invalid,
            3 => Kind::Limit,
            _ => Kind::Unavailable,
        };
        Err(Refused { kind, why: taken(why) })
    }
}

/// A text that the caller made with `cabi_realloc` and gave to us; it is always UTF-8.
unsafe fn taken(text: Text) -> String {
    match text.length {
        0 => String::new(),
        length => String::from_raw_parts(text.start, length, length),
    }
}

fn given(result: Result<String, String>) -> *mut Answer {
    let is_error = u32::from(result.is_err());
    let text = result.unwrap_or_else(|why| why).into_boxed_str();
    let length = text.len();
    let start = Box::into_raw(text) as *mut u8;
    Box::into_raw(Box::new(Answer { is_error, text: Text { start, length } }))
}

#[export_name = "steward:extension/guest@1.0.0#load"]
unsafe extern "C" fn load(bundle: *mut u8, length: usize) -> *mut Answer {
    taken(Text { start: bundle, length });
    given(crate::load())
}

#[export_name = "steward:extension/guest@1.0.0#handle"]
unsafe extern "C" fn handle(
    topic: *mut u8,
    topic_length: usize,
    payload: *mut u8,
    payload_length: usize,
) -> *mut Answer {
    let topic = taken(Text { start: topic, length: topic_length });
    let payload = taken(Text { start: payload, length: payload_length });
    given(crate::handle(&topic, &payload))
}

/// The caller has read the answer.
#[export_name = "cabi_post_steward:extension/guest@1.0.0#load"]
unsafe extern "C" fn load_is_read(answer: *mut Answer) {
    let Answer { text, .. } = *Box::from_raw(answer);
    taken(text);
}

#[export_name = "cabi_post_steward:extension/guest@1.0.0#handle"]
unsafe extern "C" fn handle_is_read(answer: *mut Answer) {
    load_is_read(answer);
}

/// Room for what is given to us. For nothing, too, the caller wants an address that it may name.
#[export_name = "cabi_realloc"]
unsafe extern "C" fn room(old: *mut u8, old_length: usize, align: usize, length: usize) -> *mut u8 {
    let made = match (old_length, length) {
        (_, 0) => align as *mut u8,
        (0, _) => alloc(Layout::from_size_align_unchecked(length, align)),
        _ => realloc(old, Layout::from_size_align_unchecked(old_length, align), length),
    };
    if made.is_null() {
        std::process::abort();
    }
    made
}
