//! Setters of options: each sets the field of its name.

/// Defines a setter for each field. `in Some` is for a field that is unset by default.
macro_rules! setters {
    ($($(#[$doc:meta])* $field:ident: $type:ty $(, in $wrap:ident)?;)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $field(mut self, $field: $type) -> Self {
                self.$field = $($wrap)?($field);
                self
            }
        )*
    };
}

/// Defines the setters of what can stop an operation while it waits.
macro_rules! cancellation {
    ($life:lifetime) => {
        $crate::api::setters::setters! {
            /// Sets a callback that is called every 50 ms.
            pulse: &$life mut dyn FnMut() -> bool, in Some;
            /// Sets the token for cancellation.
            cancel: &$life Cancel, in Some;
        }
    };
}
pub(super) use {cancellation, setters};
