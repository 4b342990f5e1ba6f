package parallel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/cluster"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/unit"
)

// Option changes how Connect connects.
type Option func(*options)

// options are those of Connect.
type options struct {
	profile, profileDir, clusterID, file string
	timeout, hubTimeout                  time.Duration
	log                                  logr.Logger
	output                               output
	// The rest is for Start.
	n, restarts         int
	exe                 string
	hubArgs, engineArgs []string
	on                  string
	job                 JobOptions
	adapt               cluster.Adapt
	stopIdle            time.Duration
}

// Profile names the profile whose cluster to connect to. Default: $IPP_PROFILE_DIR, or "default".
func Profile(name string) Option { return func(o *options) { o.profile = name } }

// ProfileDir is the directory of the profile; it wins over Profile.
func ProfileDir(dir string) Option { return func(o *options) { o.profileDir = dir } }

// ClusterID names the cluster within the profile. Default: $IPP_CLUSTER_ID, or the newest one that runs.
func ClusterID(id string) Option { return func(o *options) { o.clusterID = id } }

// File is the path of the cluster's client connection file; it wins over everything else.
func File(path string) Option { return func(o *options) { o.file = path } }

// Timeout bounds how long Connect waits for the hub. Default: 10 s, because a hub on a busy login node needs seconds.
func Timeout(d time.Duration) Option { return func(o *options) { o.timeout = d } }

// HubTimeout is how long the hub may be unreachable before what waits for it fails with ErrHubGone. While its connection file is
// there, it may come back, with all it knew; one that ends in order takes the file along, which is noticed within a second or two.
// Default: 60 s, because a hub that is restarted, and a network that is down for a moment, are back within it.
func HubTimeout(d time.Duration) Option { return func(o *options) { o.hubTimeout = d } }

// Log receives what the connection has to report. Default: discarded.
func Log(log logr.Logger) Option { return func(o *options) { o.log = log } }

// Output is where the standard output and error of tasks go, labelled by engine. Default: this process's own; nil drops.
func Output(stdout, stderr io.Writer) Option {
	return func(o *options) { o.output = output{stdout, stderr} }
}

// probeTime is how long a hub's port may take to accept a connection before its file counts as left behind.
const probeTime = time.Second

// Connect connects to a running cluster, which it finds by itself, and returns its engines. It blocks until the hub
// answered, at most for Timeout. The error is ErrNoCluster if there is none.
func Connect(opts ...Option) (Client, error) { return ConnectContext(unit.Context(), opts...) }

// ConnectContext is Connect that gives up when ctx ends.
func ConnectContext(ctx context.Context, opts ...Option) (Client, error) {
	o := options{timeout: 10 * time.Second, hubTimeout: hubTimeout, log: logr.Discard(), output: output{os.Stdout, os.Stderr}}
	for _, opt := range opts {
		opt(&o)
	}
	info, err := o.find(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	l, err := dial(ctx, info, o)
	if err != nil {
		if errors.Is(err, ErrTimeout) {
			return nil, fmt.Errorf("the hub of %s did not answer within %v: %w", o.file, o.timeout, ErrTimeout)
		}
		return nil, fmt.Errorf("connect to the hub of %s: %w", o.file, err)
	}
	client, _, err := l.snapshot()
	if err != nil {
		return nil, err
	}
	defaults.set(l)
	return client, nil
}

// MustConnect is Connect that panics with its error, which ends the cell.
func MustConnect(opts ...Option) Client {
	c, err := Connect(opts...)
	if err != nil {
		panic(err)
	}
	return c
}

// find reads the connection file of a hub that accepts connections and notes its path.
func (o *options) find(ctx context.Context) (*proto.ClientInfo, error) {
	if o.file != "" {
		info, err := proto.ReadClientInfo(o.file)
		if errors.Is(err, proto.ErrNoFile) {
			return nil, fmt.Errorf("%w (there is no %s)", ErrNoCluster, o.file)
		}
		if err != nil {
			return nil, err
		}
		if !answers(ctx, info) {
			return nil, fmt.Errorf("%w (nothing answers at %s, which %s names)", ErrNoCluster, info.Endpoint(info.Registration), o.file)
		}
		return info, nil
	}
	dir, err := proto.ProfileDir(o.profileDir, o.profile)
	if err != nil {
		return nil, err
	}
	id := proto.ClusterID(o.clusterID)
	if id != "" {
		o.file = proto.ClientFile(dir, id)
		return o.find(ctx)
	}
	var broken error
	for _, path := range candidates(dir) {
		info, err := proto.ReadClientInfo(path)
		if err != nil {
			broken = errors.Join(broken, err)
			continue
		}
		if answers(ctx, info) {
			o.file = path
			return info, nil
		}
	}
	if broken != nil && !errors.Is(broken, proto.ErrNoFile) {
		return nil, fmt.Errorf("%w (%w)", ErrNoCluster, broken)
	}
	return nil, ErrNoCluster
}

// candidates are the client files of a profile, newest first.
func candidates(profileDir string) []string {
	paths, _ := filepath.Glob(filepath.Join(proto.SecurityDir(profileDir), "ipcontroller-*client.json")) // the pattern is valid
	age := func(path string) time.Time {
		info, err := os.Stat(path)
		if err != nil {
			return time.Time{}
		}
		return info.ModTime()
	}
	slices.SortStableFunc(paths, func(a, b string) int { return age(b).Compare(age(a)) })
	return paths
}

// answers reports whether somebody listens at the hub's registration port.
func answers(ctx context.Context, info *proto.ClientInfo) bool {
	network, address, _ := strings.Cut(info.Endpoint(info.Registration), "://")
	if network == "ipc" {
		network = "unix"
	}
	d := net.Dialer{Timeout: probeTime}
	c, err := d.DialContext(ctx, network, address)
	if err != nil {
		return false
	}
	_ = c.Close() // nothing was sent
	return true
}

// defaults remembers the connection that %%px uses: the last one that was made and still works.
var defaults defaultLink

type defaultLink struct {
	mu   sync.Mutex
	link *link // guarded by mu; nil before the first Connect
}

func (d *defaultLink) set(l *link) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.link = l
}

// get returns the engines of the last connection, or connects.
func (d *defaultLink) get() (Client, error) {
	d.mu.Lock()
	l := d.link
	d.mu.Unlock()
	if l != nil {
		if c, _, err := l.snapshot(); err == nil {
			return c, nil
		}
	}
	return Connect()
}
