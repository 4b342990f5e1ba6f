package hub

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/go-logr/logr"
	"github.com/gofrs/uuid/v5"

	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/sched"
	"github.com/gopar-project/gopar/internal/store"
)

// noJournal is the Config.Journal that keeps nothing.
const noJournal = "none"

// Config says how a hub serves. The zero value works.
type Config struct {
	// ProfileDir holds the connection files, in security/. Default: the
	// profile $IPP_PROFILE_DIR names, else profile "default" of ~/.ipython.
	ProfileDir string
	// ClusterID tells clusters of one profile apart. Default: $IPP_CLUSTER_ID,
	// else none.
	ClusterID string
	// IP is the address to listen on; "*" is all. Default: 127.0.0.1, because
	// whoever can connect can try.
	IP string
	// EngineIP is the address engines connect to. Default: IP.
	EngineIP string
	// Location is this machine's name or address as others see it, for the
	// files. Default: its host name.
	Location string
	// Ports are the ports to use, in the order of the sockets. Default: any.
	Ports []int
	// RegistrationPort is the port of registration and queries. Default: like
	// the others.
	RegistrationPort int
	// SSH and EngineSSH are user@host of a tunnel for clients and engines,
	// written to the files. Default: none.
	SSH, EngineSSH string
	// Ping is the time between two heartbeats. Default: 3 s, as ipyparallel.
	Ping time.Duration
	// Misses is how many heartbeats in a row an engine may miss. Default: 10.
	Misses int
	// RegistrationTimeout is how long an engine may take from its request to
	// its first heartbeat. Default: 30 s or 10 heartbeats, whichever is longer.
	RegistrationTimeout time.Duration
	// Scheme and HWM are the scheduler's, see sched.Config. Default: leastload, adaptive.
	Scheme sched.Scheme
	HWM    int
	// Store is where finished tasks are kept, as store.Open has it: memory, none,
	// sqlite:PATH, or postgres://user@host/database. Default: memory, which
	// spills to disk.
	Store string
	// Budget bounds the store; the oldest finished tasks are dropped.
	Budget store.Budget
	// NoStore keeps nothing of finished tasks, whatever Store says. Default: false.
	NoStore bool
	// EnableCurve encrypts all connections with CURVE. The hub's key pair is that
	// in $IPP_CURVE_PUBLICKEY and $IPP_CURVE_SECRETKEY, else a new one. Default:
	// false, because on a machine of one's own there is nobody to hide from.
	EnableCurve bool
	// Allowed is the path of a file that lists the public keys of the clients and
	// engines to admit; it needs EnableCurve. Default: none, whoever has a
	// connection file is welcome.
	Allowed string
	// NoKey leaves messages unsigned, which is refused unless the hub listens on
	// loopback only or encrypts. Default: false.
	NoKey bool
	// Reuse reads ports and keys from connection files that are there, and
	// leaves them on exit. Default: false.
	Reuse bool
	// Restore goes on where an earlier hub of the same profile and cluster id
	// ended, however it ended: with its engines, queued tasks and results. It
	// implies Reuse. Default: false.
	Restore bool
	// Journal is the folder of what Restore needs; "none" keeps nothing. It is
	// removed when the hub ends, but with Reuse. Default: hub-ID.journal in the
	// profile's log folder.
	Journal string
	// JournalBytes bounds the journal; results that are in older parts are not
	// restored. Default: 1 GiB.
	JournalBytes int64
	// JournalSync is how long what happened may be in the system's memory only,
	// which survives the hub but not the machine. Default: 1 s; negative: as the
	// system likes.
	JournalSync time.Duration
	// SendBuffer bounds the bytes queued for one engine or client. Default:
	// 4 GiB, because a direct view may push large data to one engine in a row.
	SendBuffer int64
	// ClientBuffer bounds the bytes queued for one client on one channel. One
	// that does not take them is cut off; its results are kept. Default: 1 GiB,
	// or SendBuffer if that is less.
	ClientBuffer int64
	// Validate checks all of the scheduler's invariants after every event and
	// logs what is broken; it makes the hub slow. Default: false.
	Validate bool
	// Metrics is the address where Prometheus's metrics and pprof's profiles are
	// served, of this machine only, as nothing protects them. Default: nowhere.
	Metrics string
	// Linger is how long Serve waits at its end for queued messages. Default: 2 s.
	Linger time.Duration
	// Log receives the hub's events. Default: discard.
	Log logr.Logger

	key string
}

func (c *Config) setDefaults() error {
	dir, err := proto.ProfileDir(c.ProfileDir, "")
	if err != nil {
		return err
	}
	c.ProfileDir, c.ClusterID = dir, proto.ClusterID(c.ClusterID)
	if c.IP == "" {
		c.IP = "127.0.0.1"
	}
	if c.EngineIP == "" {
		c.EngineIP = c.IP
	}
	if c.Location == "" {
		c.Location = location()
	}
	setDefault(&c.Ping, 3*time.Second)
	setDefault(&c.Misses, 10)
	setDefault(&c.RegistrationTimeout, max(30*time.Second, 10*c.Ping))
	c.Reuse = c.Reuse || c.Restore
	setDefault(&c.SendBuffer, 4<<30)
	setDefault(&c.ClientBuffer, min(1<<30, c.SendBuffer))
	setDefault(&c.Linger, 2*time.Second)
	if c.Log.GetSink() == nil {
		c.Log = logr.Discard()
	}
	key, err := uuid.NewV4()
	if err != nil {
		return fmt.Errorf("make the cluster's key: %w", err)
	}
	c.key = key.String()
	return nil
}

func setDefault[T int | int64 | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

// storeAddress is where finished tasks are kept.
func (c *Config) storeAddress() string {
	if c.NoStore {
		return "none"
	}
	return c.Store
}

// schedule returns the scheduler's configuration.
func (c *Config) schedule() sched.Config {
	return sched.Config{Scheme: c.Scheme, HWM: c.HWM, Rand: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))}
}

func (c *Config) clientFile() string { return proto.ClientFile(c.ProfileDir, c.ClusterID) }
func (c *Config) engineFile() string { return proto.EngineFile(c.ProfileDir, c.ClusterID) }
