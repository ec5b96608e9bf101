//! Syntax texts, `key seconds [NX | XX]`, and the argument tree that `COMMAND DOCS` shows for them.
//!
//! The notation is redis.io's: `[…]` is optional, `<a | b>` and `[a | b]` are choices, a group that
//! ends in `...` says that what stands before it may be repeated, words in upper case are typed as
//! they are. `timeout:double` overrides the type that a word has by its name; see [`display`].

use std::borrow::Cow;

use super::keys::KeySpec;
use super::names;

/// One argument, or a group of arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument<'a> {
    /// What the argument is called.
    pub name: Cow<'a, str>,
    /// What may stand there.
    pub kind: Kind,
    /// The word to type, or that goes before the value.
    pub token: Option<&'a str>,
    /// The key spec that finds this key.
    pub key_spec: Option<usize>,
    /// May be left out.
    pub optional: bool,
    /// May be repeated.
    pub multiple: bool,
    /// Repeats its token, too.
    pub multiple_token: bool,
    /// The choices or parts of a group.
    pub arguments: Vec<Argument<'a>>,
    /// The word in the text, where it stands for a value.
    placeholder: Option<&'a str>,
}

/// What may stand at the place of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    String,
    /// An integer.
    Integer,
    /// A number.
    Double,
    /// A key's name.
    Key,
    /// A glob pattern.
    Pattern,
    /// A point in time.
    UnixTime,
    /// The token itself.
    PureToken,
    /// One of the parts.
    OneOf,
    /// All of the parts.
    Block,
}

impl Kind {
    /// The name in `COMMAND DOCS`.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::String => "string",
            Kind::Integer => "integer",
            Kind::Double => "double",
            Kind::Key => "key",
            Kind::Pattern => "pattern",
            Kind::UnixTime => "unix-time",
            Kind::PureToken => "pure-token",
            Kind::OneOf => "oneof",
            Kind::Block => "block",
        }
    }
}

impl<'a> Argument<'a> {
    /// The text to show for it; groups have none.
    pub fn display(&self) -> Option<&str> {
        match self.kind {
            Kind::OneOf | Kind::Block => None,
            _ => Some(self.placeholder.unwrap_or(&self.name)),
        }
    }

    /// The names of its flags, in Redis's order.
    pub fn flags(&self) -> impl Iterator<Item = &'static str> {
        let flags = [
            (self.optional, "optional"),
            (self.multiple, "multiple"),
            (self.multiple_token, "multiple_token"),
        ];
        flags
            .into_iter()
            .filter(|(set, _)| *set)
            .map(|(_, name)| name)
    }

    fn new(name: impl Into<Cow<'a, str>>, kind: Kind) -> Argument<'a> {
        Argument {
            name: name.into(),
            kind,
            token: None,
            key_spec: None,
            optional: false,
            multiple: false,
            multiple_token: false,
            arguments: Vec::new(),
            placeholder: None,
        }
    }

    fn group(kind: Kind, first: &str, arguments: Vec<Argument<'a>>) -> Argument<'a> {
        Argument {
            arguments,
            ..Argument::new(names::of_group(kind, first), kind)
        }
    }
}

/// The argument tree of a syntax text; `keys` are the specs that the keys in it refer to.
pub fn parse<'a>(syntax: &'a str, keys: &[KeySpec]) -> Vec<Argument<'a>> {
    let mut words = Words(syntax);
    let nodes = sequence(&mut words);
    let mut arguments = arguments(&nodes, true);
    number_keys(&mut arguments, keys.len(), &mut 0);
    arguments
}

/// The text without the `:type` of its words, for people to read.
pub fn display(syntax: &str) -> String {
    let mut shown = String::with_capacity(syntax.len());
    let mut rest = syntax;
    while let Some(colon) = rest.find(':') {
        let (before, after) = rest.split_at(colon);
        let length = after[1..].find(|c: char| c.is_whitespace() || "]>".contains(c));
        let annotation = &after[1..length.map_or(after.len(), |length| length + 1)];
        let hidden = names::kind_called(annotation).map_or(0, |_| annotation.len() + 1);
        shown.push_str(before);
        shown.push_str(&after[hidden..annotation.len() + 1]);
        rest = &after[annotation.len() + 1..];
    }
    shown + rest
}

/// The words and brackets of a text.
struct Words<'a>(&'a str);

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.0.trim_start();
        let first = text.chars().next()?;
        let end = if "[]<>|".contains(first) {
            1
        } else {
            let is_end = |c: char| c.is_whitespace() || "[]<>|".contains(c);
            text.find(is_end).unwrap_or(text.len())
        };
        let (word, rest) = text.split_at(end);
        self.0 = rest;
        Some(word)
    }
}

/// A text as it is written.
#[derive(Clone)]
enum Node<'a> {
    Word(&'a str),
    /// `[a | b]` or `<a | b>`
    Choice(Vec<Vec<Node<'a>>>, bool),
    /// `a b [a b ...]`
    Repeated(Vec<Node<'a>>),
}

impl<'a> Node<'a> {
    /// Its first word, brackets aside.
    fn first(&self) -> &'a str {
        match self {
            Node::Word(word) => word,
            Node::Choice(choices, _) => first_of(&choices[0]),
            Node::Repeated(nodes) => first_of(nodes),
        }
    }

    /// Whether a value can stand here that a token before it belongs to.
    fn is_value(&self) -> bool {
        match self {
            Node::Word(word) => !is_token(word),
            Node::Choice(_, optional) => !optional,
            Node::Repeated(nodes) => nodes[0].is_value(),
        }
    }
}

fn first_of<'a>(nodes: &[Node<'a>]) -> &'a str {
    nodes.first().map_or("", Node::first)
}

