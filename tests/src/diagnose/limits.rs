//! Which of the lab's limits did a program meet? See [`diagnosis`](crate::diagnose).

use crate::course::cause::Cause;
use crate::diagnose::polling::says_would_block;
use crate::evidence::Evidence;
use crate::platform::TOO_MUCH_MEMORY;

impl Evidence<'_> {
    /// What the program took without giving it back, until it met one of the lab's limits.
    pub(crate) fn out_of_bounds(&self) -> Option<Cause> {
        let says = |words: &str| self.stderr.contains(words);
        let history = self.history;
        // Of memory and threads the standard library says so; of descriptors the system, in its own words.
        let no_descriptors = says("(os error 24)") || self.open.len() as u64 >= self.descriptors;
        // Before a server listens, no socket says "would block"; a refused thread or process has the same number.
        let is_begun = history.is_client || self.said.contains("listening on ");
        let no_threads =
            says("failed to spawn thread") || (says_would_block(&self.stderr) && !is_begun);
        match () {
            () if self.exceeded_thread_cap || no_threads => Some(Cause::UnboundedThreads),
            () if says("memory allocation of ") || self.memory >= TOO_MUCH_MEMORY => {
                Some(Cause::UnboundedMemory)
            }
            () if no_descriptors && (history.peer_ended || history.was_reset) => {
                Some(Cause::DescriptorsKept)
            }
            () if no_descriptors => Some(Cause::UnboundedDescriptors),
            () => None,
        }
    }
}
