//! Any bytes in any register of any family have a value, and what has a value travels there and back.

use ulna_bus::models;

pub(crate) fn run(input: &[u8]) {
    let [model, address, bytes @ ..] = input else {
        return;
    };
    let count = models::all().count();
    let Some(model) = models::all().nth(usize::from(*model) % count) else {
        return;
    };
    let Some(register) = model.table.holding(*address) else {
        return;
    };
    let Some(value) = register.decode_in_block(*address, bytes) else {
        return;
    };
    // Bits above a sign bit have no meaning, so only the value itself need come back.
    let again = register
        .encode(value)
        .map(|bytes| register.decode(bytes.as_slice()));
    assert_eq!(again, Ok(Some(value)), "{}", register.name);
    let _ = model
        .scales
        .position
        .counts(model.scales.position.of(value));
}
