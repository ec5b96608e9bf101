//! Plays `tests/transcripts/*.txt` on every route there is.
//!
//! With `FAKEREDIS_RECORD=1`, the `real` route writes the real server's replies into the files instead.

use std::path::PathBuf;

use fakeredis::resp::Protocol;

use crate::support::oracle;
use crate::support::oracle::RealServer;
use crate::support::player;
use crate::support::transcript::Transcript;

macro_rules! families {
    ($($family:ident),* $(,)?) => {
        const FAMILIES: &[&str] = &[$(stringify!($family)),*];

        /// A real redis-server, over RESP2 and RESP3.
        mod real {
            $(
                #[test]
                fn $family() {
                    super::play_real(stringify!($family));
                }
            )*
        }
    };
}

families![strings, transactions, expire, hashes, keys, scripting];

#[test]
fn no_transcript_is_forgotten() {
    let files = folder().read_dir().unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut found: Vec<_> = names.filter(|name| name.ends_with(".txt")).collect();
    found.sort();
    let mut listed: Vec<_> = FAMILIES.iter().map(|name| format!("{name}.txt")).collect();
    listed.sort();
    assert_eq!(listed, found);
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts")
}

fn play_real(family: &str) {
    let Some(program) = oracle::find() else {
        println!("skipped: no real redis-server; .ci/oracles.sh installs one");
        return;
    };
    let mut server = RealServer::new(program);
    let path = folder().join(family).with_extension("txt");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut transcript = Transcript::parse(&text);
    if std::env::var_os("FAKEREDIS_RECORD").is_some() {
        player::record(&mut transcript, &mut server);
        let text = transcript.render();
        let again = Transcript::parse(&text);
        assert_eq!(again.render(), text);
        std::fs::write(&path, text).unwrap();
    } else {
        for protocol in [Protocol::Resp2, Protocol::Resp3] {
            let differences = player::play(&transcript, protocol, &mut server);
            let report = differences.join("\n");
            assert!(report.is_empty(), "{family}, {protocol:?}:\n{report}");
        }
    }
}
