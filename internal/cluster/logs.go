package cluster

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/launch"
	"github.com/gopar-project/gopar/internal/proto"
)

// Log is the end of one log file.
type Log struct {
	Path  string   `json:"path"`
	Lines []string `json:"lines"` // oldest first
}

// LogFiles returns the paths of the logs of the cluster that this machine can
// read: the supervisor's, the hub's, and the engines'. ErrNotFound if the cluster
// is not running or was started by other means.
func (c *Cluster) LogFiles() ([]string, error) {
	st, err := readState(c.place)
	if err != nil {
		return nil, err
	}
	paths := []string{c.supervisorLog()}
	st.eachLog(func(r *launch.Record, index int) {
		if len(r.Parts) == 0 { // else it is on another machine
			paths = append(paths, r.LogFile(index))
		}
	})
	return paths, nil
}

// eachLog calls f for each process that logs, the hub first.
func (s *state) eachLog(f func(r *launch.Record, index int)) {
	if s.Hub != nil {
		f(s.Hub, s.Hub.First)
	}
	for _, e := range s.Slots {
		if r := s.holder(e); r != nil {
			f(r, e.Index)
		}
	}
}

// Logs returns up to n last lines of each log of the cluster. Those on other
// machines are asked for, for at most half a minute; one that cannot be had says
// why. ErrNotFound if the cluster is not running or was started by other means.
func (c *Cluster) Logs(n int) ([]Log, error) {
	st, err := readState(c.place)
	if err != nil {
		return nil, err
	}
	lines, err := launch.TailFile(c.supervisorLog(), n)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	systems := launch.NewSystems(c.log)
	defer systems.Close()
	ctx, cancel := context.WithTimeout(context.Background(), logTime)
	defer cancel()
	logs := []Log{{Path: c.supervisorLog(), Lines: append([]string{}, lines...)}}
	st.eachLog(func(r *launch.Record, index int) {
		lines, err := systems.Tail(ctx, r, index, n)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			lines = []string{"(" + err.Error() + ")"}
		}
		logs = append(logs, Log{Path: r.LogFile(index), Lines: append([]string{}, lines...)})
	})
	return logs, nil
}

// logTime bounds how long the logs of other machines are waited for.
const logTime = 30 * time.Second

// lastLines returns the end of a log under its path, for an error.
func lastLines(path string) string {
	lines, err := launch.TailFile(path, 20)
	switch {
	case err != nil:
		return "  its log cannot be read: " + err.Error()
	case len(lines) == 0:
		return "  it logged nothing in " + path
	}
	return "  last lines of " + path + ":\n  | " + strings.Join(lines, "\n  | ")
}

// logName matches the log files of clusters: "gopar[-<id>]-<what>.log".
var logName = regexp.MustCompile(`^(gopar|gopar-.+)-(hub-\d+|engines-\d+-(?:\d+|job|mpiexec-\d+|tunnel-.+-\d+)|supervisor)\.log$`)

// removeLogs removes logs of the cluster that the filter wants removed, by what
// they are of: "hub-0", "engines-1-7", "supervisor".
func (p place) removeLogs(remove func(what string) bool) error {
	files, err := os.ReadDir(proto.LogDir(p.profileDir))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, f := range files {
		m := logName.FindStringSubmatch(f.Name())
		if m == nil || m[1] != p.name("gopar") || !remove(m[2]) {
			continue
		}
		if err := os.Remove(filepath.Join(proto.LogDir(p.profileDir), f.Name())); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Clean removes what clusters of a profile that do not run any more have left:
// processes without a hub, files, and logs. It returns the ids of the clusters
// of which it removed logs, "" for the default one. Those that run are not
// touched.
func Clean(ctx context.Context, profileDir string, log logr.Logger) ([]string, error) {
	if _, err := running(ctx, profileDir, log); err != nil { // removes processes and files
		return nil, err
	}
	files, err := os.ReadDir(proto.LogDir(profileDir))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	cleaned := []string{}
	seen := make(map[string]bool)
	for _, f := range files {
		m := logName.FindStringSubmatch(f.Name())
		if m == nil || seen[m[1]] {
			continue
		}
		seen[m[1]] = true
		p, err := newPlace(profileDir, strings.TrimPrefix(strings.TrimPrefix(m[1], "gopar"), "-"))
		if err != nil {
			continue // not one of ours
		}
		done, err := p.cleanLogs(ctx, log)
		if err != nil {
			return cleaned, err
		}
		if done {
			cleaned = append(cleaned, p.id)
		}
	}
	return cleaned, ctx.Err()
}

// cleanLogs removes the logs of a cluster that does not run.
func (p place) cleanLogs(ctx context.Context, log logr.Logger) (bool, error) {
	l, err := takeLock(p.lockFile())
	if errors.Is(err, errLocked) {
		return false, nil // it runs, or somebody is at it
	}
	if err != nil {
		return false, err
	}
	defer l.release()
	if (&Cluster{place: p, log: log}).alive(ctx) {
		return false, nil // without its supervisor
	}
	return true, p.removeLogs(func(string) bool { return true })
}
