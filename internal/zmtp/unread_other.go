//go:build !unix

package zmtp

import "net"

// unread would report whether bytes have come on conn that nobody has read; these systems do not tell.
func unread(net.Conn) bool { return false }
