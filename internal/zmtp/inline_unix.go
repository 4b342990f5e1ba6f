//go:build unix

package zmtp

import (
	"net"
	"syscall"
)

// inlineWriter writes to a connection without ever blocking. It is for one goroutine at a time.
type inlineWriter struct {
	raw  syscall.RawConn
	data []byte
	n    int
	err  error
	once func(fd uintptr) bool
}

// newInlineWriter returns nil if conn is no connection of the operating system.
func newInlineWriter(conn net.Conn) *inlineWriter {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	w := &inlineWriter{raw: raw}
	w.once = func(fd uintptr) bool {
		w.n, w.err = syscall.Write(int(fd), w.data)
		return true // whatever came of it: this must not wait
	}
	return w
}

// write writes as much of data as the connection takes at once. An error is one of the connection.
func (w *inlineWriter) write(data []byte) (int, error) {
	w.data, w.n, w.err = data, 0, nil
	err := w.raw.Write(w.once)
	w.data = nil
	if err == nil && w.err != syscall.EAGAIN && w.err != syscall.EINTR {
		err = w.err
	}
	return max(w.n, 0), err
}
