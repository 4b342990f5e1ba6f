package zmtp_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/gopar-project/gopar/internal/zmtp"
)

func TestPingsOfAPeerThatDoesNotReadFillNoMemory(t *testing.T) {
	t.Parallel()
	s := serve(t, zmtp.Options{}, "tcp://127.0.0.1:0")
	c := dialRaw(t, s.bound).shake("DEALER", "deaf")
	pings := strings.Repeat(frame(4, "\x04PING\x00\x00"+strings.Repeat("c", 16)), 40000)
	for range 40 { // 40 MiB of them
		c.put(pings)
	}
	s.check()
	if n := s.r.Backlog(); n > 4<<20 {
		t.Fatalf("%d bytes of PONGs wait", n)
	}
}

func TestManySlowSubscribersShareMemory(t *testing.T) {
	o, subscribed := subscriptions()
	o.SendBuffer = 8 << 20
	p := zmtp.NewPub(o)
	bound := listen(t, p, "tcp://127.0.0.1:0")
	const deaf = 32
	for range deaf {
		dialRaw(t, bound).shake("SUB", "").put(frame(0, "\x01"))
		wantSubscription(t, subscribed, "", true)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	body := strings.Repeat("x", 16<<10)
	for i := range 4000 { // 64 MiB for each, 2 GiB in all
		must(t, p.Send(bytesOf(fmt.Sprint(i), body)))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 100<<20 {
		t.Fatalf("%d MiB are held for subscribers that do not read; four times 8 MiB may be, and what buffers waste", grown>>20)
	}
}
