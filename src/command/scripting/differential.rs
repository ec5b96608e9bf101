//! Random values through the libraries here and in a real server, named by `FAKEREDIS_REAL`.

use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use super::tests::FakeHost;
use super::tests::eval;
use super::tests::lowered;
use crate::command::scripting::Interpreter;
use crate::resp::Reply;
use crate::resp::decode_reply;
use crate::resp::encode_command;
use crate::rng::Rng;

/// A real server and a connection to it.
struct Real {
    process: Child,
    stream: TcpStream,
}

impl Real {
    /// The server that the environment names, if it names one.
    fn start() -> Option<Real> {
        let program = std::env::var_os("FAKEREDIS_REAL")?;
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
        let port = free.unwrap().port().to_string();
        let mut process = Command::new(program)
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", ""])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stdout.take().unwrap()).lines();
        assert!(log.any(|line| line.unwrap().contains("Ready to accept")));
        let stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
        Some(Real { process, stream })
    }

    fn eval(&mut self, script: &[u8]) -> Reply {
        let mut request = Vec::new();
        encode_command(&[b"EVAL".as_slice(), script, b"0"], &mut request);
        self.stream.write_all(&request).unwrap();
        let mut received = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            if let Some((reply, _)) = decode_reply(&received).unwrap() {
                return reply;
            }
            let len = self.stream.read(&mut buffer).unwrap();
            assert!(len > 0, "the server closed the connection");
            received.extend_from_slice(&buffer[..len]);
        }
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Compares the replies to the scripts that `script` makes of random numbers.
fn compare(script: impl Fn(&mut Rng) -> String) {
    let Some(mut real) = Real::start() else {
        println!("skipped: FAKEREDIS_REAL names no redis-server");
        return;
    };
    let mut interpreter = Interpreter::new();
    let mut host = FakeHost::default();
    for seed in 0..2000 {
        let script = script(&mut Rng::new(seed));
        let ours = eval(&mut interpreter, script.as_bytes(), &[], &[], &mut host);
        assert_eq!(
            lowered(&ours),
            real.eval(script.as_bytes()),
            "seed {seed}: {script}"
        );
    }
}

/// `bytes` as a Lua string literal.
fn literal(bytes: &[u8]) -> String {
    let escaped: String = bytes.iter().map(|byte| format!("\\{byte:03}")).collect();
    format!("'{escaped}'")
}

fn pick<'a>(rng: &mut Rng, choices: &[&'a str]) -> &'a str {
    choices[rng.below(choices.len())]
}

fn string(rng: &mut Rng) -> String {
    // Redis hashes longer strings in a way of its own, so that tables with such keys are in another order.
    let len = [0, 1, 3, 10, 20][rng.below(5)];
    let bytes: Vec<u8> = (0..len).map(|_| rng.below(256) as u8).collect();
    literal(&bytes)
}

fn number(rng: &mut Rng) -> String {
    let bits = rng.next_u64();
    match rng.below(5) {
        0 => (rng.below(300) as i64 - 150).to_string(),
        1 => ((bits >> rng.below(64)) as i64).to_string(),
        2 => format!("{}", bits as i32),
        3 => format!(
            "{:e}",
            rng.unit_f64() * 10f64.powi(rng.below(40) as i32 - 20)
        ),
        _ => format!("{:e}", f32::from_bits(bits as u32 & 0x7f7f_ffff)),
    }
}

/// A Lua expression without an infinite or undefined number.
fn value(rng: &mut Rng, depth: usize) -> String {
    let choices = if depth == 0 { 3 } else { 6 };
    match rng.below(choices) {
        0 => pick(rng, &["true", "false", "cjson.null"]).to_owned(),
        1 => number(rng),
        2 => string(rng),
        kind => {
            let entry = |rng: &mut Rng| {
                let value = value(rng, depth - 1);
                match kind {
                    3 => value,
                    4 => format!("[{}] = {value}", string(rng)),
                    _ => format!("[{}] = {value}", rng.below(6)),
                }
            };
            let entries: Vec<String> = (0..rng.below(6)).map(|_| entry(rng)).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// Lua that changes one byte of the string `s`, or cuts it, or neither.
fn damage(rng: &mut Rng) -> String {
    let at = rng.below(30);
    match rng.below(3) {
        0 => format!(
            "s = s:sub(1, {at}) .. {} .. s:sub({})",
            literal(&[rng.below(256) as u8]),
            at + 2
        ),
        1 => format!("s = s:sub(1, {at})"),
        _ => String::new(),
    }
}

/// Encodes a value, decodes the text, perhaps damaged, and shows what came out as `shown` does.
fn round_trip(rng: &mut Rng, encode: &str, decode: &str, shown: &str) -> String {
    let (value, damage) = (value(rng, 3), damage(rng));
    format!(
        "local ok, s = pcall({encode}, {value}) if not ok then return s end local whole = s {damage}
         local shown, back = {shown}, {{pcall({decode}, s)}}
         for i = 2, #back do back[i] = shown(back[i], s ~= whole) end
         return {{whole, back}}"
    )
}

#[test]
fn json_is_written_and_read_as_the_real_server_does() {
    let shown = "function(value) return select(2, pcall(cjson.encode, value)) end";
    compare(|rng| round_trip(rng, "cjson.encode", "cjson.decode", shown));
}

#[test]
fn messagepack_is_written_and_read_as_the_real_server_does() {
    // Damage can make a table the key of another: the order then follows from memory addresses.
    let shown = "function(value, damaged)
        if damaged and type(value) == 'table' then return 'table' end
        return cmsgpack.pack(value) end";
    compare(|rng| round_trip(rng, "cmsgpack.pack", "cmsgpack.unpack", shown));
}

#[test]
fn structures_are_packed_as_the_real_server_does() {
    compare(|rng| {
        let options = [
            "b", "B", "h", "H", "i", "I", "l", "L", "T", "i3", "I5", "i7", "I16", "f", "d", "s",
            "c0", "c3", "x", " ", ">", "<", "!", "!2", "!4", "!16",
        ];
        let format: String = (0..rng.below(8)).map(|_| pick(rng, &options)).collect();
        let values = (0..6).map(|_| match rng.below(4) {
            0 => string(rng),
            _ => number(rng),
        });
        let values = values.collect::<Vec<_>>().join(", ");
        let damage = damage(rng);
        format!(
            "local ok, s = pcall(struct.pack, '{format}', {values}) if not ok then return s end
             local whole = s {damage} local back = {{pcall(struct.unpack, '{format}', s)}}
             for i = 2, #back do back[i] = tostring(back[i]) end
             return {{whole, back, (select(2, pcall(struct.size, '{format}')))}}"
        )
    });
}

#[test]
fn bit_operations_agree_with_the_real_server() {
    compare(|rng| {
        let names = [
            "tobit", "bnot", "bswap", "tohex", "band", "bor", "bxor", "lshift", "rshift",
            "arshift", "rol", "ror",
        ];
        format!(
            "return bit.{}({}, {})",
            pick(rng, &names),
            number(rng),
            number(rng)
        )
    });
}
