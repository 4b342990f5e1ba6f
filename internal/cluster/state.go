package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/gopar-project/gopar/internal/launch"
)

// maxState bounds the state file before it is parsed: some 500 bytes for each
// of 100,000 engines.
const maxState = 64 << 20

// stateVersion is the format of the state file.
const stateVersion = 3

// state is what the supervisor knows, as kept in the state file.
type state struct {
	Version    int            `json:"version"`
	ID         string         `json:"id"`
	ProfileDir string         `json:"profile_dir"`
	State      State          `json:"state"`
	Problem    string         `json:"problem,omitempty"`
	Spec       spec           `json:"spec"` // what was asked for; the sets' N are what is wanted now
	Started    time.Time      `json:"started"`
	Supervisor launch.Proc    `json:"supervisor"`
	Orders     int            `json:"orders"` // port of 127.0.0.1 on which the supervisor takes orders
	Token      string         `json:"token"`  // that an order must hold
	Hub        *launch.Record `json:"hub,omitempty"`

	HubRestarts int       `json:"hub_restarts,omitempty"` // all of them
	HubFailures int       `json:"hub_failures,omitempty"` // that were not followed by a calm time
	HubAt       time.Time `json:"hub_at,omitzero"`        // when to start it again; zero: not

	Engines []*launch.Record `json:"engines,omitempty"`
	Slots   []*slot          `json:"slots,omitempty"` // engines, by age
	Tasks   []launch.Task    `json:"tasks,omitempty"` // last seen, of hub and slots
}

// records returns all jobs, the hub's first.
func (s *state) records() []*launch.Record {
	var recs []*launch.Record
	if s.Hub != nil {
		recs = append(recs, s.Hub)
	}
	return append(recs, s.Engines...)
}

// readState returns ErrNotFound if there is no state file.
func readState(p place) (*state, error) {
	f, err := os.Open(p.stateFile())
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxState))
	if err != nil {
		return nil, err
	}
	var s state
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("cluster state %s: %w", p.stateFile(), err)
	}
	if s.Version != stateVersion {
		return nil, fmt.Errorf("cluster state %s: written by another version of gopar (format %d, this one reads %d); stop that cluster with the gopar that started it, or end its processes and remove the file", p.stateFile(), s.Version, stateVersion)
	}
	return &s, nil
}

// writeFile writes v as JSON, mode 0600, all or nothing.
func writeFile(path string, v any) error {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
