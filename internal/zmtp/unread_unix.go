//go:build unix

package zmtp

import (
	"net"
	"syscall"
)

// unread reports whether bytes, or the end, have come on conn that nobody has read.
func unread(conn net.Conn) bool {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	var some bool
	err = raw.Control(func(fd uintptr) {
		n, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		some = err == nil && n >= 0
	})
	return err == nil && some
}
