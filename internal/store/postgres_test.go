package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// postgres is the server of all tests of this process: a real one, on a socket in a folder of its own.
type postgres struct {
	dir    string
	bin    string
	err    error
	server *exec.Cmd
}

var (
	postgresOnce = sync.OnceValue(startPostgres)
	postgresUsed atomic.Bool
	databases    atomic.Int64
)

// nobody runs the server when the tests run as root, which PostgreSQL refuses to.
const nobody = 65534

// startPostgres makes a cluster of databases and serves it.
func startPostgres() *postgres {
	postgresUsed.Store(true)
	p := &postgres{}
	if p.bin, p.err = postgresPrograms(); p.err != nil {
		return p
	}
	if p.dir, p.err = os.MkdirTemp("", "gopar-postgres-*"); p.err != nil {
		return p
	}
	if os.Getuid() == 0 {
		if p.err = os.Chown(p.dir, nobody, nobody); p.err != nil {
			return p
		}
	}
	data := filepath.Join(p.dir, "data")
	if out, err := p.command("initdb", "-D", data, "-U", "gopar", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync").CombinedOutput(); err != nil {
		p.err = fmt.Errorf("initdb: %w\n%s", err, out)
		return p
	}
	p.server = p.command("postgres", "-D", data, "-k", p.dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=50")
	log, err := os.Create(filepath.Join(p.dir, "log"))
	if err != nil {
		p.err = err
		return p
	}
	defer log.Close()
	p.server.Stdout, p.server.Stderr = log, log
	if p.err = p.server.Start(); p.err != nil {
		p.server = nil
		return p
	}
	tick := time.NewTicker(20 * time.Millisecond) // a server that starts tells nobody when it is there
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); ; <-tick.C {
		var db *sql.DB
		if db, p.err = sql.Open("pgx", p.address("postgres")); p.err != nil {
			return p
		}
		p.err = errors.Join(db.Ping(), db.Close())
		if p.err == nil || time.Now().After(deadline) {
			return p
		}
	}
}

// postgresPrograms finds PostgreSQL's programs: where the set-up of the tests says, or where Debian has them.
func postgresPrograms() (string, error) {
	if dir := os.Getenv("GOPAR_POSTGRES"); dir != "" {
		return dir, nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path), nil
		}
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", errors.New("no PostgreSQL: `make test` sets it up; or set GOPAR_POSTGRES to the folder of initdb and postgres")
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1]), nil
}

func (p *postgres) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(p.bin, name), args...)
	c.Dir = p.dir
	c.Env = append(os.Environ(), "LC_ALL=C", "HOME="+p.dir)
	c.SysProcAttr = &syscall.SysProcAttr{}
	if os.Getuid() == 0 {
		c.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	return c
}

func (p *postgres) address(database string) string {
	return "postgres:///" + database + "?" + url.Values{"host": {p.dir}, "user": {"gopar"}}.Encode()
}

// postgresDatabase returns the address of an empty database.
func postgresDatabase(t testing.TB) string {
	t.Helper()
	p := postgresOnce()
	if p.err != nil {
		t.Fatal(p.err)
	}
	name := fmt.Sprintf("test%d", databases.Add(1))
	db, err := sql.Open("pgx", p.address("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	return p.address(name)
}

// stopPostgres ends the server, if one was started, and removes its files.
func stopPostgres() error {
	if !postgresUsed.Load() {
		return nil
	}
	p := postgresOnce()
	var err error
	if p.server != nil {
		err = p.server.Process.Signal(syscall.SIGINT) // fast shutdown
		err = errors.Join(err, p.server.Wait())
	}
	if p.dir != "" {
		err = errors.Join(err, os.RemoveAll(p.dir))
	}
	return err
}
