//! [`Block`]: shared bytes whose number stands beside the word that leads to them.
//!
//! Allocators give memory in steps of 16 bytes, a word of which is theirs. A count of references and a multiple of 16
//! bytes therefore fill what is given; a length before the bytes would as often as not take another step.

use triomphe::Arc;
use triomphe::ThinArc;

macro_rules! blocks {
    ($($kind:ident: $size:literal),*) => {
        /// Bytes in an allocation of their own; a clone counts one reference more.
        #[derive(Clone)]
        pub(super) enum Block {
            $(
                /// So many bytes, in a block of the size that the name says.
                $kind(u8, Arc<[u8; $size]>),
            )*
            /// More bytes, behind their number.
            Long(ThinArc<(), u8>),
        }

        impl From<&[u8]> for Block {
            fn from(bytes: &[u8]) -> Block {
                match bytes.len() {
                    $(len @ ..=$size => Block::$kind(len as u8, Arc::new(filled(bytes))),)*
                    _ => Block::Long(ThinArc::from_header_and_slice((), bytes)),
                }
            }
        }

        impl Block {
            #[inline]
            pub(super) fn as_slice(&self) -> &[u8] {
                match self {
                    $(Block::$kind(len, block) => &block[..usize::from(*len)],)*
                    Block::Long(block) => &block.slice,
                }
            }

            /// Writes `bytes` over those that are here, if they are as many and nobody shares them.
            pub(super) fn overwrite(&mut self, bytes: &[u8]) -> bool {
                if self.as_slice().len() != bytes.len() {
                    return false;
                }
                let write = |own: &mut [u8]| own[..bytes.len()].copy_from_slice(bytes);
                match self {
                    $(Block::$kind(_, block) => Arc::get_mut(block).map(|own| write(own)),)*
                    Block::Long(block) => {
                        block.with_arc_mut(|own| Arc::get_mut(own).map(|own| write(own.slice_mut())))
                    }
                }
                .is_some()
            }
        }
    };
}

blocks! {
    To16: 16, To32: 32, To48: 48, To64: 64, To80: 80, To96: 96, To112: 112, To128: 128
}

/// The bytes, and zeros behind them.
#[inline]
fn filled<const SIZE: usize>(bytes: &[u8]) -> [u8; SIZE] {
    let mut block = [0; SIZE];
    block[..bytes.len()].copy_from_slice(bytes);
    block
}
