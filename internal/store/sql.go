package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gopar-project/gopar/internal/proto"
)

// dialect is what databases differ in.
type dialect struct {
	placeholder func(n int) string // of the nth argument, from 1
	times       func(time.Time) any
	texts       func(string) string // a text as the database takes it
}

// column of a database's table, in the order of ipyparallel's.
type column struct {
	name string
	put  func(*Record) any
	get  func(*Record, []byte) error // of a value that is not NULL
	kind kind
}

type kind int

const (
	isText kind = iota // compares as the database does; "" is NULL
	isTime
	isOther // compared here
)

// table lists the columns of a table of tasks.
var table = []column{
	textColumn("msg_id", func(r *Record) *string { return &r.ID }),
	jsonColumn("header", func(r *Record) *json.RawMessage { return &r.Header }),
	jsonColumn("metadata", func(r *Record) *json.RawMessage { return &r.Metadata }),
	jsonColumn("content", func(r *Record) *json.RawMessage { return &r.Content }),
	buffersColumn(Buffers, func(r *Record) *[][]byte { return &r.Buffers }),
	timeColumn("submitted", func(r *Record) *time.Time { return &r.Submitted }),
	textColumn("client_uuid", func(r *Record) *string { return &r.Client }),
	textColumn("engine_uuid", func(r *Record) *string { return &r.Engine }),
	timeColumn("started", func(r *Record) *time.Time { return &r.Started }),
	timeColumn("completed", func(r *Record) *time.Time { return &r.Completed }),
	textColumn("resubmitted", func(r *Record) *string { return &r.Resubmitted }),
	timeColumn("received", func(r *Record) *time.Time { return &r.Received }),
	jsonColumn("result_header", func(r *Record) *json.RawMessage { return &r.ResultHeader }),
	jsonColumn("result_metadata", func(r *Record) *json.RawMessage { return &r.ResultMetadata }),
	jsonColumn("result_content", func(r *Record) *json.RawMessage { return &r.ResultContent }),
	buffersColumn(ResultBuffers, func(r *Record) *[][]byte { return &r.ResultBuffers }),
	textColumn("queue", func(r *Record) *string { return &r.Queue }),
	textColumn("execute_input", func(r *Record) *string { return &r.ExecuteInput }),
	jsonColumn("execute_result", func(r *Record) *json.RawMessage { return &r.ExecuteResult }),
	jsonColumn("error", func(r *Record) *json.RawMessage { return &r.Error }),
	outputColumn("stdout", func(r *Record) *string { return &r.Stdout }),
	outputColumn("stderr", func(r *Record) *string { return &r.Stderr }),
	textColumn("label", func(r *Record) *string { return &r.Label }),
}

func textColumn(name string, at func(*Record) *string) column {
	return column{name, func(r *Record) any { return text(*at(r)) }, func(r *Record, b []byte) error { *at(r) = string(b); return nil }, isText}
}

func outputColumn(name string, at func(*Record) *string) column {
	return column{name, func(r *Record) any { return *at(r) }, func(r *Record, b []byte) error { *at(r) = string(b); return nil }, isOther}
}

func jsonColumn(name string, at func(*Record) *json.RawMessage) column {
	return column{name, func(r *Record) any {
		if raw, ok := document(*at(r)).(json.RawMessage); ok {
			return string(raw)
		}
		return nil
	}, func(r *Record, b []byte) error { *at(r) = slices.Clone(b); return nil }, isOther}
}

func buffersColumn(name string, at func(*Record) *[][]byte) column {
	return column{name, func(r *Record) any {
		if b := pickled(*at(r)); b != nil {
			return b
		}
		return nil
	}, func(r *Record, b []byte) (err error) { *at(r), err = unpickled(slices.Clone(b)); return err }, isOther}
}

func timeColumn(name string, at func(*Record) *time.Time) column {
	return column{name, func(r *Record) any { return instant(*at(r)) }, func(r *Record, b []byte) error {
		t, err := proto.ParseTime(string(b))
		*at(r) = t.UTC()
		return err
	}, isTime}
}

