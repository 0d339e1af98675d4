//! Messages composed of bytes, because names need not be UTF-8. [source: zonecfg.c prints what it was given; recorded: err-*]

macro_rules! text {
    ($($part:expr),* $(,)?) => { [$(AsRef::<[u8]>::as_ref(&$part)),*].concat() };
}
pub(super) use text;
