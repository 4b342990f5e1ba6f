package cluster

import (
	"bufio"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gopar-project/gopar/internal/launch"
)

// order is what a client tells the supervisor to do, one JSON line on a
// connection of its own. The answer is one line too: refusal.
type order struct {
	Token  string        `json:"token"` // from the state file: who can read that may give orders
	What   string        `json:"what"`  // "scale", "restart", "remove", "signal"
	N      int           `json:"n,omitempty"`
	Set    string        `json:"set,omitempty"` // "": the first
	Signal launch.Signal `json:"signal,omitempty"`
	Tasks  []int         `json:"tasks,omitempty"` // indexes; none: all

	done chan error // capacity 1
}

type refusal struct {
	Error string `json:"error,omitempty"`
}

const (
	maxOrder  = 1 << 20          // bytes of one line
	orderTime = 30 * time.Second // for an order to be understood and begun
	maxScale  = 100_000          // engines: what one hub is made for, with room
)

// orderDesk takes orders on the loopback interface for the supervisor's loop.
type orderDesk struct {
	listener net.Listener
	token    string
	orders   chan order
	ctx      context.Context // ends with the desk
	cancel   context.CancelFunc
	wg       sync.WaitGroup
}

func openDesk(token string) (*orderDesk, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for orders: %w", err)
	}
	d := &orderDesk{listener: l, token: token, orders: make(chan order)}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	d.wg.Go(d.accept)
	return d, nil
}

func (d *orderDesk) close() {
	d.cancel()
	d.listener.Close() // best effort: nothing is buffered
	d.wg.Wait()
}

func (d *orderDesk) accept() {
	for {
		conn, err := d.listener.Accept()
		if err != nil {
			return // closed
		}
		d.wg.Go(func() {
			defer conn.Close()
			stop := context.AfterFunc(d.ctx, func() { conn.Close() })
			defer stop()
			conn.SetDeadline(time.Now().Add(orderTime)) // best effort: TCP has deadlines
			var r refusal
			if err := d.take(conn); err != nil {
				r.Error = err.Error()
			}
			json.NewEncoder(conn).Encode(r) // best effort: a client that went away does not ask
		})
	}
}

// take reads an order and has it obeyed.
func (d *orderDesk) take(conn io.Reader) error {
	line, err := bufio.NewReader(io.LimitReader(conn, maxOrder)).ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("read the order: %w", err)
	}
	o := order{done: make(chan error, 1)}
	if err := json.Unmarshal(line, &o); err != nil {
		return fmt.Errorf("read the order: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(o.Token), []byte(d.token)) != 1 {
		return errors.New("not allowed: wrong token")
	}
	late := time.NewTimer(orderTime)
	defer late.Stop()
	select {
	case d.orders <- o:
	case <-late.C:
		return errors.New("the cluster is busy starting or stopping")
	case <-d.ctx.Done():
		return errors.New("the cluster is stopping")
	}
	select {
	case err := <-o.done:
		return err
	case <-d.ctx.Done():
		return errors.New("the cluster is stopping")
	}
}

// obey begins what an order says; what comes of it shows in the status.
func (s *supervisor) obey(ctx context.Context, o order) error {
	s.log.Info("order", "what", o.What, "n", o.N, "signal", o.Signal, "tasks", o.Tasks)
	if o.What == "scale" {
		return s.scale(ctx, o.Set, o.N)
	}
	slots, err := s.chosen(o.Tasks)
	if err != nil {
		return err
	}
	switch o.What {
	case "restart":
		return s.renew(ctx, slots)
	case "remove":
		return s.remove(ctx, slots)
	case "signal":
		return s.signal(ctx, o.Signal, slots...)
	}
	return fmt.Errorf("unknown order %q: gopar is newer than the cluster's supervisor", o.What)
}

// chosen returns the slots with the given indexes, all if there are none given.
func (s *supervisor) chosen(indexes []int) ([]*slot, error) {
	var chosen []*slot
	for _, e := range s.st.Slots {
		if !e.Leaving && (len(indexes) == 0 || slices.Contains(indexes, e.Index)) {
			chosen = append(chosen, e)
		}
	}
	for _, i := range indexes {
		if !slices.ContainsFunc(chosen, func(e *slot) bool { return e.Index == i }) {
			return nil, fmt.Errorf("there is no engine process %d (gopar cluster engines lists them)", i)
		}
	}
	return chosen, nil
}

