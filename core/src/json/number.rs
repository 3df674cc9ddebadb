//! Numbers of any length and size, compared and divided without rounding.

use core::cmp::Ordering;

/// A number as JSON writes it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Number<'t> {
    /// `value / 10^scale`, of few digits.
    Short { value: i64, scale: u32 },
    /// Any other.
    Exact(Decimal<'t>),
}

/// `0.d₁d₂d₃… × 10^point`; neither the first nor the last digit is 0, and zero has no digits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decimal<'t> {
    negative: bool,
    whole: &'t [u8],
    fraction: &'t [u8],
    point: i64,
}

/// The digits of 2^53-1, the largest integer that a double holds without a neighbour that rounds to it.
const MAX_SAFE: &str = "9007199254740991";
/// Just below the middle between the largest double and where the next one would be.
const MAX_DOUBLE: &str = "1.797693134862315807e308";
/// A divisor of more digits would overflow the arithmetic of [`Divisor`].
const MAX_DIVISOR_DIGITS: usize = 18;
/// Far beyond any exponent that means something, far below overflow.
const MAX_EXPONENT: i64 = 1 << 40;

impl<'t> Number<'t> {
    pub(crate) const ZERO: Number<'static> = Number::Short { value: 0, scale: 0 };

    /// A number without exponent and of at most 18 digits, `scale` of them behind the point.
    #[inline(always)]
    pub(crate) fn short(text: &str, scale: u32) -> Number<'static> {
        let (negative, digits) = match text.as_bytes() {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        let mut value: i64 = 0;
        for &digit in digits {
            if digit != b'.' {
                value = value.wrapping_mul(10).wrapping_add(i64::from(digit.wrapping_sub(b'0')));
            }
        }
        Number::Short { value: if negative { value.wrapping_neg() } else { value }, scale }
    }

    /// A number by its JSON text, which was checked before.
    pub(crate) fn of(text: &'t str) -> Number<'t> {
        let (negative, text) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let mantissa = text.iter().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(text.len());
        let (mantissa, exponent) = text.split_at_checked(mantissa).unwrap_or((text, &[]));
        let dot = mantissa.iter().position(|&byte| byte == b'.').unwrap_or(mantissa.len());
        let (whole, fraction) = mantissa.split_at_checked(dot).unwrap_or((mantissa, &[]));
        let mut fraction = fraction.get(1..).unwrap_or_default();
        let mut whole = trim_start(whole);
        let mut point = (whole.len() as i64).saturating_add(exponent_of(exponent.get(1..).unwrap_or_default()));
        if whole.is_empty() {
            let digits = trim_start(fraction);
            point = point.saturating_sub(fraction.len().saturating_sub(digits.len()) as i64);
            fraction = digits;
        }
        fraction = trim_end(fraction);
        if fraction.is_empty() {
            whole = trim_end(whole);
        }
        let is_zero = whole.is_empty() && fraction.is_empty();
        Number::Exact(Decimal {
            negative: negative && !is_zero,
            whole,
            fraction,
            point: if is_zero { 0 } else { point },
        })
    }

    #[inline(always)]
    pub(crate) fn is_integer(self) -> bool {
        match self {
            Number::Short { scale: 0, .. } => true,
            Number::Short { value, scale } => {
                ten_to(scale).is_some_and(|divisor| value.checked_rem(divisor) == Some(0))
            }
            Number::Exact(decimal) => decimal.point >= decimal.count() as i64,
        }
    }

    /// A thousand times it, rounded up to a whole number; none below 0 or over the limit.
    pub(crate) fn thousandfold(self, limit: u64) -> Option<u64> {
        let mut buffer = [0; 20];
        let decimal = self.decimal(&mut buffer);
        let point = decimal.point.saturating_add(3);
        if decimal.negative || point > 18 {
            return None;
        }
        let mut digits = decimal.digits();
        let mut whole: u64 = 0;
        for _ in 0..point.max(0) {
            let digit = digits.next().map_or(0, |digit| digit.wrapping_sub(b'0'));
            whole = whole.wrapping_mul(10).wrapping_add(u64::from(digit));
        }
        whole = whole.saturating_add(u64::from(digits.next().is_some()));
        (whole <= limit).then_some(whole)
    }

    /// Whether it lies between -(2^53-1) and 2^53-1.
    pub(crate) fn is_safe(self) -> bool {
        self.magnitude(Number::of(MAX_SAFE)) != Ordering::Greater
    }

    /// Whether a double can hold it, however rounded.
    pub(crate) fn is_finite(self) -> bool {
        self.magnitude(Number::of(MAX_DOUBLE)) != Ordering::Greater
    }

    #[inline(always)]
    pub(crate) fn compare(self, other: Number<'_>) -> Ordering {
        if let (Number::Short { value: one, scale: by }, Number::Short { value: two, scale: other_by }) = (self, other)
        {
            if by == other_by {
                return one.cmp(&two);
            }
            // Both to the finer scale: 15 digits have room for three more in 64 bits.
            let finer = by.max(other_by);
            if let (Some(one), Some(two)) =
                (raised(one, finer.saturating_sub(by)), raised(two, finer.saturating_sub(other_by)))
            {
                return one.cmp(&two);
            }
        }
        self.compare_digits(other)
    }

    #[inline(never)]
    fn compare_digits(self, other: Number<'_>) -> Ordering {
        let (mut left, mut right) = ([0; 20], [0; 20]);
        let (left, right) = (self.decimal(&mut left), other.decimal(&mut right));
        match (left.sign(), right.sign()) {
            (-1, -1) => right.magnitude(left),
            (1, 1) => left.magnitude(right),
            (left, right) => left.cmp(&right),
        }
    }

    fn magnitude(self, other: Number<'_>) -> Ordering {
        let (mut left, mut right) = ([0; 20], [0; 20]);
        self.decimal(&mut left).magnitude(other.decimal(&mut right))
    }

    /// The sign, significant digits and place of the point, for whoever hashes or writes it.
    pub(crate) fn decimal<'b>(self, buffer: &'b mut [u8; 20]) -> Decimal<'b>
    where
        't: 'b,
    {
        let (value, scale) = match self {
            Number::Exact(decimal) => return decimal,
            Number::Short { value, scale } => (value, scale),
        };
        let mut left = value.unsigned_abs();
        let mut length: usize = 0;
        let mut at = buffer.len();
        while left > 0 {
            at = at.wrapping_sub(1);
            length = length.wrapping_add(1);
            if let Some(slot) = buffer.get_mut(at) {
                *slot = b'0'.wrapping_add((left % 10) as u8);
            }
            left /= 10;
        }
        let whole = trim_end(buffer.get(at..).unwrap_or_default());
        let point = if length == 0 { 0 } else { (length as i64).saturating_sub(i64::from(scale)) };
        Decimal { negative: value < 0, whole, fraction: &[], point }
    }
}

