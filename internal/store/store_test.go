package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"go.uber.org/goleak"

	"github.com/gopar-project/gopar/internal/store"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := stopPostgres(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// stores are all kinds that keep something. Each opens an empty one.
var stores = map[string]func(t testing.TB, b store.Budget) store.Store{
	"memory": func(_ testing.TB, b store.Budget) store.Store { return store.NewMemory(b, logr.Discard()) },
	"spilling memory": func(t testing.TB, b store.Budget) store.Store {
		b.Memory, b.Dir = 4<<10, t.TempDir()
		if b.Count == 0 {
			b.Count = 10_000_000
		}
		return store.NewMemory(b, logr.Discard())
	},
	"sqlite": func(t testing.TB, b store.Budget) store.Store {
		s, err := store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "tasks ?#%.db"), b)
		if err != nil {
			t.Fatal(err)
		}
		return s
	},
	"postgres": func(t testing.TB, b store.Budget) store.Store {
		s, err := store.OpenPostgres(t.Context(), postgresDatabase(t), b)
		if err != nil {
			t.Fatal(err)
		}
		return s
	},
}

// overStores runs a test over every kind of store.
func overStores(t *testing.T, b store.Budget, test func(t *testing.T, s store.Store)) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			s := open(t, b)
			defer func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}()
			test(t, s)
		})
	}
}

var epoch = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// example is the ith of the records that most tests use.
func example(i int) *store.Record {
	at := epoch.Add(time.Duration(i) * time.Second)
	r := &store.Record{
		ID: fmt.Sprintf("task-%03d", i), Queue: "task", Client: fmt.Sprintf("client-%d", i%2), Engine: fmt.Sprintf("engine-%d", i%3),
		Label: fmt.Sprintf("label_%d", i), Submitted: at, Started: at.Add(time.Microsecond), Completed: at.Add(2 * time.Microsecond), Received: at.Add(time.Millisecond),
		Header:   json.RawMessage(fmt.Sprintf(`{"msg_id":"task-%03d", "n": %d}`, i, i)),
		Metadata: json.RawMessage(`{}`), Content: json.RawMessage(fmt.Sprint(i)),
		Buffers:      [][]byte{{byte(i), 0, 255}, nil, bytes.Repeat([]byte("x"), 300)},
		ResultHeader: json.RawMessage(`{"a": 1}`), ResultMetadata: json.RawMessage(`{"b": 2}`), ResultContent: json.RawMessage(`{"status":"ok"}`),
		ResultBuffers: [][]byte{[]byte("result")}, Stdout: "out\nwith ünicode", Stderr: "",
	}
	switch i % 4 {
	case 1:
		r.Label, r.Queue, r.Engine, r.Completed = "", "mux", "", time.Time{}
	case 2:
		r.ExecuteInput, r.ExecuteResult = "1+1", json.RawMessage(`{"data": {"text/plain": "2"}}`)
	case 3:
		r.Error, r.Buffers, r.Content = json.RawMessage(`{"ename": "X"}`), nil, json.RawMessage(`["a", "b", 3]`)
	}
	return r
}

func put(t *testing.T, s store.Store, records ...*store.Record) {
	t.Helper()
	if err := s.Put(t.Context(), records); err != nil {
		t.Fatal(err)
	}
}

// find returns the ids that a query in JSON finds.
func find(t *testing.T, s store.Store, query string) []string {
	t.Helper()
	var raw map[string]json.RawMessage
	if err := json.Unmarshal([]byte(query), &raw); err != nil {
		t.Fatal(err)
	}
	q, err := store.ParseQuery(raw)
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{}
	if err := s.Find(t.Context(), q, nil, func(r *store.Record) error { ids = append(ids, r.ID); return nil }); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return ids
}

func TestWhatIsPutIsThere(t *testing.T) {
	overStores(t, store.Budget{}, func(t *testing.T, s store.Store) {
		var want []*store.Record
		for i := range 120 {
			want = append(want, example(i))
		}
		put(t, s, want...)
		got, err := s.Get(t.Context(), []string{"task-000", "task-001", "task-002", "task-003", "task-119", "unknown"})
		if err != nil || len(got) != 5 {
			t.Fatalf("%d records, %v", len(got), err)
		}
		for id, r := range got {
			i := slices.IndexFunc(want, func(r *store.Record) bool { return r.ID == id })
			same(t, r, want[i])
		}
	})
}