/// Whether a word is typed as it is.
fn is_token(word: &str) -> bool {
    !word.contains(|c: char| c.is_ascii_lowercase())
}

/// Reads up to the end of the choice, the group or the text.
fn sequence<'a>(words: &mut Words<'a>) -> Vec<Node<'a>> {
    let mut nodes = Vec::new();
    loop {
        let mut ahead = Words(words.0);
        match ahead.next() {
            None | Some("|" | "]" | ">") => return nodes,
            Some(open @ ("[" | "<")) => {
                *words = ahead;
                let group = choices(words);
                push_group(&mut nodes, group, open == "[");
            }
            Some(word) => {
                *words = ahead;
                nodes.push(Node::Word(word));
            }
        }
    }
}

/// Reads the choices of a group and its closing bracket.
fn choices<'a>(words: &mut Words<'a>) -> Vec<Vec<Node<'a>>> {
    let mut choices = vec![sequence(words)];
    while words.next() == Some("|") {
        choices.push(sequence(words));
    }
    choices
}

/// Adds a group, which may say that the nodes before it can be repeated.
fn push_group<'a>(nodes: &mut Vec<Node<'a>>, mut choices: Vec<Vec<Node<'a>>>, optional: bool) {
    match choices.as_mut_slice() {
        [repetition] if matches!(repetition.last(), Some(Node::Word("..."))) => {
            let start = nodes.len().saturating_sub(repetition.len() - 1);
            let repeated = nodes.split_off(start);
            nodes.push(Node::Repeated(repeated));
        }
        _ => nodes.push(Node::Choice(choices, optional)),
    }
}

/// The arguments that nodes in a row stand for.
fn arguments<'a>(nodes: &[Node<'a>], outermost: bool) -> Vec<Argument<'a>> {
    let mut arguments = Vec::new();
    let mut rest = nodes;
    while let [node, after @ ..] = rest {
        rest = after;
        arguments.push(match node {
            Node::Word(token) if is_token(token) => {
                let values = value_count(after, outermost);
                rest = &after[values..];
                with_token(token, &after[..values])
            }
            Node::Word(word) => value(word),
            Node::Repeated(nodes) => repeated(nodes),
            Node::Choice(choices, optional) => choice(choices, *optional),
        });
    }
    arguments
}

/// How many nodes belong to the token before them.
///
/// A token with several plain values takes what follows them inside its group, too; a choice
/// among the values shows that the token belongs to the first alone.
fn value_count(nodes: &[Node<'_>], outermost: bool) -> usize {
    let values = nodes.iter().take_while(|node| node.is_value()).count();
    let is_choice = |node: &Node<'_>| matches!(node, Node::Choice(..));
    match values {
        0 | 1 => values,
        _ if nodes[..values].iter().any(is_choice) => 1,
        _ if outermost => values,
        _ => nodes.len(),
    }
}

fn with_token<'a>(token: &'a str, values: &[Node<'a>]) -> Argument<'a> {
    let mut parts = arguments(values, false);
    let mut argument = match values.len() {
        0 => Argument::new(names::of_token(token), Kind::PureToken),
        1 => parts.remove(0),
        _ => Argument::group(Kind::Block, token, parts),
    };
    match argument.kind {
        Kind::OneOf => argument.name = names::of_choice_after(token),
        Kind::PureToken | Kind::Block => {}
        _ => {
            if let Some(name) = names::of_value_after(token, &argument.name) {
                argument.name = name;
            }
        }
    }
    argument.token = Some(if token == "\"\"" { "" } else { token });
    argument
}

fn value(word: &str) -> Argument<'_> {
    let (word, kind) = names::of_value(word);
    Argument {
        placeholder: Some(word),
        ..Argument::new(word, kind)
    }
}

fn repeated<'a>(nodes: &[Node<'a>]) -> Argument<'a> {
    let mut parts = arguments(nodes, false);
    let mut argument = match parts.len() {
        1 => parts.remove(0),
        _ => Argument::group(Kind::Block, names::repeated(first_of(nodes)), parts),
    };
    argument.multiple_token = argument.token.is_some();
    argument.multiple = true;
    argument
}

fn choice<'a>(choices: &[Vec<Node<'a>>], optional: bool) -> Argument<'a> {
    let mut parts: Vec<_> = choices.iter().map(|nodes| whole(nodes)).collect();
    let mut argument = match parts.len() {
        1 => parts.remove(0),
        _ => Argument::group(Kind::OneOf, first_of(&choices[0]), parts),
    };
    argument.optional |= optional;
    argument
}

/// Nodes as one argument.
fn whole<'a>(nodes: &[Node<'a>]) -> Argument<'a> {
    let mut parts = arguments(nodes, false);
    match parts.len() {
        1 => parts.remove(0),
        _ => Argument::group(Kind::Block, first_of(nodes), parts),
    }
}

/// Gives the keys their specs in the order of the text, the last spec to all that remain.
fn number_keys(arguments: &mut [Argument<'_>], specs: usize, next: &mut usize) {
    for argument in arguments {
        if argument.kind == Kind::Key && specs > 0 {
            argument.key_spec = Some((*next).min(specs - 1));
            *next += 1;
        }
        number_keys(&mut argument.arguments, specs, next);
    }
}
