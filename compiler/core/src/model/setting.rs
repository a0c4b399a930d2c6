//! Values of options: read from a statement's arguments as the construct's parameter says.

use super::{Model, Options};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, nearest};
use crate::library::setting::{DURATIONS, PERIODS, SIZES, Setting, outside, unit};
use crate::library::{ParameterSpec, ParameterType, Written};
use crate::source::{Span, Spanned};
use crate::syntax::{Arg, Literal, Statement};

/// Reads an argument as a value of that type; says what it should have been.
///
/// # Errors
/// The finding, not yet reported.
pub fn read_value(kind: ParameterType, of: &[Written], arg: &Arg) -> Result<Setting, Diagnostic> {
    let wrong = || wrong_type(kind, arg);
    match (kind, &arg.value) {
        (ParameterType::List, Literal::List(items)) => {
            let texts = items.iter().map(|item| match &item.value {
                Literal::Text(text) => Ok(text.clone()),
                _ => Err(wrong_type(ParameterType::Text, item)),
            });
            return texts.collect::<Result<_, _>>().map(Setting::List);
        }
        (ParameterType::List, Literal::Text(text)) => return Ok(Setting::List(vec![text.clone()])),
        _ => {}
    }
    match (kind, &arg.value) {
        (_, Literal::Param(name)) => Ok(Setting::Parameter(name.clone())),
        (ParameterType::Bool, Literal::Word(word)) if word == "on" || word == "off" => {
            Ok(Setting::Bool(word == "on"))
        }
        (ParameterType::Int, Literal::Int(value)) => Ok(Setting::Int(*value)),
        (ParameterType::Text, Literal::Text(value)) => Ok(Setting::Text(value.clone())),
        (ParameterType::Word, Literal::Word(word)) => one_of(word, of, arg.span),
        (ParameterType::Duration, Literal::Quantity { amount, unit }) => {
            scaled(*amount, unit, DURATIONS, arg.span).map(Setting::Duration)
        }
        (ParameterType::Size, Literal::Quantity { amount, unit }) => {
            scaled(*amount, unit, SIZES, arg.span).map(Setting::Size)
        }
        (ParameterType::Rate, Literal::Rate { amount, unit: name }) => match unit(PERIODS, name) {
            Some(seconds) => Ok(Setting::Rate { amount: *amount, seconds }),
            None => Err(unknown_unit(name, PERIODS, arg.span)),
        },
        (ParameterType::Duration, Literal::Int(value)) => {
            Err(wrong().help(format!("add the unit: `{value}s`?")))
        }
        (ParameterType::Size, Literal::Int(value)) => {
            Err(wrong().help(format!("add the unit: `{value}MB`?")))
        }
        (ParameterType::Rate, Literal::Int(value)) => {
            Err(wrong().help(format!("add the period: `{value}/s`?")))
        }
        (ParameterType::Text | ParameterType::List, Literal::Word(word)) => {
            Err(wrong().help(format!("put it in quotes: `\"{word}\"`")))
        }
        _ => Err(wrong()),
    }
}

fn wrong_type(kind: ParameterType, arg: &Arg) -> Diagnostic {
    let message = format!("expected {}, found {}", kind.describe(), arg.value.describe());
    Diagnostic::new(Code::WrongValue, arg.span, message)
}

/// A word or number as the text that it stands for, where a parameter takes texts without quotes.
fn unquoted(spec: &ParameterSpec, arg: &Arg) -> Arg {
    let text = match &arg.value {
        Literal::Word(word) => word.clone(),
        Literal::Int(number) => number.to_string(),
        Literal::Decimal(number) => number.to_string(),
        Literal::List(items) => {
            let items = items.iter().map(|item| unquoted(spec, item)).collect();
            return Arg { value: Literal::List(items), span: arg.span };
        }
        _ => return arg.clone(),
    };
    if spec.bare { Arg { value: Literal::Text(text), span: arg.span } } else { arg.clone() }
}

