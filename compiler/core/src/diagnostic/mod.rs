//! What the compiler tells people.
//!
//! A message is lower case, without a full stop, with the user's own words in backticks; what to do about it
//! stands apart, in the help. Every diagnostic has a [`Code`], and every code a page in `docs/diagnostics/`.

mod code;
mod nearest;

pub use code::Code;
pub use nearest::nearest;

use crate::source::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The project cannot be compiled.
    Error,
    /// The project compiles; somebody should look.
    Warning,
}

impl Severity {
    /// The word shown to people and machines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// A second place that belongs to the matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is there.
    pub text: String,
}

/// One finding at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of finding.
    pub code: Code,
    /// Where.
    pub span: Span,
    /// What is wrong, in the user's words.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Other places that belong to the matter.
    pub labels: Vec<Label>,
    /// Where the cause may be, if this can be a mere consequence.
    pub consequence: Option<Consequence>,
}

/// A finding that another may explain: what is missing may be what was misspelt. It is dropped when there is an
/// error that is no consequence itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// Of an error inside this place.
    Of(Span),
    /// Of an error of this kind inside this place.
    OfKind(Code, Span),
    /// Of any error.
    OfAny,
}

impl Diagnostic {
    /// A finding without help or labels.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Diagnostic { code, span, message: message.into(), help: None, labels: Vec::new(), consequence: None }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds what to do about it, if there is something to say.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Says that another error may be the cause.
    #[must_use]
    pub fn consequence(mut self, of: Consequence) -> Self {
        self.consequence = Some(of);
        self
    }

    /// How bad it is: a property of the code.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}

/// All findings of a run, in the order they were made.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// No findings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a finding.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// Adds the findings of a part that ran on its own.
    pub fn extend(&mut self, other: impl IntoIterator<Item = Diagnostic>) {
        self.list.extend(other);
    }

    /// Whether any finding is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|diagnostic| diagnostic.severity() == Severity::Error)
    }

    /// Drops findings of a kind that can be a mere consequence, if there are other errors to be the cause.
    pub fn drop_consequences(&mut self, code: Code) {
        if self
            .list
            .iter()
            .any(|diagnostic| diagnostic.code != code && diagnostic.severity() == Severity::Error)
        {
            self.list.retain(|diagnostic| diagnostic.code != code);
            return;
        }
        // Where nothing else is to blame, the first of them is.
        let mut first = true;
        self.list.retain(|diagnostic| diagnostic.code != code || std::mem::take(&mut first));
    }

    /// Drops findings of some kinds where there is one of the kinds that cause them.
    pub fn drop_behind(&mut self, causes: &[Code], consequences: &[Code]) {
        if self.list.iter().any(|found| causes.contains(&found.code)) {
            self.list.retain(|found| !consequences.contains(&found.code));
        }
    }

    /// Keeps the findings that are wanted.
    pub fn retain(&mut self, wanted: impl FnMut(&Diagnostic) -> bool) {
        self.list.retain(wanted);
    }

    /// Whether there is a finding of that kind.
    #[must_use]
    pub fn has(&self, code: Code) -> bool {
        self.list.iter().any(|diagnostic| diagnostic.code == code)
    }

    /// Drops findings whose cause is reported too.
    fn drop_explained(&mut self) {
        // What is wrong with the text itself is a cause, even where it may be one of several findings of one mistake.
        let of_text = |code: Code| code.as_str().starts_with("P01");
        let cause = |diagnostic: &&Diagnostic| {
            diagnostic.severity() == Severity::Error
                && (diagnostic.consequence.is_none() || of_text(diagnostic.code))
        };
        let mut causes: Vec<(Span, Code)> =
            self.list.iter().filter(cause).map(|found| (found.span, found.code)).collect();
        causes.sort_unstable();
        let inside = |scope: Span| {
            let first =
                causes.partition_point(|(span, _)| (span.source, span.start) < (scope.source, scope.start));
            let rest = causes.get(first..).unwrap_or(&[]).iter();
            rest.take_while(move |(span, _)| span.source == scope.source && span.start < scope.end)
        };
        self.list.retain(|diagnostic| match diagnostic.consequence {
            None => true,
            Some(Consequence::OfAny) => causes.is_empty(),
            Some(Consequence::Of(scope)) => inside(scope).next().is_none(),
            Some(Consequence::OfKind(code, scope)) => !inside(scope).any(|(_, found)| *found == code),
        });
    }

    /// The findings in the order of their places, each once; those that others explain are left out.
    #[must_use]
    pub fn sorted(mut self) -> Vec<Diagnostic> {
        self.drop_explained();
        self.list.sort_by(|a, b| {
            (a.span, a.code.as_str(), &a.message).cmp(&(b.span, b.code.as_str(), &b.message))
        });
        self.list.dedup();
        self.list
    }

    /// How many findings there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}
