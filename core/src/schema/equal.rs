//! Equality of JSON values: numbers by what they are worth, objects whatever their order.

use core::cmp::Ordering;

use super::instance::{Instance, Kind, with_number};
use crate::sort::sort_by;

/// Deeper values are taken as different; no value that was read from text is as deep.
const MAX_DEPTH: u32 = 200;

/// Whether two values are equal. Both kinds of instance may be the same. `work` is counted down; once it is used
/// up, everything differs.
pub(super) fn equal<A: Instance, B: Instance>(one: &A, other: &B, work: &mut u64, depth: u32) -> bool {
    if *work == 0 || depth > MAX_DEPTH {
        return false;
    }
    *work = work.saturating_sub(1_u64.saturating_add(one.length() as u64 >> 4));
    let kind = one.kind();
    if kind != other.kind() || one.count() != other.count() {
        return false;
    }
    let deeper = depth.saturating_add(1);
    match kind {
        Kind::Null | Kind::False | Kind::True => true,
        Kind::Foreign => false,
        Kind::String => one.text() == other.text(),
        Kind::Number => with_number(one, |one| with_number(other, |other| one.compare(other) == Ordering::Equal)),
        Kind::Array => one.items().zip(other.items()).all(|(one, other)| equal(&one, &other, work, deeper)),
        Kind::Object => {
            let (mut left, mut right) = (members(one, work), members(other, work));
            sort_by(&mut left, |(one, _), (other, _)| one.cmp(other));
            sort_by(&mut right, |(one, _), (other, _)| one.cmp(other));
            left.iter()
                .zip(&right)
                .all(|((name, one), (other_name, other))| name == other_name && equal(one, other, work, deeper))
        }
    }
}

fn members<I: Instance>(object: &I, work: &mut u64) -> Vec<(String, I)> {
    let mut members = Vec::with_capacity(object.count());
    object.each_member(|member| {
        *work = work.saturating_sub(4_u64.saturating_add(member.name.length() as u64 >> 4));
        members.push((member.name.text().into_owned(), member.value.clone()));
        true
    });
    members
}

/// The positions of two equal items, if there are any.
pub(super) fn twins<I: Instance>(array: &I, work: &mut u64) -> Option<(usize, usize)> {
    const FEW: usize = 12;
    let items: Vec<I> = array.items().collect();
    if items.len() <= FEW {
        for (index, item) in items.iter().enumerate() {
            for (earlier, other) in items.iter().take(index).enumerate() {
                if equal(other, item, work, 0) {
                    return Some((earlier, index));
                }
            }
        }
        return None;
    }
    let mut prints: Vec<(u64, usize)> =
        items.iter().enumerate().map(|(index, item)| (fingerprint(item, work, 0), index)).collect();
    sort_by(&mut prints, Ord::cmp);
    // Whoever makes many different items of one fingerprint pays with his own work budget.
    for (position, (print, index)) in prints.iter().enumerate() {
        let alike = prints.iter().skip(position.saturating_add(1)).take_while(|(other, _)| other == print);
        for (_, other) in alike {
            if let (Some(one), Some(two)) = (items.get(*index), items.get(*other))
                && equal(one, two, work, 0)
            {
                return Some((*index, *other));
            }
            if *work == 0 {
                return None;
            }
        }
    }
    None
}

/// The same for equal values.
fn fingerprint<I: Instance>(value: &I, work: &mut u64, depth: u32) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let mix = |print: u64, byte: u8| (print ^ u64::from(byte)).wrapping_mul(PRIME);
    let text = |start: u64, text: &str| text.bytes().fold(start, mix);
    if *work == 0 || depth > MAX_DEPTH {
        return 0;
    }
    *work = work.saturating_sub(1_u64.saturating_add(value.length() as u64 >> 4));
    let kind = value.kind();
    let start = 0xcbf2_9ce4_8422_2325_u64.wrapping_add(kind as u64);
    let deeper = depth.saturating_add(1);
    match kind {
        Kind::Null | Kind::False | Kind::True | Kind::Foreign => start,
        Kind::String => text(start, &value.text()),
        Kind::Number => with_number(value, |number| {
            let mut buffer = [0; 20];
            let decimal = number.decimal(&mut buffer);
            let print = start.wrapping_add(decimal.point() as u64).wrapping_add(decimal.sign() as u64);
            decimal.digits().fold(print, mix)
        }),
        Kind::Array => value
            .items()
            .fold(start, |print, item| print.wrapping_mul(PRIME).wrapping_add(fingerprint(&item, work, deeper))),
        Kind::Object => {
            // A sum, because order does not count.
            let mut print = start;
            value.each_member(|member| {
                let of_value = fingerprint(member.value, work, deeper);
                *work = work.saturating_sub(member.name.length() as u64 >> 4);
                // Sums of what is not scattered first are often the same, as with rows of flags.
                let print_of_member = text(of_value, &member.name.text());
                let scattered = (print_of_member ^ print_of_member >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                print = print.wrapping_add(scattered ^ scattered >> 29);
                true
            });
            print
        }
    }
}
