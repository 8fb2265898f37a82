//! What others have found out for one resolver.

use super::Mail;
use crate::sync::Lock;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

/// Most mail that is not taken: as many questions as a resolver has waiting by default.
pub(super) const MAIL_MAX: usize = 4_096;

/// What others have found out for one resolver, away from the cache lines of others.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Mailbox {
    has_mail: AtomicBool,
    mail: Lock<Vec<Mail>>,
}

impl Mailbox {
    /// Whether there is mail. It may lag behind; the wake of [`Mailbox::put`] makes up for it.
    pub(super) fn has_mail(&self) -> bool {
        self.has_mail.load(Ordering::Relaxed)
    }

    /// Puts mail in, or drops it if there is too much; gives whether it is the first, so that its
    /// owner must be woken.
    pub(super) fn put(&self, mail: Mail) -> bool {
        let mut all = self.mail.write();
        let is_first = all.is_empty();
        if all.len() < MAIL_MAX {
            all.push(mail);
            self.has_mail.store(true, Ordering::Relaxed);
        }
        is_first
    }

    /// Takes all mail.
    pub(super) fn take(&self) -> Vec<Mail> {
        let mut all = self.mail.write();
        self.has_mail.store(false, Ordering::Relaxed);
        core::mem::take(&mut *all)
    }
}
