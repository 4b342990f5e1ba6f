//go:build !unix

package zmtp

// refused reports whether a connection attempt failed because nobody listens. These systems have no single error for it; a probe that
// fails otherwise than by its timeout counts.
func refused(err error) bool {
	t, ok := err.(interface{ Timeout() bool })
	return !ok || !t.Timeout()
}
