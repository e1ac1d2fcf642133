//! Opaque colours, as CSS writes them, and their contrast (WCAG 2.2, 1.4.3).

use std::fmt;

/// The contrast of text to its background that is readable (WCAG 2.2, 1.4.3).
const READABLE: f64 = 4.5;
/// The number of steps between a colour and white or black.
const STEPS: u16 = 20;

/// An opaque colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color([u8; 3]);

impl Color {
    /// White.
    pub const WHITE: Self = Self([255; 3]);
    /// Black.
    pub const BLACK: Self = Self([0; 3]);

    /// The colour of these parts of red, green and blue.
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self([red, green, blue])
    }

    /// Parses `#0f5c63`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
        let part = |at: usize| {
            let digits = &digits[at..at + 2];
            digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(())?;
            u8::from_str_radix(digits, 16).ok()
        };
        Some(Self([part(0)?, part(2)?, part(4)?]))
    }

    /// The contrast of two colours: from 1, equal, to 21, black and white.
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance() + 0.05, other.luminance() + 0.05);
        if one > two { one / two } else { two / one }
    }

    /// Black or white, whichever is more readable on this colour. The contrast is 4.5 or more.
    #[must_use]
    pub fn text_color(self) -> Self {
        let more_readable = self.contrast(Self::BLACK) > self.contrast(Self::WHITE);
        if more_readable { Self::BLACK } else { Self::WHITE }
    }

    /// The most similar colour that is readable as text on this background: mixed with black or white as far as necessary.
    #[must_use]
    pub fn readable_on(self, background: Self) -> Self {
        let end = background.text_color();
        let mixed = (0..=STEPS).map(|step| self.mixed(end, step));
        mixed.into_iter().find(|color| color.contrast(background) >= READABLE).unwrap_or(end)
    }

    /// This colour with `step` twentieths of another one.
    #[must_use]
    pub fn mixed(self, other: Self, step: u16) -> Self {
        let step = step.min(STEPS);
        let part = |at: usize| {
            let sum = u16::from(self.0[at]) * (STEPS - step) + u16::from(other.0[at]) * step;
            u8::try_from(sum / STEPS).unwrap_or(u8::MAX)
        };
        Self([part(0), part(1), part(2)])
    }

    /// The relative luminance (WCAG 2.2), from 0 to 1.
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::{Color, READABLE};

    #[test]
    fn only_colors_of_six_digits_are_parsed() {
        assert_eq!(Color::parse("#0F5c63").map(|color| color.to_string()).as_deref(), Some("#0f5c63"));
        for text in ["", "#", "0f5c63", "#fff", "#0f5c6", "#0f5c634", "#0f5c6g", "#+f5c63", "red", "#ööö"]
        {
            assert_eq!(Color::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_color_gets_a_readable_text_and_becomes_a_readable_text() {
        let dark = Color::new(24, 33, 47);
        for number in (0..0x100_0000_u32).step_by(9973) {
            let [_, red, green, blue] = number.to_be_bytes();
            let color = Color::new(red, green, blue);
            assert!(color.contrast(color.text_color()) >= READABLE, "{color}");
            for background in [Color::WHITE, dark] {
                assert!(color.readable_on(background).contrast(background) >= READABLE, "{color}");
            }
        }
        assert_eq!(Color::new(15, 92, 99).readable_on(Color::WHITE), Color::new(15, 92, 99));
    }

    #[test]
    fn the_contrast_of_black_and_white_is_21() {
        assert!((Color::BLACK.contrast(Color::WHITE) - 21.0).abs() < 0.01);
    }
}
