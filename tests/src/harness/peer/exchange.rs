//! A long conversation: our peer sends and receives at the same time.

use crate::diagnose::failure::Result;
use crate::harness::payload::Payload;
use crate::harness::peer::Peer;

/// How many bytes are received at a time.
const PIECE: usize = 8 * 1024;

/// How many bytes are under way at most. Each kernel has room for them, also one that takes little at a time
/// (`tcp_notsent_lowat`), so that a server which trusts in that loses nothing.
const UNDER_WAY: usize = 2 * PIECE;

impl Peer {
    /// Sends `payload`, and receives all of it again meanwhile.
    pub fn exchange(&mut self, payload: &Payload) -> Result<&mut Self> {
        self.note_sent(
            &payload.to_string(),
            &format!("sends {payload}, and receives it"),
        );
        let length = payload.bytes().len();
        let (mut sent, mut received) = (0, 0);
        while received < length {
            let most = length.min(received + UNDER_WAY);
            sent += self.gives(&payload.bytes()[sent..most])?;
            // Where nothing more can be sent and all has come back, the connection is broken, and so this says.
            let next = sent.min(received + PIECE).max(received + 1);
            self.expect(payload.part(received, next))?;
            received = next;
        }
        Ok(self)
    }
}
