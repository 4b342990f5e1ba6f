package cluster

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/launch"
	"github.com/gopar-project/gopar/internal/proto"
)

// Log is the end of one log file.
type Log struct {
	Path  string   `json:"path"`
	Lines []string `json:"lines"` // oldest first
}

// LogFiles returns the paths of the logs of the cluster: the supervisor's, the
// hub's, and the engines'. ErrNotFound if the cluster is not running or was
// started by other means.
func (c *Cluster) LogFiles() ([]string, error) {
	st, err := readState(c.place)
	if err != nil {
		return nil, err
	}
	paths := []string{c.supervisorLog()}
	if st.Hub != nil {
		paths = append(paths, st.Hub.LogFile(st.Hub.First))
	}
	for _, e := range st.Slots {
		if r := st.holder(e); r != nil {
			paths = append(paths, r.LogFile(e.Index))
		}
	}
	return paths, nil
}

// Logs returns up to n last lines of each of the LogFiles.
func (c *Cluster) Logs(n int) ([]Log, error) {
	paths, err := c.LogFiles()
	if err != nil {
		return nil, err
	}
	logs := make([]Log, 0, len(paths))
	for _, p := range paths {
		lines, err := launch.TailFile(p, n)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		logs = append(logs, Log{Path: p, Lines: append([]string{}, lines...)})
	}
	return logs, nil
}

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
var logName = regexp.MustCompile(`^(gopar|gopar-.+)-(hub-\d+|engines-\d+-(?:\d+|job)|supervisor)\.log$`)

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
