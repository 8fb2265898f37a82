//! The one lock of this crate: many readers or one writer.
//!
//! With the feature `std` it can be shared by threads. Without it nothing can, and it only counts
//! its borrowers; a writer inside a reader's scope is then a panic where it would be a deadlock.

#[cfg(feature = "std")]
mod threaded {
    use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

    /// A value for many readers or one writer.
    #[derive(Debug, Default)]
    pub(crate) struct Lock<T>(RwLock<T>);

    impl<T> Lock<T> {
        pub(crate) fn new(value: T) -> Self {
            Lock(RwLock::new(value))
        }

        /// Waits until there is no writer. What a thread that panicked has left is used as it is.
        pub(crate) fn read(&self) -> RwLockReadGuard<'_, T> {
            self.0.read().unwrap_or_else(PoisonError::into_inner)
        }

        /// Waits until there is nobody else.
        pub(crate) fn write(&self) -> RwLockWriteGuard<'_, T> {
            self.0.write().unwrap_or_else(PoisonError::into_inner)
        }
    }
}

#[cfg(not(feature = "std"))]
mod single {
    use core::cell::{Ref, RefCell, RefMut};

    /// A value for many readers or one writer, of one thread.
    #[derive(Debug, Default)]
    pub(crate) struct Lock<T>(RefCell<T>);

    impl<T> Lock<T> {
        pub(crate) fn new(value: T) -> Self {
            Lock(RefCell::new(value))
        }

        /// The value to read.
        pub(crate) fn read(&self) -> Ref<'_, T> {
            self.0.borrow()
        }

        /// The value to change.
        pub(crate) fn write(&self) -> RefMut<'_, T> {
            self.0.borrow_mut()
        }
    }
}

#[cfg(not(feature = "std"))]
pub(crate) use single::Lock;
#[cfg(feature = "std")]
pub(crate) use threaded::Lock;