func same(t *testing.T, got, want *store.Record) {
	t.Helper()
	for _, c := range store.Columns {
		a, _ := got.Field(c)
		b, ok := want.Field(c)
		if !ok || !bytes.Equal(a, b) {
			t.Errorf("%s: %s is %s, want %s", want.ID, c, a, b)
		}
	}
	equal := func(a, b [][]byte) bool { return slices.EqualFunc(a, b, bytes.Equal) }
	if !equal(got.Buffers, want.Buffers) || !equal(got.ResultBuffers, want.ResultBuffers) {
		t.Errorf("%s: buffers %q %q", want.ID, got.Buffers, got.ResultBuffers)
	}
}

func TestALaterRecordReplacesAnEarlier(t *testing.T) {
	overStores(t, store.Budget{}, func(t *testing.T, s store.Store) {
		put(t, s, example(0), example(1), example(2))
		changed := *example(1)
		changed.Stdout, changed.Resubmitted = "more", "other"
		put(t, s, &changed, example(3), &changed)
		got, err := s.Get(t.Context(), []string{"task-001"})
		if err != nil {
			t.Fatal(err)
		}
		same(t, got["task-001"], &changed)
		if ids := find(t, s, `{}`); len(ids) != 4 {
			t.Errorf("%v", ids)
		}
	})
}

// TestQueries holds every operator over every store, with what ipyparallel's clients mean by it.
func TestQueries(t *testing.T) {
	overStores(t, store.Budget{}, func(t *testing.T, s store.Store) {
		for i := 9; i >= 0; i-- { // the order is that of submission
			put(t, s, example(i))
		}
		for query, want := range map[string]string{
			`{}`:                     "0123456789",
			`{"msg_id": "task-004"}`: "4",
			`{"msg_id": {"$in": ["task-004", "task-002", "task-002", "none"]}}`:                      "24",
			`{"msg_id": {"$nin": ["task-004", "task-002"]}}`:                                         "01356789",
			`{"msg_id": {"$ne": "task-004"}}`:                                                        "012356789",
			`{"engine_uuid": "engine-0"}`:                                                            "036",
			`{"engine_uuid": null}`:                                                                  "159",
			`{"engine_uuid": {"$ne": null}}`:                                                         "0234678",
			`{"engine_uuid": {"$in": ["engine-0", null]}}`:                                           "013569",
			`{"client_uuid": "client-1", "queue": "mux"}`:                                            "159",
			`{"client_uuid": "client-1", "engine_uuid": "engine-0"}`:                                 "3",
			`{"label": {"$glob": "label_[2-4]"}}`:                                                    "234",
			`{"label": {"$glob": "label_[!2-4]"}}`:                                                   "0678",
			`{"label": {"$glob": "*_?"}}`:                                                            "0234678",
			`{"label": {"$glob": "LABEL*"}}`:                                                         "",
			`{"label": {"$glob": "label_2"}}`:                                                        "2",
			`{"label": {"$gt": "label_3", "$lte": "label_7"}}`:                                       "467",
			`{"label": {"$exists": false}}`:                                                          "159",
			`{"label": {"$exists": true}, "msg_id": {"$lt": "task-003"}}`:                            "02",
			`{"completed": null}`:                                                                    "159",
			`{"completed": {"$ne": null}, "submitted": {"$lt": "2026-11-22T12:00:03"}}`:              "02",
			`{"submitted": {"$gte": "2026-11-22T12:00:03Z", "$lt": "2026-11-22T12:00:06.5+00:00"}}`:  "3456",
			`{"submitted": "2026-11-22T13:00:03.000000+01:00"}`:                                      "3",
			`{"submitted": {"$gt": "2026-11-22T12:00:03.0000004Z", "$lte": "2026-11-22T12:00:05Z"}}`: "45",
			`{"received": {"$lt": "2026-11-22T12:00:01.0010001Z"}}`:                                  "01",
			`{"received": {"$in": ["2026-11-22T12:00:01.001000Z", 7]}}`:                              "1",
			`{"submitted": {"$gt": 3}}`:                                                              "",
			`{"submitted": "yesterday"}`:                                                             "",
			`{"content": {"$gt": 3}}`:                                                                "45689",
			`{"content": {"$mod": [4, 1]}}`:                                                          "159",
			`{"content": {"$mod": [0, 1]}}`:                                                          "",
			`{"content": {"$all": ["a", 3]}}`:                                                        "37",
			`{"content": {"$all": ["a", 4]}}`:                                                        "",
			`{"content": 4}`:                                                                         "4",
			`{"header": {"msg_id": "task-002", "n": 2}}`:                                             "2",
			`{"execute_input": "1+1"}`:                                                               "26",
			`{"execute_input": {"$exists": 1}}`:                                                      "26",
			`{"execute_result": {"$ne": null}}`:                                                      "26",
			`{"error": {"$exists": true}}`:                                                           "37",
			`{"buffers": {"$exists": false}}`:                                                        "37",
			`{"result_buffers": {"$exists": true}, "msg_id": {"$gte": "task-008"}}`:                  "89",
			`{"stdout": {"$glob": "out*ünicode"}, "stderr": "", "msg_id": {"$lt": "task-002"}}`:      "01",
			`{"resubmitted": {"$ne": null}}`:                                                         "",
			`{"msg_id": {"$in": []}}`:                                                                "",
			`{"msg_id": {"$in": "task-001"}}`:                                                        "",
			`{"label": {"$glob": 3}}`:                                                                "",
			`{"msg_id": {"$in": ["task-001"]}, "queue": {"$eq": "task"}}`:                            "",
		} {
			got := ""
			for _, id := range find(t, s, query) {
				got += strings.TrimPrefix(id, "task-00")
			}
			if got != want {
				t.Errorf("%s finds %s, want %s", query, got, want)
			}
		}
	})
}

