//! What fits a property, as the table writes it.

/// What fits a property.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fit {
    Any,
    /// An object of any keys.
    Object,
    /// An object or a list, or its text.
    Json,
    /// An object of a shape, or its text.
    JsonOf(usize),
    /// Text; where there are values, one of them.
    Text(Vec<String>),
    Number(Number),
    Boolean,
    List(Box<Fit>),
    /// An object whose values fit.
    Map(Box<Fit>),
    /// An object of a shape, by its place in the table.
    Shape(usize),
}

/// Which numbers fit.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Number {
    pub whole: bool,
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// Where there are values, one of them.
    pub values: Vec<i64>,
}

impl Fit {
    /// Reads `list of integer 0..900`; `index` finds shapes by name.
    pub(super) fn parse(text: &str, index: &dyn Fn(&str) -> Option<usize>) -> Result<Fit, String> {
        let shape = |name: &str| index(name).ok_or_else(|| format!("there is no shape `{name}`"));
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        match (word, rest) {
            ("any", "") => Ok(Fit::Any),
            ("object", "") => Ok(Fit::Object),
            ("boolean", "") => Ok(Fit::Boolean),
            ("json", "") => Ok(Fit::Json),
            ("json", name) => shape(name).map(Fit::JsonOf),
            ("string", values) => Ok(Fit::Text(split(values).map(str::to_owned).collect())),
            ("integer", rest) => Number::parse(rest, true).map(Fit::Number),
            ("number", rest) => Number::parse(rest, false).map(Fit::Number),
            ("list", rest) => Ok(Fit::List(Box::new(Fit::inner(rest, index)?))),
            ("map", rest) => Ok(Fit::Map(Box::new(Fit::inner(rest, index)?))),
            _ => shape(text).map(Fit::Shape),
        }
    }

    fn inner(text: &str, index: &dyn Fn(&str) -> Option<usize>) -> Result<Fit, String> {
        let rest = text.strip_prefix("of ").ok_or_else(|| format!("`of` is missing before `{text}`"))?;
        Fit::parse(rest, index)
    }
}

impl Number {
    fn parse(text: &str, whole: bool) -> Result<Number, String> {
        let number = Number { whole, ..Number::default() };
        let bad = |text: &str| format!("`{text}` is no number");
        if let Some((low, high)) = text.split_once("..") {
            let end = |text: &str| match text {
                "" => Ok(None),
                text => text.parse().map(Some).map_err(|_| bad(text)),
            };
            return Ok(Number { low: end(low)?, high: end(high)?, ..number });
        }
        let values: Result<_, _> = split(text).map(|value| value.parse().map_err(|_| bad(value))).collect();
        Ok(Number { values: values?, ..number })
    }
}

/// The values of `A | B`; none of an empty text.
fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(" | ").filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{Fit, Number};

    fn parse(text: &str) -> Result<Fit, String> {
        Fit::parse(text, &|name| (name == "Tag").then_some(3))
    }

    #[test]
    fn what_fits_is_read() {
        let number = Number { whole: true, low: Some(0.0), high: Some(900.0), values: Vec::new() };
        assert_eq!(parse("integer 0..900"), Ok(Fit::Number(number)));
        let number = Number { low: Some(-0.5), ..Number::default() };
        assert_eq!(parse("number -0.5.."), Ok(Fit::Number(number)));
        let number = Number { whole: true, values: vec![1, 60], ..Number::default() };
        assert_eq!(parse("integer 1 | 60"), Ok(Fit::Number(number)));
        assert_eq!(parse("list of map of Tag"), Ok(Fit::List(Box::new(Fit::Map(Box::new(Fit::Shape(3)))))));
        assert_eq!(parse("json Tag"), Ok(Fit::JsonOf(3)));
        assert_eq!(parse("string a b | c"), Ok(Fit::Text(vec!["a b".into(), "c".into()])));
        assert_eq!(parse("string"), Ok(Fit::Text(Vec::new())));
    }

    #[test]
    fn what_is_not_so_written_is_refused() {
        assert_eq!(parse("Tags"), Err("there is no shape `Tags`".into()));
        assert_eq!(parse("list Tag"), Err("`of` is missing before `Tag`".into()));
        assert_eq!(parse("integer 0..x"), Err("`x` is no number".into()));
        assert_eq!(parse("boolean Tag"), Err("there is no shape `boolean Tag`".into()));
    }
}