func columnOf(name string) *column {
	i := slices.IndexFunc(table, func(c column) bool { return c.name == name })
	if i < 0 {
		return nil
	}
	return &table[i]
}

// rowsAtOnce is how many records one statement enters: more gain nothing.
const rowsAtOnce = 50

// sqlStore is a table of tasks in a database.
type sqlStore struct {
	db     *sql.DB
	d      dialect
	table  string // quoted
	insert string // rowsAtOnce records
	budget Budget

	mu    sync.Mutex // guards all below
	count int        // at least as many as there are
	bytes int64      // at least
}

// newSQLStore returns the store of a table that is there.
func newSQLStore(ctx context.Context, db *sql.DB, d dialect, name string, b Budget) (*sqlStore, error) {
	b.setDefaults(countInDatabase)
	s := &sqlStore{db: db, d: d, table: name, budget: b}
	s.insert = s.inserting(rowsAtOnce)
	var err error
	s.count, s.bytes, err = s.measure(ctx)
	return s, err
}

// indexes are those that make queries quick: what ipyparallel's clients and the hub ask for.
var indexes = [...]string{"submitted", "completed", "client_uuid, submitted", "engine_uuid, submitted", "label, submitted"}

func indexStatement(quoted, name, columns string) string {
	first, _, _ := strings.Cut(columns, ",")
	return fmt.Sprintf(`CREATE INDEX IF NOT EXISTS "%s_%s" ON %s (%s)`, name, first, quoted, columns)
}

// inserting is the statement that enters n records.
func (s *sqlStore) inserting(n int) string {
	var names, sets, rows []string
	for _, c := range table {
		names = append(names, c.name)
		if c.name != "msg_id" {
			sets = append(sets, c.name+" = excluded."+c.name)
		}
	}
	for i := range n {
		var row []string
		for j := range table {
			row = append(row, s.d.placeholder(i*len(table)+j+1))
		}
		rows = append(rows, "("+strings.Join(row, ",")+")")
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES %s ON CONFLICT (msg_id) DO UPDATE SET %s",
		s.table, strings.Join(names, ","), strings.Join(rows, ","), strings.Join(sets, ","))
}

func (s *sqlStore) Put(ctx context.Context, records []*Record) error {
	latest := map[string]int{} // one statement may not enter the same record twice
	for i, r := range records {
		latest[r.ID] = i
	}
	var list []*Record
	var bytes int64
	for i, r := range records {
		if n := r.Size(); latest[r.ID] == i && n <= MaxRecord {
			list = append(list, r)
			bytes += n
		}
	}
	if err := s.enter(ctx, list); err != nil {
		return fmt.Errorf("enter %d tasks in the store: %w", len(list), err)
	}
	s.mu.Lock()
	s.count += len(list)
	s.bytes += bytes
	over := s.count > s.budget.Count || s.bytes > s.budget.Bytes
	s.mu.Unlock()
	if over {
		return s.prune(ctx)
	}
	return nil
}

