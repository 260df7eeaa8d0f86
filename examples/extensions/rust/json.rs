//! As much JSON as is needed: one text out of a payload, and a text written.

use std::iter::Peekable;
use std::str::Chars;

/// The text that stands under these keys; none where there is `null` or nothing.
pub fn text_at(payload: &str, keys: &[&str]) -> Result<Option<String>, String> {
    let mut reader = Reader { rest: payload.chars().peekable() };
    reader.find(keys)
}

pub fn quoted(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 2);
    written.push('"');
    for each in text.chars() {
        match each {
            '"' | '\\' => written.extend(['\\', each]),
            '\0'..='\x1f' => written.push_str(&format!("\\u{:04x}", each as u32)),
            _ => written.push(each),
        }
    }
    written.push('"');
    written
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
}

impl Reader<'_> {
    fn find(&mut self, keys: &[&str]) -> Result<Option<String>, String> {
        match (self.peek(), keys) {
            (Some('"'), []) => self.text().map(Some),
            (Some('{'), [wanted, inner @ ..]) => self.find_in(wanted, inner),
            _ => self.skip().map(|()| None),
        }
    }

    fn find_in(&mut self, wanted: &str, inner: &[&str]) -> Result<Option<String>, String> {
        let mut found = None;
        self.take('{')?;
        while self.peek() != Some('}') {
            let key = self.text()?;
            self.take(':')?;
            if key == wanted {
                found = self.find(inner)?;
            } else {
                self.skip()?;
            }
            if self.peek() == Some(',') {
                self.take(',')?;
            }
        }
        self.take('}')?;
        Ok(found)
    }

    /// Pass over one value. Whoever sends it bounds its depth, so a count is enough.
    fn skip(&mut self) -> Result<(), String> {
        let mut depth = 0usize;
        loop {
            match self.peek().ok_or("the payload ends too early")? {
                '"' => drop(self.text()?),
                '{' | '[' => {
                    depth += 1;
                    self.rest.next();
                }
                '}' | ']' if depth > 0 => {
                    depth -= 1;
                    self.rest.next();
                }
                _ => drop(self.rest.next()),
            }
            if depth == 0 && matches!(self.peek(), None | Some(',' | '}' | ']')) {
                return Ok(());
            }
        }
    }

    fn text(&mut self) -> Result<String, String> {
        self.take('"')?;
        // UTF-16, since that is how an escape writes what is beyond sixteen bits.
        let mut units: Vec<u16> = Vec::new();
        loop {
            match self.next()? {
                '"' => return String::from_utf16(&units).map_err(|_| "half a letter".to_string()),
                '\\' => units.push(self.escaped()?),
                each => units.extend_from_slice(each.encode_utf16(&mut [0; 2])),
            }
        }
    }

    fn escaped(&mut self) -> Result<u16, String> {
        Ok(match self.next()? {
            'n' => 10,
            't' => 9,
            'r' => 13,
            'b' => 8,
            'f' => 12,
            'u' => {
                let mut unit = 0;
                for _ in 0..4 {
                    unit = unit * 16 + self.next()?.to_digit(16).ok_or("a bad escape")?;
                }
                unit as u16
            }
            each => each as u16,
        })
    }

    fn peek(&mut self) -> Option<char> {
        while self.rest.next_if(|each| each.is_ascii_whitespace()).is_some() {}
        self.rest.peek().copied()
    }

    fn take(&mut self, wanted: char) -> Result<(), String> {
        match self.peek() == Some(wanted) {
            true => drop(self.rest.next()),
            false => return Err(format!("the payload has no {wanted:?} where one belongs")),
        }
        Ok(())
    }

    fn next(&mut self) -> Result<char, String> {
        self.rest.next().ok_or_else(|| "the payload ends too early".to_string())
    }
}
