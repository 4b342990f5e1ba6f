package zmtp

import "time"

const (
	// inlinePause is how long a peer's writer must have been at rest for a message to be written by its sender. It is about the
	// round trip of a ping-pong over loopback: messages that follow each other faster are gathered by the writer instead.
	inlinePause = 20 * time.Microsecond

	// inlineMax is the largest backlog that is written by a sender, in bytes.
	inlineMax = 16 << 10
)
