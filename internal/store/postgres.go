package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers itself with database/sql
)

// postgresTable is the name of the table, which several hubs may share.
const postgresTable = "gopar_tasks"

// postgresLock keeps hubs that come at once from making the table twice. The number means nothing.
const postgresLock = 0x676f706172

var postgresDialect = dialect{
	placeholder: func(n int) string { return "$" + strconv.Itoa(n) },
	times:       func(t time.Time) any { return t.UTC() },
	// PostgreSQL takes neither the zero character nor what is not UTF-8, which output may hold.
	texts: func(s string) string { return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD") },
}

// OpenPostgres opens a table of tasks in a PostgreSQL database, which it makes if need be. Several hubs may use one. The address is
// a URL or a list of settings, as libpq takes it; a password comes from ~/.pgpass, $PGPASSWORD, or a service file.
func OpenPostgres(ctx context.Context, address string, b Budget) (Store, error) {
	db, err := sql.Open("pgx", address)
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	db.SetMaxOpenConns(4) // one writes; the others serve queries meanwhile
	if err := postgresPrepare(ctx, db); err != nil {
		return nil, fmt.Errorf("open the store: %w", errors.Join(err, db.Close()))
	}
	s, err := newSQLStore(ctx, db, postgresDialect, postgresTable, b)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

func postgresPrepare(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(postgresLock)); err != nil {
		return err
	}
	var columns []string
	for _, c := range table {
		kind := `text COLLATE "C"` // texts sort by their bytes, as here
		switch {
		case c.kind == isTime:
			kind = "timestamptz"
		case c.name == Buffers || c.name == ResultBuffers:
			kind = "bytea"
		}
		if c.name == "msg_id" {
			kind += " PRIMARY KEY"
		}
		columns = append(columns, c.name+" "+kind)
	}
	statements := []string{fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (%s)", postgresTable, strings.Join(columns, ", "))}
	for _, i := range indexes {
		statements = append(statements, indexStatement(postgresTable, postgresTable, i))
	}
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return tx.Commit()
}
