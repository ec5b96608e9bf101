//! [`Element`]: a field, a value or a member, lent by the collection in which it stands.

use std::ops::Deref;

use super::ListpackEntry;
use crate::bytes::Bytes;

/// A byte string in a collection, however it is kept there.
#[derive(Clone, Debug)]
pub enum Element<'a> {
    /// A string of its own, to share.
    Own(&'a Bytes),
    /// A part of a block.
    Packed(&'a [u8]),
    /// The text of an integer, which is kept as a number.
    Number(Bytes),
}

impl Deref for Element<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Element::Own(text) => text,
            Element::Packed(text) => text,
            Element::Number(text) => text,
        }
    }
}

impl AsRef<[u8]> for Element<'_> {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl PartialEq for Element<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<'a> From<&'a Bytes> for Element<'a> {
    fn from(text: &'a Bytes) -> Element<'a> {
        Element::Own(text)
    }
}

impl<'a> From<ListpackEntry<'a>> for Element<'a> {
    fn from(entry: ListpackEntry<'a>) -> Element<'a> {
        match entry {
            ListpackEntry::Text(text) => Element::Packed(text),
            number => Element::Number(number.into()),
        }
    }
}

impl From<Element<'_>> for Bytes {
    fn from(element: Element<'_>) -> Bytes {
        match element {
            Element::Own(text) => text.clone(),
            Element::Packed(text) => text.into(),
            Element::Number(text) => text,
        }
    }
}
