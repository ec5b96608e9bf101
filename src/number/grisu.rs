//! The decimal digits of a double by Grisu2 (Loitsch: "Printing floating-point numbers quickly and
//! accurately with integers", 2010).
//!
//! Redis prints with Grisu2, whose digits always read back but are not the shortest or the closest for one
//! number in a hundred or so; an exact algorithm would answer differently there. It knows nothing of layout.

/// A number `significand` times two to the `exponent`.
#[derive(Clone, Copy)]
struct Scaled {
    significand: u64,
    exponent: i32,
}

/// The decimal exponents of the first power in [`POWERS`], and from one to the next.
const FIRST_POWER: i32 = -348;
const POWER_STEP: i32 = 8;
/// The product with a power has a binary exponent in this range.
const LOWEST: i32 = -60;
const HIGHEST: i32 = -32;

impl Scaled {
    fn new(significand: u64, exponent: i32) -> Scaled {
        Scaled {
            significand,
            exponent,
        }
    }

    /// The same number with the highest bit set.
    fn normalized(self) -> Scaled {
        let shift = self.significand.leading_zeros();
        Scaled::new(self.significand << shift, self.exponent - shift as i32)
    }

    /// The product's upper 64 bits, rounded.
    fn times(self, other: Scaled) -> Scaled {
        let product = u128::from(self.significand) * u128::from(other.significand);
        let rounded = (product + (1 << 63)) >> 64;
        Scaled::new(rounded as u64, self.exponent + other.exponent + 64)
    }
}

/// Digits, and the power of ten to multiply them with, of a positive finite `number`.
pub(super) fn shortest_digits(number: f64) -> (u64, i32) {
    let value = decompose(number);
    let (low, high) = boundaries(value);
    let (power, decimal_exponent) = power_for(high.exponent);
    let mut digits = Digits::between(
        low.times(power),
        value.normalized().times(power),
        high.times(power),
    );
    digits.generate();
    (digits.digits, digits.exponent - decimal_exponent)
}

fn decompose(number: f64) -> Scaled {
    let bits = number.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    match (bits >> 52) as i32 {
        0 => Scaled::new(fraction, -1074),
        exponent => Scaled::new(fraction | 1 << 52, exponent - 1075),
    }
}

/// Half-way to the neighbours below and above, with the same exponent, the upper one normalized.
fn boundaries(value: Scaled) -> (Scaled, Scaled) {
    let high = Scaled::new(2 * value.significand + 1, value.exponent - 1).normalized();
    // The neighbour below a power of two is only half as far away.
    let bits = if value.significand == 1 << 52 { 2 } else { 1 };
    let low = (value.significand << bits) - 1;
    let shift = value.exponent - bits - high.exponent;
    (Scaled::new(low << shift, high.exponent), high)
}

/// The cached power of ten that brings `exponent` into range, and its decimal exponent.
fn power_for(exponent: i32) -> (Scaled, i32) {
    let approximate =
        (-f64::from(exponent + POWERS.len() as i32) * std::f64::consts::LOG10_2) as i32;
    let mut index = (approximate - FIRST_POWER) / POWER_STEP;
    loop {
        let decimal = FIRST_POWER + index * POWER_STEP;
        let power = Scaled::new(POWERS[index as usize], binary_exponent(decimal));
        match exponent + power.exponent + 64 {
            ..LOWEST => index += 1,
            LOWEST..=HIGHEST => return (power, decimal),
            _ => index -= 1,
        }
    }
}

/// The binary exponent of the normalized power of ten: ⌊decimal · log₂ 10⌋ - 63.
fn binary_exponent(decimal: i32) -> i32 {
    ((decimal * 217_706) >> 16) - 63
}

/// Digits in the making. All fractions have the binary point that `point` tells.
struct Digits {
    digits: u64,
    exponent: i32,
    /// The number of bits behind the binary point.
    point: u32,
    high: u64,
    /// How far below `high` the digits may stay.
    allowed: u64,
    /// How far below `high` the number itself is.
    wanted: u64,
}

impl Digits {
    /// The open interval is narrowed by the error of the products.
    fn between(low: Scaled, value: Scaled, high: Scaled) -> Digits {
        let top = high.significand - 1;
        Digits {
            digits: 0,
            exponent: 0,
            point: -high.exponent as u32,
            high: top,
            allowed: top - (low.significand + 1),
            wanted: top - value.significand,
        }
    }

    fn generate(&mut self) {
        if !self.generate_whole() {
            self.generate_fraction();
        }
    }

    /// Makes digits of the part before the point; whether they are enough.
    fn generate_whole(&mut self) -> bool {
        let mut whole = self.high >> self.point;
        let fraction = self.high & ((1 << self.point) - 1);
        for exponent in (0..10).rev() {
            let unit = 10u64.pow(exponent);
            self.push(whole / unit);
            whole %= unit;
            let rest = (whole << self.point) + fraction;
            if rest <= self.allowed {
                self.exponent = exponent as i32;
                self.approach(rest, unit << self.point);
                return true;
            }
        }
        false
    }