impl Decimal<'_> {
    pub(crate) fn count(self) -> usize {
        self.whole.len().saturating_add(self.fraction.len())
    }

    pub(crate) fn digits(&self) -> impl Iterator<Item = u8> {
        self.whole.iter().chain(self.fraction).copied()
    }

    pub(crate) fn point(self) -> i64 {
        self.point
    }

    /// -1, 0 or 1.
    pub(crate) fn sign(self) -> i8 {
        match (self.count(), self.negative) {
            (0, _) => 0,
            (_, true) => -1,
            (_, false) => 1,
        }
    }

    fn magnitude(self, other: Decimal<'_>) -> Ordering {
        match (self.count(), other.count()) {
            (0, 0) => Ordering::Equal,
            (0, _) => Ordering::Less,
            (_, 0) => Ordering::Greater,
            _ => self.point.cmp(&other.point).then_with(|| self.digits().cmp(other.digits())),
        }
    }
}

/// What `multipleOf` divides by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Divisor {
    digits: u64,
    /// `digits × 10^exponent`
    exponent: i64,
}

impl Divisor {
    /// None if it is not above 0, or has too many digits.
    pub(crate) fn of(number: Number<'_>) -> Option<Divisor> {
        let mut buffer = [0; 20];
        let decimal = number.decimal(&mut buffer);
        if decimal.sign() != 1 || decimal.count() > MAX_DIVISOR_DIGITS {
            return None;
        }
        let digits = decimal
            .digits()
            .fold(0_u64, |sum, digit| sum.wrapping_mul(10).wrapping_add(u64::from(digit.wrapping_sub(b'0'))));
        Some(Divisor { digits, exponent: decimal.point.saturating_sub(decimal.count() as i64) })
    }

    #[inline(never)]
    pub(crate) fn divides(self, number: Number<'_>) -> bool {
        if let Number::Short { value, scale } = number {
            // In units of the divisor's last digit, where that fits.
            let shift = u32::try_from(i64::from(scale).saturating_neg().saturating_sub(self.exponent));
            let units = shift.ok().and_then(|shift| raised(value, shift)).map(i64::unsigned_abs);
            if let Some(units) = units {
                return units.checked_rem(self.digits) == Some(0);
            }
        }
        let mut buffer = [0; 20];
        let decimal = number.decimal(&mut buffer);
        let shift = decimal.point.saturating_sub(decimal.count() as i64).saturating_sub(self.exponent);
        if decimal.count() == 0 {
            return true;
        }
        // Its last digit is not 0, so no power of ten divides it.
        if shift < 0 {
            return false;
        }
        let rest = |left: u64, digit: u8| {
            left.wrapping_mul(10).wrapping_add(u64::from(digit)).checked_rem(self.digits).unwrap_or(0)
        };
        let mut left = decimal.digits().fold(0, |left, digit| rest(left, digit.wrapping_sub(b'0')));
        // A divisor below 2^64 holds fewer than 64 twos and fives; what they leave, no further ten removes.
        for _ in 0..shift.min(64) {
            left = rest(left, 0);
        }
        left == 0
    }
}

const TENS: [i64; 16] = [
    1,
    10,
    100,
    1_000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
    1_000_000_000,
    10_000_000_000,
    100_000_000_000,
    1_000_000_000_000,
    10_000_000_000_000,
    100_000_000_000_000,
    1_000_000_000_000_000,
];

/// None for powers that no short number has.
#[inline(always)]
fn ten_to(power: u32) -> Option<i64> {
    TENS.get(power as usize).copied()
}

/// A short number's value in finer units; none if it might not fit. (Checked multiplication would be slow on wasm.)
#[inline(always)]
fn raised(value: i64, by: u32) -> Option<i64> {
    let factor = ten_to(by)?;
    let room = ten_to(18_u32.saturating_sub(by).min(15))?;
    (value.unsigned_abs() < room.unsigned_abs()).then(|| value.wrapping_mul(factor))
}

fn trim_start(mut digits: &[u8]) -> &[u8] {
    while let [b'0', rest @ ..] = digits {
        digits = rest;
    }
    digits
}

fn trim_end(mut digits: &[u8]) -> &[u8] {
    while let [rest @ .., b'0'] = digits {
        digits = rest;
    }
    digits
}

fn exponent_of(text: &[u8]) -> i64 {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    let exponent = digits.iter().fold(0_i64, |sum, digit| {
        sum.wrapping_mul(10).wrapping_add(i64::from(digit.wrapping_sub(b'0'))).min(MAX_EXPONENT)
    });
    if negative { exponent.wrapping_neg() } else { exponent }
}
