//! [`Output`]: standard output as lines of text or of JSON, with colour where it is wanted.

use std::fmt::Display;
use std::io;
use std::io::BufWriter;
use std::io::Stdout;
use std::io::Write;

use anstream::AutoStream;
use anstream::ColorChoice;
use anstyle::AnsiColor;
use anstyle::Style;
use serde_json::Value;

use crate::Colour;
use crate::failure::Failure;

/// Where answers go.
pub struct Output {
    stream: Stream,
    /// Whether answers are JSON.
    pub json: bool,
    pub paint: Paint,
}

impl Output {
    pub fn new(json: bool, colour: Colour) -> Output {
        let choice = match ColorChoice::from(colour) {
            ColorChoice::Auto => AutoStream::choice(&io::stdout()),
            choice => choice,
        };
        Output {
            stream: Stream::Stdout(BufWriter::new(io::stdout())),
            json,
            paint: Paint {
                colour: choice != ColorChoice::Never,
            },
        }
    }

    /// What `print` prints, as text.
    pub fn text(
        paint: Paint,
        print: impl FnOnce(&mut Output) -> Result<(), Failure>,
    ) -> Result<String, Failure> {
        let mut out = Output {
            stream: Stream::Text(Vec::new()),
            json: false,
            paint,
        };
        print(&mut out)?;
        Ok(match out.stream {
            Stream::Text(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Stream::Stdout(_) => String::new(),
        })
    }

    pub fn line(&mut self, text: impl Display) -> Result<(), Failure> {
        Ok(writeln!(self.stream.writer(), "{text}")?)
    }

    /// One JSON object on a line of its own.
    pub fn object(&mut self, object: impl Into<Value>) -> Result<(), Failure> {
        self.line(object.into())
    }

    /// Standard output, for what is neither text nor JSON.
    pub fn bytes(&mut self) -> &mut dyn Write {
        self.stream.writer()
    }

    pub fn finish(&mut self) -> Result<(), Failure> {
        Ok(self.stream.writer().flush()?)
    }
}

enum Stream {
    Stdout(BufWriter<Stdout>),
    Text(Vec<u8>),
}

impl Stream {
    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Stream::Stdout(stdout) => stdout,
            Stream::Text(bytes) => bytes,
        }
    }
}

/// The few styles that there are; plain text where there is no colour.
#[derive(Clone, Copy)]
pub struct Paint {
    colour: bool,
}

impl Paint {
    /// Plain text.
    #[cfg(test)]
    pub const NONE: Paint = Paint { colour: false };

    pub fn dim(self, text: impl Display) -> String {
        self.style(Style::new().dimmed(), text)
    }

    pub fn bold(self, text: impl Display) -> String {
        self.style(Style::new().bold(), text)
    }

    /// Something that came.
    pub fn added(self, text: impl Display) -> String {
        self.style(AnsiColor::Green.on_default(), text)
    }

    /// Something that went.
    pub fn removed(self, text: impl Display) -> String {
        self.style(AnsiColor::Red.on_default(), text)
    }

    /// A record's number.
    pub fn seq(self, text: impl Display) -> String {
        self.style(AnsiColor::Yellow.on_default(), text)
    }

    /// A key.
    pub fn key(self, text: impl Display) -> String {
        self.style(AnsiColor::Cyan.on_default(), text)
    }

    fn style(self, style: Style, text: impl Display) -> String {
        if self.colour {
            format!("{style}{text}{style:#}")
        } else {
            text.to_string()
        }
    }
}
