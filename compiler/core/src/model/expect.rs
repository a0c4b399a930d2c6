//! `expect CODE "reason"`: findings that somebody looked at and wants, inside one declaration.
//!
//! The statement can stand in any block. It is taken out of the tree before names are resolved, for it says nothing about
//! the project itself.

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity, nearest};
use crate::source::Span;
use crate::syntax::{Arg, Item, Literal, Statement, SyntaxFile};

/// All `expect` statements of a project.
#[derive(Debug, Default)]
pub struct Expectations(Vec<Expectation>);

/// One of them.
#[derive(Debug)]
struct Expectation {
    code: Code,
    /// The statement.
    span: Span,
    /// The declaration that it stands in.
    scope: Span,
    met: bool,
}

/// Takes the `expect` statements out of the files.
pub fn expectations(files: &mut [SyntaxFile], diags: &mut Diagnostics) -> Expectations {
    let mut found = Expectations::default();
    for item in files.iter_mut().flat_map(|file| &mut file.items) {
        if let Item::Statement(statement) = item {
            take(statement, &mut found, diags);
        }
    }
    found
}

fn take(statement: &mut Statement, found: &mut Expectations, diags: &mut Diagnostics) {
    let scope = statement.span;
    let Some(block) = &mut statement.block else { return };
    block.items.retain_mut(|item| {
        let Item::Statement(inner) = item else { return true };
        if inner.name.value != "expect" {
            take(inner, found, diags);
            return true;
        }
        found.0.extend(expectation(inner, scope, diags));
        false
    });
}

fn expectation(statement: &Statement, scope: Span, diags: &mut Diagnostics) -> Option<Expectation> {
    let said = match statement.args.as_slice() {
        [Arg { value: Literal::Word(code), span }, Arg { value: Literal::Text(reason), .. }]
            if !reason.trim().is_empty() && statement.block.is_none() =>
        {
            (code, *span)
        }
        _ => {
            let help = "it is written `expect CODE \"reason\"`: which finding, and why it is no mistake here";
            let message = "`expect` has the wrong arguments";
            diags.push(Diagnostic::new(Code::WrongArguments, statement.head(), message).help(help));
            return None;
        }
    };
    let (word, span) = said;
    match word.parse::<Code>() {
        Ok(code) if can_be_expected(code) => {
            Some(Expectation { code, span: statement.head(), scope, met: false })
        }
        Ok(code) => {
            let message = format!("`{}` cannot be expected", code.as_str());
            let help = "nothing can be built of a project that has it; only warnings and proofs (`P10…`) can be expected";
            diags.push(Diagnostic::new(Code::WrongValue, span, message).help(help));
            None
        }
        Err(()) => {
            let near = nearest(word, Code::ALL.iter().map(|code| code.as_str()));
            let help = near.map(|near| format!("did you mean `{near}`?"));
            let message = format!("`{word}` is no code of a diagnostic");
            diags.push(Diagnostic::new(Code::WrongValue, span, message).maybe_help(help));
            None
        }
    }
}

/// Warnings, and what proofs found: the project compiles with either.
fn can_be_expected(code: Code) -> bool {
    code.severity() == Severity::Warning || code.as_str().starts_with("P10")
}

impl Expectations {
    /// Drops the findings that are expected.
    pub fn meet(&mut self, diags: &mut Diagnostics) {
        diags.retain(|finding| {
            let mut expected = false;
            for one in
                self.0.iter_mut().filter(|one| one.code == finding.code && covers(one.scope, finding.span))
            {
                one.met = true;
                expected = true;
            }
            !expected
        });
    }

    /// Reports those that nothing met.
    pub fn report_unmet(&self, diags: &mut Diagnostics) {
        for one in self.0.iter().filter(|one| !one.met) {
            let code = one.code.as_str();
            let message = format!("nothing here is found as `{code}`, which is expected");
            let help = format!("remove it; `pipec explain {code}` tells what it would be");
            diags.push(Diagnostic::new(Code::UnusedExpectation, one.span, message).help(help));
        }
    }
}

fn covers(scope: Span, span: Span) -> bool {
    scope.source == span.source && scope.start <= span.start && span.end <= scope.end
}
