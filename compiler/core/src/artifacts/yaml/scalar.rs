//! Texts as YAML scalars: plain, quoted, or a block.
//!
//! The library knows every rule. Most texts need none of them, and to find that out takes it ten times as long as to
//! write them; so what is plain or quoted beyond doubt is written here, and all else is asked of the library.

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::emit::Failure;

/// The longest text that is never folded.
const WIDTH: usize = 80;
/// The longest key that needs no `?`, less quotes and escapes.
const MAX_KEY: usize = 400;
/// Words that are no texts without quotes, in YAML 1.1 or to somebody.
const WORDS: &[&str] = &["y", "n", "no", "on", "yes", "off", "nan", "inf", "null", "true", "false"];

/// Writes a value with its tag, and the end of its line. What stands in more than one line is indented below `column`.
pub fn value(text: &str, tag: Option<&'static str>, column: usize, out: &mut String) -> Result<(), Failure> {
    let quoted = is_quoted(text);
    let plain = text.len() <= WIDTH && is_plain(text, |_| true);
    if !quoted && !plain {
        return by_library(text, tag, column, out);
    }
    if let Some(tag) = tag {
        out.push_str(tag);
        out.push(' ');
    }
    if quoted {
        quote(text, out)
    } else {
        out.push_str(text)
    }
    out.push('\n');
    Ok(())
}

/// Writes a key and its colon.
pub fn key(text: &str, out: &mut String) -> Result<(), Failure> {
    if text.len() > MAX_KEY {
        return Err(Failure::new(format!("a key has {} bytes, and YAML takes {MAX_KEY} here", text.len())));
    }
    if is_plain(text, |byte| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte)) {
        out.push_str(text);
        out.push(':');
    } else if text.bytes().all(is_printable) && text.contains(':') {
        quote(text, out);
        out.push(':');
    } else {
        let written = entry(text, &0, None)?;
        out.push_str(written.strip_suffix(" 0\n").unwrap_or(&written));
    }
    Ok(())
}

/// A number with a fraction.
pub fn number(value: f64) -> Result<String, Failure> {
    let written = entry("x", &value, None)?;
    Ok(written.strip_prefix("x: ").unwrap_or(&written).trim_end().to_owned())
}

/// Whether a text is surely plain, of the bytes that `allowed` takes.
fn is_plain(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    // Numbers and dates begin otherwise.
    let begins = bytes.first().is_some_and(|byte| byte.is_ascii_alphabetic() || b"/$".contains(byte));
    let ends = bytes.last().is_some_and(|byte| !b" :".contains(byte));
    if !begins || !ends || (text.len() <= 5 && WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))) {
        return false;
    }
    let mut before = 0;
    bytes.iter().all(|&byte| {
        let pair = (before, byte);
        before = byte;
        is_printable(byte) && allowed(byte) && pair != (b':', b' ') && pair != (b' ', b'#')
    })
}

/// Whether a text surely has quotes, however long it is.
fn is_quoted(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some(first) = bytes.first() else { return true };
    if bytes.len() == 1 || !bytes.iter().copied().all(is_printable) {
        return false;
    }
    b",:[]{}#&*!|>'\"%@`".contains(first)
        || bytes.iter().all(u8::is_ascii_digit)
        || is_date(bytes)
        || text.contains(": ")
}

/// `2012-10-17`
fn is_date(bytes: &[u8]) -> bool {
    let fits =
        |(at, byte): (usize, &u8)| if [4, 7].contains(&at) { *byte == b'-' } else { byte.is_ascii_digit() };
    bytes.len() == 10 && bytes.iter().enumerate().all(fits)
}

fn is_printable(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte)
}

/// Of printable texts only.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\\']) {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        out.push('\\');
        let (special, behind) = after.split_at(1);
        out.push_str(special);
        rest = behind;
    }
    out.push_str(rest);
    out.push('"');
}