// set returns the index of the engine set of a name, of the first one for "".
func (s *supervisor) set(name string) (int, error) {
	var names []string
	for i, set := range s.st.Spec.Sets {
		if name == "" || set.Name == name {
			return i, nil
		}
		names = append(names, set.Name)
	}
	return 0, fmt.Errorf("there is no set of engines %q, but %s", name, strings.Join(names, ", "))
}

// scale makes n engines of a set wanted: those that have ended and stay so go
// first, then those that still wait, then the youngest.
func (s *supervisor) scale(ctx context.Context, name string, n int) error {
	if n < 0 || n > maxScale {
		return fmt.Errorf("%d engines: want 0 to %d", n, maxScale)
	}
	if s.st.State == Broken {
		return errors.New("the cluster is broken: " + s.st.Problem)
	}
	set, err := s.set(name)
	if err != nil {
		return err
	}
	var wait, run []*slot
	next := 0
	for _, e := range s.st.Slots {
		next = max(next, e.Index+1)
		if e.Set != set {
			continue
		}
		state := s.st.task(e).State
		if !e.Leaving && state == launch.Done && e.StartAt.IsZero() {
			e.Leaving = true
		}
		switch {
		case e.Leaving:
		case state == launch.Pending:
			wait = append(wait, e)
		default:
			run = append(run, e)
		}
	}
	stay := slices.Concat(run, wait)
	var leaving []*slot
	for len(stay) > n {
		e := stay[len(stay)-1]
		stay = stay[:len(stay)-1]
		e.Leaving = true
		if e.StartAt.IsZero() {
			leaving = append(leaving, e)
		}
		e.StartAt = time.Time{}
	}
	if more := n - len(stay); more > 0 {
		rec, err := s.launchEngines(ctx, set, next, more)
		if err != nil {
			return err
		}
		s.addSlots(set, rec)
	}
	s.st.Spec.Sets[set].N = n
	return s.dismiss(ctx, leaving)
}

// remove makes slots not wanted any more: there is nothing to start in their
// place.
func (s *supervisor) remove(ctx context.Context, slots []*slot) error {
	if s.st.State == Broken {
		return errors.New("the cluster is broken: " + s.st.Problem)
	}
	var alive []*slot
	for _, e := range slots {
		e.Leaving = true
		if e.StartAt.IsZero() && s.st.task(e).State != launch.Done {
			alive = append(alive, e)
		}
		e.StartAt = time.Time{}
		s.st.Spec.Sets[e.Set].N--
	}
	return s.dismiss(ctx, alive)
}

// renew makes the processes of slots end and start again. It is not a failure,
// and forgets former ones.
func (s *supervisor) renew(ctx context.Context, slots []*slot) error {
	if s.st.State == Broken {
		return errors.New("the cluster is broken: " + s.st.Problem)
	}
	var alive []*slot
	for _, e := range slots {
		e.Failures, e.GaveUp = 0, false
		if s.st.task(e).State == launch.Done {
			e.StartAt = time.Now()
			continue
		}
		e.Renewed = true
		alive = append(alive, e)
	}
	return s.dismiss(ctx, alive)
}

// order tells the supervisor what to do and returns when it has begun.
func (c *Cluster) order(ctx context.Context, o order) error {
	st, err := readState(c.place)
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			if _, ferr := c.foreignStatus(ctx); ferr == nil {
				return errors.New("its hub was started by other means: gopar does not know its processes")
			}
		}
		return err
	}
	err = st.Supervisor.Check()
	if errors.Is(err, launch.ErrGone) {
		if err := c.resume(ctx, st); err != nil {
			return fmt.Errorf("its supervisor is gone, and another cannot take over: %w", err)
		}
		st, err = readState(c.place)
	}
	switch {
	case err != nil:
		return fmt.Errorf("its supervisor: %w", err)
	case st.Orders == 0:
		return errors.New("it was started by an older gopar")
	}
	o.Token = st.Token
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(st.Orders)))
	if err != nil {
		return fmt.Errorf("its supervisor does not answer: %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if err := json.NewEncoder(conn).Encode(o); err != nil {
		return fmt.Errorf("its supervisor does not answer: %w", err)
	}
	var r refusal
	if err := json.NewDecoder(io.LimitReader(conn, maxOrder)).Decode(&r); err != nil {
		return fmt.Errorf("its supervisor does not answer: %w", errors.Join(err, ctx.Err()))
	}
	if r.Error != "" {
		return errors.New(r.Error)
	}
	return nil
}