    fn generate_fraction(&mut self) {
        let one = 1u64 << self.point;
        let mut fraction = self.high & (one - 1);
        let mut scale: u64 = 1;
        loop {
            fraction = fraction.wrapping_mul(10);
            self.allowed = self.allowed.wrapping_mul(10);
            scale = scale.wrapping_mul(10);
            self.exponent -= 1;
            self.push(fraction >> self.point);
            fraction &= one - 1;
            if fraction < self.allowed {
                self.wanted = self.wanted.wrapping_mul(scale);
                self.approach(fraction, one);
                return;
            }
        }
    }

    fn push(&mut self, digit: u64) {
        self.digits = self.digits * 10 + digit;
    }

    /// Lowers the last digit while that comes closer to the number. The digits are `rest` below `high`.
    fn approach(&mut self, mut rest: u64, unit: u64) {
        while rest < self.wanted
            && self.allowed - rest >= unit
            && (rest + unit < self.wanted || self.wanted - rest > rest + unit - self.wanted)
        {
            self.digits -= 1;
            rest += unit;
        }
    }
}

/// The significands of 10^-348, 10^-340, … 10^340, rounded to 64 bits.
#[rustfmt::skip]
const POWERS: [u64; 87] = [
    0xFA8FD5A0081C0288, 0xBAAEE17FA23EBF76, 0x8B16FB203055AC76, 0xCF42894A5DCE35EA,
    0x9A6BB0AA55653B2D, 0xE61ACF033D1A45DF, 0xAB70FE17C79AC6CA, 0xFF77B1FCBEBCDC4F,
    0xBE5691EF416BD60C, 0x8DD01FAD907FFC3C, 0xD3515C2831559A83, 0x9D71AC8FADA6C9B5,
    0xEA9C227723EE8BCB, 0xAECC49914078536D, 0x823C12795DB6CE57, 0xC21094364DFB5637,
    0x9096EA6F3848984F, 0xD77485CB25823AC7, 0xA086CFCD97BF97F4, 0xEF340A98172AACE5,
    0xB23867FB2A35B28E, 0x84C8D4DFD2C63F3B, 0xC5DD44271AD3CDBA, 0x936B9FCEBB25C996,
    0xDBAC6C247D62A584, 0xA3AB66580D5FDAF6, 0xF3E2F893DEC3F126, 0xB5B5ADA8AAFF80B8,
    0x87625F056C7C4A8B, 0xC9BCFF6034C13053, 0x964E858C91BA2655, 0xDFF9772470297EBD,
    0xA6DFBD9FB8E5B88F, 0xF8A95FCF88747D94, 0xB94470938FA89BCF, 0x8A08F0F8BF0F156B,
    0xCDB02555653131B6, 0x993FE2C6D07B7FAC, 0xE45C10C42A2B3B06, 0xAA242499697392D3,
    0xFD87B5F28300CA0E, 0xBCE5086492111AEB, 0x8CBCCC096F5088CC, 0xD1B71758E219652C,
    0x9C40000000000000, 0xE8D4A51000000000, 0xAD78EBC5AC620000, 0x813F3978F8940984,
    0xC097CE7BC90715B3, 0x8F7E32CE7BEA5C70, 0xD5D238A4ABE98068, 0x9F4F2726179A2245,
    0xED63A231D4C4FB27, 0xB0DE65388CC8ADA8, 0x83C7088E1AAB65DB, 0xC45D1DF942711D9A,
    0x924D692CA61BE758, 0xDA01EE641A708DEA, 0xA26DA3999AEF774A, 0xF209787BB47D6B85,
    0xB454E4A179DD1877, 0x865B86925B9BC5C2, 0xC83553C5C8965D3D, 0x952AB45CFA97A0B3,
    0xDE469FBD99A05FE3, 0xA59BC234DB398C25, 0xF6C69A72A3989F5C, 0xB7DCBF5354E9BECE,
    0x88FCF317F22241E2, 0xCC20CE9BD35C78A5, 0x98165AF37B2153DF, 0xE2A0B5DC971F303A,
    0xA8D9D1535CE3B396, 0xFB9B7CD9A4A7443C, 0xBB764C4CA7A44410, 0x8BAB8EEFB6409C1A,
    0xD01FEF10A657842C, 0x9B10A4E5E9913129, 0xE7109BFBA19C0C9D, 0xAC2820D9623BF429,
    0x80444B5E7AA7CF85, 0xBF21E44003ACDD2D, 0x8E679C2F5E44FF8F, 0xD433179D9C8CB841,
    0x9E19DB92B4E31BA9, 0xEB96BF6EBADF77D9, 0xAF87023B9BF0EE6B,
];