fn by_library(text: &str, tag: Option<&'static str>, column: usize, out: &mut String) -> Result<(), Failure> {
    let written = entry("x", text, tag)?;
    let mut lines = written.strip_prefix("x: ").unwrap_or(&written).split_inclusive('\n');
    out.extend(lines.next());
    for line in lines {
        if line != "\n" {
            out.extend(std::iter::repeat_n(' ', column));
        }
        out.push_str(line);
    }
    Ok(())
}

/// A document of one entry, as the library writes it.
fn entry(key: &str, value: &(impl Serialize + ?Sized), tag: Option<&str>) -> Result<String, Failure> {
    let options = serde_yaml::ser_options! { indent_step: 2, compact_list_indent: false };
    let tag = tag.map(str::to_owned);
    serde_yaml::to_string_with_options(&Entry { key, value, tag }, options)
        .map_err(|error| Failure::new(error.to_string()))
}

struct Entry<'a, V: ?Sized> {
    key: &'a str,
    value: &'a V,
    tag: Option<String>,
}

impl<V: Serialize + ?Sized> Serialize for Entry<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match &self.tag {
            Some(tag) => map.serialize_entry(self.key, &serde_yaml::Tagged(self.value, Some(tag.clone())))?,
            None => map.serialize_entry(self.key, self.value)?,
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::super::emit;
    use serde_json::{Value, json};

    fn by_library(value: &Value) -> Option<String> {
        let options = serde_yaml::ser_options! { indent_step: 2, compact_list_indent: false };
        serde_yaml::to_string_with_options(value, options).ok()
    }

    /// Texts at the edges of every rule, and those with something in front, behind and in the middle.
    fn texts() -> Vec<String> {
        let parts = [
            "",
            "a",
            "arn",
            "true",
            "No",
            "~",
            "null",
            "1",
            "0x1f",
            "1e3",
            "-",
            "--- a",
            "...",
            "?",
            "? a",
            ",",
            ":",
            "a:",
            "a: b",
            "#",
            "a #b",
            "a#b",
            " ",
            "\t",
            "\n",
            "\r",
            "'",
            "\"",
            "\\\\",
            "%",
            "@",
            "`",
            "!",
            "&",
            "*",
            "|",
            ">",
            "[",
            "]",
            "{",
            "}",
            "=",
            "<<",
            "/",
            "$",
            "${x}",
            ".5",
            "+1",
            "_1",
            "2012-10-17",
            "2012-10-177",
            "12:30",
            "é",
            "\u{85}",
            "\u{feff}",
            "\u{2028}",
            "a b",
            "y",
            "inf",
            ".inf",
            "nan",
            "AWS::Region",
            "0",
            "007",
            "1_0",
            "s3:GetObject",
            "(",
            "^a$",
        ];
        let long = "word ".repeat(30);
        let mut all: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
        for part in parts {
            for other in ["x", " ", "x y", ": ", "\n", "1", &long, &"x".repeat(90)] {
                all.extend([
                    format!("{part}{other}"),
                    format!("{other}{part}"),
                    format!("{other}{part}{other}"),
                ]);
            }
        }
        all
    }

    #[test]
    fn texts_are_as_the_library_writes_them() {
        for text in texts() {
            let shapes = [
                json!({ "k": text }),
                json!([text]),
                json!({ "a": { "b": [{ "c": text, "d": [[text, 1], []] }, text] }, "e": {}, "f": [] }),
                json!([{ "a": [text] }, [{ "b": text }], text]),
                json!({ text.as_str(): 1, "b": { text.as_str(): [true, null, 1.5, -3] } }),
            ];
            for shape in shapes {
                assert_eq!(emit::to_text(&shape).ok(), by_library(&shape), "{shape}");
            }
        }
    }

    #[test]
    fn tags_are_as_the_library_writes_them() {
        for text in texts() {
            for tag in ["!Ref", "!Sub"] {
                let mut out = "x: ".to_owned();
                assert!(super::value(&text, Some(tag), 0, &mut out).is_ok(), "{text:?}");
                assert_eq!(Some(out), super::entry("x", &text, Some(tag)).ok(), "{text:?}");
            }
        }
    }
}