func TestFindReturnsTheColumnsAskedFor(t *testing.T) {
	overStores(t, store.Budget{}, func(t *testing.T, s store.Store) {
		put(t, s, example(0), example(1))
		n := 0
		err := s.Find(t.Context(), nil, []string{"stdout", store.ResultBuffers}, func(r *store.Record) error {
			if r.ID == "" || r.Submitted.IsZero() || r.Stdout == "" || string(r.ResultBuffers[0]) != "result" {
				t.Errorf("%+v", r)
			}
			n++
			return nil
		})
		if err != nil || n != 2 {
			t.Errorf("%d records, %v", n, err)
		}
		stop := errors.New("stop")
		if err := s.Find(t.Context(), nil, nil, func(*store.Record) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("%v", err)
		}
	})
}

func TestDelete(t *testing.T) {
	overStores(t, store.Budget{}, func(t *testing.T, s store.Store) {
		for i := range 10 {
			put(t, s, example(i))
		}
		if err := s.Delete(t.Context(), store.Query{{Column: "engine_uuid", Op: "$eq", Value: "engine-0"}}); err != nil {
			t.Fatal(err)
		}
		if ids := find(t, s, `{}`); len(ids) != 7 {
			t.Errorf("%v", ids)
		}
		if err := s.Delete(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if ids := find(t, s, `{}`); len(ids) != 0 {
			t.Errorf("%v", ids)
		}
		put(t, s, example(3))
		if ids := find(t, s, `{}`); len(ids) != 1 {
			t.Errorf("%v", ids)
		}
	})
}

func TestCountIsBounded(t *testing.T) {
	overStores(t, store.Budget{Count: 100}, func(t *testing.T, s store.Store) {
		for i := range 250 {
			put(t, s, example(i))
		}
		ids := find(t, s, `{}`)
		if len(ids) > 100 || len(ids) < 80 || !slices.Contains(ids, "task-249") || slices.Contains(ids, "task-100") {
			t.Errorf("%d records: %v", len(ids), ids)
		}
	})
}

func TestBytesAreBounded(t *testing.T) {
	const limit = 1 << 20
	for name, b := range map[string]store.Budget{"memory": {Memory: limit, Bytes: limit + 1}, "sqlite": {Bytes: limit}, "postgres": {Bytes: limit}} {
		t.Run(name, func(t *testing.T) {
			b.Dir = t.TempDir()
			s := stores[name](t, b)
			defer s.Close()
			for i := range 300 {
				r := example(i)
				r.ResultBuffers = [][]byte{make([]byte, 20_000)}
				put(t, s, r)
			}
			var kept int64
			err := s.Find(t.Context(), nil, []string{store.ResultBuffers}, func(r *store.Record) error { kept += int64(len(r.ResultBuffers[0])); return nil })
			if err != nil || kept > limit+100_000 || kept < limit/2 {
				t.Errorf("%d bytes kept, %v", kept, err)
			}
			if ids := find(t, s, `{"msg_id": "task-299"}`); len(ids) != 1 {
				t.Error("the last one is gone")
			}
		})
	}
}

// TestManyAtOnce puts, gets, finds and deletes concurrently; what is never deleted must be found at any time.
func TestManyAtOnce(t *testing.T) {
	overStores(t, store.Budget{}, func(t *testing.T, s store.Store) {
		stay := example(0)
		put(t, s, stay)
		var wg sync.WaitGroup
		for g := range 3 {
			wg.Go(func() {
				for i := range 20 {
					r := example(1 + g*100 + i)
					r.Engine = "gone"
					if err := s.Put(context.Background(), []*store.Record{r}); err != nil {
						t.Error(err)
					}
					if got, err := s.Get(context.Background(), []string{stay.ID}); err != nil || got[stay.ID] == nil {
						t.Errorf("not there: %v", err)
					}
					n := 0
					q := store.Query{{Column: "client_uuid", Op: "$eq", Value: stay.Client}}
					if err := s.Find(context.Background(), q, nil, func(r *store.Record) error {
						if r.ID == stay.ID {
							n++
						}
						return nil
					}); err != nil || n != 1 {
						t.Errorf("found %d times: %v", n, err)
					}
					if err := s.Delete(context.Background(), store.Query{{Column: "msg_id", Op: "$eq", Value: r.ID}}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if ids := find(t, s, `{}`); len(ids) != 1 {
			t.Errorf("%v", ids)
		}
	})
}

func TestDatabasesLast(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) func() store.Store{
		"sqlite": func(t *testing.T) func() store.Store {
			path := filepath.Join(t.TempDir(), "tasks.db")
			return func() store.Store {
				s, err := store.Open(t.Context(), "sqlite:"+path, store.Budget{}, logr.Discard())
				if err != nil {
					t.Fatal(err)
				}
				if i, err := os.Stat(path); err != nil || i.Mode().Perm() != 0o600 {
					t.Errorf("%v, %v", i, err)
				}
				return s
			}
		},
		"postgres": func(t *testing.T) func() store.Store {
			address := postgresDatabase(t)
			return func() store.Store {
				s, err := store.OpenPostgres(t.Context(), address, store.Budget{})
				if err != nil {
					t.Fatal(err)
				}
				return s
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			again := open(t)
			for i := range 3 {
				s := again()
				put(t, s, example(i))
				if ids := find(t, s, `{}`); len(ids) != i+1 {
					t.Errorf("%v", ids)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestPostgresTakesAnyText(t *testing.T) {
	s := stores["postgres"](t, store.Budget{})
	defer s.Close()
	r := example(0)
	r.Stdout = "zero \x00 and \xff"
	put(t, s, r)
	got, err := s.Get(t.Context(), []string{r.ID})
	if err != nil || got[r.ID].Stdout != "zero \uFFFD and \uFFFD" {
		t.Errorf("%q, %v", got[r.ID].Stdout, err)
	}
}

func TestNoneKeepsNothing(t *testing.T) {
	s, err := store.Open(t.Context(), "none", store.Budget{}, logr.Discard())
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, example(0))
	if got, err := s.Get(t.Context(), []string{"task-000"}); err != nil || len(got) > 0 {
		t.Errorf("%v, %v", got, err)
	}
	if ids := find(t, s, `{}`); len(ids) > 0 {
		t.Errorf("%v", ids)
	}
	if err := errors.Join(s.Delete(t.Context(), nil), s.Close()); err != nil {
		t.Error(err)
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"mongodb://x":                        "unknown store",
		"sqlite:":                            "without a file",
		"sqlite:/dev/null/tasks.db":          "not a directory",
		"postgres://u:secret@localhost/x":    "~/.pgpass",
		"postgres://localhost/?password=xyz": "~/.pgpass",
		"postgres://u:%zz@x":                 "no URL",
	} {
		_, err := store.Open(t.Context(), address, store.Budget{}, logr.Discard())
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %s", address, err, want)
		}
	}
	if _, err := store.Open(t.Context(), "postgres://u:secret@localhost/x", store.Budget{}, logr.Discard()); !errors.Is(err, store.ErrPassword) {
		t.Errorf("%v", err)
	}
}
