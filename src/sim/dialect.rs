//! The lines of illumos that the machine can speak.

/// A line of illumos: which commands know what, and how they print it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Dialect {
    /// illumos-gate as it stands, without a distribution's additions.
    Illumos,
    /// OpenIndiana.
    #[default]
    OpenIndiana,
    /// OmniOS.
    OmniOs,
    /// SmartOS: `zonecfg` and `zoneadm list` only.
    SmartOs,
}
