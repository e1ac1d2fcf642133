//! Finds missing parts of a document that the parser doesn't report. It omits an argument without a value, so that
//! `customers(filters)` would list all customers.

use apollo_parser::cst::{CstNode, Type, Value};
use apollo_parser::{Parser, SyntaxKind, SyntaxNode};

/// The first missing part: its description, and its offset in bytes.
pub(super) fn find(text: &str, max_recursion: usize) -> Option<(&'static str, usize)> {
    let tree = Parser::new(text).recursion_limit(max_recursion).parse();
    let document = tree.document();
    let mut nodes = document.syntax().descendants();
    nodes.find_map(|node| Some((missing_part(&node)?, node.text_range().start().into())))
}

/// The description of the missing part of a node.
fn missing_part(node: &SyntaxNode) -> Option<&'static str> {
    let (is_part, part): (fn(SyntaxKind) -> bool, _) = match node.kind() {
        SyntaxKind::ARGUMENT | SyntaxKind::OBJECT_FIELD | SyntaxKind::DEFAULT_VALUE => {
            (Value::can_cast, "a value")
        }
        SyntaxKind::VARIABLE_DEFINITION => (Type::can_cast, "a type"),
        SyntaxKind::FIELD | SyntaxKind::ALIAS | SyntaxKind::DIRECTIVE | SyntaxKind::VARIABLE => {
            (|kind| kind == SyntaxKind::NAME, "a name")
        }
        _ => return None,
    };
    (!node.children().any(|child| is_part(child.kind()))).then_some(part)
}