func (s *sqlStore) enter(ctx context.Context, list []*Record) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	for rows := range slices.Chunk(list, rowsAtOnce) {
		statement := s.insert
		if len(rows) < rowsAtOnce {
			statement = s.inserting(len(rows))
		}
		args := make([]any, 0, len(rows)*len(table))
		for _, r := range rows {
			for _, c := range table {
				args = append(args, s.argument(c.put(r)))
			}
		}
		if _, err := tx.ExecContext(ctx, statement, args...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// argument returns a value as the database takes it.
func (s *sqlStore) argument(v any) any {
	switch v := v.(type) {
	case string:
		return s.d.texts(v)
	case time.Time:
		return s.d.times(v)
	}
	return v
}

func (s *sqlStore) Get(ctx context.Context, ids []string) (map[string]*Record, error) {
	found := map[string]*Record{}
	var whole []string
	for _, c := range table {
		whole = append(whole, c.name)
	}
	for some := range slices.Chunk(ids, maxIn) {
		values := make([]any, len(some))
		for i, id := range some {
			values[i] = id
		}
		err := s.Find(ctx, Query{{"msg_id", "$in", values}}, whole, func(r *Record) error {
			found[r.ID] = r
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (s *sqlStore) Find(ctx context.Context, q Query, columns []string, each func(*Record) error) error {
	var selected []column
	names := []string{"msg_id", "submitted"}
	for _, n := range slices.Concat(names[:2:2], q.columns(), columns) {
		c := columnOf(n)
		if c == nil || slices.ContainsFunc(selected, func(x column) bool { return x.name == n }) {
			continue
		}
		selected = append(selected, *c)
	}
	names = names[:0]
	for _, c := range selected {
		names = append(names, c.name)
	}
	where, args := s.where(q)
	rows, err := s.db.QueryContext(ctx, fmt.Sprintf("SELECT %s FROM %s%s ORDER BY submitted, msg_id", strings.Join(names, ","), s.table, where), args...)
	if err != nil {
		return fmt.Errorf("query the store: %w", err)
	}
	defer rows.Close()
	values := make([]sql.RawBytes, len(selected))
	into := make([]any, len(selected))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("query the store: %w", err)
		}
		r := &Record{}
		for i, c := range selected {
			if values[i] == nil {
				continue
			}
			if err := c.get(r, values[i]); err != nil {
				return fmt.Errorf("task %s in the store: %s: %w", r.ID, c.name, err)
			}
		}
		if q.Matches(r) {
			if err := each(r); err != nil {
				return err
			}
		}
	}
	return rows.Err()
}

// maxIn bounds the values that one query compares a column with in the database.
const maxIn = 500

// where returns what the database can decide of a query: a superset matches, by way of the indexes.
func (s *sqlStore) where(q Query) (clause string, args []any) {
	var all []string
	add := func(expression string, values ...any) {
		for _, v := range values {
			args = append(args, s.argument(v))
			expression = strings.Replace(expression, "?", s.d.placeholder(len(args)), 1)
		}
		all = append(all, expression)
	}
	for _, x := range q {
		c := columnOf(x.Column)
		if c == nil || c.kind == isOther {
			continue
		}
		switch v := x.Value.(type) {
		case nil:
			switch x.Op {
			case "$eq":
				add(c.name + " IS NULL")
			case "$ne":
				add(c.name + " IS NOT NULL")
			}
		case string:
			switch {
			case c.kind == isText && x.Op == "$eq":
				add(c.name+" = ?", v)
			case c.kind == isText && x.Op == "$glob" && literal(v) != "":
				add(c.name+" >= ?", literal(v))
				if end := after(literal(v)); end != "" {
					add(c.name+" < ?", end)
				}
			}
		case time.Time:
			s.whereTime(c, x.Op, v, add)
		case []any:
			s.whereIn(c, x.Op, v, add)
		}
		if x.Op == "$exists" {
			if truth(x.Value) {
				add(c.name + " IS NOT NULL")
			} else {
				add(c.name + " IS NULL")
			}
		}
	}
	if len(all) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(all, " AND "), args
}

// whereTime compares times with the precision of the database, which is less than a query's may be.
func (s *sqlStore) whereTime(c *column, op string, v time.Time, add func(string, ...any)) {
	if c.kind != isTime {
		return
	}
	low := v.Truncate(time.Microsecond)
	switch op {
	case "$eq":
		add(c.name+" = ?", low)
	case "$lt", "$lte":
		add(c.name+" <= ?", low)
	case "$gt", "$gte":
		add(c.name+" >= ?", low)
	}
}

func (s *sqlStore) whereIn(c *column, op string, list []any, add func(string, ...any)) {
	if op != "$in" || c.kind != isText || len(list) == 0 || len(list) > maxIn {
		return
	}
	for _, v := range list {
		if _, ok := v.(string); !ok {
			return
		}
	}
	add(c.name+" IN (?"+strings.Repeat(",?", len(list)-1)+")", list...)
}

// after is the first text behind all that begin with prefix, "" if there is none.
func after(prefix string) string {
	b := []byte(prefix)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < 0x7f {
			b[i]++
			return string(b[:i+1])
		}
	}
	return ""
}

func (s *sqlStore) Delete(ctx context.Context, q Query) error {
	if len(q) == 0 {
		if _, err := s.db.ExecContext(ctx, "DELETE FROM "+s.table); err != nil {
			return fmt.Errorf("empty the store: %w", err)
		}
	} else {
		var ids []string
		if err := s.Find(ctx, q, nil, func(r *Record) error { ids = append(ids, r.ID); return nil }); err != nil {
			return err
		}
		for some := range slices.Chunk(ids, maxIn) {
			values := make([]any, len(some))
			for i, id := range some {
				values[i] = id
			}
			where, args := s.where(Query{{"msg_id", "$in", values}})
			if _, err := s.db.ExecContext(ctx, "DELETE FROM "+s.table+where, args...); err != nil {
				return fmt.Errorf("drop tasks from the store: %w", err)
			}
		}
	}
	return s.remeasure(ctx)
}

// sizes is the expression of a record's size.
var sizes = func() string {
	var terms []string
	for _, c := range table {
		if c.kind != isTime {
			terms = append(terms, "coalesce(octet_length("+c.name+"),0)")
		}
	}
	return "768+" + strings.Join(terms, "+")
}()

// measure counts what is there.
func (s *sqlStore) measure(ctx context.Context) (count int, bytes int64, err error) {
	var sum sql.NullString
	err = s.db.QueryRowContext(ctx, fmt.Sprintf("SELECT count(*), sum(%s) FROM %s", sizes, s.table)).Scan(&count, &sum)
	if err == nil && sum.Valid {
		bytes, err = strconv.ParseInt(sum.String, 10, 64)
	}
	if err != nil {
		err = fmt.Errorf("measure the store: %w", err)
	}
	return count, bytes, err
}

// size is how many records there are, about; none in no store.
func (s *sqlStore) size() int {
	if s == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

func (s *sqlStore) remeasure(ctx context.Context) error {
	count, bytes, err := s.measure(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.count, s.bytes = count, bytes
	s.mu.Unlock()
	return nil
}

// prune drops the oldest records until a twentieth of the budget is free, so that it is not needed for each record.
func (s *sqlStore) prune(ctx context.Context) error {
	if err := s.remeasure(ctx); err != nil { // records may have replaced others, and others may use the table
		return err
	}
	s.mu.Lock()
	count, bytes := s.count, s.bytes
	s.mu.Unlock()
	if count <= s.budget.Count && bytes <= s.budget.Bytes {
		return nil
	}
	rows, err := s.db.QueryContext(ctx, fmt.Sprintf("SELECT %s FROM %s ORDER BY submitted, msg_id", sizes, s.table))
	if err != nil {
		return fmt.Errorf("bound the store: %w", err)
	}
	drop := 0
	for (count > s.budget.Count-s.budget.Count/20 || bytes > s.budget.Bytes-s.budget.Bytes/20) && rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return errors.Join(fmt.Errorf("bound the store: %w", err), rows.Close())
		}
		drop++
		count--
		bytes -= n
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("bound the store: %w", err)
	}
	_, err = s.db.ExecContext(ctx, fmt.Sprintf("DELETE FROM %s WHERE msg_id IN (SELECT msg_id FROM %s ORDER BY submitted, msg_id LIMIT %d)", s.table, s.table, drop))
	if err != nil {
		return fmt.Errorf("bound the store: %w", err)
	}
	s.mu.Lock()
	s.count, s.bytes = count, bytes
	s.mu.Unlock()
	return nil
}

func (s *sqlStore) Close() error { return s.db.Close() }
