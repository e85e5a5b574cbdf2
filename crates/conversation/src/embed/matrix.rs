//! The arithmetic of [`super::bert`]: products of matrices by a library that knows the processor, and the few functions
//! between them, written so that the compiler does several numbers at once.

/// A matrix inside a slice: from one row to the next `step` numbers, from one column to the next `stride`.
pub(super) struct View<'a> {
    pub of: &'a [f32],
    pub rows: usize,
    pub columns: usize,
    pub step: usize,
    pub stride: usize,
}

impl<'a> View<'a> {
    pub fn plain(of: &'a [f32], rows: usize, columns: usize) -> Self {
        Self { of, rows, columns, step: columns, stride: 1 }
    }

    fn is_inside(&self) -> bool {
        let last = (self.rows - 1) * self.step + (self.columns - 1) * self.stride;
        last < self.of.len()
    }
}

/// Adds the product of two matrices to a third, whose rows lie `step` numbers apart.
pub(super) fn add_product(a: View<'_>, b: View<'_>, c: &mut [f32], step: usize) {
    if a.rows == 0 {
        return;
    }
    assert_eq!(a.columns, b.rows, "the matrices fit");
    let out = View { of: c, rows: a.rows, columns: b.columns, step, stride: 1 };
    assert!(
        a.is_inside() && b.is_inside() && out.is_inside() && b.columns <= step,
        "matrices lie in their slices"
    );
    // SAFETY: the last number of each matrix lies in its slice, as just asserted, and with it all others; the rows of `c`
    // do not overlap, and nobody else has it.
    unsafe {
        matrixmultiply::sgemm(
            a.rows,
            a.columns,
            b.columns,
            1.0,
            a.of.as_ptr(),
            a.step as isize,
            a.stride as isize,
            b.of.as_ptr(),
            b.step as isize,
            b.stride as isize,
            1.0,
            c.as_mut_ptr(),
            step as isize,
            1,
        );
    }
}

pub(super) fn add(to: &mut [f32], what: &[f32]) {
    to.iter_mut().zip(what).for_each(|(to, what)| *to += what);
}

pub(super) fn softmax(row: &mut [f32], scale: f32) {
    let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    row.iter_mut().for_each(|x| *x = exp((*x - most) * scale));
    let sum = row.iter().sum::<f32>();
    row.iter_mut().for_each(|x| *x /= sum);
}

/// `x Φ(x)`; the error function by Abramowitz and Stegun 7.1.26, to 2e-7.
pub(super) fn gelu(x: f32) -> f32 {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let series =
        t * (0.254_829_6 + t * (-0.284_496_74 + t * (1.421_413_7 + t * (-1.453_152 + t * 1.061_405_4))));
    let erf = (1.0 - series * exp(-z * z)).copysign(x);
    0.5 * x * (1.0 + erf)
}

/// `e^x` to 2e-7 for x ≤ 0, in steps that the compiler can do for several numbers at once, which the library's cannot.
fn exp(x: f32) -> f32 {
    let x = x.max(-87.0);
    let whole = (x * std::f32::consts::LOG2_E + ROUND) - ROUND;
    let rest = x - whole * 0.693_359_4 + whole * 2.121_944_4e-4;
    let series = 1.0
        + rest
            * (1.0
                + rest
                    * (0.5 + rest * (1.0 / 6.0 + rest * (1.0 / 24.0 + rest * (1.0 / 120.0 + rest / 720.0)))));
    // The exponent of a float lies above its 23 bits of fraction.
    series * f32::from_bits((((whole as i32) + 127) << 23) as u32)
}

/// Added and taken away again, it leaves a whole number: 1.5 · 2²³ has no room for a fraction.
const ROUND: f32 = 12_582_912.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_functions_are_exact_enough() {
        for step in -8700..=0 {
            let x = step as f32 / 100.0;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-6, "exp({x}) is {}", exp(x));
        }
        // From a table of the normal distribution.
        for (x, expected) in
            [(0.0, 0.0), (1.0, 0.841_344_7), (-1.0, -0.158_655_25), (3.0, 2.995_950_3), (-10.0, 0.0)]
        {
            assert!((gelu(x) - expected).abs() < 1e-6, "gelu({x}) is {}", gelu(x));
        }
    }
}
