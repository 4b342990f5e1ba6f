package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

type money int64

func (m money) String() string {
	sign := ""
	if m < 0 {
		sign, m = "-", -m
	}
	return fmt.Sprintf("%s$%d.%02d", sign, m/100, m%100)
}

type accountID string

type account struct {
	id      accountID
	owner   *customer
	balance money
	history []entry
	opened  time.Time
}

type customer struct {
	name     string
	accounts []*account
}

type entry struct {
	kind   entryKind
	amount money
	other  *account
}

type entryKind uint8

const (
	deposit entryKind = iota + 1
	withdrawal
	transferIn
	transferOut
)

//go:noinline
func (k entryKind) String() string {
	switch k {
	case deposit:
		return "deposit"
	case withdrawal:
		return "withdrawal"
	case transferIn, transferOut:
		return "transfer"
	}
	return fmt.Sprintf("entryKind(%d)", uint8(k))
}

var (
	errFunds   = errors.New("insufficient funds")
	errUnknown = errors.New("unknown account")
)

type opError struct {
	op      string
	account accountID
	err     error
}

func (e *opError) Error() string { return e.op + " " + string(e.account) + ": " + e.err.Error() }
func (e *opError) Unwrap() error { return e.err }

type bank struct {
	accounts  map[accountID]*account
	next      int
	clock     func() time.Time
	observers []observer
}

type observer interface{ notify(a *account, e entry) }
type observerFunc func(*account, entry)

func (f observerFunc) notify(a *account, e entry) { f(a, e) }

type option func(*bank)

func withObserver(o observer) option { return func(b *bank) { b.observers = append(b.observers, o) } }

func newBank(opts ...option) *bank {
	b := &bank{accounts: make(map[accountID]*account), clock: func() time.Time { return time.Unix(0, 0).UTC() }}
	for _, o := range opts {
		o(b)
	}
	return b
}

func (b *bank) open(c *customer) *account {
	b.next++
	a := &account{id: accountID(fmt.Sprintf("%s-%03d", strings.ToUpper(c.name[:2]), b.next)), owner: c, opened: b.clock()}
	c.accounts = append(c.accounts, a)
	b.accounts[a.id] = a
	return a
}

func (b *bank) record(a *account, e entry) {
	a.history = append(a.history, e)
	for _, o := range b.observers {
		o.notify(a, e)
	}
}

func (b *bank) apply(op string, id accountID, f func(*account) error) (err error) {
	defer func() {
		if err != nil {
			err = &opError{op, id, err}
		}
	}()
	a, ok := b.accounts[id]
	if !ok {
		return errUnknown
	}
	return f(a)
}

func (b *bank) deposit(id accountID, m money) error {
	return b.apply("deposit", id, func(a *account) error {
		a.balance += m
		b.record(a, entry{kind: deposit, amount: m})
		return nil
	})
}

func (b *bank) transfer(from, to accountID, m money) error {
	return b.apply("transfer", from, func(a *account) error {
		if a.balance < m {
			return fmt.Errorf("%w: have %v, need %v", errFunds, a.balance, m)
		}
		return b.apply("receive", to, func(o *account) error {
			a.balance, o.balance = a.balance-m, o.balance+m
			b.record(a, entry{transferOut, m, o})
			b.record(o, entry{transferIn, m, a})
			return nil
		})
	})
}

func main() {
	var log []string
	b := newBank(withObserver(observerFunc(func(a *account, e entry) {
		s := fmt.Sprintf("%s %v %v", a.id, e.kind, e.amount)
		if e.other != nil {
			s += " " + e.other.owner.name
		}
		log = append(log, s)
	})))
	alice, bob := &customer{name: "alice"}, &customer{name: "bob"}
	a, o := b.open(alice), b.open(bob)
	fmt.Println(b.deposit(a.id, 10050), b.transfer(a.id, o.id, 2575))
	for _, err := range []error{b.transfer(o.id, a.id, 1e6), b.transfer(a.id, "XX", 1), b.deposit("YY", 1)} {
		var oe *opError
		fmt.Println(err, "|", errors.As(err, &oe), oe.op, errors.Is(err, errFunds), errors.Is(err, errUnknown))
	}
	fmt.Println(strings.Join(log, "\n"))
	w := tabwriter.NewWriter(os.Stdout, 4, 0, 1, ' ', tabwriter.AlignRight|tabwriter.Debug)
	ids := make([]accountID, 0, len(b.accounts))
	for id := range b.accounts {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		acc := b.accounts[id]
		fmt.Fprintf(w, "%s\t%s\t%v\t%d\t%s\t\n", id, acc.owner.name, acc.balance, len(acc.history), acc.opened.Format(time.DateOnly))
	}
	w.Flush()
	fmt.Println(money(-5), entryKind(9), a.history[0], alice.accounts[0] == a)
	a.history[1].other.owner.name = "robert"
	fmt.Println(bob.name, a.history[1].other.balance)
}
