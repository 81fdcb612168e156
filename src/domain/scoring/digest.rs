//! Texts and numbers into a hash.

/// The length first, so that no two lists of texts give the same bytes.
pub(super) fn hash_text(hasher: &mut blake3::Hasher, text: &str) {
    hasher.update(&(text.len() as u64).to_le_bytes());
    hasher.update(text.as_bytes());
}

/// Bit for bit.
pub(super) fn hash_numbers(hasher: &mut blake3::Hasher, numbers: &[f64]) {
    for number in numbers {
        hasher.update(&number.to_bits().to_le_bytes());
    }
}
