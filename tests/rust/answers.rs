//! Answers of the host's commands, as they are and with bytes changed: whatever a command says, reading it ends.

use std::fs;
use std::path::Path;

use zmgr::internals::exec::fuzz;

#[test]
fn answers_and_what_is_left_of_them_are_read() {
    const BYTES: &[u8] = b"\0\n\t :\\\"'<>&;=/-9\xff";
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 16).unwrap() % n.max(1)
    };
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/answers");
    let mut read = 0;
    for file in fs::read_dir(directory).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.is_empty());
        read += 1;
        for round in 0..150 {
            let mut changed = bytes.clone();
            for _ in 0..round.min(3) {
                let at = below(changed.len());
                match below(3) {
                    0 => changed[at] = BYTES[below(BYTES.len())],
                    1 => changed.truncate(at.max(1)),
                    _ => changed.insert(at, BYTES[below(BYTES.len())]),
                }
            }
            fuzz::answers(&changed);
            fuzz::zonecfg(&changed);
        }
    }
    assert!(read > 7, "{read} answers");
}