fn one_of(word: &str, of: &[Written], span: Span) -> Result<Setting, Diagnostic> {
    let words: Vec<String> = of.iter().map(ToString::to_string).collect();
    if words.iter().any(|known| known == word) {
        return Ok(Setting::Word(word.to_owned()));
    }
    let list = words.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
    let help = match nearest(word, words.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`? it can be {list}"),
        None => format!("it can be {list}"),
    };
    Err(Diagnostic::new(Code::WrongValue, span, format!("`{word}` is not possible here")).help(help))
}

fn scaled(amount: i64, name: &str, table: &[(&str, i64)], span: Span) -> Result<i64, Diagnostic> {
    let factor = unit(table, name).ok_or_else(|| unknown_unit(name, table, span))?;
    amount.checked_mul(factor).ok_or_else(|| {
        Diagnostic::new(Code::NumberTooLarge, span, format!("`{amount}{name}` is too large a number"))
    })
}

fn unknown_unit(name: &str, table: &[(&str, i64)], span: Span) -> Diagnostic {
    let list = table.iter().map(|(unit, _)| format!("`{unit}`")).collect::<Vec<_>>().join(", ");
    Diagnostic::new(Code::WrongValue, span, format!("`{name}` is not a unit here"))
        .help(format!("the units are {list}"))
}

/// Reads `name value tail value …` into options, by the parameters that the name and its tails stand for.
pub fn read_option<'s>(
    statement: &Statement,
    spec_of: &dyn Fn(&str) -> Option<&'s ParameterSpec>,
    options: &mut Options,
    diags: &mut Diagnostics,
) {
    let name = statement.name.value.as_str();
    let Some(spec) = spec_of(name) else { return };
    if statement.broken {
        return;
    }
    if let Some(equals) = statement.args.iter().find(|arg| arg.value == Literal::Equals) {
        let message = "there is no `=` between a statement and its value";
        diags.push(Diagnostic::new(Code::WrongArguments, equals.span, message).maybe_help(usage(name, spec)));
        return;
    }
    if let Some(block) = &statement.block {
        let message = format!("`{name}` has no block");
        diags.push(Diagnostic::new(Code::WrongArguments, block.span, message).maybe_help(usage(name, spec)));
    }
    let mut args = statement.args.iter().peekable();
    if let Some(lead) = &spec.lead {
        match args.peek() {
            Some(Arg { value: Literal::Word(word), .. }) if word == lead => drop(args.next()),
            _ => {
                let message = format!("`{name}` needs the word `{lead}`");
                diags.push(
                    Diagnostic::new(Code::WrongArguments, statement.head(), message)
                        .maybe_help(usage(name, spec)),
                );
                return;
            }
        }
    }
    // A switch alone is on, and so is one with tails right behind it.
    let is_tail = |arg: &Arg| matches!(&arg.value, Literal::Word(word) if spec.tails.contains_key(word));
    if spec.kind == ParameterType::Bool && args.peek().is_none_or(|first| is_tail(first)) {
        options.insert(name.to_owned(), Spanned::new(Setting::Bool(true), statement.name.span));
    } else if let Some(first) = args.next() {
        if !set(name, spec, first, options, diags) {
            return;
        }
    } else {
        let message = format!("`{name}` needs {}", spec.kind.describe());
        diags.push(
            Diagnostic::new(Code::WrongArguments, statement.head(), message).maybe_help(usage(name, spec)),
        );
        return;
    }
    while let Some(word) = args.next() {
        let tail = match &word.value {
            Literal::Word(text) => spec.tails.get(text).and_then(|param| {
                let tail_spec = spec_of(param)?;
                // A word that is itself a value: `compliance` in `lock 30d compliance`.
                let is_value = tail_spec.of.iter().any(|one| one.to_string() == *text);
                Some((param, tail_spec, if is_value { word } else { args.next()? }))
            }),
            _ => None,
        };
        let Some((param, tail_spec, value)) = tail else {
            let message = format!("`{name}` does not go on like this");
            diags.push(
                Diagnostic::new(Code::WrongArguments, word.span, message).maybe_help(usage(name, spec)),
            );
            return;
        };
        set(param, tail_spec, value, options, diags);
    }
}

/// A number without its unit: the units that this option counts in.
fn suggest_unit(finding: Diagnostic, spec: &ParameterSpec, arg: &Arg) -> Diagnostic {
    let unit = spec
        .step
        .as_ref()
        .or(spec.default.as_ref())
        .map(|written| written.to_string().trim_start_matches(|c: char| c.is_ascii_digit()).to_owned());
    match (&arg.value, unit) {
        (Literal::Int(number), Some(unit))
            if matches!(spec.kind, ParameterType::Duration | ParameterType::Size) && !unit.is_empty() =>
        {
            finding.help(format!("add the unit: `{number}{unit}`?"))
        }
        _ => finding,
    }
}

/// Sets an option; `false` when its value was reported.
fn set(name: &str, spec: &ParameterSpec, arg: &Arg, options: &mut Options, diags: &mut Diagnostics) -> bool {
    if let (Literal::Rate { unit, .. }, false) = (&arg.value, spec.per.is_empty())
        && !spec.per.contains(unit)
    {
        let message = format!("`{name}` does not count per `{unit}`");
        let help = format!("it counts per {}", spec.per.join(", "));
        diags.push(Diagnostic::new(Code::WrongValue, arg.span, message).help(help));
        return false;
    }
    match read_value(spec.kind, &spec.of, &unquoted(spec, arg))
        .map_err(|finding| suggest_unit(finding, spec, arg))
        .and_then(|value| in_range(name, spec, value, arg.span))
        .and_then(|value| fitting(name, spec, value, arg.span))
    {
        Ok(value) => drop(options.insert(name.to_owned(), Spanned::new(value, arg.span))),
        Err(diagnostic) => {
            diags.push(diagnostic);
            return false;
        }
    }
    true
}

fn in_range(name: &str, spec: &ParameterSpec, value: Setting, span: Span) -> Result<Setting, Diagnostic> {
    match outside(spec, &value) {
        None => Ok(value),
        Some(help) => {
            Err(Diagnostic::new(Code::OutOfRange, span, format!("`{name}` is out of range")).help(help))
        }
    }
}

/// Texts must match the parameter's pattern, and be among its values where it names them.
fn fitting(name: &str, spec: &ParameterSpec, value: Setting, span: Span) -> Result<Setting, Diagnostic> {
    let texts: &[String] = match &value {
        Setting::Text(text) => std::slice::from_ref(text),
        Setting::List(texts) => texts,
        _ => return Ok(value),
    };
    let pattern = spec.matching.as_ref().and_then(|pattern| regex_lite::Regex::new(pattern).ok());
    for text in texts {
        if !spec.of.is_empty() {
            one_of(text, &spec.of, span)?;
        }
        if pattern.as_ref().is_some_and(|pattern| !pattern.is_match(text)) {
            let message = format!("`{text}` cannot stand for `{name}`");
            return Err(Diagnostic::new(Code::WrongValue, span, message).maybe_help(usage(name, spec)));
        }
    }
    if texts.is_empty() {
        let message = format!("`{name}` has an empty list");
        return Err(Diagnostic::new(Code::WrongValue, span, message).maybe_help(usage(name, spec)));
    }
    Ok(value)
}

/// How an option is written.
#[must_use]
pub fn usage(name: &str, spec: &ParameterSpec) -> Option<String> {
    let lead = spec.lead.as_ref().map(|word| format!(" {word}")).unwrap_or_default();
    let value = match (&spec.default, spec.kind) {
        _ if spec.example.is_some() => spec.example.clone()?,
        (Some(default), _) => default.to_string(),
        (None, ParameterType::Bool) => "on".to_owned(),
        (None, ParameterType::Int) => "10".to_owned(),
        (None, ParameterType::Text) => "\"…\"".to_owned(),
        (None, ParameterType::List) => "[\"…\"]".to_owned(),
        (None, ParameterType::Word) => spec.of.first()?.to_string(),
        (None, ParameterType::Duration) => "30s".to_owned(),
        (None, ParameterType::Size) => "256MB".to_owned(),
        (None, ParameterType::Rate) => "100/s".to_owned(),
    };
    // An example shows the tails that are worth showing.
    let tails: String = match spec.example {
        Some(_) => String::new(),
        None => spec.tails.keys().map(|word| format!(" [{word} …]")).collect(),
    };
    let mut summary = spec.summary.trim_end_matches('.').to_owned();
    if let Some(first) = summary.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    Some(format!("it is written `{name}{lead} {value}{tails}`: {summary}"))
}

/// Reports deploy-time parameters in options: constructs compute with options, so these must be known.
pub fn check_known(options: &Options, diags: &mut Diagnostics) {
    for (option, setting) in options {
        if let Setting::Parameter(name) = &setting.value {
            let message = format!("`{option}` must be known when the project is built, and `${name}` is not");
            let help = "write the value here, or in an `environment`; deploy-time parameters can stand in a subscriber's `env`";
            diags.push(Diagnostic::new(Code::ParameterNotPossible, setting.span, message).help(help));
        }
    }
}

/// The finding for a `$name` that nothing declares.
#[must_use]
pub fn unknown_parameter(name: &str, span: Span, model: &Model) -> Diagnostic {
    let known = model.parameters.keys().chain(model.secrets.keys());
    let near = nearest(name, known.map(String::as_str));
    let help = near.map_or_else(
        || format!("declare it: `param {name}: string`"),
        |near| format!("did you mean `${near}`?"),
    );
    Diagnostic::new(Code::UnknownName, span, format!("nothing declares the parameter or secret `${name}`"))
        .help(help)
}
