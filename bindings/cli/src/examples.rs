//! Examples at the end of each command's help, one text file each. A test parses every one.

macro_rules! examples {
    ($($name:ident $file:literal,)+) => {
        $(pub const $name: &str = without_end(include_str!(concat!("examples/", $file, ".txt")));)+
    };
}

/// Returns a text without the line break at its end.
const fn without_end(text: &'static str) -> &'static str {
    text.split_at(text.len() - 1).0
}

examples! {
    CREATE "create",
    DOCTOR "doctor",
    DESTROY "destroy",
    DETACH "detach",
    ATTACH "attach",
    UPDATE "update",
    RENAME "rename",
    RUN "run",
    EXEC "exec",
    IMPORT "import",
    FORGET "forget",
    SNAPSHOT_ROLLBACK "snapshot-rollback",
    TEMPLATE_REFRESH "template-refresh",
    DIFF "diff",
    APPLY "apply",
    SET "set",
    EDIT "edit",
    BOOT "boot",
    RECOVER "recover",
    LIST "list",
    SHOW "show",
    FIND "find",
    EXPLAIN "explain",
    POOL_ALLOCATE "pool-allocate",
    FLEET_FORGET "fleet-forget",
    SIM_FAULT "sim-fault",
}
