//! The lines of a document: entries, items and their indentation.

use std::fmt::{self, Write as _};

use serde::ser::{self, Impossible, Serialize, Serializer};

use super::scalar;

/// Why a value cannot be written.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    /// A failure with a reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Failure(reason.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

impl ser::Error for Failure {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Failure(reason.to_string())
    }
}

/// Columns between an object and what is in it.
const STEP: usize = 2;

/// A document as text.
pub fn to_text(value: &(impl Serialize + ?Sized)) -> Result<String, Failure> {
    // The template of an event fits.
    let mut out = String::with_capacity(1 << 15);
    value.serialize(Emitter { out: &mut out, at: At::Start, tag: None })?;
    Ok(out)
}

/// Where a value stands.
#[derive(Clone, Copy)]
enum At {
    /// It is the document.
    Start,
    /// Behind a key that begins at this column.
    Key(usize),
    /// Behind a dash at this column.
    Dash(usize),
    /// It is a key itself.
    Name,
}

struct Emitter<'o> {
    out: &'o mut String,
    at: At,
    tag: Option<&'static str>,
}

impl<'o> Emitter<'o> {
    fn scalar(self, text: fmt::Arguments<'_>) -> Result<(), Failure> {
        match self.at {
            At::Name => return Err(Failure::new("a key is a text")),
            At::Key(_) => self.out.push(' '),
            At::Start | At::Dash(_) => {}
        }
        writeln!(self.out, "{text}").map_err(|error| Failure::new(error.to_string()))
    }

    fn open(self, empty: &'static str) -> Result<Open<'o>, Failure> {
        let column = match self.at {
            At::Start => 0,
            At::Key(column) | At::Dash(column) => column + STEP,
            At::Name => return Err(Failure::new("a key is a text")),
        };
        Ok(Open { out: self.out, at: self.at, column, empty })
    }
}

/// An object or a list that is being written.
struct Open<'o> {
    out: &'o mut String,
    /// Where it stands, until something of it is written.
    at: At,
    /// Where its keys or dashes begin.
    column: usize,
    /// How it is written if nothing is in it.
    empty: &'static str,
}

impl Open<'_> {
    /// Goes to where the next key or dash begins.
    fn next(&mut self) {
        match self.at {
            // The first thing behind a dash stands on its line.
            At::Start | At::Dash(_) => {}
            At::Key(_) => {
                self.out.push('\n');
                self.out.extend(std::iter::repeat_n(' ', self.column));
            }
            At::Name => self.out.extend(std::iter::repeat_n(' ', self.column)),
        }
        // From here on each begins a line.
        self.at = At::Name;
    }

    fn inner(&mut self, at: At) -> Emitter<'_> {
        Emitter { out: self.out, at, tag: None }
    }

    fn close(self) -> Result<(), Failure> {
        match self.at {
            At::Name => return Ok(()),
            At::Key(_) => self.out.push(' '),
            At::Start | At::Dash(_) => {}
        }
        self.out.push_str(self.empty);
        self.out.push('\n');
        Ok(())
    }
}

impl ser::SerializeSeq for Open<'_> {
    type Ok = ();
    type Error = Failure;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        self.next();
        self.out.push_str("- ");
        let column = self.column;
        value.serialize(self.inner(At::Dash(column)))
    }

    fn end(self) -> Result<(), Failure> {
        self.close()
    }
}

impl ser::SerializeTuple for Open<'_> {
    type Ok = ();
    type Error = Failure;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        ser::SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<(), Failure> {
        self.close()
    }
}

impl ser::SerializeMap for Open<'_> {
    type Ok = ();
    type Error = Failure;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Failure> {
        self.next();
        key.serialize(self.inner(At::Name))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        let column = self.column;
        value.serialize(self.inner(At::Key(column)))
    }

    fn end(self) -> Result<(), Failure> {
        self.close()
    }
}

impl ser::SerializeStruct for Open<'_> {
    type Ok = ();
    type Error = Failure;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Failure> {
        ser::SerializeMap::serialize_entry(self, key, value)
    }

    fn end(self) -> Result<(), Failure> {
        self.close()
    }
}

/// Values that no template has.
fn foreign<T>(what: &str) -> Result<T, Failure> {
    Err(Failure::new(format!("a template holds no {what}")))
}

impl<'o> Serializer for Emitter<'o> {
    type Ok = ();
    type Error = Failure;
    type SerializeSeq = Open<'o>;
    type SerializeTuple = Open<'o>;
    type SerializeTupleStruct = Impossible<(), Failure>;
    type SerializeTupleVariant = Impossible<(), Failure>;
    type SerializeMap = Open<'o>;
    type SerializeStruct = Open<'o>;
    type SerializeStructVariant = Impossible<(), Failure>;

    fn serialize_str(self, text: &str) -> Result<(), Failure> {
        let column = match self.at {
            At::Name => return scalar::key(text, self.out),
            At::Start => 0,
            At::Key(column) => {
                self.out.push(' ');
                column
            }
            At::Dash(column) => column,
        };
        scalar::value(text, self.tag, column, self.out)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Failure> {
        let tag = Some(name).filter(|name| name.starts_with('!'));
        value.serialize(Emitter { tag, ..self })
    }

    fn serialize_bool(self, value: bool) -> Result<(), Failure> {
        self.scalar(format_args!("{value}"))
    }

    fn serialize_i64(self, value: i64) -> Result<(), Failure> {
        self.scalar(format_args!("{value}"))
    }

    fn serialize_u64(self, value: u64) -> Result<(), Failure> {
        self.scalar(format_args!("{value}"))
    }

    fn serialize_f64(self, value: f64) -> Result<(), Failure> {
        let written = scalar::number(value)?;
        self.scalar(format_args!("{written}"))
    }

    fn serialize_unit(self) -> Result<(), Failure> {
        self.scalar(format_args!("null"))
    }

    fn serialize_none(self) -> Result<(), Failure> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Failure> {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'o>, Failure> {
        self.open("[]")
    }

    fn serialize_tuple(self, _: usize) -> Result<Open<'o>, Failure> {
        self.open("[]")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Open<'o>, Failure> {
        self.open("{}")
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open<'o>, Failure> {
        self.open("{}")
    }

    fn serialize_i8(self, value: i8) -> Result<(), Failure> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), Failure> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), Failure> {
        self.serialize_i64(value.into())
    }

    fn serialize_u8(self, value: u8) -> Result<(), Failure> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Failure> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Failure> {
        self.serialize_u64(value.into())
    }

    fn serialize_f32(self, value: f32) -> Result<(), Failure> {
        self.serialize_f64(value.into())
    }

    fn serialize_char(self, value: char) -> Result<(), Failure> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Failure> {
        foreign("bytes")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Failure> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Failure> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Failure> {
        foreign("variant")
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Failure> {
        foreign("tuple struct")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Failure> {
        foreign("variant")
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Failure> {
        foreign("variant")
    }
}
