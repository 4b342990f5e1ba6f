package zmtp

import (
	"errors"
	"net"
	"time"
)

const (
	minAcceptPause = 5 * time.Millisecond // after an accept that failed, for want of descriptors for example
	maxAcceptPause = time.Second
)

// accept runs one listener. It does nothing but accept; each connection has its goroutine from the first byte.
func (s *socket) accept(l net.Listener) {
	pause := minAcceptPause
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			s.o.Log.Error(err, "accept", "address", l.Addr().String())
			if !s.sleep(pause) {
				return
			}
			pause = min(2*pause, maxAcceptPause)
			continue
		}
		pause = minAcceptPause
		if err := s.census.enter(conn, &s.o); err != nil {
			_ = conn.Close() // nothing has been said
			if s.census.worthSaying() {
				s.o.Log.Info("connection refused", "remote", conn.RemoteAddr().String(), "reason", err.Error())
			}
			continue
		}
		shaking := s.shaking.enter(conn, s.life.Done())
		if shaking == nil {
			_ = conn.Close() // the socket is closing
			return
		}
		s.work.Go(func() {
			defer s.census.leave(conn)
			if _, err := s.serve(conn, shaking, nil); err != nil {
				s.o.Log.V(1).Info("connection ended", "remote", conn.RemoteAddr().String(), "reason", err.Error())
			}
		})
	}
}

// sleep waits for d. It reports false if the socket was closed meanwhile.
func (s *socket) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.life.Done():
		return false
	}
}
