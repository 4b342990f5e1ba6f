package cluster

import (
	"errors"
	"os"

	"github.com/gopar-project/gopar/internal/launch"
)

// Log is the end of one log file.
type Log struct {
	Path  string   `json:"path"`
	Lines []string `json:"lines"` // oldest first
}

// Logs returns up to n last lines of each log of the cluster: the supervisor's,
// the hub's, and the engines'. ErrNotFound if the cluster is not running or was
// started by other means.
func (c *Cluster) Logs(n int) ([]Log, error) {
	st, err := readState(c.place)
	if err != nil {
		return nil, err
	}
	paths := []string{c.supervisorLog()}
	for _, r := range st.records() {
		for i := r.First; i < r.First+r.N; i++ {
			paths = append(paths, r.LogFile(i))
		}
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
