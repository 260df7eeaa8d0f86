//! An extension in Rust: remarks on what is left to do, and a command that reads a file. No crates.

mod border;
mod json;

use border::{read_file, Refused};
use json::{quoted, text_at};

pub fn load() -> Result<String, String> {
    Ok(r#"{"commands":["first-line"],"hooks":["onFileSave"]}"#.to_string())
}

pub fn handle(topic: &str, payload: &str) -> Result<String, String> {
    match topic {
        "onFileSave" => {
            let text = text_at(payload, &["text"])?.ok_or("the event has no text")?;
            Ok(on_save(&text))
        }
        "command:first-line" => {
            let message = match text_at(payload, &["place", "path"])? {
                Some(path) => first_line(&path),
                None => "Open a file first.".to_string(),
            };
            Ok(format!(r#"{{"message":{}}}"#, quoted(&message)))
        }
        _ => Err(format!("nothing here answers {topic:?}")),
    }
}

/// A remark on each line that holds a TODO; columns count UTF-16, as in the protocol.
fn on_save(text: &str) -> String {
    let remarks: Vec<String> = text
        .split('\n')
        .enumerate()
        .filter_map(|(number, line)| {
            let column = line[..line.find("TODO")?].encode_utf16().count();
            Some(remark(number, column, column + 4))
        })
        .collect();
    format!(r#"{{"diagnostics":[{}]}}"#, remarks.join(","))
}

fn remark(line: usize, start: usize, end: usize) -> String {
    let place = |column| format!(r#"{{"line":{line},"character":{column}}}"#);
    let message = quoted("Something is left to do.");
    let (start, end) = (place(start), place(end));
    format!(r#"{{"range":{{"start":{start},"end":{end}}},"message":{message}}}"#)
}

fn first_line(path: &str) -> String {
    match read_file(path) {
        Ok(text) => text.lines().next().unwrap_or("").to_string(),
        Err(Refused { kind, why }) => format!("{path}: {kind:?}: {why}"),
    }
}
