//! Which of the lab's limits did a program meet?

use crate::course::cause::Cause;
use crate::evidence::Evidence;
use crate::platform::TOO_MUCH_MEMORY;

/// What the program took without giving it back, until it met one of the lab's limits.
pub(crate) fn limit_cause(seen: &Evidence) -> Option<Cause> {
    let words = &seen.last_words;
    let history = seen.history;
    // Of memory and threads the standard library says so; of descriptors the system, in its own words, which may be ours.
    let says_so = words.errors.is_out_of_descriptors() && !history.listener_broke;
    let no_descriptors = says_so || seen.open.len() as u64 >= seen.descriptor_limit;
    // Before a server listens, no socket says "would block"; a refused thread or process has the same number.
    let has_begun = history.is_client || seen.log.address().is_some();
    let no_threads =
        words.errors.names_a_refused_thread || (words.errors.is_would_block() && !has_begun);
    if seen.exceeded_thread_cap || no_threads {
        return Some(Cause::UnboundedThreads);
    }
    if words.ran_out_of_memory || seen.memory >= TOO_MUCH_MEMORY {
        return Some(Cause::UnboundedMemory);
    }
    if no_descriptors && (history.peer_ended || history.was_reset) {
        return Some(Cause::DescriptorsKept);
    }
    no_descriptors.then_some(Cause::UnboundedDescriptors)
}
