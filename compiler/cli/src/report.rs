//! Shows findings: with their source for people, a line each for scripts, as JSON for tools.

use std::fmt;
use std::io::IsTerminal as _;
use std::sync::Arc;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};
use pipec_core::diagnostic::{Diagnostic, Severity};
use pipec_core::source::{Source, Sources, Span};
use serde_json::json;

use crate::args::{Args, Color, ErrorFormat};
use crate::{Exit, Failure};

/// Findings shown to people at most; the rest is counted.
const MOST_SHOWN: usize = 50;

/// Shows all findings and says how the run ends.
pub fn findings(args: &Args, sources: &Sources, list: &[Diagnostic]) -> Exit {
    match args.findings_format() {
        ErrorFormat::Json => list.iter().for_each(|finding| crate::err!("{}", to_json(finding, sources))),
        ErrorFormat::Plain => list.iter().for_each(|finding| plain(finding, sources)),
        ErrorFormat::Human => human(args, sources, list),
    }
    let failed = list.iter().any(|finding| finding.severity() == Severity::Error);
    if failed { Exit::Errors } else { Exit::Fine }
}

/// Shows a failure that has no place in a file.
pub fn failure(args: &Args, failure: &Failure) {
    if args.findings_format() == ErrorFormat::Json {
        let none = serde_json::Value::Null;
        let line = json!({ "code": none, "severity": "error", "message": failure.message, "file": none, "line": none,
            "column": none, "end_line": none, "end_column": none, "help": failure.help });
        crate::err!("{line}");
        return;
    }
    let (red, end) = if coloured(args) { ("\u{1b}[31;1m", "\u{1b}[0m") } else { ("", "") };
    crate::err!("{red}error:{end} {}", failure.message);
    if let Some(help) = &failure.help {
        crate::err!("  help: {help}");
    }
}

/// Whether colours are wanted on standard error.
pub fn coloured(args: &Args) -> bool {
    coloured_on(args, std::io::stderr().is_terminal())
}

/// Whether colours are wanted on an output that is a terminal or not.
pub fn coloured_on(args: &Args, is_terminal: bool) -> bool {
    match args.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    }
}

fn to_json(finding: &Diagnostic, sources: &Sources) -> serde_json::Value {
    let source = sources.get(finding.span.source);
    let start = source.map(|source| source.position(finding.span.start));
    let end = source.map(|source| source.position(finding.span.end));
    json!({
        "code": finding.code.as_str(),
        "severity": finding.severity().as_str(),
        "message": finding.message,
        "file": source.map(|source| source.path.as_str()),
        "line": start.map(|place| place.line),
        "column": start.map(|place| place.column),
        "end_line": end.map(|place| place.line),
        "end_column": end.map(|place| place.column),
        "help": finding.help,
    })
}

fn plain(finding: &Diagnostic, sources: &Sources) {
    let place = |span: Span| {
        let source = sources.get(span.source);
        let place = source.map(|source| source.position(span.start));
        format!(
            "{}:{}:{}",
            sources.path(span.source),
            place.map_or(0, |p| p.line),
            place.map_or(0, |p| p.column)
        )
    };
    let severity = finding.severity().as_str();
    crate::err!("{}: {severity}[{}]: {}", place(finding.span), finding.code.as_str(), finding.message);
    for label in &finding.labels {
        crate::err!("  {}: {}", place(label.span), label.text);
    }
    if let Some(help) = &finding.help {
        crate::err!("  help: {help}");
    }
}

/// Lines longer than this are not shown as source.
const MOST_COLUMNS: usize = 400;

fn long_line(finding: &Diagnostic, sources: &Sources) -> bool {
    let text = sources.get(finding.span.source).map_or("", |source| source.text.as_str());
    let start =
        text.get(..finding.span.start as usize).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    text.get(start..).is_some_and(|rest| rest.find('\n').unwrap_or(rest.len()) > MOST_COLUMNS)
}

fn human(args: &Args, sources: &Sources, list: &[Diagnostic]) {
    let theme = if coloured(args) { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(100).with_context_lines(1);
    for finding in list.iter().take(MOST_SHOWN) {
        if long_line(finding, sources) {
            plain(finding, sources);
            continue;
        }
        let mut text = String::new();
        if handler.render_report(&mut text, &Shown::new(finding, sources)).is_ok() {
            crate::err!("{}", text.trim_end());
        } else {
            plain(finding, sources);
        }
        crate::err!();
    }
    if list.len() > MOST_SHOWN {
        crate::err!("… and {} more findings", list.len() - MOST_SHOWN);
    }
    let count = |severity| list.iter().filter(|finding| finding.severity() == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let codes = list
        .iter()
        .find(|finding| finding.severity() == Severity::Error)
        .map(|finding| finding.code.as_str());
    let more = codes.map(|code| format!("; `pipec explain {code}` tells more")).unwrap_or_default();
    match (errors, warnings) {
        (0, 0) => {}
        (0, _) => crate::err!("{}", plural(warnings, "warning")),
        (_, 0) => crate::err!("{}{more}", plural(errors, "error")),
        _ => crate::err!("{}, {}{more}", plural(errors, "error"), plural(warnings, "warning")),
    }
}

/// A finding as miette wants it.
struct Shown {
    message: String,
    code: String,
    severity: miette::Severity,
    help: Option<String>,
    source: NamedSource<Arc<str>>,
    labels: Vec<LabeledSpan>,
    /// Labels in other files.
    related: Vec<Shown>,
}

impl Shown {
    fn new(finding: &Diagnostic, sources: &Sources) -> Shown {
        let source = sources.get(finding.span.source);
        let mut labels = vec![label(None, finding.span, source)];
        let mut related = Vec::new();
        for other in &finding.labels {
            if other.span.source == finding.span.source {
                labels.push(label(Some(other.text.clone()), other.span, source));
            } else {
                let there = sources.get(other.span.source);
                related.push(Shown {
                    message: other.text.clone(),
                    code: String::new(),
                    severity: miette::Severity::Advice,
                    help: None,
                    source: named(there),
                    labels: vec![label(None, other.span, there)],
                    related: Vec::new(),
                });
            }
        }
        Shown {
            message: finding.message.clone(),
            code: format!("{}[{}]", finding.severity().as_str(), finding.code.as_str()),
            severity: if finding.severity() == Severity::Error {
                miette::Severity::Error
            } else {
                miette::Severity::Warning
            },
            help: finding.help.clone(),
            source: named(source),
            labels,
            related,
        }
    }
}

fn named(source: Option<&Source>) -> NamedSource<Arc<str>> {
    let (path, text) = source.map_or(("", ""), |source| (source.path.as_str(), source.text.as_str()));
    NamedSource::new(path, Arc::from(text))
}

fn label(text: Option<String>, span: Span, source: Option<&Source>) -> LabeledSpan {
    let limit = source.map_or(0, |source| source.text.len());
    let start = (span.start as usize).min(limit);
    let end = (span.end as usize).min(limit).max(start);
    LabeledSpan::new_primary_with_span(text, (start, end - start))
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown {}

impl miette::Diagnostic for Shown {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let code: Box<dyn fmt::Display + 'a> = Box::new(&self.code);
        Some(code).filter(|_| !self.code.is_empty())
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        let related = self.related.iter().map(|shown| shown as &dyn miette::Diagnostic);
        (!self.related.is_empty())
            .then(|| Box::new(related) as Box<dyn Iterator<Item = &dyn miette::Diagnostic>>)
    }
}
