package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	_ "modernc.org/sqlite" // registers itself with database/sql
)

// sqliteTable is the name of ipyparallel's table; its SQLiteDB and ours can use each other's files.
const sqliteTable = "ipython-tasks"

// sqliteTypes are the types of the columns as ipyparallel declares them: its reader decodes by these words.
var sqliteTypes = map[string]string{
	"header": "dict text", "metadata": "dict text", "content": "dict text",
	"result_header": "dict text", "result_metadata": "dict text", "result_content": "dict text",
	Buffers: "bufs blob", ResultBuffers: "bufs blob",
	"submitted": "timestamp", "started": "timestamp", "completed": "timestamp", "received": "timestamp",
}

var sqliteDialect = dialect{
	placeholder: func(int) string { return "?" },
	times:       func(t time.Time) any { return t.UTC().Format(timeLayout) },
	texts:       func(s string) string { return s },
}

// OpenSQLite opens or makes a file of tasks that ipyparallel's SQLiteDB can read, mode 0600. What Put returned for outlasts the
// process; a power failure may take the last moments.
func OpenSQLite(ctx context.Context, path string, b Budget) (Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil { // a profile that is not there yet
		return nil, fmt.Errorf("open the store: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) // SQLite would make it readable for all
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	return openSQLite(ctx, path, "NORMAL", b)
}

func openSQLite(ctx context.Context, path, synchronous string, b Budget) (*sqlStore, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	pragmas := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(" + synchronous + ")", "busy_timeout(10000)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: pragmas.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("open the store %s: %w", path, err)
	}
	db.SetMaxOpenConns(4) // one writes; the others serve queries meanwhile
	s, err := sqliteStore(ctx, db, b)
	if err != nil {
		return nil, fmt.Errorf("open the store %s: %w", path, errors.Join(err, db.Close()))
	}
	return s, nil
}

func sqliteStore(ctx context.Context, db *sql.DB, b Budget) (*sqlStore, error) {
	name, err := sqliteTableName(ctx, db)
	if err != nil {
		return nil, err
	}
	quoted := `"` + name + `"`
	var columns []string
	for _, c := range table {
		kind := sqliteTypes[c.name]
		switch {
		case c.name == "msg_id":
			kind = "text PRIMARY KEY"
		case kind == "":
			kind = "text"
		}
		columns = append(columns, c.name+" "+kind)
	}
	statements := []string{fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (%s)", quoted, strings.Join(columns, ", "))}
	for _, i := range indexes {
		statements = append(statements, indexStatement(quoted, name, i))
	}
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return nil, err
		}
	}
	return newSQLStore(ctx, db, sqliteDialect, quoted, b)
}

// sqliteTableName returns the first table that is not there, or has our columns. Like ipyparallel it leaves alone those of other
// versions.
func sqliteTableName(ctx context.Context, db *sql.DB) (string, error) {
	for i := range 100 {
		name := sqliteTable
		if i > 0 {
			name = fmt.Sprintf("%s_%d", sqliteTable, i)
		}
		rows, err := db.QueryContext(ctx, "SELECT name FROM pragma_table_info(?)", name)
		if err != nil {
			return "", err
		}
		var found []string
		for rows.Next() {
			var n string
			if err := rows.Scan(&n); err != nil {
				return "", errors.Join(err, rows.Close())
			}
			found = append(found, n)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return "", err
		}
		if len(found) == 0 || slices.EqualFunc(found, table, func(n string, c column) bool { return n == c.name }) {
			return name, nil
		}
	}
	return "", errors.New("its tables are of other versions")
}
